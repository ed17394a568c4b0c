"""When the meetings of a calendar begin, as a calendar program works it out: rules, exceptions, and moved dates."""

from datetime import UTC, datetime
from typing import Any

from dateutil.rrule import rrulestr
from icalendar import Calendar


def starts_in(content: bytes) -> list[datetime]:
    """The moments (UTC), in order, of everything that takes place."""
    events: list[Any] = [one for one in Calendar.from_ical(content).walk("VEVENT") if one.get("STATUS") != "CANCELLED"]
    moved = [one for one in events if "RECURRENCE-ID" in one]
    found = [at for one in events if "RECURRENCE-ID" not in one for at in _series(one)]
    elsewhere = {one["RECURRENCE-ID"].dt.astimezone(UTC) for one in moved}
    return sorted([*(at for at in found if at not in elsewhere), *(one["DTSTART"].dt.astimezone(UTC) for one in moved)])


def _series(event: Any) -> list[datetime]:
    first = event["DTSTART"].dt
    if "RRULE" not in event:
        return [first.astimezone(UTC)]
    given = event.get("EXDATE", [])
    off = {one.dt.astimezone(UTC) for part in (given if isinstance(given, list) else [given]) for one in part.dts}
    found: Any = rrulestr(event["RRULE"].to_ical().decode(), dtstart=first)
    return [at.astimezone(UTC) for at in found if at.astimezone(UTC) not in off]
