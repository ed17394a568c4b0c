"""Documents of partners: what kinds there are, which files are taken, and when they run out."""

from datetime import date
from enum import StrEnum
from pathlib import PurePath

import puremagic

from services.agreements.words import line
from shared.refusals import Kind, Refusal


class DocumentKind(StrEnum):
    """What a document is for."""

    INSURANCE = "insurance"
    CHECKS = "checks"
    IDENTITY = "identity"
    EVIDENCE = "evidence"
    OTHER = "other"


KIND_LABELS: dict[str, str] = {
    DocumentKind.INSURANCE: "Proof of insurance",
    DocumentKind.CHECKS: "Background-check (CORI) attestation",
    DocumentKind.IDENTITY: "Proof of legal identity",
    DocumentKind.EVIDENCE: "Evidence of what a program does",
    DocumentKind.OTHER: "Something else",
}
EXPIRES = frozenset({DocumentKind.INSURANCE, DocumentKind.CHECKS})
"""Kinds that must say their last day."""

EXTENSIONS = {"application/pdf": ".pdf", "image/png": ".png", "image/jpeg": ".jpg"}
"""Types that are taken, and how their names end."""
SIGNATURES = {b"%PDF-": "application/pdf", b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
MAX_BYTES = 10_000_000
MOST_DOCUMENTS = 50
"""Documents that a partner may have."""


def media_type(content: bytes) -> str:
    """The type of a file by its content, whatever its name says; refuses any but PDF, PNG and JPEG, and large ones."""
    if len(content) > MAX_BYTES:
        raise _wrong(Kind.TOO_LARGE, "document_too_large", "This file is too large: at most 10 MB. Make it smaller.")
    named = next((type_ for start, type_ in SIGNATURES.items() if content.startswith(start)), None)
    try:
        guesses = {match.mime_type for match in puremagic.magic_string(content)}
    except (puremagic.PureError, ValueError):
        guesses = set()
    if named is None or named not in guesses:
        said = "This is not a PDF, PNG or JPEG file. Save it as one of these and attach it again."
        raise _wrong(Kind.INVALID, "document_type", said)
    return named


def file_name(name: str, type_: str) -> str:
    """A harmless name for a download: the last part of what was given, ending as its content says."""
    stem = PurePath(line(name).replace("\\", "/")).stem
    clean = "".join(c for c in stem if c.isprintable() and c not in '"<>|:*?\\/;')[:100].strip(". ")
    return (clean or "document") + EXTENSIONS[type_]


def check_end(kind: DocumentKind, until: date | None, today: date) -> None:
    """Refuse a document that must say its last day and does not, or that has run out."""
    if kind in EXPIRES and until is None:
        raise _until("Enter the last day on which it holds.")
    if until is not None and until < today:
        raise _until("This has run out already. Attach the newest one.")
    if until is not None and until.year > today.year + 10:
        raise _until("Check the year: this is more than ten years away.")


def _until(said: str) -> Refusal:
    return Refusal(Kind.INVALID, "document_end", said, fields={"until": said})


def _wrong(kind: Kind, code: str, said: str) -> Refusal:
    return Refusal(kind, code, said, fields={"file": said})
