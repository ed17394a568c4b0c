"""School staff: today's work; the lists of referrals and of what waits (also for partners and the district)."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, StreamingResponse

from services.referrals import queries
from services.referrals.edge import At
from services.referrals.export import as_csv
from services.referrals.pages.show import FIRST_TODOS, show
from services.referrals.queries.lines import for_partner
from services.referrals.words import ATTEMPT_LABELS, STATE_LABELS
from shared.identity import SchoolStaff, Staff
from shared.web import Page, Transaction

router = APIRouter(prefix="/referrals", include_in_schema=False)

Wanted = Annotated[queries.Filters, Query()]


@router.get("/today")
async def today(request: Request, session: Transaction, actor: SchoolStaff, at: At, paging: Page) -> HTMLResponse:
    """What waits for me, worst first."""
    found = await queries.today_lines(session, actor=actor, now=at.now, offset=paging.offset, limit=paging.limit)
    todos = await queries.todo_lines(session, actor=actor, offset=0, limit=FIRST_TODOS)
    return await show(request, session, actor, "today.html", found=found, paging=paging, todos=todos)


@router.get("/todos")
async def todos(request: Request, session: Transaction, actor: Staff, paging: Page) -> HTMLResponse:
    """What waits for me in partnerships."""
    found = await queries.todo_lines(session, actor=actor, offset=paging.offset, limit=paging.limit)
    return await show(request, session, actor, "todos.html", todos=found, paging=paging)


@router.get("")
async def referrals(
    request: Request, session: Transaction, actor: Staff, at: At, paging: Page, filters: Wanted
) -> HTMLResponse:
    """Referrals of my schools, of my organization, or of the district."""
    found = await queries.list_referrals(
        session, filters, actor=actor, now=at.now, offset=paging.offset, limit=paging.limit
    )
    partner = for_partner(actor)
    return await show(
        request,
        session,
        actor,
        "list.html",
        found=found,
        paging=paging,
        filters=filters,
        partner=partner,
        states=list((ATTEMPT_LABELS if partner else STATE_LABELS).items()),
        schools=await queries.all_schools(session) if actor.is_district else [],
    )


@router.get("/export.csv")
async def export(request: Request, session: Transaction, actor: Staff, at: At, filters: Wanted) -> StreamingResponse:
    """The list as CSV, with the same filters, whole."""
    lines = await queries.export_lines(session, filters, actor=actor, now=at.now)
    return StreamingResponse(
        as_csv(lines, at.calendar.zone),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="referrals.csv"'},
    )
