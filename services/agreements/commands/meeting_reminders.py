"""Reminders of meetings: planned in the transaction of what they remind of, settled in batches when they are due."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, delete, text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.commands.meeting_parts import Held
from services.agreements.models import Invitee, Meeting, MeetingReminder, Occurrence, Wish
from services.agreements.rules import Answer, OccurrenceStatus, Settled, reminders_of, settle
from shared.events.agreements import MeetingReminderDue, MeetingReminderLetGo
from shared.events.notifications import PreferencesChanged
from shared.events.vocabulary import REMIND_BEFORE_UNSAID
from shared.identity.actor import system
from shared.messaging import emit_many, wake
from shared.zones import is_zone

SYSTEM = system("agreements")
BATCH = 1000
AT_ONCE = 2000
"""Rows that one statement plans; a statement has room for some 32,000 values."""


async def plan_reminders(
    session: AsyncSession, held: Held, dates: Sequence[Occurrence], ids: Collection[UUID], *, zone: ZoneInfo,
    now: datetime,
) -> None:  # fmt: skip
    """Plan the reminders of these dates for these people, at the times and by the clocks that they chose."""
    await session.flush()
    wishes = await wishes_of(session, ids)
    rows = [
        row
        for id in ids
        for one in dates
        for row in _rows(one, held.meeting.id, id, wishes.get(id), zone=zone, now=now)
    ]
    await _plan(session, rows)


def _rows(
    date: Occurrence, meeting_id: UUID, person_id: UUID, wish: Wish | None, *, zone: ZoneInfo, now: datetime
) -> list[dict[str, Any]]:
    before = REMIND_BEFORE_UNSAID if wish is None or wish.remind_before is None else wish.remind_before
    return [
        {
            "occurrence_id": date.id,
            "person_id": person_id,
            "minutes_before": minutes,
            "starts_at": date.starts_at,
            "meeting_id": meeting_id,
            "due_at": due,
        }
        for minutes, due in reminders_of(date.starts_at, before, clock_of(wish, zone), now)
    ]


def clock_of(wish: Wish | None, zone: ZoneInfo) -> ZoneInfo:
    """The zone of a person's clock; `zone` is the district's."""
    return ZoneInfo(wish.time_zone) if wish and wish.time_zone and is_zone(wish.time_zone) else zone


async def _plan(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    for start in range(0, len(rows), AT_ONCE):
        planned = insert(MeetingReminder).values(rows[start : start + AT_ONCE])
        await session.execute(planned.on_conflict_do_nothing())


async def wishes_of(session: AsyncSession, ids: Collection[UUID]) -> Mapping[UUID, Wish]:
    """When these people want to be reminded, as far as they said so."""
    found = await session.exec(select(Wish).where(col(Wish.person_id).in_(ids)))
    return {wish.person_id: wish for wish in found}


async def unplan_reminders(session: AsyncSession, occurrence_ids: Sequence[UUID], ids: Collection[UUID]) -> None:
    """Take back what these people were to be reminded of."""
    waiting = delete(MeetingReminder).where(col(MeetingReminder.settled_at).is_(None))
    of_date = col(MeetingReminder.occurrence_id).in_(occurrence_ids)
    await session.execute(waiting.where(of_date, col(MeetingReminder.person_id).in_(ids)))


# What somebody wishes


async def keep_wish(session: AsyncSession, fact: PreferencesChanged) -> None:
    """Know how a person wants to be reminded; a job plans the reminders anew."""
    chosen = None if fact.remind_before is None else list(fact.remind_before)
    values = {"remind_before": chosen, "time_zone": fact.time_zone, "pending": True}
    kept = insert(Wish).values(person_id=fact.person_id, **values)
    await session.execute(kept.on_conflict_do_update(index_elements=["person_id"], set_=values))
    await wake(session, "jobs")


async def replan_wished(session: AsyncSession, *, zone: ZoneInfo, now: datetime) -> int:
    """Plan anew what people who changed their wishes are to be reminded of; how many people that were."""
    pending = select(Wish).where(Wish.pending).limit(20).with_for_update(skip_locked=True)
    wishes = (await session.exec(pending)).all()
    for wish in wishes:
        await _replan(session, wish, zone=zone, now=now)
        wish.pending = False
    return len(wishes)


async def _replan(session: AsyncSession, wish: Wish, *, zone: ZoneInfo, now: datetime) -> None:
    # The lock keeps the meetings where they are until the reminders are written.
    mine = await session.exec(
        select(Meeting.id)
        .join(Invitee, col(Invitee.meeting_id) == col(Meeting.id))
        .where(Invitee.person_id == wish.person_id)
        .order_by(col(Meeting.id))
        .with_for_update(of=Meeting.__table__, read=True)  # type: ignore[attr-defined]
    )
    dates = await session.exec(
        select(Occurrence)
        .where(col(Occurrence.meeting_id).in_(mine.all()), Occurrence.status == OccurrenceStatus.PLANNED)
        .where(Occurrence.starts_at > now)
    )
    waiting = delete(MeetingReminder).where(col(MeetingReminder.person_id) == wish.person_id)
    await session.execute(waiting.where(col(MeetingReminder.settled_at).is_(None), col(MeetingReminder.due_at) > now))
    rows = [row for one in dates for row in _rows(one, one.meeting_id, wish.person_id, wish, zone=zone, now=now)]
    await _plan(session, rows)


# What is due

# The lock on the meeting keeps its facts in order; one that somebody has in hand right now is left for the next look.
_CLAIM = text("""
    SELECT reminder.occurrence_id, reminder.person_id, reminder.minutes_before, reminder.starts_at, reminder.due_at,
           meeting.id AS meeting_id, meeting.version, meeting.school_id, meeting.organization_id
    FROM meeting_reminder AS reminder JOIN meeting ON meeting.id = reminder.meeting_id
    WHERE reminder.settled_at IS NULL AND reminder.due_at <= :now
    ORDER BY reminder.due_at
    LIMIT :limit
    FOR UPDATE SKIP LOCKED
