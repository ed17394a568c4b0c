"""After a meeting: its minutes and who was there."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import commands, meeting_words
from services.agreements.pages.meetings import kept
from services.agreements.pages.show import form_again, show
from services.agreements.queries import DateView, MeetingView
from services.agreements.rules import Answer, not_found
from shared.clock import utc_now
from shared.identity import Actor, Staff
from shared.refusals import Refusal
from shared.web import Transaction, see_other

router = APIRouter(prefix="/agreements", include_in_schema=False)


class MinutesForm(BaseModel):
    """Minutes as the form sends them."""

    version: int = 1
    minutes: str = ""
    attended_ids: list[str] = []


@router.get("/meetings/{meeting_id}/dates/{date_id}/minutes")
async def minutes_form(
    request: Request, actor: Staff, session: Transaction, meeting_id: UUID, date_id: UUID
) -> HTMLResponse:
    """The form for minutes and who was there; at first those are ticked who said that they come."""
    meeting, date = await _kept_date(session, meeting_id, date_id, actor)
    said_yes = [id for id, answer in date.answers.items() if answer is Answer.YES]
    there = date.attended_ids if date.recorded_at else said_yes
    form = MinutesForm(version=meeting.version, minutes=date.minutes, attended_ids=[str(id) for id in there])
    return show(request, actor, "minutes_form.html", meeting=meeting, date=date, form=form, said=meeting_words)


@router.post("/meetings/{meeting_id}/dates/{date_id}/minutes")
async def record_minutes(
    request: Request,
    actor: Staff,
    session: Transaction,
    meeting_id: UUID,
    date_id: UUID,
    form: Annotated[MinutesForm, Form()],
) -> Response:
    """Keep the minutes and who was there."""
    meeting, date = await _kept_date(session, meeting_id, date_id, actor)
    there = [one.person_id for one in meeting.guests if str(one.person_id) in form.attended_ids]
    try:
        await commands.record_minutes(
            session, meeting_id, date_id, version=form.version, minutes=form.minutes, attended_ids=there, actor=actor,
            now=utc_now(),
        )  # fmt: skip
    except Refusal as refusal:
        if refusal.code == "stale_version":
            # Who has now read that somebody changed it may save all the same.
            form.version = meeting.version
        elif not refusal.fields:
            raise
        return form_again(
            request, actor, "minutes_form.html", refusal, meeting=meeting, date=date, form=form, said=meeting_words
        )
    return see_other(f"/agreements/meetings/{meeting_id}?done=minutes")


async def _kept_date(
    session: AsyncSession, meeting_id: UUID, date_id: UUID, actor: Actor
) -> tuple[MeetingView, DateView]:
    meeting = await kept(session, meeting_id, actor)
    date = next((one for one in meeting.dates if one.id == date_id), None)
    if date is None:
        raise not_found("meeting")
    return meeting, date
