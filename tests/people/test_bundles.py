"""Bundles that are not opened: no zip, a bomb, a path outside of the folder."""

import os
import zipfile
from pathlib import Path

import pytest

from services.people.roster import (
    Limits,
)
from tests.people.bundles import (
    a_bundle,
    bundle_files,
    write_zip,
)
from tests.people.reading import why_unusable


def test_a_file_that_is_no_zip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "roster.zip"
    path.write_bytes(b"sourcedId,name\n" * 100)

    assert "not a zip" in why_unusable(path)


def test_a_zip_cut_short_is_refused(tmp_path: Path) -> None:
    path = a_bundle(tmp_path)
    path.write_bytes(path.read_bytes()[:-30])

    assert "not a zip" in why_unusable(path)


def test_a_damaged_file_inside_is_refused(tmp_path: Path) -> None:
    path = a_bundle(tmp_path)
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        at = archive.getinfo("users.csv").header_offset + 60
    content[at : at + 20] = b"\xff" * 20
    path.write_bytes(content)

    assert "users.csv is damaged" in why_unusable(path)


def test_a_zip_bomb_is_refused_by_its_ratio(tmp_path: Path) -> None:
    path = a_bundle(tmp_path, bundle_files() | {"users.csv": b"0" * 20_000_000})

    assert "more than 100 times its size" in why_unusable(path)


def test_a_zip_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    path = a_bundle(tmp_path, bundle_files() | {f"{n}.csv": os.urandom(1000) for n in range(50)})

    assert "unpacks to more than" in why_unusable(path, Limits(unpacked=40_000))


def test_a_zip_with_too_many_files_is_refused(tmp_path: Path) -> None:
    path = a_bundle(tmp_path, bundle_files() | {f"{n}.txt": b"" for n in range(300)})

    assert "at most 200" in why_unusable(path)


def test_a_table_of_contents_of_millions_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = a_bundle(tmp_path, bundle_files() | {f"{n}.txt": b"" for n in range(6000)})

    assert "too many files" in why_unusable(path)


def test_a_file_over_the_limit_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "roster.zip"
    with path.open("wb") as file:
        file.truncate(200_000_000)

    assert "larger than 100 MB" in why_unusable(path)


@pytest.mark.parametrize(
    "name", ["../users.csv", "/etc/users.csv", "a/../../users.csv", "..\\users.csv", "C:\\users.csv"]
)
def test_a_path_outside_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    path = a_bundle(tmp_path, bundle_files() | {name: b"x"})

    assert "outside of its folder" in why_unusable(path)


def test_a_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    path = a_bundle(tmp_path)
    link = zipfile.ZipInfo("classes.csv")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "/etc/passwd")

    assert "a link instead of a file" in why_unusable(path)


def test_a_link_that_leads_out_of_a_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "roster"
    folder.mkdir()
    for name, content in bundle_files().items():
        (folder / name).write_bytes(content)
    (folder / "classes.csv").symlink_to("/etc/passwd")

    assert "leads outside" in why_unusable(folder)


def test_a_zip_in_a_zip_says_to_send_the_inner_one(tmp_path: Path) -> None:
    inner = a_bundle(tmp_path).read_bytes()

    assert "Send the inner one" in why_unusable(write_zip(tmp_path / "outer.zip", {"roster.zip": inner}))


def test_two_rosters_in_one_zip_are_refused(tmp_path: Path) -> None:
    files = {f"{folder}/{name}": content for folder in ("a", "b") for name, content in bundle_files().items()}

    assert "several folders" in why_unusable(a_bundle(tmp_path, files))


def test_a_path_where_nothing_is_says_so(tmp_path: Path) -> None:
    assert "no file or folder" in why_unusable(tmp_path / "missing.zip")
