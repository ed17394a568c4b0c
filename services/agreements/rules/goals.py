"""Goals of an agreement: what is entered, what was measured, and how far it is from the target."""

import math
from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import date, timedelta
from enum import StrEnum
from typing import Self
from uuid import UUID, uuid5

from pydantic import BaseModel, ConfigDict, Field

from services.agreements.rules.agreements import later
from services.agreements.words import line, lines
from shared.clock import new_id
from shared.refusals import Kind, Refusal

MOST_GOALS = 12
LONGEST_WORDS = 500
LARGEST = 1e12
CURRENT = timedelta(days=180)
"""A measurement is current for half a year."""


class GoalEntry(BaseModel):
    """A goal as somebody enters it; `id` is that of the goal it was before, and made with the form for a new one."""

    id: UUID = Field(default_factory=new_id)
    title: str = ""
    measure: str = ""
    unit: str = ""
    baseline: str = ""
    target: str = ""
    due_on: str = Field(default="", description="ISO 8601 date; empty: by the agreement's end")

    @property
    def is_blank(self) -> bool:
        """Whether nothing was entered; such a row is left out."""
        return not any(map(line, (self.title, self.measure, self.unit, self.baseline, self.target, self.due_on)))


class GoalTerms(BaseModel):
    """A goal as an agreement says it."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    title: str
    measure: str
    """What is measured, and how."""
    unit: str = ""
    baseline: float | None = None
    target: float
    due_on: date | None = None

    def carried(self, agreement_id: UUID, measured: float | None, years: int) -> Self:
        """The goal of the agreement after: it starts from what was measured last."""
        changed = {"id": own_id(agreement_id, self.id), "due_on": self.due_on and later(self.due_on, years)}
        return self.model_copy(update=changed | ({} if measured is None else {"baseline": measured}))


def own_id(agreement_id: UUID, id: UUID) -> UUID:
    """The id of a goal in an agreement: nobody can name another agreement's goal."""
    return uuid5(agreement_id, str(id))


class Progress(StrEnum):
    """How a goal stands by its newest measurement."""

    NOT_MEASURED = "not_measured"
    BEHIND = "behind"
    """No nearer to the target than at the beginning."""
    ON_THE_WAY = "on_the_way"
    MET = "met"


def valid_goals(
    entries: Sequence[GoalEntry], agreement_id: UUID, known: Collection[UUID]
) -> tuple[tuple[GoalTerms, ...], dict[str, str]]:
    """The goals that were entered, blank ones left out; and what is wrong, under the name `goals`.

    `known` are the goals that the agreement has already; all others are new.
    """
    filled = [entry for entry in entries if not entry.is_blank]
    if len(filled) > MOST_GOALS:
        return (), {"goals": f"An agreement has {MOST_GOALS} goals at most. Keep those that matter most."}
    goals: list[GoalTerms] = []
    for place, entry in enumerate(filled, start=1):
        try:
            goals.append(_valid_goal(entry, entry.id if entry.id in known else own_id(agreement_id, entry.id)))
        except ValueError as error:
            return (), {"goals": f"Goal {place}: {error}"}
    if len({goal.id for goal in goals}) < len(goals):
        return (), {"goals": "A goal is there twice. Take it out once."}
    return tuple(goals), {}


def _valid_goal(entry: GoalEntry, id: UUID) -> GoalTerms:
    title, measure, target = line(entry.title), lines(entry.measure), _number(entry.target, "target")
    if not title:
        raise ValueError("say what is to be achieved.")
    if not measure:
        raise ValueError("say what is measured, and how.")
    if target is None:
        raise ValueError("enter the target as a number, such as 90.")
    if max(len(title), len(measure), len(entry.unit)) > LONGEST_WORDS:
        raise ValueError(f"shorten each text to at most {LONGEST_WORDS} characters.")
    return GoalTerms(
        id=id,
        title=title,
        measure=measure,
        unit=line(entry.unit),
        baseline=_number(entry.baseline, "baseline"),
        target=target,
        due_on=_day(entry.due_on),
    )


def _number(text: str, what: str) -> float | None:
    bare = line(text).replace(",", "").removesuffix("%").strip()
    if not bare:
        return None
    try:
        number = float(bare)
    except ValueError:
        number = math.nan
    if not abs(number) <= LARGEST:
        raise ValueError(f"enter the {what} as a number, such as 82.5.")
    return number


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(line(text)) if line(text) else None
    except ValueError:
        raise ValueError("enter the date as year, month, day, such as 2027-05-31.") from None


def progress(baseline: float | None, target: float, newest: float | None) -> Progress:
    """How a goal stands; a target below the baseline is one to come down to."""
    if newest is None:
        return Progress.NOT_MEASURED
    comes_down = baseline is not None and target < baseline
    if newest <= target if comes_down else newest >= target:
        return Progress.MET
    if baseline is not None and (newest >= baseline if comes_down else newest <= baseline):
        return Progress.BEHIND
    return Progress.ON_THE_WAY


class MeasurementEntry(BaseModel):
    """A measurement as somebody enters it."""

    measured_on: str = Field(default="", description="ISO 8601 date; empty: today")
    value: str = ""
    words: str = ""


class MeasurementValues(BaseModel):
    """A measurement, checked."""

    model_config = ConfigDict(frozen=True)

    measured_on: date
    value: float
    words: str = ""


def valid_measurement(entry: MeasurementEntry, *, today: date) -> MeasurementValues:
    """The entry, checked; refuses with what is wrong per field."""
    wrong: dict[str, str] = {}
    value, day = None, None
    with suppress(ValueError):
        value = _number(entry.value, "value")
    if value is None:
        wrong["value"] = "Enter what was measured as a number, such as 82.5."
    try:
        day = _day(entry.measured_on) or today
    except ValueError as error:
        wrong["measured_on"] = str(error).capitalize()
    if day is not None and day > today:
        wrong["measured_on"] = "That day is still to come. Enter the day on which it was measured."
    words = lines(entry.words)
    if len(words) > LONGEST_WORDS:
        wrong["words"] = f"Shorten this to at most {LONGEST_WORDS} characters."
    if wrong or value is None or day is None:
        said = "The measurement was not saved. Check what is marked below."
        raise Refusal(Kind.INVALID, "measurement_invalid", said, fields=wrong)
    return MeasurementValues(measured_on=day, value=value, words=words)
