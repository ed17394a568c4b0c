"""What the calendar brings to a signed agreement: its turns, the reminders before its end, its day of review."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from uuid import UUID

from services.agreements.rules.agreements import AgreementState, Term, later
from services.agreements.rules.terms import LONGEST_YEARS, Terms

REMINDED = (90, 60, 30, 7)
"""Days before the end on which everybody is reminded, beside the day on which renewal falls due."""
REVIEW_NOTICE = 7
"""Days before the day of review on which both contacts are reminded."""
MORNING = time(9)
"""When people are reminded, by the district's clock."""


class DueKind(StrEnum):
    """What is due."""

    TURN = "turn"
    """It begins, falls due for renewal, or expires."""
    RENEWAL = "renewal"
    """Its end comes near: people are reminded."""
    REVIEW = "review"
    """The day comes near on which both sides said that they would look at it together."""


class Settled(StrEnum):
    """What became of something that was due."""

    DONE = "done"
    NOT_NEEDED = "not_needed"
    """The agreement had ended, or was renewed."""
    SUPERSEDED = "superseded"
    """A later reminder was due as well: nobody is reminded twice at once."""


@dataclass(frozen=True, slots=True)
class Due:
    """Something that the calendar brings."""

    kind: DueKind
    day: date
    """The day that it is about."""
    days_before: int
    at: datetime
    """When it is due, in UTC."""


def dues(term: Term, review_on: date | None, zone: tzinfo) -> Iterator[Due]:
    """Everything that the calendar brings to an agreement with this term, past or to come."""
    for day in sorted({term.starts_on, term.due_on, term.ends_on + timedelta(days=1)}):
        yield Due(DueKind.TURN, day, 0, _at(day, time(), zone))
    for days in sorted({*REMINDED, (term.ends_on - term.due_on).days} - {0}, reverse=True):
        yield Due(DueKind.RENEWAL, term.ends_on, days, _at(term.ends_on - timedelta(days=days), MORNING, zone))
    if review_on is not None:
        at = _at(review_on - timedelta(days=REVIEW_NOTICE), MORNING, zone)
        yield Due(DueKind.REVIEW, review_on, REVIEW_NOTICE, at)


def settle(
    kind: DueKind,
    day: date,
    *,
    today: date,
    ends_on: date,
    review_on: date | None,
    is_renewed: bool,
    newer_is_due: bool,
) -> Settled:
    """What becomes of something that is due of a signed agreement: only what still is so is said, the newest only."""
    if kind is DueKind.TURN:
        return Settled.DONE
    still_so = day == (ends_on if kind is DueKind.RENEWAL else review_on) and today <= day
    if not still_so or (kind is DueKind.RENEWAL and is_renewed):
        return Settled.NOT_NEEDED
    return Settled.SUPERSEDED if newer_is_due else Settled.DONE


def end_is_near(state: AgreementState, term: Term, today: date) -> bool:
    """Whether both sides and the district were asked what comes after the end."""
    asked = today >= term.ends_on - timedelta(days=REMINDED[0])
    return state is AgreementState.RENEWAL_DUE or (state is AgreementState.ACTIVE and asked)


def _at(day: date, clock: time, zone: tzinfo) -> datetime:
    return datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)


def a_term_on(terms: Terms, agreement_id: UUID, measured: Mapping[UUID, float]) -> Terms:
    """The same terms for the agreement after: by the fewest whole years that put its first day behind the last one.

    A goal starts from what was measured last (`measured`, by the goal's id).
    """
    years = next(n for n in range(1, LONGEST_YEARS + 3) if later(terms.starts_on, n) > terms.ends_on)
    days = {
        "starts_on": later(terms.starts_on, years),
        "ends_on": later(terms.ends_on, years),
        "review_on": terms.review_on and later(terms.review_on, years),
    }
    goals = tuple(goal.carried(agreement_id, measured.get(goal.id), years) for goal in terms.goals)
    return terms.model_copy(update={"goals": goals, **days})
