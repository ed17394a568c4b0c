"""Things to test meetings with: a school, a partner, people of both, and a meeting of theirs."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import commands
from services.agreements.models import Meeting, Occurrence, Person, Todo
from services.agreements.rules import MeetingEntry
from shared.clock import new_id
from shared.events.base import Fact
from shared.events.vocabulary import RoleName, TodoKind
from shared.identity.actor import Actor
from tests.agreements.support import a_known_school, an_organization
from tests.support.builders import an_actor
from tests.support.events import outbox

BOSTON = ZoneInfo("America/New_York")
NOW = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=3)


def local(words: str, zone: ZoneInfo = BOSTON) -> datetime:
    """By the clock on the wall."""
    return datetime.fromisoformat(words).replace(tzinfo=zone)


@dataclass
class Partnership:
    """Who meets: Dana leads at the school, Rosa works for the partner, Omar at the district office, Ivy elsewhere."""

    school_id: UUID
    organization_id: UUID
    dana: Actor
    rosa: Actor
    omar: Actor
    ivy: Actor


def entry_of(people: Partnership, **changes: Any) -> MeetingEntry:
    """A meeting as somebody enters it."""
    fields: dict[str, Any] = {
        "title": "How the fall goes",
        "agenda": "Attendance; the new room",
        "place": "Room 12",
        "school_id": str(people.school_id),
        "organization_id": str(people.organization_id),
        "date": "2026-10-06",
        "time": "15:30",
        "minutes": 45,
        "person_ids": [str(people.rosa.person_id)],
    }
    return MeetingEntry.model_validate(fields | changes)


def an_email(actor: Actor) -> str:
    """The address of somebody in the partnership."""
    return f"{actor.name.lower()}@example.org"


async def a_partnership(session: AsyncSession) -> Partnership:
    """A school, a partner, and their people."""
    school, organization = await a_known_school(session), await an_organization(session)
    people = Partnership(
        school.id,
        organization.id,
        dana=an_actor(RoleName.SCHOOL_STAFF, school.id, name="Dana"),
        rosa=an_actor(RoleName.PARTNER_STAFF, organization.id, name="Rosa"),
        omar=an_actor(RoleName.DISTRICT_OFFICE, name="Omar"),
        ivy=an_actor(RoleName.SCHOOL_STAFF, new_id(), name="Ivy"),
    )
    session.add_all(person_of(one) for one in (people.dana, people.rosa, people.omar, people.ivy))
    await session.flush()
    return people


def person_of(actor: Actor) -> Person:
    """Somebody as the roster tells of them."""
    assert actor.person_id is not None
    return Person(
        id=actor.person_id, given_name=actor.name, family_name="", email=an_email(actor),
        school_ids=sorted(actor.school_ids), organization_ids=sorted(actor.organization_ids),
        is_district=actor.is_district,
    )  # fmt: skip


async def a_meeting(
    session: AsyncSession, people: Partnership, *, by: Actor | None = None, now: datetime = NOW, **changes: Any
) -> Meeting:
    """A meeting that Dana called."""
    return await commands.schedule_meeting(
        session, meeting_id=new_id(), entry=entry_of(people, **changes), zone=BOSTON, actor=by or people.dana, now=now
    )


async def dates_of(session: AsyncSession, meeting: Meeting) -> list[Occurrence]:
    """Its dates in order."""
    found = select(Occurrence).where(Occurrence.meeting_id == meeting.id).order_by(col(Occurrence.starts_at))
    return list(await session.exec(found))


WEEKLY: dict[str, Any] = {"repeat": "weekly", "until": "2026-12-15"}
"""Tuesdays until the middle of December: eleven dates over the end of daylight saving time."""


async def facts(session: AsyncSession, kind: type[Fact]) -> list[Any]:
    """The facts of one kind that were told."""
    return [fact for fact in await outbox(session) if type(fact) is kind]


async def waiting(session: AsyncSession, kind: TodoKind) -> list[Any]:
    """For whom something of a kind waits."""
    open_ones = await session.exec(select(Todo).where(Todo.kind == kind, Todo.closed_at.is_(None)))  # type: ignore[union-attr]
    return [todo.audience_id for todo in open_ones]


async def record(session: AsyncSession, meeting: Meeting, date: Occurrence, by: Actor, *there: Actor) -> Occurrence:
    return await commands.record_minutes(
        session, meeting.id, date.id, version=meeting.version, minutes="All is well.",
        attended_ids=[one.person_id for one in there if one.person_id], actor=by, now=local("2026-10-06 17:00"),
    )  # fmt: skip


async def task(session: AsyncSession, meeting: Meeting, people: Partnership, by: Actor) -> Any:
    assert people.rosa.person_id
    return await commands.agree_task(
        session, task_id=new_id(), meeting_id=meeting.id, owner_id=people.rosa.person_id, what="Order the chairs",
        on="2026-10-20", zone=BOSTON, actor=by, now=LATER,
    )  # fmt: skip
