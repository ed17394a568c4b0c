"""The district office: the picture of the month."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from services.referrals import queries
from services.referrals.edge import At
from services.referrals.pages.show import FIRST_TODOS, show
from shared.identity import District
from shared.web import Transaction

router = APIRouter(prefix="/referrals", include_in_schema=False)


@router.get("/overview")
async def overview(request: Request, session: Transaction, actor: District, at: At) -> HTMLResponse:
    """Referrals of this month by state, answers, schools, families not reached."""
    found = await queries.overview(session, since=at.calendar.month_of(at.now), now=at.now)
    todos = await queries.todo_lines(session, actor=actor, offset=0, limit=FIRST_TODOS)
    month = at.calendar.today(at.now)
    return await show(request, session, actor, "overview.html", found=found, todos=todos, month=month)
