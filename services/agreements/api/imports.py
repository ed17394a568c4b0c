"""JSON routes about imports of programs: check a file, read the report, apply it."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from services.agreements import commands, queries
from services.agreements.mappings import all_kinds
from services.agreements.models import ProgramImport
from services.agreements.programs_csv import Report
from services.agreements.programs_csv.plan import Counts
from services.agreements.uploads import checked_upload, report_file
from shared.clock import utc_now
from shared.identity import District
from shared.web import Transaction

router = APIRouter(prefix="/agreements/api/v1", tags=["imports"])


class MappingView(BaseModel):
    """A kind of file that can be imported."""

    name: str
    title: str


class ImportView(BaseModel):
    """A file of programs that was checked; applied or not."""

    id: UUID
    mapping: str
    file_name: str
    applied: bool
    counts: Counts
    report: Report


@router.get("/mappings")
async def mappings(actor: District) -> list[MappingView]:
    """Kinds of files of programs that can be imported."""
    return [MappingView(name=mapping.name, title=mapping.title) for mapping in all_kinds().values()]


FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file", "mapping"],
                    "properties": {
                        "id": {"type": "string", "format": "uuid"},
                        "mapping": {"type": "string"},
                        "file": {"type": "string", "format": "binary"},
                    },
                }
            }
        },
    }
}


@router.post("/imports", status_code=201, openapi_extra=FILE)
async def check_import(request: Request, actor: District, session: Transaction) -> ImportView:
    """Check a CSV file of programs; nothing changes before it is applied."""
    return _view(await checked_upload(request, actor, session))


@router.get("/imports")
async def recent_imports(actor: District, session: Transaction) -> list[ImportView]:
    """The files that were checked last, newest first."""
    return [_view(kept) for kept in await queries.recent_imports(session)]


@router.get("/imports/{import_id}")
async def read_import(actor: District, session: Transaction, import_id: UUID) -> ImportView:
    """A file that was checked or applied, with its report."""
    return _view(await queries.program_import(session, import_id))


@router.get("/imports/{import_id}/report.csv", response_class=Response)
async def import_report(actor: District, session: Transaction, import_id: UUID) -> Response:
    """The report as CSV."""
    return report_file(await queries.program_import(session, import_id))


@router.post("/imports/{import_id}/apply")
async def apply_import(actor: District, session: Transaction, import_id: UUID) -> ImportView:
    """Apply a file that was checked; once more changes nothing."""
    return _view(await commands.apply_import(session, import_id, actor=actor, now=utc_now()))


def _view(kept: ProgramImport) -> ImportView:
    return ImportView(
        id=kept.id,
        mapping=kept.mapping,
        file_name=kept.file_name,
        applied=kept.applied_at is not None,
        counts=Counts.model_validate(kept.outcome),
        report=Report.model_validate(kept.report),
    )
