"""What codes are called on pages. Families read the directory, so these words are translated when they are shown."""

from collections.abc import Sequence

from services.agreements.rules import ProgramStatus
from shared.events.vocabulary import GRADES, LANGUAGES, NEED_LABELS, Need
from shared.translations import gettext, mark

GRADE_LABELS: dict[str, str] = {
    "IT": mark("Infants and toddlers"),
    "PR": mark("Preschool"),
    "PK": mark("Pre-kindergarten"),
    "TK": mark("Transitional kindergarten"),
    "KG": mark("Kindergarten"),
} | {f"{grade:02}": mark("Grade %(number)s") for grade in range(1, 14)}
"""Grades that a program can be for; the codes for "no grade" and "after school" are nobody's choice."""

STATUS_LABELS: dict[ProgramStatus, str] = {
    ProgramStatus.OPEN: mark("Open"),
    ProgramStatus.PAUSED: mark("Paused"),
    ProgramStatus.CLOSED: mark("Closed"),
}
STATUS_CODES = {ProgramStatus.OPEN: "good", ProgramStatus.PAUSED: "paused", ProgramStatus.CLOSED: "ended"}
"""Shape and colour of a status on pages."""


def need_label(need: str) -> str:
    """A need in the language being spoken."""
    return gettext(NEED_LABELS[Need(need)])


def grade_label(code: str) -> str:
    """A grade in the language being spoken."""
    label = GRADE_LABELS.get(code)
    return gettext(label) % {"number": code.lstrip("0")} if label else code


def grades_in_words(codes: Sequence[str]) -> str:
    """Grades as people say them: runs are drawn together ("Kindergarten to Grade 5"); none is every grade."""
    runs: list[list[str]] = []
    for code in (code for code in GRADES if code in codes):
        if runs and GRADES.index(runs[-1][-1]) + 1 == GRADES.index(code):
            runs[-1].append(code)
        else:
            runs.append([code])
    return ", ".join(map(_run, runs)) or gettext("Every grade")


def _run(codes: list[str]) -> str:
    if len(codes) == 1:
        return grade_label(codes[0])
    first, last = codes[0], codes[-1]
    if first.isdigit():
        return gettext("Grades %(first)s to %(last)s") % {"first": int(first), "last": int(last)}
    return gettext("%(first)s to %(last)s") % {"first": grade_label(first), "last": grade_label(last)}


def needs_in_words(needs: Sequence[str]) -> str:
    """The needs in the language being spoken, one after another."""
    return ", ".join(map(need_label, needs))


def languages_in_words(tags: Sequence[str]) -> str:
    """Languages, each named in itself."""
    return ", ".join(LANGUAGES.get(tag, tag) for tag in tags)


def status_label(status: ProgramStatus) -> str:
    """A status in the language being spoken."""
    return gettext(STATUS_LABELS[status])


def need_options() -> list[tuple[str, str]]:
    """Needs to choose from."""
    return [(need.value, need_label(need)) for need in Need]


def grade_options() -> list[tuple[str, str]]:
    """Grades to choose from."""
    return [(code, grade_label(code)) for code in GRADE_LABELS]


def language_options() -> list[tuple[str, str]]:
    """Languages to choose from."""
    return list(LANGUAGES.items())
