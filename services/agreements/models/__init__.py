"""Tables of the agreements service, on its own metadata; one module per noun."""

from services.agreements.models.agreements import (
    Agreement,
    AgreementDue,
    AgreementEntry,
    Edition,
    Signature,
)
from services.agreements.models.base import Table
from services.agreements.models.directory import Listing, Place
from services.agreements.models.evidence import ReferralAttempt, ReferralNeed
from services.agreements.models.goals import Goal, Measurement
from services.agreements.models.meetings import (
    CalendarAddress,
    Invitee,
    Meeting,
    MeetingEvent,
    MeetingReminder,
    Occurrence,
    Presence,
    Task,
    Wish,
)
from services.agreements.models.partners import Organization, Person, School
from services.agreements.models.programs import Change, Program, ProgramImport
from services.agreements.models.reviews import Rating, Review, ReviewRound, Sheet, YearEnd
from services.agreements.models.todos import Todo
from services.agreements.models.vetting import CriterionRating, Document, PartnerChange, Registration

__all__ = [
    "Agreement",
    "AgreementDue",
    "AgreementEntry",
    "CalendarAddress",
    "Change",
    "CriterionRating",
    "Document",
    "Edition",
    "Goal",
    "Invitee",
    "Listing",
    "Measurement",
    "Meeting",
    "MeetingEvent",
    "MeetingReminder",
    "Occurrence",
    "Organization",
    "PartnerChange",
    "Person",
    "Place",
    "Presence",
    "Program",
    "ProgramImport",
    "Rating",
    "ReferralAttempt",
    "ReferralNeed",
    "Registration",
    "Review",
    "ReviewRound",
    "School",
    "Sheet",
    "Signature",
    "Table",
    "Task",
    "Todo",
    "Wish",
    "YearEnd",
]
