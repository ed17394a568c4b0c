"""What the commands about meetings share: a meeting with its dates and people, its state as published, its timeline."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.commands.todos import To, close_todos, for_organization, for_person, for_school, open_todo
from services.agreements.models import Invitee, Meeting, MeetingEvent, Occurrence, Person
from services.agreements.queries import person_names
from services.agreements.queries.meeting_people import may_change
from services.agreements.rules import OccurrenceStatus, for_calendars, not_found
from shared.events.agreements import MeetingChanged, MeetingDate
from shared.events.vocabulary import TodoKind
from shared.identity.actor import Actor
from shared.refusals import Kind, Refusal
from shared.web.words import relative
from shared.zones import moment


@dataclass(slots=True)
class Held:
    """A meeting that is locked, with all that belongs to it."""

    meeting: Meeting
    dates: list[Occurrence]
    invitees: list[Invitee]

    @property
    def person_ids(self) -> tuple[UUID, ...]:
        """Who is invited, in one order."""
        return tuple(sorted(one.person_id for one in self.invitees))

    def ahead(self, now: datetime) -> list[Occurrence]:
        """Dates that are planned and to come, the next one first."""
        planned = (one for one in self.dates if one.status is OccurrenceStatus.PLANNED and one.starts_at > now)
        return sorted(planned, key=lambda one: one.starts_at)

    def date(self, occurrence_id: UUID) -> Occurrence:
        """One of its dates; refuses another one's."""
        found = next((one for one in self.dates if one.id == occurrence_id), None)
        if found is None:
            raise not_found("meeting")
        return found


async def locked_meeting(session: AsyncSession, meeting_id: UUID) -> Held:
    """A meeting, locked until the transaction ends; refuses where there is none."""
    meeting = await session.get(Meeting, meeting_id, with_for_update=True)
    if meeting is None:
        raise not_found("meeting")
    dates = await session.exec(select(Occurrence).where(Occurrence.meeting_id == meeting_id))
    invitees = await session.exec(select(Invitee).where(Invitee.meeting_id == meeting_id))
    return Held(meeting, list(dates), list(invitees))


async def kept_meeting(session: AsyncSession, meeting_id: UUID, actor: Actor) -> Held:
    """A meeting that the actor may change, locked; for others there is none."""
    held = await locked_meeting(session, meeting_id)
    if not await may_change(session, actor, held.meeting):
        raise not_found("meeting")
    return held


async def refuse_stale(session: AsyncSession, meeting: Meeting, version: int, now: datetime) -> None:
    """Refuse where the meeting is not in the version that the person saw, saying who changed it when."""
    if meeting.version == version:
        return
    names = await person_names(session, [meeting.changed_by_id] if meeting.changed_by_id else [])
    who = next(iter(names.values()), "The system")
    said = (
        f"The meeting is not as you saw it. {who} changed it {relative(meeting.changed_at, now)}. "
        "Nothing of yours was saved. Look at it again, then decide."
    )
    raise Refusal(Kind.CONFLICT, "stale_version", said)


def touch(meeting: Meeting, *, actor: Actor, now: datetime, calendars: bool = True) -> None:
    """Count a change; `calendars`: one that calendars must hear of."""
    meeting.version += 1
    meeting.sequence += int(calendars)
    meeting.changed_at, meeting.changed_by, meeting.changed_by_id = now, str(actor), actor.person_id


def noted(meeting: Meeting, what: str, words: str = "", *, actor: Actor, now: datetime) -> MeetingEvent:
    """A line of its timeline."""
    return MeetingEvent(meeting_id=meeting.id, at=now, by_id=actor.person_id, what=what, words=words)


def new_dates(meeting: Meeting, dates: Sequence[datetime]) -> list[Occurrence]:
    """The rows of the dates that its rule gives now."""
    length = timedelta(minutes=meeting.length)
    return [
        Occurrence(meeting_id=meeting.id, round=meeting.round, rule_at=at, starts_at=at, ends_at=at + length)
        for at in dates
    ]


def state_of_meeting(held: Held) -> MeetingChanged:
    """The meeting as it is published."""
    meeting = held.meeting
    zone = ZoneInfo(meeting.zone)
    return MeetingChanged(
        meeting_id=meeting.id,
        version=meeting.version,
        sequence=meeting.sequence,
        title=meeting.title,
        place=meeting.place,
        link=meeting.link,
        zone=meeting.zone,
        starts_at=moment(datetime.fromisoformat(meeting.first), zone),
        length_minutes=meeting.length,
        rule=for_calendars(meeting.rule, zone) if meeting.rule else None,
        dates=tuple(_date(meeting, one) for one in sorted(held.dates, key=lambda one: one.starts_at)),
        organizer_id=meeting.organizer_id,
        person_ids=held.person_ids,
        school_id=meeting.school_id,
        organization_id=meeting.organization_id,
    )


def _date(meeting: Meeting, one: Occurrence) -> MeetingDate:
    return MeetingDate(
        occurrence_id=one.id,
        starts_at=one.starts_at.astimezone(UTC),
        ends_at=one.ends_at.astimezone(UTC),
        status=one.status.value,
        rule_at=one.rule_at.astimezone(UTC) if one.round == meeting.round else None,
    )


def about(held: Held) -> dict[str, object]:
    """What every fact about the meeting says."""
    meeting = held.meeting
    return {
        "meeting_id": meeting.id,
        "version": meeting.version,
        "school_id": meeting.school_id,
        "organization_id": meeting.organization_id,
    }


async def ask_for_answers(
    session: AsyncSession, held: Held, ids: Sequence[UUID], *, actor: Actor, now: datetime
) -> None:
    """Have the meeting wait for an answer of these people until it begins."""
    ahead, meeting = held.ahead(now), held.meeting
    for id in ids:
        if ahead and id != actor.person_id:
            due = ahead[0].starts_at.astimezone(ZoneInfo(meeting.zone)).date()
            await open_todo(
                session, TodoKind.MEETING_ANSWER, meeting.id, to=for_person(id), school_id=meeting.school_id,
                organization_id=meeting.organization_id, due_on=due, actor=actor, now=now,
            )  # fmt: skip


async def ask_no_more(session: AsyncSession, held: Held, ids: Sequence[UUID], *, actor: Actor, now: datetime) -> None:
    """These people's answers are not waited for any more."""
    for id in ids:
        await close_todos(
            session, held.meeting.id, kind=TodoKind.MEETING_ANSWER, to=for_person(id), actor=actor, now=now
        )


async def minutes_keeper(session: AsyncSession, meeting: Meeting) -> To:
    """Who writes the minutes: who called the meeting, or the side that it was called for where that person left."""
    organizer = await session.get(Person, meeting.organizer_id)
    if organizer is not None and organizer.at_work:
        return for_person(meeting.organizer_id)
    if meeting.school_id:
        return for_school(meeting.school_id)
    return for_organization(meeting.organization_id) if meeting.organization_id else for_person(meeting.organizer_id)


async def minutes_settled(session: AsyncSession, held: Held, *, actor: Actor, now: datetime) -> None:
    """Nobody waits for minutes any more, once no date is left that took place and has none."""
    if not any(one.asked_for_minutes and one.status is OccurrenceStatus.PLANNED for one in held.dates):
        await close_todos(session, held.meeting.id, kind=TodoKind.MEETING_MINUTES, actor=actor, now=now)
