"""Tables of reviews: what a school and a partner say of a school year together."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.agreements.models.base import Table
from services.agreements.rules.agreements import Side
from services.agreements.rules.ratings import Answer, SheetState
from services.agreements.rules.school_years import Asked
from services.agreements.rules.year_ends import Decision, YearEndState
from shared.clock import new_id


class Review(Table, table=True):
    """One school and one partner in one school year."""

    __table_args__ = (
        Index(None, "school_id", "organization_id", "year", unique=True),
        Index(None, "organization_id", "year"),
        Index(None, "year"),
    )

    id: UUID = Field(primary_key=True)
    school_id: UUID
    organization_id: UUID = Field(foreign_key="organization.id")
    year: int
    """The calendar year in which the school year begins."""
    framework: str
    framework_version: int
    started_at: datetime
    rate_by: date | None = None
    """Set when both sides were asked for ratings."""
    decide_by: date | None = None
    """Set when both sides were asked for the review at the year's end."""


class Sheet(Table, table=True):
    """The ratings of one side."""

    review_id: UUID = Field(primary_key=True, foreign_key="review.id")
    side: Side = Field(primary_key=True)
    state: SheetState = SheetState.DRAFT
    version: int = 0
    """Counts the changes."""
    changed_at: datetime
    changed_by: str
    """The actor, as facts name it."""
    given_at: datetime | None = None


class Rating(Table, table=True):
    """One indicator as one side rates it."""

    review_id: UUID = Field(primary_key=True, foreign_key="review.id")
    side: Side = Field(primary_key=True)
    indicator: str = Field(primary_key=True)
    answer: Answer | None = None
    """None: not rated yet."""
    evidence: str = ""
    version: int
    """The version of the side's ratings in which it was changed last."""


class YearEnd(Table, table=True):
    """The look back at the year: on the partnership as a whole, or on one program."""

    __tablename__ = "year_end"
    __table_args__ = (Index(None, "review_id", "program_id", unique=True, postgresql_nulls_not_distinct=True),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    review_id: UUID = Field(foreign_key="review.id")
    program_id: UUID | None = Field(default=None, foreign_key="program.id")
    """None: the partnership as a whole."""
    state: YearEndState = YearEndState.DRAFT
    attendance: str = ""
    academic_growth: str = ""
    social_growth: str = ""
    other_measures: str = ""
    learnt: str = ""
    decision: Decision | None = None
    reason: str = ""
    build_on: str = ""
    to_change: str = ""
    known_by: str = ""
    version: int = 0
    changed_at: datetime
    changed_by: str
    changed_by_side: Side
    decided_at: datetime | None = None


class ReviewRound(Table, table=True):
    """In a school year, everybody is asked for ratings, and later for the review; this says that it has begun."""

    __tablename__ = "review_round"

    year: int = Field(primary_key=True)
    what: Asked = Field(primary_key=True)
    answer_by: date
    opened_at: datetime
    opened_by: str
    closed_at: datetime | None = None
    """When the year was over for good and what still waited was taken back."""
