"""What is asked about meetings and what was agreed there."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import ColumnElement, and_, func
from sqlalchemy import select as columns
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.models import (
    Invitee,
    Meeting,
    MeetingEvent,
    Occurrence,
    Organization,
    Person,
    Presence,
    School,
)
from services.agreements.queries.common import Blank, words_in
from services.agreements.queries.meeting_people import may_change, places_of, seen_by
from services.agreements.queries.people import person_names
from services.agreements.queries.tasks import TaskView, find_tasks
from services.agreements.rules import (
    Answer,
    OccurrenceStatus,
    keeps_meeting,
    not_found,
)
from shared.identity.actor import Actor


class MeetingSearch(BaseModel):
    """Which meetings are asked for."""

    when: Literal["ahead", "past", "all"] = "ahead"
    mine: bool = Field(default=False, description="Only those that the caller is invited to")
    q: Annotated[str, Blank] = Field(default="", max_length=200, description="Words of title, place or partner")
    school: Annotated[UUID | None, Blank] = None
    organization: Annotated[UUID | None, Blank] = None

    @property
    def is_narrowed(self) -> bool:
        """Whether fewer than all are asked for."""
        return bool(self.q or self.school or self.organization or self.mine or self.when != "ahead")


class DateRow(BaseModel):
    """One date of a meeting in a list."""

    meeting_id: UUID
    occurrence_id: UUID
    title: str
    place: str
    link: str
    zone: str
    repeats: bool
    starts_at: datetime
    ends_at: datetime
    status: OccurrenceStatus
    school_name: str | None
    organization_name: str | None
    answer: Answer | None
    """Of the one who asks; None for who is not invited."""


class DateView(BaseModel):
    """One date of a meeting."""

    id: UUID
    rule_at: datetime
    """When the rule would have it begin."""
    starts_at: datetime
    ends_at: datetime
    status: OccurrenceStatus
    reason: str
    minutes: str
    recorded_at: datetime | None
    attended_ids: list[UUID]
    answers: dict[UUID, Answer]
    """Of everybody who is invited, for this date."""


class GuestView(BaseModel):
    """Somebody who is invited."""

    person_id: UUID
    name: str
    where: str
    answer: Answer


class MomentView(BaseModel):
    """One line of a meeting's timeline."""

    at: datetime
    what: str
    words: str
    who: str


class MeetingView(BaseModel):
    """A meeting as it is read."""

    id: UUID
    title: str
    agenda: str
    place: str
    link: str
    school_id: UUID | None
    school_name: str | None
    organization_id: UUID | None
    organization_name: str | None
    zone: str
    first: str
    length: int
    rule: str | None
    repeat: str
    until: str
    version: int
    sequence: int
    organizer_id: UUID
    organizer: str
    dates: list[DateView]
    guests: list[GuestView]
    tasks: list[TaskView]
    history: list[MomentView]
    keeps: bool
    """Whether the one who asks may change it."""
    answer: Answer | None
    """Of the one who asks; None for who is not invited."""

    def ahead(self, now: datetime) -> list[DateView]:
        """Dates that are planned and to come, the next one first."""
        return [one for one in self.dates if one.status is OccurrenceStatus.PLANNED and one.starts_at > now]


async def find_dates(
    session: AsyncSession, search: MeetingSearch, actor: Actor, *, now: datetime, offset: int = 0, limit: int = 25
) -> tuple[list[DateRow], int]:
    """Dates of meetings that the actor may read, the next one first (of past ones the last), and how many in all."""
    fits = _fits(search, actor, now)
    invitee = and_(col(Invitee.meeting_id) == col(Meeting.id), col(Invitee.person_id) == actor.person_id)
    presence = and_(col(Presence.occurrence_id) == col(Occurrence.id), col(Presence.person_id) == actor.person_id)
    order = col(Occurrence.starts_at).asc() if search.when == "ahead" else col(Occurrence.starts_at).desc()
    names: tuple[Any, ...] = (col(School.name).label("school_name"), col(Organization.name).label("organization_name"))
    answer = func.coalesce(col(Presence.answer), col(Invitee.answer)).label("answer")
    joined = (
        columns(Meeting, Occurrence, *names, answer)
        .join(Occurrence, col(Occurrence.meeting_id) == col(Meeting.id))
        .outerjoin(School, col(School.id) == col(Meeting.school_id))
        .outerjoin(Organization, col(Organization.id) == col(Meeting.organization_id))
        .outerjoin(Invitee, invitee)
        .outerjoin(Presence, presence)
        .where(*fits)
    )
    rows = await session.execute(joined.order_by(order, col(Occurrence.id)).offset(offset).limit(limit))
    counted = joined.with_only_columns(func.count(), maintain_column_froms=True)
    return [_row(*row) for row in rows], (await session.execute(counted)).scalar_one()


