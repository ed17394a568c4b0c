"""What is said about ratings, evidence and decisions on pages, in the report and in files."""

from services.agreements.queries.evidence import Evidence
from services.agreements.rules.agreements import Side
from services.agreements.rules.framework import EvidenceKind
from services.agreements.rules.ratings import Answer, SheetState
from services.agreements.rules.school_years import year_label
from services.agreements.rules.strength import Why
from services.agreements.rules.year_ends import Decision, YearEndState

__all__ = ["DECISIONS", "SHEETS", "SIDES", "WHY", "YEAR_ENDS", "answered", "known", "mean", "year_label"]

SIDES = {Side.SCHOOL: "School", Side.PARTNER: "Partner"}
SHEETS = {
    SheetState.NOT_STARTED: ("waiting", "Not started"),
    SheetState.DRAFT: ("seen", "Being rated"),
    SheetState.GIVEN: ("good", "Given"),
}
"""Shape and colour, and the words, for how far a side's ratings are."""
YEAR_ENDS = {
    YearEndState.NOT_STARTED: ("waiting", "Not started"),
    YearEndState.DRAFT: ("seen", "Being written"),
    YearEndState.DECIDED: ("good", "Decided"),
}
DECISIONS = {
    Decision.STOP: ("ended", "Stop"),
    Decision.CONTINUE: ("good", "Continue"),
    Decision.EXPLORE: ("sent", "Explore something new"),
}
WHY = {
    Why.LOW: "rated low",
    Why.APART: "seen differently by school and partners",
    Why.NOT_KNOWN: "nobody could say",
}


def answered(answer: Answer | None, scale: tuple[str, ...]) -> str:
    """An answer in words: "3 · Established"."""
    if answer is None:
        return "Not rated yet"
    return f"{answer.number}\u00a0· {scale[answer.number - 1]}" if answer.number else "Not known"


def mean(value: float | None) -> str:
    """A mean as people read it: "2.8"; a dash where nobody rated."""
    return "–" if value is None else f"{value:.1f}"


def known(kind: EvidenceKind | None, evidence: Evidence) -> str:
    """What the system itself knows about an indicator, in a sentence or two; empty where it knows nothing."""
    if kind is None:
        return ""
    return {
        EvidenceKind.REFERRALS: _referrals,
        EvidenceKind.CONTACTS: _contacts,
        EvidenceKind.AGREEMENTS: _agreements,
        EvidenceKind.GOALS: _goals,
        EvidenceKind.MEETINGS: _meetings,
        EvidenceKind.MESSAGES: _messages,
    }[kind](evidence)


def _referrals(of: Evidence) -> str:
    if not of.referrals:
        return "No referrals were made this year."
    said = [f"{of.referrals} referral{_s(of.referrals)} made this year"]
    if of.answers_due:
        said.append(f"{of.answered_in_time} of {of.answers_due} answered in time")
    said.append(f"{of.closed_with_outcome} of {of.taken} taken ones closed with an outcome")
    return f"{'; '.join(said)}."


def _contacts(of: Evidence) -> str:
    if of.partners <= 1:
        return "A school contact is named." if of.with_school_contact else "No school contact is named."
    return f"{of.with_school_contact} of {of.partners} partners have a named school contact."


def _agreements(of: Evidence) -> str:
    if of.partners <= 1:
        return "An agreement held this year." if of.with_agreement else "No signed agreement held this year."
    return f"{of.with_agreement} of {of.partners} partners had an agreement that held this year."


def _goals(of: Evidence) -> str:
    if not of.goals:
        return "No agreement names a goal."
    return f"{of.goals_measured} of {of.goals} goal{_s(of.goals)} measured this year; {of.goals_met} met."


def _meetings(of: Evidence) -> str:
    if not of.meetings_planned:
        return "No meetings were planned so far this year."
    held = f"{of.meetings_held} of {of.meetings_planned} meeting{_s(of.meetings_planned)}"
    return f"{held} planned so far this year held, with minutes."


def _messages(of: Evidence) -> str:
    if not (of.words_of_school or of.words_of_partner):
        return "No comments on agreements this year; other messages are not known here."
    return f"Comments on agreements this year: {of.words_of_school} by the school, {of.words_of_partner} by partners."


def _s(count: int) -> str:
    return "" if count == 1 else "s"
