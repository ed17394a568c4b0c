"""Meetings by rule (RRULE of RFC 5545): which rules are taken, and when the meetings are."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import islice
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rrulestr

from shared.refusals import Kind, Refusal
from shared.zones import moment

MOST = 100
"""Meetings that one rule may give."""
FURTHEST = timedelta(days=731)
"""How long after its beginning a rule may go on."""
_PARTS = frozenset({"FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS", "COUNT", "UNTIL", "WKST"})
_FREQUENCIES = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
_LONGEST = 200
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


class Repeat(StrEnum):
    """How often a meeting takes place, as the form asks it."""

    ONCE = "once"
    WEEKLY = "weekly"
    FORTNIGHTLY = "fortnightly"
    MONTHLY_BY_WEEKDAY = "monthly_by_weekday"
    """Such as each second Tuesday."""
    MONTHLY_BY_DATE = "monthly_by_date"
    OTHER = "other"
    """By a rule that was written by hand."""


def rule_for(repeat: Repeat, first: date, until: date) -> str | None:
    """The rule behind a choice, for a meeting that first takes place on a day; None where it takes place once."""
    day, nth = _DAYS[first.weekday()], (first.day - 1) // 7 + 1
    # There is not always a fifth one: then the last one is meant.
    position = -1 if nth == 5 else nth
    end = f"UNTIL={until:%Y%m%d}"
    return {
        Repeat.WEEKLY: f"FREQ=WEEKLY;BYDAY={day};{end}",
        Repeat.FORTNIGHTLY: f"FREQ=WEEKLY;INTERVAL=2;BYDAY={day};{end}",
        Repeat.MONTHLY_BY_WEEKDAY: f"FREQ=MONTHLY;BYDAY={position}{day};{end}",
        Repeat.MONTHLY_BY_DATE: f"FREQ=MONTHLY;BYMONTHDAY={first.day};{end}",
    }.get(repeat)


def dates_of(first: datetime, rule: str | None, zone: ZoneInfo) -> list[datetime]:
    """By the clock on the wall, when the meetings of a rule begin; the first one is `first`.

    Refuses a rule that is none, that never ends, that gives more than `MOST`, or whose first meeting lies elsewhere.
    """
    if rule is None:
        return [first]
    parts = _parts(rule)
    count, until = int(parts.pop("COUNT", "0")), _until(parts.pop("UNTIL", ""), zone)
    if not count and until is None:
        raise _refused("Say until when: a rule needs UNTIL or COUNT, or it would never end.")
    last = min(filter(None, (until, first + FURTHEST)))
    found = list(islice(_all(parts, first, last), min(count or MOST + 1, MOST + 1)))
    if not found or found[0] != first:
        raise _refused("The first day does not fit how often the meeting takes place. Choose a day that does.")
    if len(found) > MOST:
        raise _refused(f"This would be more than {MOST} meetings. Choose an earlier end, or fewer of them.")
    if until is not None and until > first + FURTHEST:
        raise _refused("This goes on for more than two years. Choose an earlier end.")
    return found


def ended(rule: str, last: datetime) -> str:
    """The rule with its last meeting as its end, whatever it said, so that a later beginning changes no end."""
    parts = _parts(rule)
    kept = {name: value for name, value in parts.items() if name not in ("COUNT", "UNTIL")}
    return ";".join(f"{name}={value}" for name, value in {**kept, "UNTIL": f"{last:%Y%m%dT%H%M%S}"}.items())


def for_calendars(rule: str, zone: ZoneInfo) -> str:
    """The rule as calendars read it: its end is a moment in UTC, because the meetings have a time zone."""
    parts = _parts(rule)
    until = _until(parts.pop("UNTIL", ""), zone)
    ended = {"UNTIL": f"{moment(until, zone).astimezone(UTC):%Y%m%dT%H%M%SZ}"} if until else {}
    return ";".join(f"{name}={value}" for name, value in {**parts, **ended}.items())


def _all(parts: dict[str, str], first: datetime, last: datetime) -> Iterator[datetime]:
    text = ";".join(f"{name}={value}" for name, value in parts.items())
    try:
        # Bounded, since a rule such as each 30th of February looks for its next day for ever.
        found = rrulestr(text, dtstart=first)
        assert isinstance(found, rrule)
        yield from found.replace(until=last)
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError) as error:
        raise _refused(NO_RULE) from error


NO_RULE = "This is no rule that is understood here. Write one such as FREQ=WEEKLY;BYDAY=TU;UNTIL=20270618."


def _parts(rule: str) -> dict[str, str]:
    text = rule.strip().upper().removeprefix("RRULE:")
    pairs = [part.partition("=") for part in text.split(";") if part]
    parts = {name: value for name, _, value in pairs}
    known = len(text) <= _LONGEST and len(parts) == len(pairs) and parts.keys() <= _PARTS
    numbers = all(_is_number(parts[name], most) for name, most in (("INTERVAL", 52), ("COUNT", 999)) if name in parts)
    if not known or not numbers or parts.get("FREQ") not in _FREQUENCIES or not all(parts.values()):
        raise _refused(NO_RULE)
    return parts


def _is_number(text: str, most: int) -> bool:
    return bool(re.fullmatch(r"\d{1,3}", text, re.ASCII)) and 1 <= int(text) <= most


def _until(text: str, zone: ZoneInfo) -> datetime | None:
    """The end of a rule by the clock on the wall; of a day its last second."""
    if not text:
        return None
    try:
        if re.fullmatch(r"\d{8}", text, re.ASCII):
            return datetime.combine(datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC).date(), time(23, 59, 59))
        if text.endswith("Z"):
            ends = datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            return ends.astimezone(zone).replace(tzinfo=None)
        return datetime.strptime(text, "%Y%m%dT%H%M%S").replace(tzinfo=UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        raise _refused(NO_RULE) from None


def _refused(said: str) -> Refusal:
    return Refusal(Kind.INVALID, "rule_not_possible", said, fields={"rule": said})
