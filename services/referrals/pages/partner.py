"""Partner staff: the inbox, where referrals are answered in place."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response
from sqlmodel.ext.asyncio.session import AsyncSession

from services.referrals import commands, queries
from services.referrals.commands import Move
from services.referrals.edge import At, Moment
from services.referrals.pages.forms import InboxForm
from services.referrals.pages.show import FIRST_TODOS, show
from shared.identity import Actor, PartnerStaff
from shared.refusals import Kind, Refusal
from shared.web import Page, Paging, Transaction, see_other

router = APIRouter(prefix="/referrals", include_in_schema=False)


@router.get("/inbox")
async def inbox(
    request: Request, session: Transaction, actor: PartnerStaff, at: At, paging: Page, did: str = "", count: int = 0
) -> HTMLResponse:
    """Referrals that wait for us, the oldest promise first."""
    return await _inbox(request, session, actor, at, paging, did=did, count=count)


@router.post("/inbox")
async def answer(
    request: Request,
    session: Transaction,
    actor: PartnerStaff,
    at: At,
    paging: Page,
    form: Annotated[InboxForm, Form()],
) -> Response:
    """One answer to one or several referrals, each by itself; what could not be taken is said by name."""
    try:
        meant = commands.as_answer(Move(verb=form.verb, reason=form.reason, words=form.words))
        became = await commands.answer_many(
            session, form.chosen(), meant, actor=actor, now=at.now, calendar=at.calendar
        )
    except Refusal as refusal:
        return await _inbox(request, session, actor, at, paging, refusal=refusal, status=int(refusal.kind))
    refused = {id: why for id, why in became.items() if why}
    if not refused:
        return see_other(f"/referrals/inbox?did={form.verb.value}&count={len(became)}")
    worst = max(why.kind for why in refused.values()) if len(refused) == len(became) else Kind.CONFLICT
    return await _inbox(request, session, actor, at, paging, refused=refused, status=int(worst))


async def _inbox(
    request: Request,
    session: AsyncSession,
    actor: Actor,
    at: Moment,
    paging: Paging,
    *,
    status: int = 200,
    **context: Any,
) -> HTMLResponse:
    found = await queries.inbox_lines(session, actor=actor, now=at.now, offset=paging.offset, limit=paging.limit)
    todos = await queries.todo_lines(session, actor=actor, offset=0, limit=FIRST_TODOS)
    context = {"todos": todos, "refusal": None, "refused": {}, "did": "", "count": 0} | context
    return await show(request, session, actor, "inbox.html", status=status, found=found, paging=paging, **context)
