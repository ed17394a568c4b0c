"""Reminders: which there are, when each is due, and what becomes of one that comes late."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import NamedTuple

from services.referrals.rules.deadlines import BusinessCalendar
from services.referrals.rules.moves import AttemptState, ReferralState, Standing


class Reminder(StrEnum):
    """Which reminder."""

    ANSWER_DUE = "answer_due"
    """To the partner, on the morning of the day on which its answer is due."""
    ANSWER_OVERDUE = "answer_overdue"
    """To the partner, on the next business morning."""
    ANSWER_MISSING = "answer_missing"
    """To the referrer, at the end of that day."""
    CONSENT_WAITING = "consent_waiting"
    """To the family, after two business days and again after four."""
    CONSENT_MISSING = "consent_missing"
    """To the referrer, on the morning after that."""


class IfLate(StrEnum):
    """What becomes of a reminder that nobody was there to send when it was due."""

    SEND = "send"
    """It is sent late: it says what is still so."""
    FOLD = "fold"
    """It is not sent where a newer one about the same thing is due, too: that one says as much."""
    DROP = "drop"
    """It is sent late until its moment has passed, and then no more."""


IF_LATE: dict[Reminder, IfLate] = {
    Reminder.ANSWER_DUE: IfLate.DROP,
    Reminder.ANSWER_OVERDUE: IfLate.SEND,
    Reminder.ANSWER_MISSING: IfLate.SEND,
    Reminder.CONSENT_WAITING: IfLate.FOLD,
    Reminder.CONSENT_MISSING: IfLate.SEND,
}

UNANSWERED = (
    Standing(ReferralState.OPEN, AttemptState.SENT),
    Standing(ReferralState.OPEN, AttemptState.ACKNOWLEDGED),
)
UNASKED = (Standing(ReferralState.AWAITING_CONSENT),)

NEEDED: dict[Reminder, tuple[Standing, ...]] = {
    Reminder.ANSWER_DUE: UNANSWERED,
    Reminder.ANSWER_OVERDUE: UNANSWERED,
    Reminder.ANSWER_MISSING: UNANSWERED,
    Reminder.CONSENT_WAITING: UNASKED,
    Reminder.CONSENT_MISSING: UNASKED,
}
"""Where the referral, and the attempt that is reminded of, must still stand."""


class Settled(StrEnum):
    """What became of a reminder."""

    SENT = "sent"
    FOLDED = "folded"
    DROPPED = "dropped"
    NOT_NEEDED = "not_needed"
    """What it would have reminded of was done before it was due."""


class Due(NamedTuple):
    """A reminder, when it is due (UTC), and the moment from which it would say what is no longer so."""

    reminder: Reminder
    at: datetime
    until: datetime | None = None


def of_answer(answer_by: datetime, calendar: BusinessCalendar) -> Iterator[Due]:
    """The reminders of an answer that is due by a moment."""
    day = calendar.today(answer_by)
    following = calendar.next_day(day)
    yield Due(Reminder.ANSWER_DUE, calendar.start_of(day), answer_by)
    yield Due(Reminder.ANSWER_OVERDUE, calendar.start_of(following))
    yield Due(Reminder.ANSWER_MISSING, calendar.end_of(following))


def of_consent(asked_at: datetime, calendar: BusinessCalendar) -> Iterator[Due]:
    """The reminders of a family's consent that was asked for at a moment."""
    days = [calendar.day_of(asked_at)]
    for _ in range(5):
        days.append(calendar.next_day(days[-1]))
    yield Due(Reminder.CONSENT_WAITING, calendar.end_of(days[2]))
    yield Due(Reminder.CONSENT_WAITING, calendar.end_of(days[4]))
    yield Due(Reminder.CONSENT_MISSING, calendar.start_of(days[5]))


@cache
def settle(reminder: Reminder, standing: Standing, *, newer_is_due: bool, has_passed: bool) -> Settled:
    """What becomes of a reminder that is due.

    `newer_is_due`: a newer one about the same thing is, too; `has_passed`: it would say what is no longer so.
    """
    if standing not in NEEDED[reminder]:
        return Settled.NOT_NEEDED
    if IF_LATE[reminder] is IfLate.FOLD and newer_is_due:
        return Settled.FOLDED
    if IF_LATE[reminder] is IfLate.DROP and has_passed:
        return Settled.DROPPED
    return Settled.SENT
