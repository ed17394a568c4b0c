"""Measuring the goals of an agreement."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import Field

from services.agreements import commands
from services.agreements.access import Staff
from services.agreements.pages.agreements import one, who
from services.agreements.rules.goals import MeasurementEntry
from shared.clock import new_id
from shared.refusals import Refusal
from shared.web import Page, Transaction, see_other

router = APIRouter(prefix="/agreements/agreements", include_in_schema=False)


class MeasurementForm(MeasurementEntry):
    """A measurement as the form sends it; `id` is made with the form, so that sending it twice records one."""

    id: UUID = Field(default_factory=new_id)


@router.post("/{agreement_id}/goals/{goal_id}/measurements")
async def measure(
    request: Request,
    actor: Staff,
    session: Transaction,
    agreement_id: UUID,
    goal_id: UUID,
    paging: Page,
    form: Annotated[MeasurementForm, Form()],
) -> Response:
    """Record what a goal's measure was on a day."""
    try:
        await commands.measure_goal(
            session, agreement_id, goal_id, measurement_id=form.id, entry=form, **who(request, actor)
        )
    except Refusal as refusal:
        if not refusal.fields:
            raise
        entered = form.model_dump(mode="json") | {"on": "goal", "goal_id": str(goal_id)}
        return await one(request, actor, session, agreement_id, paging, refusal=refusal, form=entered)
    return see_other(f"/agreements/agreements/{agreement_id}?done=measured#goals")


@router.post("/{agreement_id}/measurements/{measurement_id}/strike")
async def strike(
    request: Request, actor: Staff, session: Transaction, agreement_id: UUID, measurement_id: UUID
) -> RedirectResponse:
    """Say that a measurement was a mistake."""
    await commands.strike_measurement(session, agreement_id, measurement_id, **who(request, actor))
    return see_other(f"/agreements/agreements/{agreement_id}?done=struck#goals")
