"""Reminders: planned in the transaction of what they remind of, settled in batches when they are due."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import Row, text
from sqlmodel.ext.asyncio.session import AsyncSession

from services.referrals.commands.case import PLAN, SYSTEM, reminders
from services.referrals.rules import (
    AttemptState,
    BusinessCalendar,
    ReferralState,
    Reminder,
    Settled,
    Standing,
    of_answer,
    of_consent,
    settle,
)
from shared.events.referrals import ReferralFact, ReminderDue, ReminderLetGo
from shared.messaging import emit_many

BATCH = 400


_UNPLANNED = text("""
    SELECT referral.id AS referral_id, attempt.id AS attempt_id, attempt.answer_by, referral.changed_at
    FROM referral LEFT JOIN attempt ON attempt.referral_id = referral.id AND attempt.state IN ('sent', 'acknowledged')
    WHERE (referral.state = 'awaiting_consent' OR attempt.id IS NOT NULL)
      AND NOT EXISTS (SELECT FROM reminder WHERE thing_id = coalesce(attempt.id, referral.id))
    LIMIT :limit
""")


async def plan_missing(session: AsyncSession, calendar: BusinessCalendar) -> None:
    """Plan the reminders of what has none, since it is from before there were any."""
    rows: list[dict[str, Any]] = []
    for row in (await session.execute(_UNPLANNED, {"limit": BATCH})).all():
        dues = of_answer(row.answer_by, calendar) if row.attempt_id else of_consent(row.changed_at, calendar)
        rows += reminders(dues, row.referral_id, row.attempt_id)
    await session.execute(text(PLAN), {"reminders": to_json(rows).decode()})


# The lock on the referral keeps its facts in order; one that somebody has in hand right now is left for the next look.
_CLAIM = text("""
    SELECT reminder.thing_id, reminder.kind, reminder.due_at, reminder.until, reminder.attempt_id,
           referral.id AS referral_id, referral.student_id, referral.school_id, referral.referrer_id,
           referral.state, referral.version,
           EXISTS (SELECT FROM reminder AS newer
                   WHERE newer.thing_id = reminder.thing_id
                     AND newer.due_at > reminder.due_at AND newer.due_at <= :now) AS newer_is_due
    FROM reminder JOIN referral ON referral.id = reminder.referral_id
    WHERE reminder.settled_at IS NULL AND reminder.due_at <= :now
    ORDER BY reminder.due_at
    LIMIT :limit
    FOR UPDATE SKIP LOCKED
""")

# Asked once the locks are held: the statement that takes them may still see attempts as they were before.
_ATTEMPTS = text("SELECT id, state, program_id, organization_id, answer_by FROM attempt WHERE id = ANY(:ids)")
_QUEUED = text("""
    SELECT referral_id, array_agg(program_id ORDER BY position) AS programs FROM attempt
    WHERE referral_id = ANY(:ids) AND state = 'queued' GROUP BY referral_id
""")

# The job looks each second, mostly at nothing: a plan kept from then would read whole tables once there is much.
_PLAN_ANEW = text("SET LOCAL plan_cache_mode = force_custom_plan")

_SETTLE = text("""
    UPDATE reminder SET settled_at = :now, settled = verdict.settled
    FROM unnest(CAST(:things AS uuid[]), CAST(:kinds AS text[]), CAST(:dues AS timestamptz[]), CAST(:settled AS text[]))
         AS verdict (thing_id, kind, due_at, settled)
    WHERE (reminder.thing_id, reminder.kind, reminder.due_at) = (verdict.thing_id, verdict.kind, verdict.due_at)
""")

_NOTE = text("""
    INSERT INTO entry (referral_id, version, at, type, attempt_id, data, words)
    SELECT referral_id, version, :now, type, attempt_id, CAST(data AS jsonb) - CAST(:common AS text[]), ''
    FROM unnest(CAST(:referral_ids AS uuid[]), CAST(:versions AS int[]), CAST(:types AS text[]),
                CAST(:attempt_ids AS uuid[]), CAST(:data AS text[]))
         AS told (referral_id, version, type, attempt_id, data)
