"""Events for the log, and hands that spoil it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlmodel.ext.asyncio.session import AsyncSession

from services.audit import commands
from services.audit.models import Entry
from shared.clock import new_id
from shared.db import Database
from shared.events import Fact, people, referrals
from shared.events.vocabulary import Need, Urgency
from shared.messaging import RawEvent

NOON = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)


def an_event(fact: Fact | None = None, **changes: Any) -> RawEvent:
    """An event as a consumer hands it over; by default of a fact about a referral."""
    fact = fact or a_submission()
    values: dict[str, Any] = {
        "id": new_id(),
        "type": fact.type,
        "source": fact.source,
        "subject": fact.subject,
        "time": NOON,
        "actor": f"person:{new_id()}",
        "correlation_id": new_id(),
        "causation_id": None,
        "traceparent": None,
        "value": fact.model_dump_json().encode(),
        "topic": fact.topic,
        "partition": 0,
        "offset": 0,
        "received_at": NOON + timedelta(milliseconds=5),
    }
    return RawEvent(**(values | changes))


def a_submission(**changes: Any) -> referrals.ReferralSubmitted:
    """A referral made."""
    values: dict[str, Any] = {
        "referral_id": new_id(),
        "student_id": new_id(),
        "school_id": new_id(),
        "referrer_id": new_id(),
        "need": Need.FOOD,
        "urgency": Urgency.ROUTINE,
        "program_ids": (new_id(), new_id()),
    }
    return referrals.ReferralSubmitted(**(values | changes))


def a_tombstone(person_id: UUID) -> RawEvent:
    """The end of a person."""
    return an_event(people.PersonErased(person_id=person_id), value=None)


async def append(db: Database, *events: RawEvent) -> None:
    """Log events in one transaction."""
    async with db.transaction() as session:
        await commands.append(session, events)


async def a_log(db: Database, size: int) -> list[RawEvent]:
    """A log of this many events."""
    events = [an_event(offset=place) for place in range(size)]
    await append(db, *events)
    return events


async def entries(session: AsyncSession) -> Sequence[Entry]:
    """The whole log."""
    return (await session.execute(select(Entry).order_by("seq"))).scalars().all()


async def spoil(db: Database, sql: str, **values: Any) -> None:
    """Change the database behind the log's back."""
    async with db.transaction() as session:
        await session.execute(text(sql), values)
