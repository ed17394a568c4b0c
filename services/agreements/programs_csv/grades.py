"""Grades and ages as people write them ("Grades K-5", "Elem/MS", "14 to 24") read as CEDS grade codes."""

import re
from typing import Literal

from services.agreements.words import folded
from shared.events.vocabulary import GRADES

Unit = Literal["grades", "ages"]
EVERY = frozenset(GRADES)
"""Every grade."""

LADDER = GRADES[: GRADES.index("12") + 1]
"""Grades that follow each other, youngest first; an open range ("6 and up") ends with grade 12."""

AGES: dict[str, tuple[int, int]] = {
    "IT": (0, 3),
    "PR": (3, 4),
    "PK": (4, 5),
    "TK": (4, 5),
    "KG": (5, 6),
} | {f"{grade:02}": (grade + 5, grade + 6) for grade in range(1, 13)}
"""Age at the start and at the end of the school year."""

_LEVELS = {
    "elementary school": "kg-5",
    "elementary": "kg-5",
    "elem": "kg-5",
    "es": "kg-5",
    "middle school": "6-8",
    "middle": "6-8",
    "junior high": "6-8",
    "jhs": "6-8",
    "ms": "6-8",
    "high school": "9-12",
    "high": "9-12",
    "hs": "9-12",
}
_EVERY = re.compile(r"(all|any|every)( (ages?|grades?|grade levels?))?")
_SPELLINGS = (
    (re.compile(r"[–—−‐‑]"), "-"),
    (re.compile(r"\b(pre-? ?k(indergarten)?|pre-?school)\b"), "pk"),
    (re.compile(r"\btransitional kindergarten\b"), "tk"),
    (re.compile(r"\b(kindergarten|kinder|k)\b"), "kg"),
    (re.compile(r"\b(\d+)(st|nd|rd|th)\b"), r"\1"),
    (re.compile(r"\s*(\+|\b(and|or|&) (up|older|over|above)\b)"), "+"),
    (re.compile(r"\s*(\bto\b|\bthrough\b|\bthru\b|-)\s*"), "-"),
)
_GRADE_WORDS = re.compile(r"\b(grades?|gr)\b\.?")
_AGE_WORDS = re.compile(r"\b(ages?|aged|years?|yrs?)\b\.?( olds?\b)?")
_RANGE = re.compile(r"(pk|tk|kg|\d{1,2})(?:(\+)|-(pk|tk|kg|\d{1,2}))?")


def parse_grades(text: str, bare_numbers: Unit = "grades") -> frozenset[str] | None:
    """The CEDS codes that a text names; `EVERY` for "all ages"; None where it is not understood.

    `bare_numbers` says what numbers without a word beside them are. A range of ages gives every grade in which
    somebody of such an age usually is ("11-14": grades 5 to 9).
    """
    words, unit = _spelled(text, bare_numbers)
    if _EVERY.fullmatch(words):
        return EVERY
    words = re.sub(_AGE_WORDS, " ", re.sub(_GRADE_WORDS, " ", words))
    parts = [" ".join(part.split()) for part in re.split(r"[,;/&]|\band\b|\bor\b", words)]
    read = [_part(part.replace(" -", "-").replace(" +", "+"), unit) for part in parts if part]
    if not read or None in read:
        return None
    return frozenset(code for codes in read if codes for code in codes)


def _spelled(text: str, bare_numbers: Unit) -> tuple[str, Unit]:
    words = folded(text)
    unit: Unit = bare_numbers
    if _AGE_WORDS.search(words):
        unit = "ages"
    elif _GRADE_WORDS.search(words):
        unit = "grades"
    for pattern, spelling in _SPELLINGS:
        words = pattern.sub(spelling, words)
    return words.strip(), unit


def _part(part: str, unit: Unit) -> frozenset[str] | None:
    level = _LEVELS.get(part)
    match = _RANGE.fullmatch(level or part)
    if match is None:
        return None
    low, plus, high = match[1], match[2], match[3]
    if unit == "ages" and level is None:
        return _of_ages(low, high or ("99" if plus else low))
    return _of_grades(low, high or ("12" if plus else low))


def _of_grades(low: str, high: str) -> frozenset[str] | None:
    first, last = (code.zfill(2).upper() for code in (low, high))
    if first == last == "13":
        return frozenset({"13"})
    if first not in LADDER or last not in LADDER or LADDER.index(first) > LADDER.index(last):
        return None
    return frozenset(LADDER[LADDER.index(first) : LADDER.index(last) + 1])


def _of_ages(low: str, high: str) -> frozenset[str] | None:
    if not (low.isdigit() and high.isdigit()) or int(low) > int(high):
        return None
    fits = frozenset(code for code, (start, end) in AGES.items() if start <= int(high) and end >= int(low))
    return fits or None


def in_order(codes: frozenset[str]) -> tuple[str, ...]:
    """The codes, youngest first; none at all for every grade, as events say it."""
    return () if codes == EVERY else tuple(code for code in GRADES if code in codes)