""")


class _Claimed(NamedTuple):
    """A reminder that is ours to settle, with its referral, its attempt, and the choices that wait for the family."""

    row: Row[Any]
    attempt: Row[Any] | None
    queued: Sequence[UUID]


async def settle_due(session: AsyncSession, *, now: datetime) -> int:
    """Tell, or let go on the record, the reminders that are due, oldest first; how many were settled."""
    claimed = await _claim(session, now)
    if not claimed:
        return 0
    verdicts = [_verdict(one, now) for one in claimed]
    await _settle(session, claimed, verdicts, now)
    told = [(one, fact) for one, v in zip(claimed, verdicts, strict=True) if (fact := _fact(one, v)) is not None]
    await _note(session, told, now)
    await emit_many(session, [fact for _, fact in told], actor=SYSTEM, now=now)
    return len(claimed)


async def _settle(
    session: AsyncSession, claimed: Sequence[_Claimed], verdicts: Sequence[Settled], now: datetime
) -> None:
    values = {
        "now": now,
        "things": [one.row.thing_id for one in claimed],
        "kinds": [one.row.kind for one in claimed],
        "dues": [one.row.due_at for one in claimed],
        "settled": [verdict.value for verdict in verdicts],
    }
    await session.execute(_SETTLE, values)


async def _claim(session: AsyncSession, now: datetime) -> list[_Claimed]:
    await session.execute(_PLAN_ANEW)
    rows = (await session.execute(_CLAIM, {"now": now, "limit": BATCH})).all()
    ids = [row.attempt_id for row in rows if row.attempt_id]
    attempts = {attempt.id: attempt for attempt in await session.execute(_ATTEMPTS, {"ids": ids})}
    asking = [row.referral_id for row in rows if not row.attempt_id]
    queued = {row.referral_id: row.programs for row in await session.execute(_QUEUED, {"ids": asking})}
    return [_Claimed(row, attempts.get(row.attempt_id), queued.get(row.referral_id, ())) for row in rows]


def _verdict(claimed: _Claimed, now: datetime) -> Settled:
    row, attempt = claimed.row, claimed.attempt
    standing = Standing(ReferralState(row.state), AttemptState(attempt.state) if attempt else None)
    has_passed = row.until is not None and now >= row.until
    return settle(Reminder(row.kind), standing, newer_is_due=row.newer_is_due, has_passed=has_passed)


def _fact(claimed: _Claimed, verdict: Settled) -> ReminderDue | ReminderLetGo | None:
    """What is said of it; nothing where there was nothing to remind of."""
    if verdict is Settled.NOT_NEEDED:
        return None
    row, attempt = claimed.row, claimed.attempt
    about = {
        "referral_id": row.referral_id,
        "student_id": row.student_id,
        "school_id": row.school_id,
        "referrer_id": row.referrer_id,
        "reminder": row.kind,
        "due_at": row.due_at,
        "attempt_id": row.attempt_id,
    }
    if verdict is not Settled.SENT:
        return ReminderLetGo(**about, why=verdict.value)
    if attempt is None:
        return ReminderDue(**about, program_ids=claimed.queued)
    of_attempt = {
        "program_id": attempt.program_id,
        "organization_id": attempt.organization_id,
        "answer_by": attempt.answer_by,
    }
    return ReminderDue(**about, **of_attempt)


async def _note(
    session: AsyncSession, told: Sequence[tuple[_Claimed, ReminderDue | ReminderLetGo]], now: datetime
) -> None:
    """Keep the facts in the timelines."""
    values = {
        "now": now,
        "common": list(ReferralFact.model_fields),
        "referral_ids": [fact.referral_id for _, fact in told],
        "versions": [claimed.row.version for claimed, _ in told],
        "types": [fact.type for _, fact in told],
        "attempt_ids": [fact.attempt_id for _, fact in told],
        "data": [fact.model_dump_json() for _, fact in told],
    }
    await session.execute(_NOTE, values)
