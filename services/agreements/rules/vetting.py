"""The life of a partner: registered, reviewed by a rubric, approved or not, suspended, certified anew each year."""

from collections.abc import Collection, Mapping
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from shared.refusals import Kind, Refusal


class PartnerStatus(StrEnum):
    """What the district says of a partner."""

    REGISTERING = "registering"
    APPROVED = "approved"
    CONDITIONAL = "conditional"
    """Approved, with conditions that it still has to meet."""
    DECLINED = "declined"
    SUSPENDED = "suspended"
    MERGED = "merged"
    """It was the same as another one; what it had belongs to that one now."""


class Review(StrEnum):
    """What lies before whom: a partner stays approved while its yearly details are looked at."""

    NONE = "none"
    DRAFT = "draft"
    """The partner writes it."""
    WAITING = "waiting"
    """The district reads it."""
    ASKED = "asked"
    """The district asked back; the partner's turn."""


class Mover(StrEnum):
    """Who moves a partner."""

    PARTNER = "partner"
    DISTRICT = "district"


class Verb(StrEnum):
    """What can be done."""

    SUBMIT = "submit"
    ASK = "ask"
    APPROVE = "approve"
    APPROVE_WITH_CONDITIONS = "approve_with_conditions"
    DECLINE = "decline"
    SUSPEND = "suspend"
    REINSTATE = "reinstate"
    MERGE = "merge"


class Standing(NamedTuple):
    """Where a partner stands."""

    status: PartnerStatus
    review: Review


_S, _R = PartnerStatus, Review
_WORKING = (_S.APPROVED, _S.CONDITIONAL)

MOVES: dict[tuple[Standing, Verb], Standing] = {
    (Standing(_S.REGISTERING, _R.DRAFT), Verb.SUBMIT): Standing(_S.REGISTERING, _R.WAITING),
    (Standing(_S.REGISTERING, _R.ASKED), Verb.SUBMIT): Standing(_S.REGISTERING, _R.WAITING),
    (Standing(_S.DECLINED, _R.NONE), Verb.SUBMIT): Standing(_S.REGISTERING, _R.WAITING),
    (Standing(_S.REGISTERING, _R.WAITING), Verb.ASK): Standing(_S.REGISTERING, _R.ASKED),
    (Standing(_S.REGISTERING, _R.WAITING), Verb.APPROVE): Standing(_S.APPROVED, _R.NONE),
    (Standing(_S.REGISTERING, _R.WAITING), Verb.APPROVE_WITH_CONDITIONS): Standing(_S.CONDITIONAL, _R.NONE),
    (Standing(_S.REGISTERING, _R.WAITING), Verb.DECLINE): Standing(_S.DECLINED, _R.NONE),
    (Standing(_S.REGISTERING, _R.ASKED), Verb.DECLINE): Standing(_S.DECLINED, _R.NONE),
    (Standing(_S.CONDITIONAL, _R.NONE), Verb.APPROVE): Standing(_S.APPROVED, _R.NONE),
    (Standing(_S.SUSPENDED, _R.NONE), Verb.APPROVE_WITH_CONDITIONS): Standing(_S.CONDITIONAL, _R.NONE),
    **{
        (Standing(status, review), Verb.SUBMIT): Standing(status, _R.WAITING)
        for status in (*_WORKING, _S.SUSPENDED)
        for review in (_R.NONE, _R.ASKED)
    },
    **{
        (Standing(status, review), Verb.ASK): Standing(status, _R.ASKED)
        for status in (*_WORKING, _S.SUSPENDED)
        for review in (_R.NONE, _R.WAITING)
    },
    **{
        (Standing(status, _R.WAITING), verb): Standing(after, _R.NONE)
        for status in (*_WORKING, _S.SUSPENDED)
        for verb, after in ((Verb.APPROVE, _S.APPROVED), (Verb.APPROVE_WITH_CONDITIONS, _S.CONDITIONAL))
    },
    **{
        (Standing(status, review), Verb.SUSPEND): Standing(_S.SUSPENDED, review)
        for status in _WORKING
        for review in (_R.NONE, _R.WAITING, _R.ASKED)
    },
    **{
        (Standing(_S.SUSPENDED, review), Verb.REINSTATE): Standing(_S.APPROVED, review)
        for review in (_R.NONE, _R.WAITING, _R.ASKED)
    },
}
"""Every allowed move of a partner; what is not here is refused."""

STANDINGS = tuple(sorted({standing for standing, _ in MOVES} | set(MOVES.values())))
"""Where a partner that was not merged can stand."""
MOVES |= {(standing, Verb.MERGE): Standing(_S.MERGED, _R.NONE) for standing in STANDINGS}

MOVERS: dict[Verb, Mover] = dict.fromkeys(Verb, Mover.DISTRICT) | {Verb.SUBMIT: Mover.PARTNER}
"""Who may make it."""

LISTED = (_S.APPROVED, _S.CONDITIONAL, _S.SUSPENDED)
"""Partners that everybody may know of; others are known to themselves and the district."""


def any_approved(statuses: Collection[PartnerStatus]) -> bool:
    """Whether the district has approved one of these partners."""
    return not set(statuses).isdisjoint(LISTED)


def check_may_offer(status: PartnerStatus, name: str) -> None:
    """Refuse programs of a partner that the district has not approved."""
    if status not in LISTED:
        said = f"Programs can be added once the district has approved {name}. Describe them in the registration."
        raise Refusal(Kind.CONFLICT, "partner_not_approved", said)


def check_works_here(status: PartnerStatus, name: str) -> None:
    """Refuse agreements and reviews with a partner that the district has not approved."""
    if status not in LISTED:
        said = f"{name} is not approved by the district: there can be no agreement and no review with it yet."
        raise Refusal(Kind.CONFLICT, "partner_not_approved", said)


