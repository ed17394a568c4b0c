"""Decisions on plain values: no tables, no clock, no I/O."""

from services.referrals.rules.consent import (
    ConsentMethod,
    GivenConsent,
    check_consent,
    covers,
    default_until,
)
from services.referrals.rules.deadlines import BusinessCalendar, answer_by
from services.referrals.rules.fit import Fit, Offer, Wanted, fit, rank
from services.referrals.rules.moves import (
    ANSWERS,
    CLOSED,
    LIVE,
    MOVES,
    AttemptState,
    Decision,
    Mover,
    ReferralState,
    Standing,
    Verb,
    can,
    decide,
    why_not,
)
from services.referrals.rules.reminders import Due, Reminder, Settled, of_answer, of_consent, settle
from services.referrals.rules.sight import Sight, sight
from services.referrals.rules.submission import check_choices, check_decline, check_student, check_words

__all__ = [
    "ANSWERS",
    "CLOSED",
    "LIVE",
    "MOVES",
    "AttemptState",
    "BusinessCalendar",
    "ConsentMethod",
    "Decision",
    "Due",
    "Fit",
    "GivenConsent",
    "Mover",
    "Offer",
    "ReferralState",
    "Reminder",
    "Settled",
    "Sight",
    "Standing",
    "Verb",
    "Wanted",
    "answer_by",
    "can",
    "check_choices",
    "check_consent",
    "check_decline",
    "check_student",
    "check_words",
    "covers",
    "decide",
    "default_until",
    "fit",
    "of_answer",
    "of_consent",
    "rank",
    "settle",
    "sight",
    "why_not",
]
