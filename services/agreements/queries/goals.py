"""What is asked about the goals of agreements."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.models import Goal, Measurement
from services.agreements.rules.agreements import Side
from services.agreements.rules.goals import CURRENT, Progress, progress


class MeasurementView(BaseModel):
    """What was measured on a day."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    measured_on: date
    value: float
    words: str
    side: Side
    recorded_at: datetime
    void_at: datetime | None
    """It was a mistake, and does not count."""


class GoalView(BaseModel):
    """A goal with what was measured."""

    id: UUID
    title: str
    measure: str
    unit: str
    baseline: float | None
    target: float
    due_on: date | None
    dropped: bool
    """An amendment took it out."""
    progress: Progress
    is_current: bool
    """Whether the newest measurement is at most half a year old."""
    measurements: list[MeasurementView]
    """Oldest first, mistakes included."""

    @property
    def counted(self) -> list[MeasurementView]:
        """Without the mistakes."""
        return [one for one in self.measurements if one.void_at is None]


async def goals_of(session: AsyncSession, agreement_id: UUID, *, today: date) -> list[GoalView]:
    """The goals of an agreement, those of the text that holds first."""
    order = col(Goal.dropped_at).is_not(None), col(Goal.position)
    goals = (await session.exec(select(Goal).where(Goal.agreement_id == agreement_id).order_by(*order))).all()
    rows = await session.exec(
        select(Measurement)
        .where(col(Measurement.goal_id).in_([goal.id for goal in goals]))
        .order_by(col(Measurement.measured_on), col(Measurement.recorded_at))
    )
    measured = rows.all()
    return [_view(goal, [one for one in measured if one.goal_id == goal.id], today) for goal in goals]


def _view(goal: Goal, measured: Sequence[Measurement], today: date) -> GoalView:
    counted = [one for one in measured if one.void_at is None]
    newest = counted[-1] if counted else None
    return GoalView(
        id=goal.id,
        title=goal.title,
        measure=goal.measure,
        unit=goal.unit,
        baseline=goal.baseline,
        target=goal.target,
        due_on=goal.due_on,
        dropped=goal.dropped_at is not None,
        progress=progress(goal.baseline, goal.target, newest.value if newest else None),
        is_current=newest is not None and today - newest.measured_on <= CURRENT,
        measurements=[MeasurementView.model_validate(one) for one in measured],
    )
