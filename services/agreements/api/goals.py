"""JSON routes about the goals of agreements."""

from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import Field

from services.agreements import commands, queries
from services.agreements.access import Staff
from services.agreements.queries import GoalView
from services.agreements.rules.goals import MeasurementEntry
from services.agreements.settings import settings_of
from shared.clock import new_id, utc_now
from shared.web import Transaction

router = APIRouter(prefix="/agreements/api/v1", tags=["agreements"])


class NewMeasurement(MeasurementEntry):
    """A measurement; the same id again gives the one that was recorded first."""

    id: UUID = Field(default_factory=new_id)


@router.get("/agreements/{agreement_id}/goals")
async def goals(request: Request, actor: Staff, session: Transaction, agreement_id: UUID) -> list[GoalView]:
    """The goals of an agreement with what was measured."""
    await queries.agreement_view(session, agreement_id, actor=actor)
    return await queries.goals_of(session, agreement_id, today=utc_now().astimezone(settings_of(request).zone).date())


@router.post("/agreements/{agreement_id}/goals/{goal_id}/measurements", status_code=201)
async def measure(
    request: Request, actor: Staff, session: Transaction, agreement_id: UUID, goal_id: UUID, body: NewMeasurement
) -> list[GoalView]:
    """Record what a goal's measure was on a day."""
    now, zone = utc_now(), settings_of(request).zone
    await commands.measure_goal(
        session, agreement_id, goal_id, measurement_id=body.id, entry=body, actor=actor, now=now, zone=zone
    )
    return await queries.goals_of(session, agreement_id, today=now.astimezone(zone).date())


@router.post("/agreements/{agreement_id}/measurements/{measurement_id}/strike")
async def strike(
    request: Request, actor: Staff, session: Transaction, agreement_id: UUID, measurement_id: UUID
) -> list[GoalView]:
    """Say that a measurement was a mistake."""
    now, zone = utc_now(), settings_of(request).zone
    await commands.strike_measurement(session, agreement_id, measurement_id, actor=actor, now=now, zone=zone)
    return await queries.goals_of(session, agreement_id, today=now.astimezone(zone).date())