""")

# Asked once the locks are held: the statement that takes them may still see a meeting as it was before.
_STANDING = text("""
    SELECT occurrence.status, occurrence.starts_at,
           person.active AND (person.is_district OR person.school_ids <> '{}' OR person.organization_ids <> '{}')
               AS at_work,
           coalesce(presence.answer, invitee.answer) AS answer,
           EXISTS (SELECT FROM meeting_reminder AS later
                   WHERE later.occurrence_id = claimed.occurrence_id AND later.person_id = claimed.person_id
                     AND later.starts_at = claimed.starts_at AND later.due_at > claimed.due_at
                     AND later.due_at <= :now) AS later_is_due
    FROM unnest(CAST(:occurrences AS uuid[]), CAST(:persons AS uuid[]), CAST(:starts AS timestamptz[]),
                CAST(:dues AS timestamptz[]))
         WITH ORDINALITY AS claimed (occurrence_id, person_id, starts_at, due_at, place)
    JOIN occurrence ON occurrence.id = claimed.occurrence_id
    LEFT JOIN invitee ON invitee.meeting_id = occurrence.meeting_id AND invitee.person_id = claimed.person_id
    LEFT JOIN presence ON presence.occurrence_id = claimed.occurrence_id AND presence.person_id = claimed.person_id
    LEFT JOIN person ON person.id = claimed.person_id
    ORDER BY place
""")

_SETTLE = text("""
    UPDATE meeting_reminder AS reminder SET settled_at = :now, settled = verdict.settled
    FROM unnest(CAST(:occurrences AS uuid[]), CAST(:persons AS uuid[]), CAST(:minutes AS int[]),
                CAST(:starts AS timestamptz[]), CAST(:settled AS text[]))
         AS verdict (occurrence_id, person_id, minutes_before, starts_at, settled)
    WHERE (reminder.occurrence_id, reminder.person_id, reminder.minutes_before, reminder.starts_at)
        = (verdict.occurrence_id, verdict.person_id, verdict.minutes_before, verdict.starts_at)
""")

# The job looks each second, mostly at nothing: a plan kept from then would read whole tables once there is much.
_PLAN_ANEW = text("SET LOCAL plan_cache_mode = force_custom_plan")


async def settle_meeting_reminders(session: AsyncSession, *, now: datetime) -> int:
    """Tell, or let go on the record, the reminders of meetings that are due, oldest first; how many were settled."""
    await session.execute(_PLAN_ANEW)
    claimed = (await session.execute(_CLAIM, {"now": now, "limit": BATCH})).all()
    if not claimed:
        return 0
    keys = {
        "now": now,
        "occurrences": [row.occurrence_id for row in claimed],
        "persons": [row.person_id for row in claimed],
        "starts": [row.starts_at for row in claimed],
    }
    standing = (await session.execute(_STANDING, keys | {"dues": [row.due_at for row in claimed]})).all()
    verdicts = [_verdict(row, stands, now) for row, stands in zip(claimed, standing, strict=True)]
    minutes = [row.minutes_before for row in claimed]
    await session.execute(_SETTLE, keys | {"minutes": minutes, "settled": [one.value for one in verdicts]})
    facts = [fact for row, verdict in zip(claimed, verdicts, strict=True) if (fact := _fact(row, verdict))]
    await emit_many(session, facts, actor=SYSTEM, now=now)
    return len(claimed)


def _verdict(row: Row[Any], stands: Row[Any], now: datetime) -> Settled:
    expected = bool(stands.at_work) and stands.answer is not None and stands.answer != Answer.NO
    # A date that was moved has reminders of its new time: this one is of the old.
    return settle(
        OccurrenceStatus(stands.status),
        expected=expected and stands.starts_at == row.starts_at,
        has_begun=now >= row.starts_at,
        later_is_due=stands.later_is_due,
    )


def _fact(row: Row[Any], verdict: Settled) -> MeetingReminderDue | MeetingReminderLetGo | None:
    """What is said of it; nothing where there was nothing to remind of."""
    if verdict is Settled.NOT_NEEDED:
        return None
    said = {
        "meeting_id": row.meeting_id,
        "version": row.version,
        "school_id": row.school_id,
        "organization_id": row.organization_id,
        "occurrence_id": row.occurrence_id,
        "person_id": row.person_id,
        "minutes_before": row.minutes_before,
    }
    if verdict is Settled.SENT:
        return MeetingReminderDue(**said, at=row.starts_at)
    return MeetingReminderLetGo(**said, why=verdict.value)
