"""What was decided at the year's end in words, for the timeline of the agreement that follows."""

from collections.abc import Sequence

from services.agreements.queries.looking_back import LookBack
from services.agreements.rules.school_years import year_label
from services.agreements.rules.year_ends import YEAR_END_LABELS, Decision

DECIDED = {Decision.STOP: "stop", Decision.CONTINUE: "continue", Decision.EXPLORE: "explore something new"}
MOST = 10
"""Decisions that are said; an agreement for a whole district may have hundreds."""


def in_words(looks: Sequence[LookBack]) -> str:
    """One paragraph per decision; empty where nothing was decided."""
    return "\n\n".join(map(_paragraph, looks[:MOST]))


def _paragraph(look: LookBack) -> str:
    about = f"{look.school}, {look.program}" if look.program else look.school
    said = {
        name: getattr(look, name) for name in ("reason", "build_on", "to_change", "known_by") if getattr(look, name)
    }
    lines = [f"{YEAR_END_LABELS[name]}: {words}" for name, words in said.items()]
    return "\n".join([f"Looking back on {year_label(look.year)}, {about}: {DECIDED[look.decision]}.", *lines])
