"""What is done on a meeting's page: answering, moving one date, calling off."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from services.agreements import commands
from services.agreements.pages.meetings import meeting_page
from services.agreements.rules import Answer
from services.agreements.settings import settings_of
from shared.clock import utc_now
from shared.identity import Staff
from shared.refusals import Refusal
from shared.web import Transaction, see_other

router = APIRouter(prefix="/agreements", include_in_schema=False)


@router.post("/meetings/{meeting_id}/answer")
async def answer(
    actor: Staff,
    session: Transaction,
    meeting_id: UUID,
    answer: Annotated[Answer, Form()],
    date: Annotated[UUID | None, Form()] = None,
) -> RedirectResponse:
    """Say whether one comes."""
    await commands.answer_meeting(session, meeting_id, answer=answer, occurrence_id=date, actor=actor, now=utc_now())
    return see_other(f"/agreements/meetings/{meeting_id}?done=answered")


@router.post("/meetings/{meeting_id}/dates/{date_id}/move")
async def move_date(
    request: Request,
    actor: Staff,
    session: Transaction,
    meeting_id: UUID,
    date_id: UUID,
    version: Annotated[int, Form()],
    day: Annotated[str, Form()] = "",
    hour: Annotated[str, Form()] = "",
) -> Response:
    """Have one date take place at another time."""
    try:
        await commands.move_date(
            session, meeting_id, date_id, version=version, day=day, hour=hour, zone=settings_of(request).zone,
            actor=actor, now=utc_now(),
        )  # fmt: skip
    except Refusal as refusal:
        if not refusal.fields:
            raise
        tried = (str(date_id), day, hour)
        return await meeting_page(request, session, actor, meeting_id, refusal=refusal, tried=tried)
    return see_other(f"/agreements/meetings/{meeting_id}?done=moved")


@router.post("/meetings/{meeting_id}/cancel")
async def cancel_meeting(
    actor: Staff,
    session: Transaction,
    meeting_id: UUID,
    version: Annotated[int, Form()],
    reason: Annotated[str, Form()] = "",
    date: Annotated[UUID | None, Form()] = None,
) -> RedirectResponse:
    """Call off one date, or all that are to come."""
    await commands.cancel_meeting(
        session, meeting_id, version=version, reason=reason, occurrence_id=date, actor=actor, now=utc_now()
    )
    return see_other(f"/agreements/meetings/{meeting_id}?done=cancelled")