def _fits(search: MeetingSearch, actor: Actor, now: datetime) -> list[ColumnElement[bool]]:
    fits = [one for one in (seen_by(actor),) if one is not None]
    if search.when == "ahead":
        fits += [col(Occurrence.ends_at) > now, col(Occurrence.status) != OccurrenceStatus.CANCELLED]
    elif search.when == "past":
        fits.append(col(Occurrence.ends_at) <= now)
    if search.mine:
        fits.append(col(Invitee.person_id).is_not(None))
    if search.school:
        fits.append(col(Meeting.school_id) == search.school)
    if search.organization:
        fits.append(col(Meeting.organization_id) == search.organization)
    return fits + words_in(search.q or "", Meeting.title, Meeting.place, School.name, Organization.name)


def _row(
    meeting: Meeting, date: Occurrence, school_name: str | None, organization_name: str | None, answer: str | None
) -> DateRow:
    return DateRow(
        meeting_id=meeting.id,
        occurrence_id=date.id,
        title=meeting.title,
        place=meeting.place,
        link=meeting.link,
        zone=meeting.zone,
        repeats=meeting.rule is not None,
        starts_at=date.starts_at,
        ends_at=date.ends_at,
        status=date.status,
        school_name=school_name,
        organization_name=organization_name,
        answer=Answer(answer) if answer else None,
    )


async def meeting_view(session: AsyncSession, meeting_id: UUID, actor: Actor) -> MeetingView:
    """One meeting with all that belongs to it; for who may not read it there is none."""
    found = await session.exec(
        select(Meeting, School.name, Organization.name)
        .outerjoin(School, col(School.id) == col(Meeting.school_id))
        .outerjoin(Organization, col(Organization.id) == col(Meeting.organization_id))
        .where(Meeting.id == meeting_id)
    )
    row = found.first()
    invitees = (await session.exec(select(Invitee).where(Invitee.meeting_id == meeting_id))).all()
    if row is None or not _may_read(actor, row[0], invitees):
        raise not_found("meeting")
    meeting, school_name, organization_name = row
    history = await session.exec(
        select(MeetingEvent).where(MeetingEvent.meeting_id == meeting_id).order_by(col(MeetingEvent.at).desc())
    )
    events = history.all()
    named = {meeting.organizer_id, *(one.by_id for one in events if one.by_id)}
    names = await person_names(session, named)
    fields = {name: getattr(meeting, name) for name in MeetingView.model_fields if hasattr(meeting, name)}
    return MeetingView(
        **fields,
        school_name=school_name,
        organization_name=organization_name,
        organizer=names[meeting.organizer_id],
        dates=await _dates(session, meeting_id, invitees),
        guests=await _guests(session, meeting, invitees),
        tasks=(await find_tasks(session, actor, meeting_id=meeting_id, status=None, limit=200))[0],
        history=[
            MomentView(at=one.at, what=one.what, words=one.words, who=names[one.by_id] if one.by_id else "")
            for one in events
        ],
        keeps=await may_change(session, actor, meeting),
        answer=next((one.answer for one in invitees if one.person_id == actor.person_id), None),
    )


def _may_read(actor: Actor, meeting: Meeting, invitees: Sequence[Invitee]) -> bool:
    own = keeps_meeting(actor, meeting.school_id, meeting.organization_id, meeting.organizer_id)
    return own or any(one.person_id == actor.person_id for one in invitees)


async def _dates(session: AsyncSession, meeting_id: UUID, invitees: Sequence[Invitee]) -> list[DateView]:
    found = await session.exec(
        select(Occurrence).where(Occurrence.meeting_id == meeting_id).order_by(col(Occurrence.starts_at))
    )
    dates = found.all()
    special = await session.exec(select(Presence).where(col(Presence.occurrence_id).in_([one.id for one in dates])))
    of_date: dict[UUID, list[Presence]] = {}
    for one in special:
        of_date.setdefault(one.occurrence_id, []).append(one)
    usual = {one.person_id: one.answer for one in invitees}
    return [_date(one, usual, of_date.get(one.id, [])) for one in dates]


def _date(date: Occurrence, usual: dict[UUID, Answer], special: Sequence[Presence]) -> DateView:
    fields = {name: getattr(date, name) for name in DateView.model_fields if hasattr(date, name)}
    return DateView(
        **fields,
        attended_ids=[one.person_id for one in special if one.attended],
        answers=usual | {one.person_id: one.answer for one in special if one.answer and one.person_id in usual},
    )


async def _guests(session: AsyncSession, meeting: Meeting, invitees: Sequence[Invitee]) -> list[GuestView]:
    found = await session.exec(select(Person).where(col(Person.id).in_([one.person_id for one in invitees])))
    people = {one.id: one for one in found}
    places = await places_of(session, list(people.values()))
    guests = [
        GuestView(
            person_id=one.person_id,
            name=(people[one.person_id].name if one.person_id in people else "") or "Somebody who left",
            where=places.get(one.person_id, ""),
            answer=one.answer,
        )
        for one in invitees
    ]
    return sorted(guests, key=lambda one: (one.person_id != meeting.organizer_id, one.name.casefold()))
