"""Files of programs as pages and API both take and give them: an upload, its report, the directory."""

from uuid import UUID

from fastapi import Request, Response
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import commands, queries
from services.agreements.directory_csv import programs_as_csv
from services.agreements.models import ProgramImport
from services.agreements.programs_csv import Report
from services.agreements.queries import ProgramSearch
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
    return _csv_file(Report.model_validate(kept.report).to_csv(), f"report-{kept.mapping}.csv")


async def directory_file(session: AsyncSession, search: ProgramSearch) -> Response:
    """The programs that fit as a file with Crosswalk's own columns, which can be imported again."""
    programs, _ = await queries.find_programs(session, search)
    names = {school.id: school.name for school in await queries.schools(session)}
    return _csv_file(programs_as_csv(programs, names), "programs.csv")


def _csv_file(text: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    # With a byte order mark spreadsheets take it for UTF-8.
    return Response(text.encode("utf-8-sig"), media_type="text/csv; charset=utf-8", headers=headers)
