"""Uploaded rosters on disk: written while they arrive, never whole in memory, named by the import's id."""

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from uuid import UUID

from fastapi import Request
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from services.people.settings import Settings
from shared.clock import new_id
from shared.refusals import Kind, Refusal

MOST_DRAINED = 1_000_000_000
"""Bytes of a refused upload that are read and dropped, so that the browser gets to see the refusal."""


def path_of(settings: Settings, id: UUID) -> Path:
    """Where the upload of an import lies."""
    return settings.uploads_dir / f"{id}.zip"


def delete(settings: Settings, id: UUID) -> None:
    """Delete an upload, if it is there."""
    path_of(settings, id).unlink(missing_ok=True)


def delete_older_than(settings: Settings, moment: datetime) -> None:
    """Delete uploads, whole or broken off, that were written before a moment."""
    for path in settings.uploads_dir.glob("*.zip*"):
        if path.stat().st_mtime < moment.timestamp():
            path.unlink(missing_ok=True)


async def receive_body(request: Request, settings: Settings, id: UUID) -> None:
    """Store a request's body as the upload of an import. Refuses what is too large (413) or empty."""
    with _Upload(settings, id) as upload:
        async for chunk in _limited(request, settings.roster_upload_bytes):
            upload.write(chunk)
        upload.keep()


async def receive_form(request: Request, settings: Settings, id: UUID) -> str:
    """Store the file of a form (multipart, field `file`) as the upload of an import; returns the file's name."""
    with _Upload(settings, id) as upload:
        form = _Form(request.headers.get("content-type", ""), upload)
        async for chunk in _limited(request, settings.roster_upload_bytes):
            form.write(chunk)
        upload.keep()
    return form.file_name


async def _limited(request: Request, most: int) -> AsyncIterator[bytes]:
    """The body, up to a limit; past it the rest is dropped and the request refused."""
    read, declared = 0, int(request.headers.get("content-length") or 0)
    async for chunk in request.stream():
        read += len(chunk)
        if max(read, declared) <= most:
            yield chunk
        elif read > MOST_DRAINED:
            break
    if max(read, declared) > most:
        words = f"The file is larger than {most // 1_000_000} MB. Leave out all but manifest, orgs, users and roles."
        raise Refusal(Kind.TOO_LARGE, "upload_too_large", words, fields={"file": words})


class _Upload:
    """A file being written; it counts only once it is whole."""

    def __init__(self, settings: Settings, id: UUID) -> None:
        settings.uploads_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = path_of(settings, id)
        # The same form may be sent twice at once.
        self._part = self._path.with_suffix(f".zip.{new_id()}")
        self._file: IO[bytes] = self._part.open("xb")
        self._size = 0

    def __enter__(self) -> Self:
        return self

    def write(self, chunk: bytes) -> None:
        """Add bytes."""
        self._size += self._file.write(chunk)

    def keep(self) -> None:
        """All has arrived; an upload of this id that is there already stays as it is."""
        if not self._size:
            raise _no_file()
        self._file.close()
        if not self._path.exists():
            self._part.replace(self._path)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()
        self._part.unlink(missing_ok=True)


class _Form:
    """Reads a multipart form as it arrives, and passes the bytes of its field `file` on."""

    def __init__(self, content_type: str, upload: _Upload) -> None:
        kind, options = parse_options_header(content_type)
        if kind != b"multipart/form-data" or b"boundary" not in options:
            raise _no_file()
        self.file_name = ""
        self._upload = upload
        self._header, self._value = b"", b""
        self._is_file = False
        self._parser = MultipartParser(
            options[b"boundary"],
            {
                "on_part_begin": self._begin,
                "on_header_field": self._header_name,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_part_data": self._data,
            },
        )

    def write(self, chunk: bytes) -> None:
        """Read on."""
        try:
            self._parser.write(chunk)
        except MultipartParseError:
            raise _no_file() from None

    def _begin(self) -> None:
        self._is_file = False

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            _, options = parse_options_header(self._value)
            self._is_file = options.get(b"name") == b"file"
            if self._is_file:
                self.file_name = options.get(b"filename", b"").decode(errors="replace")
        self._header, self._value = b"", b""

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            self._upload.write(data[start:end])


def _no_file() -> Refusal:
    return Refusal(Kind.INVALID, "no_file", "", fields={"file": "Choose the zip file of the roster."})