_SAID = {
    Standing(_S.REGISTERING, _R.DRAFT): "is still writing its registration",
    Standing(_S.REGISTERING, _R.WAITING): "waits for the district's review",
    Standing(_S.REGISTERING, _R.ASKED): "has questions of the district to answer",
    Standing(_S.DECLINED, _R.NONE): "was declined",
    Standing(_S.MERGED, _R.NONE): "was merged with another partner",
}


def decide(standing: Standing, verb: Verb, mover: Mover) -> Standing:
    """Where the move leads; refuses one that this mover never makes (403), and one that is closed now (409)."""
    if MOVERS[verb] is not mover:
        whose = "the partner itself" if mover is Mover.DISTRICT else "the district office"
        raise Refusal(Kind.FORBIDDEN, "not_your_move", f"Only {whose} can do this.")
    after = MOVES.get((standing, verb))
    if after is None:
        said = _SAID.get(standing, f"is {standing.status}")
        raise Refusal(Kind.CONFLICT, "move_not_possible", f"This partner {said}, so this cannot be done now.")
    return after


def open_moves(standing: Standing, mover: Mover) -> list[Verb]:
    """What this mover can do now."""
    return [verb for verb in Verb if MOVERS[verb] is mover and (standing, verb) in MOVES]


# The rubric


class Grade(StrEnum):
    """How far a criterion is met."""

    NOT_MET = "not_met"
    PARTLY = "partly"
    MET = "met"
    STRONG = "strong"


GRADE_LABELS: dict[str, str] = {
    Grade.NOT_MET: "Not met",
    Grade.PARTLY: "Partly met",
    Grade.MET: "Met",
    Grade.STRONG: "Strong",
}

CRITERIA: dict[str, tuple[str, str]] = {
    "identity": ("Identity", "It is who it says: legal name, tax id and address agree with the papers."),
    "insurance": ("Insurance", "Liability insurance covers work with students and runs on."),
    "checks": ("Background checks", "Everybody who works with students was checked (CORI); the attestation is signed."),
    "evidence": ("Evidence", "There is evidence that its programs do what they are meant for."),
    "fit": ("Fit", "What it offers, and to whom, fits needs of our students."),
    "access": ("Access", "Languages, places and times let our families take part."),
    "capacity": ("Capacity", "It can serve as many students as it says, with the people and money that it has."),
    "references": ("References", "Those whom we asked would work with it again."),
}
"""The rubric: what a partner is judged by, each with its title and the question behind it."""


class DeclineCause(StrEnum):
    """Why a registration is declined."""

    DOCUMENTS_MISSING = "documents_missing"
    EVIDENCE_WEAK = "evidence_weak"
    NO_FIT = "no_fit"
    SAFETY = "safety"
    REFERENCES = "references"
    DUPLICATE = "duplicate"
    OTHER = "other"


CAUSE_LABELS: dict[str, str] = {
    DeclineCause.DOCUMENTS_MISSING: "Documents are missing or have run out",
    DeclineCause.EVIDENCE_WEAK: "The evidence is too weak",
    DeclineCause.NO_FIT: "It does not fit needs of our students",
    DeclineCause.SAFETY: "Students' safety is not sure",
    DeclineCause.REFERENCES: "References do not speak for it",
    DeclineCause.DUPLICATE: "The organization is registered already",
    DeclineCause.OTHER: "Another reason",
}

MAX_WORDS = 4000
"""Characters that questions, conditions and reasons may have."""


def check_words(verb: Verb, words: str) -> None:
    """Refuse a move that must be explained and is not, or too long an explanation."""
    if len(words) > MAX_WORDS:
        said = f"Shorten this to at most {MAX_WORDS} characters."
        raise Refusal(Kind.INVALID, "words_too_long", said, fields={"words": said})
    if verb in _EXPLAINED and not words:
        said = _EXPLAINED[verb]
        raise Refusal(Kind.INVALID, "words_missing", said, fields={"words": said})


_EXPLAINED = {
    Verb.ASK: "Enter what the partner should answer or change.",
    Verb.APPROVE_WITH_CONDITIONS: "Enter the conditions, and by when each is to be met.",
    Verb.DECLINE: "Enter the reasons in words that help the partner to do better.",
    Verb.SUSPEND: "Enter why the partner is suspended, and what it can do about it.",
}


def check_causes(causes: tuple[DeclineCause, ...]) -> None:
    """Refuse to decline without a reason."""
    if not causes:
        said = "Choose at least one reason."
        raise Refusal(Kind.INVALID, "causes_missing", said, fields={"causes": said})


def check_rubric(grades: Mapping[str, Grade], *, with_conditions: bool) -> None:
    """Refuse to approve what was not rated on every criterion, or fails one while no condition is set."""
    unrated = [title for code, (title, _) in CRITERIA.items() if code not in grades]
    if unrated:
        said = f"Rate every criterion first. Still to rate: {', '.join(unrated)}."
        raise Refusal(Kind.CONFLICT, "rubric_unfinished", said)
    failed = [title for code, (title, _) in CRITERIA.items() if grades[code] is Grade.NOT_MET]
    if failed and not with_conditions:
        said = f"Not met: {', '.join(failed)}. Approve with conditions, ask back, or decline."
        raise Refusal(Kind.CONFLICT, "rubric_not_met", said)


def next_certification(today: date) -> date:
    """The last day of an approval given today: a year later."""
    try:
        return today.replace(year=today.year + 1)
    except ValueError:
        return today.replace(year=today.year + 1, day=28)
