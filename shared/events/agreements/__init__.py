"""What the agreements service publishes: programs as state, and facts about all that it owns; one module per noun."""

from shared.events.agreements.partners import OrganizationRegistered, OrganizationRenamed
from shared.events.agreements.programs import (
    Contact,
    ProgramChanged,
    ProgramClosed,
    ProgramOpened,
    ProgramsImported,
)
from shared.events.agreements.reviews import (
    IndicatorRating,
    RatingsAsked,
    RatingsGiven,
    RatingsTakenBack,
    ReviewFact,
    YearEndAsked,
    YearEndDecided,
    YearEndReopened,
)
from shared.events.agreements.todos import TodoClosed, TodoOpened
from shared.events.agreements.topics import EVENTS, PROGRAMS

__all__ = [
    "EVENTS",
    "PROGRAMS",
    "Contact",
    "IndicatorRating",
    "OrganizationRegistered",
    "OrganizationRenamed",
    "ProgramChanged",
    "ProgramClosed",
    "ProgramOpened",
    "ProgramsImported",
    "RatingsAsked",
    "RatingsGiven",
    "RatingsTakenBack",
    "ReviewFact",
    "TodoClosed",
    "TodoOpened",
    "YearEndAsked",
    "YearEndDecided",
    "YearEndReopened",
]
