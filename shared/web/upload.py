"""Forms with a file, read with a limit: nothing of them is kept before the caller is known, nor beyond the limit."""

from collections.abc import AsyncGenerator

from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from shared.refusals import Kind, Refusal

FIELDS = 20
DRAINED = 1_000_000_000
"""Bytes that are read and thrown away, so that a browser hears the refusal instead of a broken connection."""


LARGE = "Split it into several files, or ask the district office's technician to import it."


async def read_upload(request: Request, *, limit: int, advice: str = LARGE) -> FormData:
    """The fields of a multipart form of at most `limit` bytes with one file; its content stands on disk if it is large.

    Refuses a larger one (413) and one that is no such form (400). For routes that take only `request`: FastAPI would
    read the body before it asks who calls. `advice`: what to do with a file that is too large.
    """
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise _malformed()
    parser = MultiPartParser(
        request.headers, _limited(request, limit, advice), max_files=1, max_fields=FIELDS, max_part_size=100_000
    )
    try:
        return await parser.parse()
    except MultiPartException:
        raise _malformed() from None


async def file_of(form: FormData, name: str) -> tuple[str, bytes]:
    """The name and the content of a form's file; an empty name where none was chosen."""
    file = form.get(name)
    if not isinstance(file, UploadFile) or not file.filename:
        return "", b""
    return file.filename, await file.read()


def text_of(form: FormData, name: str) -> str:
    """A field of words; empty where it is missing."""
    value = form.get(name)
    return value if isinstance(value, str) else ""


async def _limited(request: Request, limit: int, advice: str) -> AsyncGenerator[bytes, None]:
    announced = request.headers.get("content-length", "")
    size = int(announced) if announced.isdigit() else 0
    too_large = size > limit
    taken = 0
    async for chunk in request.stream():
        taken += len(chunk)
        too_large = too_large or taken > limit
        if not too_large:
            yield chunk
        elif taken > DRAINED:
            break
    if too_large:
        raise Refusal(
            Kind.TOO_LARGE,
            "upload_too_large",
            f"The file is too large: at most {limit / 1_000_000:g} MB can be uploaded here. {advice}",
        )


def _malformed() -> Refusal:
    return Refusal(Kind.MALFORMED, "upload_malformed", "No file arrived. Choose the file again and send the form.")
