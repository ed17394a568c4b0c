"""What ratings come to: means of both sides, spread, strengths, next steps. People rate; this only counts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from services.agreements.rules.agreements import Side
from services.agreements.rules.framework import Element, Framework
from services.agreements.rules.ratings import Answer

STRONG = 3.0
"""A mean from which something is a strength: established."""
WEAK = 2.5
"""A mean below which something is a next step."""
APART = 1.5
"""How far the two sides' means lie apart before they should talk about it."""
AT_MOST = 3
"""Strengths, and next steps, of one element."""

Tallies = Mapping[tuple[Side, str], Mapping[Answer, int]]
"""How often each side gave each answer to each indicator (by its code)."""


class Why(StrEnum):
    """Why something is a next step."""

    LOW = "low"
    APART = "apart"
    NOT_KNOWN = "not_known"


@dataclass(frozen=True, slots=True)
class Figures:
    """What the ratings of one indicator or element come to; None where nobody rated."""

    school: float | None
    partner: float | None
    mean: float | None
    """Both sides count the same, however many rated on each; where one did not, it is the other's."""
    lowest: int | None
    highest: int | None
    ratings: int
    not_known: int

    @property
    def gap(self) -> float | None:
        """How much higher the school's mean is than the partners'."""
        return None if self.school is None or self.partner is None else self.school - self.partner


@dataclass(frozen=True, slots=True)
class IndicatorStrength:
    """One indicator's figures."""

    code: str
    words: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class NextStep:
    """An indicator to work on, and why."""

    code: str
    words: str
    why: Why
    mean: float | None


@dataclass(frozen=True, slots=True)
class ElementStrength:
    """One element's figures, and what stands out in it."""

    code: str
    title: str
    figures: Figures
    indicators: tuple[IndicatorStrength, ...]

    @property
    def strengths(self) -> list[IndicatorStrength]:
        """The best rated indicators, best first."""
        strong = [one for one in self.indicators if one.figures.mean is not None and one.figures.mean >= STRONG]
        return sorted(strong, key=lambda one: -(one.figures.mean or 0))[:AT_MOST]

    @property
    def next_steps(self) -> list[NextStep]:
        """What is rated low, then what both sides see differently, then what nobody could say."""
        found = [NextStep(one.code, one.words, why, one.figures.mean) for one in self.indicators if (why := _why(one))]
        order = list(Why)
        return sorted(found, key=lambda step: (order.index(step.why), step.mean or 0))[:AT_MOST]


def _why(one: IndicatorStrength) -> Why | None:
    figures = one.figures
    if figures.mean is None:
        return Why.NOT_KNOWN if figures.not_known else None
    if figures.mean < WEAK:
        return Why.LOW
    return Why.APART if abs(figures.gap or 0) >= APART else None


def strength(framework: Framework, tallies: Tallies) -> list[ElementStrength]:
    """What the ratings come to, per element."""
    return [_element(element, tallies) for element in framework.elements]


def _element(element: Element, tallies: Tallies) -> ElementStrength:
    codes = [one.code for one in element.indicators]
    return ElementStrength(
        code=element.code,
        title=element.title,
        figures=figures(tallies, codes),
        indicators=tuple(
            IndicatorStrength(one.code, one.words, figures(tallies, [one.code])) for one in element.indicators
        ),
    )


def figures(tallies: Tallies, codes: Iterable[str]) -> Figures:
    """The figures of these indicators together."""
    codes = tuple(codes)
    by_side = {side: _numbers(tallies, side, codes) for side in Side}
    means = {side: sum(numbers) / len(numbers) if numbers else None for side, numbers in by_side.items()}
    known = [mean for mean in means.values() if mean is not None]
    everything = [number for numbers in by_side.values() for number in numbers]
    return Figures(
        school=means[Side.SCHOOL],
        partner=means[Side.PARTNER],
        mean=sum(known) / len(known) if known else None,
        lowest=min(everything, default=None),
        highest=max(everything, default=None),
        ratings=len(everything),
        not_known=sum(tallies.get((side, code), {}).get(Answer.NOT_KNOWN, 0) for side in Side for code in codes),
    )


def _numbers(tallies: Tallies, side: Side, codes: Iterable[str]) -> list[int]:
    return [
        answer.number
        for code in codes
        for answer, times in tallies.get((side, code), {}).items()
        for _ in range(times)
        if answer.number is not None
    ]
