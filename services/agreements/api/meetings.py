"""JSON routes about meetings and their minutes."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from services.agreements import commands, queries
from services.agreements.access import Staff as VettedStaff
from services.agreements.api.versions import Version
from services.agreements.queries import DateRow, MeetingSearch, MeetingView, PersonView
from services.agreements.rules import Answer, MeetingEntry
from services.agreements.settings import settings_of
from shared.clock import new_id, utc_now
from shared.identity import Anyone, Staff, read_link
from shared.identity.actor import Actor
from shared.web import Page, Transaction

router = APIRouter(prefix="/agreements/api/v1", tags=["meetings"])


class DateList(BaseModel):
    """A part of a list of dates of meetings."""

    items: list[DateRow]
    total: int


class NewMeeting(MeetingEntry):
    """A meeting to schedule; the same id again gives the one that was scheduled first."""

    id: UUID = Field(default_factory=new_id)


class ChangedMeeting(MeetingEntry):
    """All that a meeting says from now on; of a series from the next date on."""

    version: Version


class Move(BaseModel):
    """Another time for one date, by the clock on the wall of the meeting's zone."""

    version: Version
    date: str
    time: str


class Cancel(BaseModel):
    """Why a meeting is called off, and which of its dates; none: all that are to come."""

    version: Version
    reason: str = ""
    date_id: UUID | None = None


class Answered(BaseModel):
    """Whether the caller comes: to one date, or to all that are to come."""

    answer: Answer
    date_id: UUID | None = None


class Minutes(BaseModel):
    """What was said at a meeting, and who of those invited was there."""

    version: Version
    minutes: str
    attended_ids: list[UUID] = []


@router.get("/meetings")
async def meetings(
    actor: Staff, session: Transaction, search: Annotated[MeetingSearch, Query()], paging: Page
) -> DateList:
    """Dates of the meetings that the caller may read."""
    items, total = await queries.find_dates(
        session, search, actor, now=utc_now(), offset=paging.offset, limit=paging.limit
    )
    return DateList(items=items, total=total)


@router.get("/meetings/people")
async def people(
    actor: VettedStaff, session: Transaction, q: Annotated[str, Query(max_length=200)] = ""
) -> list[PersonView]:
    """People at schools, partners and the district who can be invited, by words of their names."""
    return await queries.find_people(session, q)


@router.post("/meetings", status_code=201)
async def schedule_meeting(request: Request, actor: VettedStaff, session: Transaction, body: NewMeeting) -> MeetingView:
    """Schedule a meeting and invite its people."""
    made = await commands.schedule_meeting(
        session, meeting_id=body.id, entry=body, zone=settings_of(request).zone, actor=actor, now=utc_now()
    )
    return await queries.meeting_view(session, made.id, actor)


@router.get("/meetings/by-link/{token}")
async def invitation(request: Request, actor: Anyone, session: Transaction, token: str) -> MeetingView:
    """The one meeting that the link of an invitation is good for; looking at it answers nothing."""
    return await queries.meeting_view(session, *_by_link(request, token))


@router.post("/meetings/by-link/{token}/answer")
async def answer_by_link(
    request: Request, actor: Anyone, session: Transaction, token: str, body: Answered
) -> MeetingView:
    """Answer an invitation by its link."""
    meeting_id, invited = _by_link(request, token)
    await commands.answer_meeting(
        session, meeting_id, answer=body.answer, occurrence_id=body.date_id, way="link", actor=invited, now=utc_now()
    )
    return await queries.meeting_view(session, meeting_id, invited)


def _by_link(request: Request, token: str) -> tuple[UUID, Actor]:
    claims = read_link(settings_of(request), token, now=utc_now())
    invited = Actor(person_id=claims.person_id, name=claims.name, language=claims.language, only=claims.about_id)
    return claims.about_id, invited


@router.get("/meetings/{meeting_id}")
async def meeting(actor: Staff, session: Transaction, meeting_id: UUID) -> MeetingView:
    """One meeting with its dates, people, minutes and tasks."""
    return await queries.meeting_view(session, meeting_id, actor)


@router.put("/meetings/{meeting_id}")
async def change_meeting(
    request: Request, actor: VettedStaff, session: Transaction, meeting_id: UUID, body: ChangedMeeting
) -> MeetingView:
    """Say anew what a meeting is; other times ask everybody anew."""
    await commands.change_meeting(
        session, meeting_id, version=body.version, entry=body, zone=settings_of(request).zone, actor=actor,
        now=utc_now(),
    )  # fmt: skip
    return await queries.meeting_view(session, meeting_id, actor)


@router.post("/meetings/{meeting_id}/dates/{date_id}/move")
async def move_date(
    request: Request, actor: Staff, session: Transaction, meeting_id: UUID, date_id: UUID, body: Move
) -> MeetingView:
    """Have one date take place at another time."""
    await commands.move_date(
        session, meeting_id, date_id, version=body.version, day=body.date, hour=body.time,
        zone=settings_of(request).zone, actor=actor, now=utc_now(),
    )  # fmt: skip
    return await queries.meeting_view(session, meeting_id, actor)


@router.post("/meetings/{meeting_id}/cancel")
async def cancel_meeting(actor: Staff, session: Transaction, meeting_id: UUID, body: Cancel) -> MeetingView:
    """Call off one date, or all that are to come."""
    await commands.cancel_meeting(
        session, meeting_id, version=body.version, reason=body.reason, occurrence_id=body.date_id, actor=actor,
        now=utc_now(),
    )  # fmt: skip
    return await queries.meeting_view(session, meeting_id, actor)


@router.post("/meetings/{meeting_id}/answer")
async def answer(actor: Staff, session: Transaction, meeting_id: UUID, body: Answered) -> MeetingView:
    """Say whether the caller comes."""
    await commands.answer_meeting(
        session, meeting_id, answer=body.answer, occurrence_id=body.date_id, actor=actor, now=utc_now()
    )
    return await queries.meeting_view(session, meeting_id, actor)


@router.put("/meetings/{meeting_id}/dates/{date_id}/minutes")
async def record_minutes(
    actor: Staff, session: Transaction, meeting_id: UUID, date_id: UUID, body: Minutes
) -> MeetingView:
    """Write down what was said at a date and who was there."""
    await commands.record_minutes(
        session, meeting_id, date_id, version=body.version, minutes=body.minutes, attended_ids=body.attended_ids,
        actor=actor, now=utc_now(),
    )  # fmt: skip
    return await queries.meeting_view(session, meeting_id, actor)
