"""The look back at the end of a school year: what was seen and learnt, and whether to stop, continue or explore."""

from enum import StrEnum

from pydantic import BaseModel, Field

from services.agreements.rules.agreements import Side
from services.agreements.words import line, lines
from shared.refusals import Kind, Refusal

MAX_WORDS = 4000
"""Characters that a text may have."""


class Decision(StrEnum):
    """What becomes of a partnership or a program."""

    STOP = "stop"
    CONTINUE = "continue"
    EXPLORE = "explore"


class YearEndState(StrEnum):
    """How far a review is."""

    NOT_STARTED = "not_started"
    DRAFT = "draft"
    DECIDED = "decided"


class YearEndMove(StrEnum):
    """What can be done with a review."""

    SAVE = "save"
    DECIDE = "decide"
    REOPEN = "reopen"


YEAR_END_MOVES: dict[tuple[Side, YearEndState, YearEndMove], YearEndState] = {
    (Side.SCHOOL, YearEndState.NOT_STARTED, YearEndMove.SAVE): YearEndState.DRAFT,
    (Side.SCHOOL, YearEndState.DRAFT, YearEndMove.SAVE): YearEndState.DRAFT,
    (Side.SCHOOL, YearEndState.DRAFT, YearEndMove.DECIDE): YearEndState.DECIDED,
    (Side.SCHOOL, YearEndState.DECIDED, YearEndMove.REOPEN): YearEndState.DRAFT,
    (Side.PARTNER, YearEndState.NOT_STARTED, YearEndMove.SAVE): YearEndState.DRAFT,
    (Side.PARTNER, YearEndState.DRAFT, YearEndMove.SAVE): YearEndState.DRAFT,
}
"""Every allowed move: both sides write, the school decides; what is not here is refused."""

YEAR_END_LABELS = {
    "attendance": "Attendance in the program",
    "academic_growth": "Academic growth",
    "social_growth": "Social and emotional growth",
    "other_measures": "What else both sides chose to measure",
    "learnt": "What was learnt",
    "decision": "Decision",
    "reason": "Reason",
    "build_on": "What to build on",
    "to_change": "What to change",
    "known_by": "How it will be known",
}
"""Words for the fields of a review."""


class YearEndEntry(BaseModel):
    """A review as somebody enters it, not yet checked; the page's form and the API's body."""

    attendance: str = ""
    academic_growth: str = ""
    social_growth: str = ""
    other_measures: str = ""
    learnt: str = ""
    decision: str = Field(default="", json_schema_extra={"enum": ["", *Decision]})
    reason: str = ""
    build_on: str = ""
    to_change: str = ""
    known_by: str = Field(default="", description="How both will know, in a year, that it went well")


def year_end_moved(side: Side, state: YearEndState, move: YearEndMove) -> YearEndState:
    """The state after a move; refuses one that is closed, saying why."""
    after = YEAR_END_MOVES.get((side, state, move))
    if after is not None:
        return after
    if side is Side.PARTNER and move is not YearEndMove.SAVE:
        said = "The school decides. Write what you want it to take into account, and save."
        raise Refusal(Kind.FORBIDDEN, "school_decides", said)
    if move is YearEndMove.REOPEN:
        raise Refusal(Kind.CONFLICT, "move_not_possible", "Nothing is decided here, so there is nothing to reopen.")
    if state is YearEndState.NOT_STARTED:
        raise Refusal(Kind.CONFLICT, "move_not_possible", "Nothing was written yet. Write the review first.")
    said = "This was decided already. The school can reopen it if something must be changed."
    raise Refusal(Kind.CONFLICT, "move_not_possible", said)


def valid_year_end(entry: YearEndEntry) -> dict[str, str]:
    """The fields in one spelling; refuses what is too long, and a decision that there is not."""
    values = {name: lines(getattr(entry, name)) for name in YearEndEntry.model_fields}
    values["decision"] = line(entry.decision)
    wrong = {
        name: f"{YEAR_END_LABELS[name]}: shorten this to at most {MAX_WORDS} characters."
        for name, text in values.items()
        if len(text) > MAX_WORDS
    }
    if values["decision"] and values["decision"] not in tuple(Decision):
        wrong["decision"] = "Choose stop, continue or explore."
    if wrong:
        said = "The review was not saved. Check what is marked below."
        raise Refusal(Kind.INVALID, "year_end_invalid", said, fields=wrong)
    return values


def decided(values: dict[str, str]) -> Decision:
    """The decision, if the review says enough to make it; refuses with what is missing."""
    wrong: dict[str, str] = {}
    if not values["decision"]:
        wrong["decision"] = "Choose stop, continue or explore."
    if not values["reason"]:
        wrong["reason"] = "Say why: the partner reads it, and next year's people build on it."
    if values["decision"] in (Decision.CONTINUE, Decision.EXPLORE) and not values["known_by"]:
        wrong["known_by"] = "Say how both will know, in a year, that it went well."
    if wrong:
        said = "Nothing is decided yet. What you wrote is still below."
        raise Refusal(Kind.INVALID, "year_end_incomplete", said, fields=wrong)
    return Decision(values["decision"])
