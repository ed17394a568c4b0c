"""Tables of what an agreement is to achieve, and what was measured."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Double, Index
from sqlmodel import Field

from services.agreements.models.base import Table
from services.agreements.rules.agreements import Side
from shared.clock import new_id


class Goal(Table, table=True):
    """A goal of the text that holds; one that an amendment took out stays, with what was measured."""

    __table_args__ = (Index(None, "agreement_id", "position"),)

    id: UUID = Field(primary_key=True)
    agreement_id: UUID = Field(foreign_key="agreement.id")
    position: int
    title: str
    measure: str
    """What is measured, and how."""
    unit: str = ""
    baseline: float | None = Field(default=None, sa_type=Double)
    target: float = Field(sa_type=Double)
    due_on: date | None = None
    """By when; None: by the agreement's end."""
    dropped_at: datetime | None = None
    """When an amendment took it out."""


class Measurement(Table, table=True):
    """What a goal's measure was on a day."""

    __table_args__ = (Index(None, "goal_id", "measured_on"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    goal_id: UUID = Field(foreign_key="goal.id")
    measured_on: date
    value: float = Field(sa_type=Double)
    words: str = ""
    side: Side
    recorded_by: UUID
    recorded_at: datetime
    void_at: datetime | None = None
    """It was a mistake, and does not count."""
