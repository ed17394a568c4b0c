"""After a meeting: its minutes, who was there, and asking for them."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.commands.meeting_parts import (
    about,
    kept_meeting,
    locked_meeting,
    minutes_keeper,
    minutes_settled,
    noted,
    refuse_stale,
    state_of_meeting,
    touch,
)
from services.agreements.commands.todos import open_todo
from services.agreements.models import Occurrence, Presence
from services.agreements.rules import LONGEST, OccurrenceStatus, Verb, meeting_moved, phase
from services.agreements.words import lines
from shared.events.agreements import MeetingHeld
from shared.events.vocabulary import TodoKind
from shared.identity.actor import Actor, system
from shared.messaging import emit
from shared.refusals import Kind, Refusal

SYSTEM = system("agreements")


async def record_minutes(
    session: AsyncSession,
    meeting_id: UUID,
    occurrence_id: UUID,
    *,
    version: int,
    minutes: str,
    attended_ids: Collection[UUID],
    actor: Actor,
    now: datetime,
) -> Occurrence:
    """Write down, or anew, what was said at a meeting and who of those invited was there."""
    held = await kept_meeting(session, meeting_id, actor)
    date = held.date(occurrence_id)
    again = date.status is OccurrenceStatus.HELD
    date.status = meeting_moved(date.status, phase(date.starts_at, now), Verb.RECORD)
    words = _minutes(minutes)
    there = tuple(id for id in held.person_ids if id in set(attended_ids))
    if again and date.minutes == words and await _there(session, date) == set(there):
        return date
    await refuse_stale(session, held.meeting, version, now)
    date.minutes, date.recorded_at, date.recorded_by_id = words, now, actor.person_id
    touch(held.meeting, actor=actor, now=now, calendars=False)
    rows = [{"occurrence_id": date.id, "person_id": id, "attended": id in there} for id in held.person_ids]
    marked = insert(Presence).values(rows)
    await session.execute(
        marked.on_conflict_do_update(
            index_elements=["occurrence_id", "person_id"], set_={"attended": marked.excluded.attended}
        )
    )
    session.add(noted(held.meeting, "corrected" if again else "held", actor=actor, now=now))
    await session.flush()
    await minutes_settled(session, held, actor=actor, now=now)
    fact = MeetingHeld(
        **about(held), occurrence_id=date.id, at=date.starts_at, person_ids=held.person_ids, attended_ids=there,
        again=again,
    )  # fmt: skip
    await emit(session, state_of_meeting(held), fact, actor=actor, now=now)
    return date


async def _there(session: AsyncSession, date: Occurrence) -> set[UUID]:
    there = select(Presence.person_id).where(Presence.occurrence_id == date.id, col(Presence.attended).is_(True))
    return set(await session.exec(there))


def _minutes(text: str) -> str:
    words = lines(text)
    wrong = ""
    if not words:
        wrong = "Write what was said, in a line or two at least."
    elif len(words) > LONGEST["minutes"]:
        wrong = f"Shorten the minutes to at most {LONGEST['minutes']:,} characters."
    if wrong:
        raise Refusal(Kind.INVALID, "minutes_invalid", wrong, fields={"minutes": wrong})
    return words


async def ask_for_minutes(session: AsyncSession, *, now: datetime) -> int:
    """Have meetings that ended and have no minutes wait for whoever called them; how many there were."""
    ended = (
        select(Occurrence.id, Occurrence.meeting_id)
        .where(Occurrence.status == OccurrenceStatus.PLANNED, ~col(Occurrence.asked_for_minutes))
        .where(Occurrence.ends_at <= now)
        .order_by(col(Occurrence.meeting_id))
        .limit(50)
    )
    found = (await session.exec(ended)).all()
    for occurrence_id, meeting_id in found:
        held = await locked_meeting(session, meeting_id)
        date = next((one for one in held.dates if one.id == occurrence_id), None)
        if date is None or date.status is not OccurrenceStatus.PLANNED or date.ends_at > now:
            continue
        date.asked_for_minutes = True
        await session.flush()
        meeting = held.meeting
        await open_todo(
            session, TodoKind.MEETING_MINUTES, meeting.id, to=await minutes_keeper(session, meeting),
            school_id=meeting.school_id, organization_id=meeting.organization_id,
            due_on=date.ends_at.astimezone(ZoneInfo(meeting.zone)).date(), actor=SYSTEM, now=now,
        )  # fmt: skip
    return len(found)
