"""Meetings as calendars read them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.models import CalendarAddress, Invitee, Meeting, Occurrence, Person
from services.agreements.queries.people import at_work
from services.agreements.rules import OccurrenceStatus, for_calendars, not_found
from shared.calendars import Entry, When, uid_of
from shared.zones import moment

SHOWN_BACK = timedelta(days=92)
"""How far back a person's calendar reaches."""


async def calendar_secret(session: AsyncSession, person_id: UUID) -> str | None:
    """The secret of a person's calendar, where there is one."""
    found = await session.get(CalendarAddress, person_id)
    return found.secret if found else None


async def calendar_entries(session: AsyncSession, secret: str, *, public_url: str, now: datetime) -> list[Entry]:
    """The meetings of the person whose calendar has this secret; refuses one that is none, or ended."""
    found = await session.exec(
        select(CalendarAddress.person_id)
        .join(Person, col(Person.id) == col(CalendarAddress.person_id))
        .where(CalendarAddress.secret == secret, at_work())
    )
    person_id = found.first()
    if person_id is None:
        raise not_found("calendar")
    mine = select(Invitee.meeting_id).where(Invitee.person_id == person_id)
    rows = await session.exec(
        select(Meeting, Occurrence)
        .join(Occurrence, col(Occurrence.meeting_id) == col(Meeting.id))
        .where(col(Meeting.id).in_(mine))
        .order_by(col(Meeting.scheduled_at), col(Occurrence.starts_at))
    )
    dates: dict[UUID, tuple[Meeting, list[Occurrence]]] = {}
    for meeting, one in rows:
        dates.setdefault(meeting.id, (meeting, []))[1].append(one)
    entries = (calendar_entry(meeting, own, public_url) for meeting, own in dates.values())
    return [one for one in entries if any(date.ends_at > now - SHOWN_BACK for date in one.dates)]


async def one_calendar_entry(session: AsyncSession, meeting_id: UUID, public_url: str) -> Entry:
    """One meeting, for who may read it."""
    meeting = await session.get_one(Meeting, meeting_id)
    found = await session.exec(select(Occurrence).where(Occurrence.meeting_id == meeting_id))
    return calendar_entry(meeting, sorted(found, key=lambda one: one.starts_at), public_url)


def calendar_entry(meeting: Meeting, dates: Sequence[Occurrence], public_url: str) -> Entry:
    """A meeting as calendars read it."""
    zone = ZoneInfo(meeting.zone)
    return Entry(
        uid=uid_of(meeting.id, public_url),
        sequence=meeting.sequence,
        title=meeting.title,
        place=meeting.place,
        link=meeting.link,
        page=f"{public_url.rstrip('/')}/agreements/meetings/{meeting.id}",
        zone=meeting.zone,
        first=moment(datetime.fromisoformat(meeting.first), zone),
        length=timedelta(minutes=meeting.length),
        rule=for_calendars(meeting.rule, zone) if meeting.rule else None,
        dates=tuple(
            When(
                starts_at=one.starts_at.astimezone(UTC),
                ends_at=one.ends_at.astimezone(UTC),
                rule_at=one.rule_at.astimezone(UTC) if one.round == meeting.round else None,
                cancelled=one.status is OccurrenceStatus.CANCELLED,
            )
            for one in dates
        ),
        changed_at=meeting.changed_at,
    )
