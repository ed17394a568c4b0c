"""What the directory says of a program beside codes: when, for whom, at what cost, how far, how sure, why it fits."""

from collections.abc import Sequence
from datetime import time

from services.agreements.labels import grade_label, need_label
from services.agreements.queries import ProgramView
from services.agreements.rules import Freshness
from services.agreements.rules.times import DAYS
from services.agreements.why import Why
from shared.events.vocabulary import LANGUAGES
from shared.translations import gettext, mark, ngettext, spoken
from shared.web import words

MILE = 1609.344

TIME_LABELS = {
    "morning": mark("In the morning"),
    "afternoon": mark("In the afternoon"),
    "evening": mark("In the evening"),
}


def day_options() -> list[tuple[str, str]]:
    """Days of the week to choose from."""
    return [(code, words.weekday(number, spoken())) for number, code in enumerate(DAYS)]


def time_options() -> list[tuple[str, str]]:
    """Parts of the day to choose from."""
    return [(code, gettext(label)) for code, label in TIME_LABELS.items()]


def within_options(miles: bool) -> list[tuple[int, str]]:
    """Distances to choose from, in metres."""
    return [(metres, distance_in_words(metres, miles)) for n in (1, 2, 5, 10) if (metres := _metres(n, miles))]


def _metres(number: int, miles: bool) -> int:
    return round(number * MILE) if miles else number * 1000


def distance_in_words(metres: float, miles: bool) -> str:
    """A distance as people here say it."""
    if miles:
        return gettext("%(number)s mi") % {"number": _short(metres / MILE)}
    return gettext("%(number)s km") % {"number": _short(metres / 1000)}


def _short(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0") if number < 10 else f"{number:.0f}"


def times_in_words(times: Sequence[str]) -> list[str]:
    """Weekly times, a line for those of the same hours: "Monday to Thursday, 3:00 pm to 5:30 pm"."""
    days: dict[str, list[int]] = {}
    for one in times:
        days.setdefault(one[3:], []).append(DAYS.index(one[:2]))
    return [
        gettext("%(days)s, %(opens)s to %(closes)s")
        % {"days": _days(named), "opens": _clock(hours[:5]), "closes": _clock(hours[6:])}
        for hours, named in days.items()
    ]


def _days(numbers: Sequence[int]) -> str:
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] + 1 == number:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(map(_run, runs))


def _run(days: list[int]) -> str:
    first, last = words.weekday(days[0], spoken()), words.weekday(days[-1], spoken())
    if len(days) < 3:
        return first if len(days) == 1 else f"{first}, {last}"
    return gettext("%(first)s to %(last)s") % {"first": first, "last": last}


def _clock(text: str) -> str:
    return words.time_of_day(time(int(text[:2]) % 24, int(text[3:])), spoken())


def ages_in_words(program: ProgramView) -> str:
    """For which ages; empty where it says none."""
    low, high = program.minimum_age, program.maximum_age
    if low is None and high is None:
        return ""
    if high is None:
        return gettext("%(low)s and older") % {"low": low}
    if not low:
        return gettext("Up to %(high)s") % {"high": high}
    return gettext("%(low)s to %(high)s years old") % {"low": low, "high": high}


def cost_in_words(program: ProgramView, currency: str) -> str:
    """What it costs, in its own currency or else the district's (`currency`); empty where that is not known."""
    cents, currency = program.cost_cents, program.currency or currency
    amount = "" if cents is None else words.money(cents, currency, spoken()) if cents else gettext("Free")
    return ", ".join(filter(None, [amount, program.cost_note]))


def room_in_words(program: ProgramView) -> str:
    """Whether there is room; empty where that is not known."""
    if program.open_places is None:
        return ""
    if not program.open_places:
        return gettext("No place free now: waiting list")
    return ngettext("%(num)s place free", "%(num)s places free", program.open_places) % {"num": program.open_places}


def is_stale(program: ProgramView) -> bool:
    """Whether nobody has confirmed it for half a year."""
    return program.freshness is Freshness.STALE


def why_in_words(why: Why, miles: bool) -> str:
    """One reason why a program fits."""
    value = why.value
    match why.what:
        case "need":
            return need_label(value)
        case "grade":
            return grade_label(value) if value else gettext("Every grade")
        case "age":
            return gettext("For age %(age)s") % {"age": value}
        case "language":
            return gettext("Speaks %(language)s") % {"language": LANGUAGES.get(value, value)}
        case "school":
            return gettext("Works with this school") if value else gettext("For every school")
        case "time":
            return "; ".join(times_in_words(value.split("; ")))
        case "near":
            return gettext("%(distance)s away") % {"distance": distance_in_words(float(value), miles)}
        case "room":
            return ngettext("%(num)s place free", "%(num)s places free", int(value)) % {"num": value}
        case "free":
            return gettext("Free")
        case _:
            return gettext("Says “%(words)s”") % {"words": value}
