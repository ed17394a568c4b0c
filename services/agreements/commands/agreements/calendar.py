"""What is due is settled in batches, by any number of workers at once: turns, reminders, reviews."""

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.commands.agreements.case import SYSTEM, Case, note
from services.agreements.commands.agreements.coverage import tell_coverage
from services.agreements.commands.agreements.turns import turn
from services.agreements.commands.agreements.waiting import wait_for_decisions
from services.agreements.commands.todos import close_many
from services.agreements.models import Agreement, Edition
from services.agreements.rules.agreements import IN_FORCE, SIGNED, AgreementState, Mover
from services.agreements.rules.calendar import DueKind, Settled, settle
from shared.events.agreements import AgreementFact, AgreementReminded, AgreementReviewNeared
from shared.events.vocabulary import TodoKind
from shared.messaging import emit_many

BATCH = 100
"""What one look takes: on a usual morning some hundreds are due, and each worker shall have its part."""

# An agreement that somebody has in hand right now is left for the next look.
_CLAIM = text("""
    SELECT due.agreement_id, due.kind, due.day, due.days_before,
           EXISTS (SELECT FROM agreement_due AS newer
                   WHERE newer.agreement_id = due.agreement_id AND newer.kind = due.kind AND newer.settled_at IS NULL
                     AND newer.due_at > due.due_at AND newer.due_at <= :now) AS newer_is_due
    FROM agreement_due AS due JOIN agreement ON agreement.id = due.agreement_id
    WHERE due.settled_at IS NULL AND due.due_at <= :now
    ORDER BY due.due_at
    LIMIT :limit
    FOR UPDATE SKIP LOCKED
""")

# The job looks each second, mostly at nothing: a plan kept from then would read whole tables once there is much.
_PLAN_ANEW = text("SET LOCAL plan_cache_mode = force_custom_plan")

_SETTLE = text("""
    UPDATE agreement_due AS due SET settled_at = :now, settled = verdict.settled
    FROM unnest(CAST(:ids AS uuid[]), CAST(:kinds AS text[]), CAST(:days AS date[]), CAST(:befores AS int[]),
                CAST(:settled AS text[])) AS verdict (agreement_id, kind, day, days_before, settled)
    WHERE (due.agreement_id, due.kind, due.day, due.days_before)
        = (verdict.agreement_id, verdict.kind, verdict.day, verdict.days_before)
""")

_FOLLOWED = text("""
    SELECT renews_id, state FROM agreement
    WHERE renews_id = ANY(CAST(:ids AS uuid[])) AND state NOT IN ('discarded', 'terminated')
""")


async def settle_agreements(session: AsyncSession, *, now: datetime, zone: tzinfo) -> int:
    """Do what is due, oldest first, or let it go on the record; how many were settled."""
    await session.execute(_PLAN_ANEW)
    claimed = (await session.execute(_CLAIM, {"now": now, "limit": BATCH})).all()
    if not claimed:
        return 0
    ids = {row.agreement_id for row in claimed}
    cases = await _cases(session, ids, now, zone)
    followed = {
        row.renews_id: AgreementState(row.state) for row in await session.execute(_FOLLOWED, {"ids": list(ids)})
    }
    before = {id: case.agreement.state for id, case in cases.items()}
    verdicts = [_verdict(row, cases[row.agreement_id], followed.get(row.agreement_id)) for row in claimed]
    facts: list[AgreementFact] = []
    for row, verdict in zip(claimed, verdicts, strict=True):
        if verdict is Settled.DONE:
            facts += _bring(session, cases[row.agreement_id], row)
    await _settle(session, claimed, verdicts, now)
    await session.flush()
    await emit_many(session, facts, actor=SYSTEM, now=now)
    await _let_wait(session, cases, facts, followed, now)
    changed = [case.agreement for id, case in cases.items() if (before[id] in IN_FORCE) != _in_force(case)]
    await tell_coverage(session, {one.organization_id for one in changed}, actor=SYSTEM, now=now)
    return len(claimed)


def _in_force(case: Case) -> bool:
    return case.agreement.state in IN_FORCE


async def _cases(session: AsyncSession, ids: set[UUID], now: datetime, zone: tzinfo) -> dict[UUID, Case]:
    """The agreements, which are locked, in the hands of the system; names are not needed."""
    agreements = await session.exec(select(Agreement).where(col(Agreement.id).in_(ids)))
    found = {one.id: one for one in agreements}
    texts = await session.exec(
        select(Edition)
        .join(Agreement, col(Agreement.id) == col(Edition.agreement_id))
        .where(col(Edition.agreement_id).in_(ids), Edition.number == Agreement.open_edition)
    )
    open = {one.agreement_id: one for one in texts}
    return {id: Case(one, open.get(id), "", "", Mover.SYSTEM, SYSTEM, now, zone) for id, one in found.items()}


def _verdict(row: Row[Any], case: Case, follower: AgreementState | None) -> Settled:
    agreement = case.agreement
    if agreement.state not in SIGNED:
        return Settled.NOT_NEEDED
    return settle(
        DueKind(row.kind),
        row.day,
        today=case.today,
        ends_on=agreement.ends_on,
        review_on=agreement.review_on,
        is_renewed=follower in SIGNED,
        newer_is_due=row.newer_is_due,
    )


def _bring(session: AsyncSession, case: Case, row: Row[Any]) -> list[AgreementFact]:
    if row.kind == DueKind.TURN:
        return turn(session, case)
    if row.kind == DueKind.RENEWAL:
        note(session, case, "remind", words=str(row.days_before))
        return [case.fact(AgreementReminded, days_before=row.days_before, on=row.day)]
    note(session, case, "review")
    return [case.fact(AgreementReviewNeared, on=row.day)]


async def _settle(
    session: AsyncSession, claimed: Sequence[Row[Any]], verdicts: Sequence[Settled], now: datetime
) -> None:
    values = {
        "now": now,
        "ids": [row.agreement_id for row in claimed],
        "kinds": [row.kind for row in claimed],
        "days": [row.day for row in claimed],
        "befores": [row.days_before for row in claimed],
        "settled": [verdict.value for verdict in verdicts],
    }
    await session.execute(_SETTLE, values)


async def _let_wait(
    session: AsyncSession,
    cases: dict[UUID, Case],
    facts: Sequence[AgreementFact],
    followed: dict[UUID, AgreementState],
    now: datetime,
) -> None:
    """Have the decision about the end wait for both sides and the district; once it has ended, nothing waits."""
    ending = {fact.agreement_id for fact in facts if isinstance(fact, AgreementReminded)}
    ending |= {id for id, case in cases.items() if case.agreement.state is AgreementState.RENEWAL_DUE}
    undecided = [cases[id].agreement for id in ending - followed.keys() if cases[id].agreement.state in SIGNED]
    await wait_for_decisions(session, undecided, actor=SYSTEM, now=now)
    expired = [id for id, case in cases.items() if case.agreement.state is AgreementState.EXPIRED]
    if expired:
        await close_many(session, expired, ENDS_WITH_IT, actor=SYSTEM, now=now)


ENDS_WITH_IT = (
    TodoKind.AGREEMENT_CONTACT,
    TodoKind.AGREEMENT_RENEWAL,
    TodoKind.AGREEMENT_REVIEW,
    TodoKind.AGREEMENT_SIGN,
)
"""What does not wait any more once an agreement has ended."""
