"""What is said of meetings and tasks on pages: states, answers, times, and what happened."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time

from services.agreements.queries import MomentView
from services.agreements.rules import Answer, OccurrenceStatus, Repeat, TaskStatus
from shared.web.words import NO_BREAK

REPEATS: list[tuple[str, str]] = [
    (Repeat.ONCE, "Once"),
    (Repeat.WEEKLY, "Every week"),
    (Repeat.FORTNIGHTLY, "Every other week"),
    (Repeat.MONTHLY_BY_WEEKDAY, "Every month on the same weekday, such as each second Tuesday"),
    (Repeat.MONTHLY_BY_DATE, "Every month on the same date"),
    (Repeat.OTHER, "By a rule of your own"),
]
ANSWERS = {
    Answer.NONE: ("waiting", "Not answered"),
    Answer.YES: ("good", "Comes"),
    Answer.MAYBE: ("paused", "Perhaps"),
    Answer.NO: ("ended", "Does not come"),
}
"""Look and words."""
OWN_ANSWERS = {
    Answer.NONE: ("waiting", "Waits for your answer"),
    Answer.YES: ("good", "You come"),
    Answer.MAYBE: ("paused", "Perhaps"),
    Answer.NO: ("ended", "You do not come"),
}
STATUSES = {
    OccurrenceStatus.PLANNED: ("sent", "Planned"),
    OccurrenceStatus.HELD: ("good", "Took place"),
    OccurrenceStatus.CANCELLED: ("ended", "Called off"),
}
TASKS = {
    TaskStatus.OPEN: ("waiting", "To do"),
    TaskStatus.DONE: ("good", "Done"),
    TaskStatus.DROPPED: ("ended", "No longer wanted"),
}
_HAPPENED = {
    "scheduled": ("Scheduled", "sent"),
    "changed": ("Changed", ""),
    "moved": ("Moved", "waiting"),
    "cancelled": ("Called off", "ended"),
    "held": ("Minutes written", "good"),
    "corrected": ("Minutes written anew", ""),
    "task": ("A task was agreed", ""),
    "handed_over": ("Handed over to somebody else", ""),
}


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of a timeline."""

    at: datetime
    title: str
    words: str
    who: str
    kind: str


def moment(one: MomentView) -> Moment:
    """What happened, in words."""
    title, kind = _HAPPENED[one.what]
    return Moment(at=one.at, title=title, words=one.words, who=one.who, kind=kind)


def day(at: datetime, zone: ZoneInfo) -> str:
    """ "Tuesday, October 6, 2026", by the clock of a zone."""
    return format_date(at.astimezone(zone).date(), "full", locale="en")


def hours(starts_at: datetime, ends_at: datetime, zone: ZoneInfo) -> str:
    """ "3:30 pm to 4:15 pm EDT", by the clock of a zone, which is named."""
    here = starts_at.astimezone(zone)
    return f"{_hour(here)} to {_hour(ends_at.astimezone(zone))} {here.tzname()}"


def _hour(at: datetime) -> str:
    return format_time(at, "h:mm a", tzinfo=at.tzinfo, locale="en").lower().replace(" ", NO_BREAK)


def clock(name: str) -> ZoneInfo:
    """The zone of that name."""
    return ZoneInfo(name)
