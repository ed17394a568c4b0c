"""Weekly times as people write them ("Mon-Thu 3-5:30 pm") read as `MO 15:00-17:30`, one for each day."""

import re
from collections.abc import Iterable

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
"""Days of the week as iCalendar names them (RFC 5545, section 3.3.10)."""

PERIODS: dict[str, tuple[str, str]] = {
    "morning": ("00:00", "12:00"),
    "afternoon": ("12:00", "17:00"),
    "evening": ("17:00", "24:00"),
}
"""Parts of a day that a search asks for; a program that touches one fits it."""

MOST_TIMES = 40

_NAMES = {
    "MO": "mondays", "TU": "tuesdays", "WE": "wednesdays", "TH": "thursdays", "FR": "fridays", "SA": "saturdays",
    "SU": "sundays",
}  # fmt: skip
_GROUPS = {"weekdays": DAYS[:5], "weekends": DAYS[5:], "daily": DAYS, "every day": DAYS, "weekday": DAYS[:5]}
_CLOCK = r"(?:\d{1,2}(?:[:.]\d{2}(?::\d{2})?)?\s*(?:[ap]\.?m\.?)?|noon|midnight)"
_LINE = re.compile(rf"(?P<days>[^\d]*?)[\s:,]*(?P<opens>{_CLOCK})\s*(?:-|to|until|till)\s*(?P<closes>{_CLOCK})")
_MOMENT = re.compile(r"(\d{1,2})(?:[:.](\d{2})(?::\d{2})?)?\s*(?:([ap])\.?m\.?)?")
_SPAN = re.compile(r"\s*(?:-|\bto\b|\bthrough\b)\s*")


def read_times(text: str) -> tuple[str, ...]:
    """The times in a text, a line or a part between semicolons each, in the order of the week.

    Raises ValueError with the part that is not understood.
    """
    found: set[str] = set()
    for part in filter(None, map(str.strip, re.split(r"[\n;]", text))):
        found |= set(_times(part))
    return in_week_order(found)


def in_week_order(times: Iterable[str]) -> tuple[str, ...]:
    """Times from Monday morning to Sunday night."""
    return tuple(sorted(times, key=lambda time: (DAYS.index(time[:2]), time)))


def written(times: Iterable[str]) -> str:
    """Times as a form shows them and reads them again: a line for those of the same hours."""
    days: dict[str, list[str]] = {}
    for time in times:
        days.setdefault(time[3:], []).append(time[:2])
    return "\n".join(f"{', '.join(named)} {hours}" for hours, named in days.items())


def _times(part: str) -> list[str]:
    match = _LINE.fullmatch(re.sub("[–—−‐‑]", "-", part.casefold()).strip(" ."))
    days = _days(match["days"]) if match else []
    hours = _hours(match["opens"], match["closes"]) if match else ""
    if not days or not hours:
        raise ValueError(part)
    return [f"{day} {hours}" for day in days]


def _days(text: str) -> list[str]:
    days: list[str] = []
    for part in re.split(r",|/|&|\band\b", text.replace(".", " ")):
        if not part.strip():
            continue
        group = _GROUPS.get(part.strip())
        ends = [_day(end) for end in _SPAN.split(part.strip())]
        if group is None and (None in ends or len(ends) > 2):
            return []
        days += group or _between(*[end for end in ends if end])
    return days


def _day(name: str) -> str | None:
    """The day that a name begins ("m" and "mo" are Monday, "t" is none: it may be two)."""
    fits = [day for day, whole in _NAMES.items() if name.strip() and whole.startswith(name.strip())]
    return fits[0] if len(fits) == 1 else None


def _between(first: str, last: str | None = None) -> list[str]:
    start, end = DAYS.index(first), DAYS.index(last or first)
    return [DAYS[index % 7] for index in range(start, (end if end >= start else end + 7) + 1)]


def _hours(opens: str, closes: str) -> str:
    until, half = _moment(closes, "")
    since, own = _moment(opens, half)
    if since is not None and until is not None and since >= until and not own and half == "p":
        since, _ = _moment(opens, "a")
    if since is None or until is None or since >= until:
        return ""
    return f"{since // 60:02}:{since % 60:02}-{until // 60:02}:{until % 60:02}"


def _moment(text: str, half: str) -> tuple[int | None, str]:
    """Minutes since midnight, and "a" or "p" where the text itself says it; `half` counts where it does not."""
    if text in ("noon", "midnight"):
        return (720, "p") if text == "noon" else (1440, "p")
    match = _MOMENT.fullmatch(text)
    if match is None:
        return None, ""
    hour, minute, own = int(match[1]), int(match[2] or 0), match[3] or ""
    if own or half:
        if not 1 <= hour <= 12:
            return (hour * 60 + minute, own) if not own and hour < 25 else (None, own)
        hour = hour % 12 + (12 if (own or half) == "p" else 0)
    whole = hour * 60 + minute
    return (whole if whole <= 1440 and minute < 60 else None), own
