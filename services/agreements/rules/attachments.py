"""Files that belong to an agreement: what the signed text says of them, which are taken, and how many."""

from collections.abc import Sequence
from pathlib import PurePath

from pydantic import BaseModel, ConfigDict

from services.agreements.rules.documents import file_name, media_type
from services.agreements.words import line
from shared.refusals import Kind, Refusal

MOST_ATTACHMENTS = 20
LONGEST_TITLE = 200


class AttachmentTerms(BaseModel):
    """A file as the terms of an agreement name it; its content lies in the folder of documents under its digest."""

    model_config = ConfigDict(frozen=True)

    sha256: str
    """Of the file, in hexadecimal: with it the file is part of what is signed."""
    title: str
    """What it is called in the text."""
    name: str
    """The file's name as it is offered for download."""
    media_type: str
    size: int
    """Bytes."""


def new_attachment(
    there: Sequence[AttachmentTerms], content: bytes, *, sha256: str, name: str, title: str
) -> AttachmentTerms:
    """A file as the terms will name it; refuses what is no PDF, PNG or JPEG, and one too many."""
    if len(there) >= MOST_ATTACHMENTS:
        said = f"There are {MOST_ATTACHMENTS} attachments already. Take one out first, or join some into one file."
        raise Refusal(Kind.CONFLICT, "too_many_attachments", said, fields={"file": said})
    type_ = media_type(content)
    clean, words = file_name(name, type_), line(title)
    if len(words) > LONGEST_TITLE:
        said = f"Shorten this to at most {LONGEST_TITLE} characters."
        raise Refusal(Kind.INVALID, "title_too_long", said, fields={"title": said})
    return AttachmentTerms(
        sha256=sha256, title=words or PurePath(clean).stem, name=clean, media_type=type_, size=len(content)
    )
