"""An uploaded file of programs and its report, as pages and API both take and give them."""

from uuid import UUID

from fastapi import Request, Response
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import commands
from services.agreements.models import ProgramImport
from services.agreements.programs_csv import Report
from services.agreements.settings import settings_of
from shared.clock import new_id, utc_now
from shared.identity import Actor
from shared.refusals import Kind, Refusal
from shared.web.upload import file_of, read_upload, text_of


async def checked_upload(request: Request, actor: Actor, session: AsyncSession) -> ProgramImport:
    """Check the file in a form with `file`, `mapping` and (against replays) `id`."""
    form = await read_upload(request, limit=settings_of(request).upload_limit)
    name, content = await file_of(form, "file")
    if not name:
        said = "Choose a CSV file."
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


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return new_id()


def report_file(kept: ProgramImport) -> Response:
    """The report of an import as a file to download."""
    headers = {"Content-Disposition": f'attachment; filename="report-{kept.mapping}.csv"'}
    # With a byte order mark spreadsheets take it for UTF-8.
    content = Report.model_validate(kept.report).to_csv().encode("utf-8-sig")
    return Response(content, media_type="text/csv; charset=utf-8", headers=headers)
