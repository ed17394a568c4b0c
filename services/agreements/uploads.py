"""Files as pages and API both take and give them: programs to import, their report, the directory, documents."""

import asyncio
from datetime import date
from uuid import UUID

from fastapi import Request, Response
from fastapi.responses import FileResponse
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.datastructures import FormData

from services.agreements import commands, documents, queries
from services.agreements.directory_csv import programs_as_csv
from services.agreements.models import Agreement, Document, ProgramImport
from services.agreements.programs_csv import Report
from services.agreements.queries import DocumentView, ProgramSearch
from services.agreements.rules.attachments import AttachmentTerms
from services.agreements.rules.documents import MAX_BYTES, DocumentKind
from services.agreements.settings import settings_of
from shared.clock import new_id, utc_now
from shared.identity import Actor
from shared.refusals import Kind, Refusal
from shared.web.upload import file_of, read_upload, text_of


async def checked_upload(request: Request, actor: Actor, session: AsyncSession) -> ProgramImport:
    """Check the file in a form with `file`, `mapping` and (against replays) `id`."""
    form = await read_upload(request, limit=settings_of(request).programs_upload_bytes)
    name, content = await file_of(form, "file")
    if not name:
        said = "Choose a file."
        raise Refusal(Kind.INVALID, "file_missing", said, fields={"file": said})
    return await commands.check_import(
        session,
        import_id=_id(text_of(form, "id")),
        content=content,
        file_name=name,
        mapping=text_of(form, "mapping"),
        actor=actor,
        now=utc_now(),
    )


async def attached(request: Request, actor: Actor, session: AsyncSession, organization_id: UUID) -> Document:
    """Attach the file in a form with `file`, `kind`, `until` (a date or nothing) and (against replays) `id`."""
    form, name, content = await _document_of(request)
    settings = settings_of(request)
    return await commands.add_document(
        session,
        organization_id,
        document_id=_id(text_of(form, "id")),
        kind=_kind(text_of(form, "kind")),
        name=name,
        content=content,
        until=_until(text_of(form, "until")),
        folder=documents.folder_of(settings),
        actor=actor,
        now=utc_now(),
        zone=settings.zone,
    )


async def attached_to_agreement(request: Request, actor: Actor, session: AsyncSession, agreement_id: UUID) -> Agreement:
    """Put the file in a form with `file` and `title` (what it is called, or nothing) into a draft."""
    form, name, content = await _document_of(request)
    settings = settings_of(request)
    return await commands.attach_to_agreement(
        session,
        agreement_id,
        name=name,
        title=text_of(form, "title"),
        content=content,
        folder=documents.folder_of(settings),
        actor=actor,
        now=utc_now(),
        zone=settings.zone,
    )


async def _document_of(request: Request) -> tuple[FormData, str, bytes]:
    """A form with a document: all of it, the file's name, its content."""
    form = await read_upload(request, limit=MAX_BYTES + FORM_BYTES, advice="Make it smaller, or attach it in parts.")
    name, content = await file_of(form, "file")
    if not name:
        said = "Choose a file."
        raise Refusal(Kind.INVALID, "file_missing", said, fields={"file": said})
    return form, name, content


FORM_BYTES = 100_000
"""Bytes that the rest of a form may have."""


def _kind(text: str) -> DocumentKind:
    try:
        return DocumentKind(text)
    except ValueError:
        said = "Say what the document is."
        raise Refusal(Kind.INVALID, "document_kind", said, fields={"kind": said}) from None


def _until(text: str) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        said = "Enter a date such as 2027-06-30."
        raise Refusal(Kind.INVALID, "document_end", said, fields={"until": said}) from None


def document_file(request: Request, document: DocumentView | AttachmentTerms) -> Response:
    """A document to be saved: never shown by the browser, whatever it holds."""
    path = documents.path_of(documents.folder_of(settings_of(request)), document.sha256)
    if not path.exists():
        said = "The file is not where it should be. Tell the district's technician to look at the documents folder."
        raise Refusal(Kind.UNAVAILABLE, "document_lost", said)
    headers = {"Content-Security-Policy": "default-src 'none'; sandbox", "X-Content-Type-Options": "nosniff"}
    return FileResponse(path, media_type=document.media_type, filename=document.name, headers=headers)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return new_id()


def report_file(kept: ProgramImport) -> Response:
    """The report of an import as a file to download."""
    return _csv_file(Report.model_validate(kept.report).to_csv(), f"report-{kept.mapping}.csv")


async def directory_file(session: AsyncSession, search: ProgramSearch) -> Response:
    """The programs that fit as a file with Crosswalk's own columns, which can be imported again."""
    found = await queries.find_programs(session, search)
    names = {school.id: school.name for school in await queries.schools(session)}
    text = await asyncio.to_thread(programs_as_csv, found.programs, names)
    return _csv_file(text, "programs.csv")


def _csv_file(text: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    # With a byte order mark spreadsheets take it for UTF-8.
    return Response(text.encode("utf-8-sig"), media_type="text/csv; charset=utf-8", headers=headers)
