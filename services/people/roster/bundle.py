"""Opens a bundle, a zip file or a folder, without trusting it: sizes, names and kinds are checked first."""

import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader, RawIOBase
from pathlib import Path, PurePosixPath
from typing import IO, cast

from services.people.roster.problems import Problem, Severity

MB = 1_000_000
END_OF_DIRECTORY = 22
LARGEST_ENTRY = 1_000
"""Bytes: the record that ends a zip's table of contents, and the longest entry in it that is believed."""

BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError)
"""What reading a damaged or foreign archive can raise."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a bundle may be. Sizes in bytes; `ratio` is unpacked to packed size of one file."""

    packed: int = 100 * MB
    unpacked: int = 500 * MB
    entries: int = 200
    ratio: int = 100


class Unusable(Exception):
    """The bundle as a whole cannot be read; `too_large` tells the one reason that has an HTTP status of its own."""

    def __init__(self, reason: str, *, too_large: bool = False) -> None:
        super().__init__(reason)
        self.problem = Problem("bundle", 0, "", "", reason, Severity.ERROR)
        self.too_large = too_large


class Bundle:
    """The CSV files of a bundle by name (lower case): their sizes in bytes, and a way to read them."""

    def __init__(self, root: Path | zipfile.ZipFile, members: dict[str, str]) -> None:
        self._root = root
        self._members = members

    def __contains__(self, file: str) -> bool:
        return file in self._members

    def size(self, file: str) -> int:
        """Unpacked size in bytes."""
        member = self._members[file]
        if isinstance(self._root, zipfile.ZipFile):
            return self._root.getinfo(member).file_size
        return (self._root / member).stat().st_size

    def open(self, file: str) -> IO[bytes]:
        """The bytes of a file."""
        member = self._members[file]
        if isinstance(self._root, zipfile.ZipFile):
            return BufferedReader(cast("RawIOBase", self._root.open(member)))
        return (self._root / member).open("rb")


@contextmanager
def open_bundle(path: Path, limits: Limits | None = None) -> Iterator[Bundle]:
    """The bundle at a path. Raises `Unusable` with one sentence for whoever made it."""
    limits = limits or Limits()
    if path.is_dir():
        yield Bundle(path, _folder_members(path, limits))
        return
    if not path.is_file():
        raise Unusable(f"There is no file or folder {path}.")
    if path.stat().st_size > limits.packed:
        raise _too_large(limits)
    _check_directory(path, limits)
    try:
        archive = zipfile.ZipFile(path)
    except BROKEN:
        words = "This is not a zip file that can be read. Send the zip as your student information system exports it."
        raise Unusable(words) from None
    with archive:
        yield Bundle(archive, _zip_members(archive, limits))


def _too_large(limits: Limits) -> Unusable:
    words = f"The file is larger than {limits.packed // MB} MB. Leave out all but manifest, orgs, users and roles."
    return Unusable(words, too_large=True)


def _check_directory(path: Path, limits: Limits) -> None:
    """Look at the size of the table of contents before `zipfile` puts all of it in memory (APPNOTE 4.3.16)."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - END_OF_DIRECTORY - 65_535))
        tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + END_OF_DIRECTORY:
        return
    size = int.from_bytes(tail[at + 12 : at + 16], "little")
    if size > limits.entries * LARGEST_ENTRY or b"PK\x06\x07" in tail[max(0, at - 20) : at]:
        words = f"The zip holds too many files; a roster has at most {limits.entries}."
        raise Unusable(words, too_large=True)


def _zip_members(archive: zipfile.ZipFile, limits: Limits) -> dict[str, str]:
    infos = [i for i in archive.infolist() if not i.is_dir()]
    if len(infos) > limits.entries:
        raise Unusable(f"The zip holds {len(infos):,} files; a roster has at most {limits.entries}.")
    if sum(i.file_size for i in infos) > limits.unpacked:
        words = f"The zip unpacks to more than {limits.unpacked // MB} MB; it was not opened."
        raise Unusable(words, too_large=True)
    for info in infos:
        _check_entry(info, limits)
    return _by_file_name([i.filename for i in infos])


def _check_entry(info: zipfile.ZipInfo, limits: Limits) -> None:
    shown = info.filename[:100]
    if _leads_outside(info.filename):
        raise Unusable(f"The zip holds a file whose path leads outside of its folder: {shown!r}.")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise Unusable(f"The zip holds a link instead of a file: {shown!r}.")
    if info.flag_bits & 0x1:
        raise Unusable("The zip is protected by a password. Send it without one.")
    if info.file_size > MB and info.file_size > limits.ratio * max(info.compress_size, 1):
        words = f"{shown!r} unpacks to more than {limits.ratio} times its size; no roster does that. It was not opened."
        raise Unusable(words, too_large=True)


def _leads_outside(member: str) -> bool:
    path = PurePosixPath(member.replace("\\", "/"))
    return path.is_absolute() or ".." in path.parts or ":" in member[:2]


def _folder_members(folder: Path, limits: Limits) -> dict[str, str]:
    inside = folder.resolve()
    files = [p for pattern in ("*.csv", "*/*.csv") for p in folder.glob(pattern)]
    if len(files) > limits.entries:
        raise Unusable(f"The folder holds {len(files):,} files; a roster has at most {limits.entries}.")
    for file in files:
        if not file.resolve().is_relative_to(inside) or not file.is_file():
            raise Unusable(f"{file.name} is a link that leads outside of the folder.")
    if sum(file.stat().st_size for file in files) > limits.unpacked:
        raise Unusable(f"The folder holds more than {limits.unpacked // MB} MB.", too_large=True)
    return _by_file_name([file.relative_to(folder).as_posix() for file in files])


def _by_file_name(members: list[str]) -> dict[str, str]:
    """The CSV files beside the manifest, which lies at the top or in the one folder there."""
    own = [m for m in members if not m.startswith("__MACOSX/") and m.lower().endswith(".csv")]
    places = [PurePosixPath(m).parent for m in own if PurePosixPath(m).name.lower() == "manifest.csv"]
    places = [place for place in places if len(place.parts) <= 1]
    if not places:
        raise Unusable(_no_manifest(members))
    place = min(places, key=lambda p: len(p.parts))
    if place.parts and len(places) > 1:
        raise Unusable("There are several folders with a manifest.csv. Send one roster at a time.")
    found: dict[str, str] = {}
    for member in own:
        path = PurePosixPath(member)
        if path.parent == place and found.setdefault(path.name.lower(), member) != member:
            raise Unusable(f"{path.name} is there twice. Send it once.")
    if len(set(members)) < len(members):
        raise Unusable("The zip holds two files of the same name.")
    return found


def _no_manifest(members: list[str]) -> str:
    if any(m.lower().endswith(".zip") for m in members):
        return "There is a zip inside of this zip. Send the inner one."
    return "There is no manifest.csv, at the top or in one folder. Send a OneRoster 1.1 or 1.2 CSV bundle."
