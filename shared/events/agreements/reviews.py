"""Facts about what a school and a partner say of a school year together. Their words stay with the service."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.events.agreements.topics import EVENTS
from shared.events.base import Fact, fact


class ReviewFact(Fact):
    """What every fact about a review says."""

    review_id: UUID
    school_id: UUID
    organization_id: UUID
    year: int
    """The calendar year in which the school year begins: 2026 is 2026–27."""
    school_contact_id: UUID | None = None
    """Who answers for the partnership at the school; None where nobody is named."""
    partner_contact_id: UUID | None = None
    """Who answers for it at the partner; None where nobody is named."""


class IndicatorRating(BaseModel):
    """One indicator as it was rated."""

    model_config = ConfigDict(frozen=True)

    indicator: str
    """Its code in the framework, such as `SA1`."""
    answer: str
    """`1` (not yet), `2`, `3`, `4` (exemplary) or `not_known`."""


@fact("ratings.asked.v1", topic=EVENTS, key="review_id")
class RatingsAsked(ReviewFact):
    """Both sides are asked to rate their partnership."""

    on: date
    """By when."""


@fact("ratings.given.v1", topic=EVENTS, key="review_id")
class RatingsGiven(ReviewFact):
    """One side has rated the partnership."""

    side: str
    """`school` or `partner`."""
    framework: str
    framework_version: int
    ratings: tuple[IndicatorRating, ...]


@fact("ratings.taken_back.v1", topic=EVENTS, key="review_id")
class RatingsTakenBack(ReviewFact):
    """One side rates anew; what it gave before counts no more."""

    side: str
    """`school` or `partner`."""


@fact("year_end.asked.v1", topic=EVENTS, key="review_id")
class YearEndAsked(ReviewFact):
    """Both sides are asked to look back on the year; the school decides."""

    on: date
    """By when."""


@fact("year_end.decided.v1", topic=EVENTS, key="review_id")
class YearEndDecided(ReviewFact):
    """The school decided what becomes of the partnership, or of one of its programs."""

    program_id: UUID | None = None
    """None: the partnership as a whole."""
    decision: str
    """`stop`, `continue` or `explore`."""


@fact("year_end.reopened.v1", topic=EVENTS, key="review_id")
class YearEndReopened(ReviewFact):
    """What was decided is thought over again."""

    program_id: UUID | None = None
    """None: the partnership as a whole."""
