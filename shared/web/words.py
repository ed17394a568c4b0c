"""Times in words, in the reader's language: how long ago, when exactly, by when. No clock, no I/O."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, format_time, format_timedelta, get_day_names
from babel.numbers import format_currency

CREOLE_DAYS = ("lendi", "madi", "mèkredi", "jedi", "vandredi", "samdi", "dimanch")
CREOLE_MONTHS = (
    "janvye", "fevriye", "mas", "avril", "me", "jen", "jiyè", "out", "septanm", "oktòb", "novanm", "desanm",
)  # fmt: skip
CREOLE_UNITS = (("an", 31_536_000), ("mwa", 2_592_000), ("semèn", 604_800), ("jou", 86_400), ("èdtan", 3_600))
"""Babel knows Haitian Creole only as French; these few words are all that is needed here."""


NO_BREAK = "\u00a0"
"""A space at which no line ends: "3 pm" stays together."""


def relative(moment: datetime, now: datetime, language: str = "en") -> str:
    """How far `moment` lies from `now`, both with a time zone: "2 hours ago", "in 3 days"."""
    distance = moment - now
    if language == "ht":
        return _creole_distance(distance)
    if language == "en" and abs(distance) < timedelta(minutes=1):
        return "just now" if distance <= timedelta(0) else "in a moment"
    return format_timedelta(distance, granularity="minute", threshold=1, add_direction=True, locale=_locale(language))


def exact(moment: datetime, tz: tzinfo, language: str = "en") -> str:
    """The moment in full, in the district's time zone: "November 21, 2026, 3:04 pm"."""
    here = moment.astimezone(tz)
    joined: str = str(_locale(language).datetime_formats["medium"])
    return joined.replace("{1}", on_date(here.date(), language)).replace("{0}", _time(here, language))


def on_date(day: date, language: str = "en") -> str:
    """A day in full: "November 21, 2026"."""
    if language == "ht":
        return f"{day.day} {CREOLE_MONTHS[day.month - 1]} {day.year}"
    return format_date(day, "long", locale=_locale(language))


def weekday(number: int, language: str = "en") -> str:
    """A day of the week, Monday is 0: "Monday"."""
    if language == "ht":
        return CREOLE_DAYS[number]
    return str(get_day_names("wide", "stand-alone", _locale(language))[number])


def time_of_day(clock: time, language: str = "en") -> str:
    """A time as clocks show it: "3:30 pm"."""
    return _time(datetime.combine(date(2000, 1, 1), clock, UTC), language)


def money(cents: int, currency: str, language: str = "en") -> str:
    """An amount: "$12.50"; whole ones without their hundredths."""
    digits = "" if cents % 100 else "¤#,##0"
    return format_currency(cents / 100, currency, digits or None, _locale(language), currency_digits=not digits)


def by_deadline(due: datetime, now: datetime, tz: tzinfo, language: str = "en") -> str:
    """A deadline as people say it: "by Thursday 3 pm"; in other languages than English without the "by"."""
    here, today = due.astimezone(tz), now.astimezone(tz).date()
    days = (here.date() - today).days
    if language == "en":
        return f"by {_day_in_english(here.date(), days)} {_short_time(here)}"
    return f"{_day(here.date(), language)} {_time(here, language)}"


def _day_in_english(day: date, days: int) -> str:
    near = {-1: "yesterday", 0: "today", 1: "tomorrow"}.get(days)
    if near:
        return near
    return format_date(day, "EEEE" if 0 < days < 7 else "EEE, MMM d,", locale="en")


def _short_time(moment: datetime) -> str:
    """ "3 pm", "3:30 pm", "noon"."""
    if (moment.hour, moment.minute) == (12, 0):
        return "noon"
    pattern = "h:mm a" if moment.minute else "h a"
    return format_time(moment, pattern, tzinfo=moment.tzinfo, locale="en").lower().replace(" ", NO_BREAK)


def _time(moment: datetime, language: str) -> str:
    if language == "en":
        return format_time(moment, "h:mm a", tzinfo=moment.tzinfo, locale="en").lower()
    if language == "ht":
        return f"{moment:%H:%M}"
    return format_time(moment, "short", tzinfo=moment.tzinfo, locale=_locale(language))


def _day(day: date, language: str) -> str:
    if language == "ht":
        return f"{CREOLE_DAYS[day.weekday()]} {day.day} {CREOLE_MONTHS[day.month - 1]}"
    locale = _locale(language)
    return f"{format_date(day, 'EEEE', locale=locale)} {format_skeleton('MMMMd', day, locale=locale)}"


def _creole_distance(distance: timedelta) -> str:
    seconds = abs(distance.total_seconds())
    unit, size = next(((unit, size) for unit, size in CREOLE_UNITS if seconds >= size), ("minit", 60))
    words = f"{max(1, int(seconds // size))} {unit}"
    return f"sa gen {words}" if distance <= timedelta(0) else f"nan {words}"


@cache
def _locale(language: str) -> Locale:
    """The locale of a BCP 47 tag, English for what is unknown."""
    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale("en")
