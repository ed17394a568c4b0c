"""Importing programs: choose a file, read the report, apply it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import commands, queries
from services.agreements.mappings import all_kinds
from services.agreements.pages.show import form_again, show
from services.agreements.programs_csv import BECAME_LABELS, Became, Report
from services.agreements.programs_csv.plan import Counts
from services.agreements.queries import Blank
from services.agreements.settings import settings_of
from services.agreements.uploads import checked_upload, report_file
from shared.clock import new_id, utc_now
from shared.identity import District
from shared.refusals import Refusal
from shared.web import Page, Transaction, see_other

router = APIRouter(prefix="/agreements", include_in_schema=False)


@router.get("/import")
async def choose(request: Request, actor: District, session: Transaction) -> HTMLResponse:
    """The form for a file."""
    return show(request, actor, "import_form.html", **await _form(request, session))


@router.post("/import")
async def check(request: Request, actor: District, session: Transaction) -> Response:
    """Check a file; nothing changes before it is applied."""
    try:
        checked = await checked_upload(request, actor, session)
    except Refusal as refusal:
        return form_again(request, actor, "import_form.html", refusal, **await _form(request, session))
    return see_other(f"/agreements/imports/{checked.id}")


@router.get("/imports/{import_id}")
async def one_import(
    request: Request,
    actor: District,
    session: Transaction,
    import_id: UUID,
    paging: Page,
    became: Annotated[Became | None, Blank, Query()] = None,
) -> HTMLResponse:
    """What a file would change or has changed, and what could not be read."""
    kept = await queries.program_import(session, import_id)
    report = Report.model_validate(kept.report)
    lines = [line for line in report.by_weight if became in (None, line.became)]
    return show(
        request,
        actor,
        "import.html",
        kept=kept,
        mapping=all_kinds()[kept.mapping].title if kept.mapping in all_kinds() else kept.mapping,
        counts=Counts.model_validate(kept.outcome),
        report=report,
        lines=lines[paging.offset : paging.offset + paging.limit],
        total=len(lines),
        paging=paging,
        became=became,
        became_labels=BECAME_LABELS,
    )


@router.get("/imports/{import_id}/report.csv")
async def report(actor: District, session: Transaction, import_id: UUID) -> Response:
    """The report as a file."""
    return report_file(await queries.program_import(session, import_id))


@router.post("/imports/{import_id}/apply")
async def apply(actor: District, session: Transaction, import_id: UUID) -> RedirectResponse:
    """Apply a file that was checked."""
    await commands.apply_import(session, import_id, actor=actor, now=utc_now())
    return see_other(f"/agreements/imports/{import_id}")


async def _form(request: Request, session: AsyncSession) -> dict[str, Any]:
    return {
        "recent": await queries.recent_imports(session),
        "id": new_id(),
        "mappings": [(mapping.name, mapping.title) for mapping in all_kinds().values()],
        "limit": settings_of(request).programs_upload_bytes // 1_000_000,
    }
