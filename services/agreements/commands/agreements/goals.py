"""Goals of an agreement and what is measured of them."""

from datetime import datetime, tzinfo
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.commands.agreements.case import begin, load, note, tell
from services.agreements.models import Agreement, Goal, Measurement
from services.agreements.rules import not_found
from services.agreements.rules.agreements import Verb
from services.agreements.rules.goals import MeasurementEntry, Progress, progress, valid_measurement
from services.agreements.rules.terms import Terms
from shared.events.agreements import GoalMeasured, MeasurementStruck
from shared.identity.actor import Actor


async def take_over_goals(session: AsyncSession, agreement: Agreement, terms: Terms, *, now: datetime) -> None:
    """Let the goals be those of the text that holds; one that it leaves out stays, with what was measured."""
    there = {goal.id: goal for goal in await session.exec(select(Goal).where(Goal.agreement_id == agreement.id))}
    for position, aim in enumerate(terms.goals, start=1):
        values = aim.model_dump() | {"agreement_id": agreement.id, "position": position, "dropped_at": None}
        if known := there.pop(aim.id, None):
            known.sqlmodel_update(values)
        else:
            session.add(Goal(**values))
    for left in there.values():
        left.dropped_at = left.dropped_at or now


async def measure_goal(
    session: AsyncSession,
    agreement_id: UUID,
    goal_id: UUID,
    *,
    measurement_id: UUID,
    entry: MeasurementEntry,
    actor: Actor,
    now: datetime,
    zone: tzinfo,
) -> Measurement:
    """Record what a goal's measure was on a day; the same id again gives the one that is there."""
    case = await load(session, agreement_id, actor=actor, now=now, zone=zone)
    goal = await _goal(session, agreement_id, goal_id)
    if known := await session.get(Measurement, measurement_id):
        if known.goal_id != goal_id:
            raise not_found("measurement")
        return known
    await begin(session, case, Verb.MEASURE, None)
    assert actor.person_id is not None
    measured = Measurement(
        id=measurement_id,
        goal_id=goal_id,
        side=case.side,
        recorded_by=actor.person_id,
        recorded_at=now,
        **valid_measurement(entry, today=case.today).model_dump(),
    )
    session.add(measured)
    note(session, case, Verb.MEASURE, words=f"{goal.title}: {measured.value:g} {goal.unit}".strip())
    await session.flush()
    stands = await _stands(session, goal)
    await tell(session, case, case.fact(GoalMeasured, goal_id=goal_id, side=case.side, progress=stands))
    return measured


async def strike_measurement(
    session: AsyncSession,
    agreement_id: UUID,
    measurement_id: UUID,
    *,
    actor: Actor,
    now: datetime,
    zone: tzinfo,
) -> Measurement:
    """Say that a measurement was a mistake; it stays to be seen, and does not count."""
    case = await load(session, agreement_id, actor=actor, now=now, zone=zone)
    measured = await session.get(Measurement, measurement_id)
    if measured is None:
        raise not_found("measurement")
    goal = await _goal(session, agreement_id, measured.goal_id)
    await begin(session, case, Verb.MEASURE, None)
    if measured.void_at is None:
        measured.void_at = now
        note(session, case, "strike", words=f"{goal.title}: {measured.value:g} {goal.unit}".strip())
        await tell(session, case, case.fact(MeasurementStruck, goal_id=goal.id, side=case.side))
    return measured


async def _goal(session: AsyncSession, agreement_id: UUID, goal_id: UUID) -> Goal:
    goal = await session.get(Goal, goal_id)
    if goal is None or goal.agreement_id != agreement_id:
        raise not_found("goal")
    return goal


async def _stands(session: AsyncSession, goal: Goal) -> Progress:
    newest = await session.exec(
        select(Measurement.value)
        .where(Measurement.goal_id == goal.id, col(Measurement.void_at).is_(None))
        .order_by(col(Measurement.measured_on).desc(), col(Measurement.recorded_at).desc())
        .limit(1)
    )
    return progress(goal.baseline, goal.target, newest.first())
