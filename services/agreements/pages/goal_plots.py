"""A goal as a small plot, made on the server: what was measured over the agreement's term, with start and target."""

from dataclasses import dataclass
from datetime import date

from services.agreements.agreement_words import number
from services.agreements.queries import GoalView

WIDTH, HEIGHT = 480, 180
LEFT, RIGHT, TOP, BOTTOM = 12, 12, 22, 26
"""Units of the drawing around the plot."""


@dataclass(frozen=True, slots=True)
class Dot:
    """One measurement in the drawing."""

    x: float
    y: float
    words: str


@dataclass(frozen=True, slots=True)
class Plot:
    """What is drawn; heights are None where there is nothing to draw."""

    dots: tuple[Dot, ...]
    target_y: float
    baseline_y: float | None
    first: date
    last: date
    words: str
    """The plot in words, for who cannot see it."""

    @property
    def line(self) -> str:
        """The points of the line through all measurements."""
        return " ".join(f"{dot.x:.1f},{dot.y:.1f}" for dot in self.dots)


def plot_of(goal: GoalView, starts_on: date, ends_on: date) -> Plot | None:
    """The plot of a goal; None while nothing was measured."""
    measured = goal.counted
    if not measured:
        return None
    first, last = min(starts_on, measured[0].measured_on), max(ends_on, measured[-1].measured_on)
    values = [one.value for one in measured] + [goal.target]
    values += [goal.baseline] if goal.baseline is not None else []
    low, high = min(values), max(values)

    def x(day: date) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (day - first).days / max((last - first).days, 1)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - low) / ((high - low) or 1)

    dots = tuple(
        Dot(x(one.measured_on), y(one.value), f"{number(one.value)} {goal.unit} on {one.measured_on:%Y-%m-%d}".strip())
        for one in measured
    )
    start = f"starts at {number(goal.baseline)}, " if goal.baseline is not None else ""
    words = f"{goal.title}: {start}target {number(goal.target)}, measured " + "; ".join(dot.words for dot in dots)
    return Plot(dots, y(goal.target), y(goal.baseline) if goal.baseline is not None else None, first, last, words)
