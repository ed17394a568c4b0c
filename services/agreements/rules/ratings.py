"""Ratings of a partnership: who rates, what a rating is, and how one side's ratings come to be given."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, Field

from services.agreements.rules.agreements import Side
from services.agreements.rules.framework import Framework
from services.agreements.words import line, lines
from shared.identity.actor import Actor
from shared.refusals import Kind, Refusal

MAX_EVIDENCE = 2000
"""Characters that words of evidence may have."""


class Answer(StrEnum):
    """A rating, 1 to 4, or that the side cannot say."""

    ONE = "1"
    TWO = "2"
    THREE = "3"
    FOUR = "4"
    NOT_KNOWN = "not_known"

    @property
    def number(self) -> int | None:
        """What counts in a mean; None for "not known"."""
        return None if self is Answer.NOT_KNOWN else int(self)


class SheetState(StrEnum):
    """How far one side's ratings are."""

    NOT_STARTED = "not_started"
    DRAFT = "draft"
    GIVEN = "given"


class SheetMove(StrEnum):
    """What a side can do with its ratings."""

    SAVE = "save"
    GIVE = "give"
    TAKE_BACK = "take_back"


SHEET_MOVES: dict[tuple[SheetState, SheetMove], SheetState] = {
    (SheetState.NOT_STARTED, SheetMove.SAVE): SheetState.DRAFT,
    (SheetState.DRAFT, SheetMove.SAVE): SheetState.DRAFT,
    (SheetState.DRAFT, SheetMove.GIVE): SheetState.GIVEN,
    (SheetState.GIVEN, SheetMove.TAKE_BACK): SheetState.DRAFT,
}
"""Every allowed move; what is not here is refused."""

_WHY_NOT = {
    SheetMove.SAVE: "These ratings are given already. Take them back first if you want to change them.",
    SheetMove.GIVE: "There is nothing to give: either nothing was rated yet, or the ratings are given already.",
    SheetMove.TAKE_BACK: "These ratings are not given, so there is nothing to take back. Go on rating.",
}


class RatingEntry(BaseModel):
    """One indicator as somebody rated it, not yet checked."""

    indicator: str = Field(description="The indicator's code, such as `SA1`")
    rating: int | str | None = Field(default=None, description="1, 2, 3, 4, `not_known`, or nothing yet")
    evidence: str = Field(default="", description="In words: what the rating builds on")


@dataclass(frozen=True, slots=True)
class Rated:
    """One indicator, checked."""

    answer: Answer | None
    evidence: str


def side_of(actor: Actor, school_id: UUID, organization_id: UUID) -> Side | None:
    """For which side of a partnership somebody speaks; None for who only looks on, or has nothing to do with it."""
    if school_id in actor.school_ids:
        return Side.SCHOOL
    return Side.PARTNER if organization_id in actor.organization_ids else None


def sheet_moved(state: SheetState, move: SheetMove) -> SheetState:
    """The state after a move; refuses a move that does not exist."""
    after = SHEET_MOVES.get((state, move))
    if after is None:
        raise Refusal(Kind.CONFLICT, "move_not_possible", _WHY_NOT[move])
    return after


def valid_ratings(entries: Iterable[RatingEntry], framework: Framework) -> dict[str, Rated]:
    """The entries, checked, by indicator; refuses with what is wrong per indicator."""
    wrong: dict[str, str] = {}
    rated: dict[str, Rated] = {}
    for entry in entries:
        code = line(entry.indicator)
        evidence = lines(entry.evidence)
        if code not in framework.indicators:
            wrong[f"rating-{code[:20]}"] = f"There is no indicator “{code[:20]}”. Use the codes of the framework."
            continue
        if len(evidence) > MAX_EVIDENCE:
            wrong[f"evidence-{code}"] = f"{code}: shorten the evidence to at most {MAX_EVIDENCE} characters."
        try:
            rated[code] = Rated(_answer(entry.rating), evidence)
        except ValueError:
            wrong[f"rating-{code}"] = f"{code}: choose a rating from 1 to 4, or “not known”."
    if wrong:
        said = "The ratings were not saved. Check what is marked below."
        raise Refusal(Kind.INVALID, "ratings_invalid", said, fields=wrong)
    return rated


def _answer(given: int | str | None) -> Answer | None:
    text = "" if given is None else line(str(given))
    return Answer(text) if text else None


def missing(framework: Framework, answers: Mapping[str, Answer | None]) -> list[str]:
    """The indicators that have no rating yet, in order."""
    return [code for code in framework.indicators if answers.get(code) is None]


def refuse_missing(codes: Collection[str], framework: Framework) -> None:
    """Ratings are given whole: refuse while an indicator has none; to say that one cannot say is an answer."""
    if codes:
        fields = {f"rating-{code}": f"{code} has no rating yet. “Not known” is an answer, too." for code in codes}
        said = f"{len(codes)} of {len(framework.indicators)} indicators have no rating yet."
        raise Refusal(Kind.INVALID, "ratings_missing", said, fields=fields)


def may_see(viewer: Side | None, side: Side, states: Mapping[Side, SheetState]) -> bool:
    """Whether somebody may read the ratings of a side.

    One's own always; the other's, once both are given: who has read the other's rating first rates by it.
    """
    if viewer is side:
        return True
    given = states[side] is SheetState.GIVEN
    return given and (viewer is None or states[viewer] is SheetState.GIVEN)
