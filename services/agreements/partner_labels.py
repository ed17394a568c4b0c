"""What codes about partners are called on pages of partners and the district, which speak English."""

from services.agreements.rules.documents import KIND_LABELS
from services.agreements.rules.standing import Expiring, Halt
from services.agreements.rules.vetting import CAUSE_LABELS, PartnerStatus, Review, Standing, Verb

STANDING_LABELS: dict[PartnerStatus, tuple[str, str]] = {
    PartnerStatus.REGISTERING: ("waiting", "Registers"),
    PartnerStatus.APPROVED: ("good", "Approved"),
    PartnerStatus.CONDITIONAL: ("good", "Approved with conditions"),
    PartnerStatus.DECLINED: ("ended", "Declined"),
    PartnerStatus.SUSPENDED: ("bad", "Suspended"),
    PartnerStatus.MERGED: ("ended", "Merged"),
}
"""State's code and words."""
REVIEW_LABELS: dict[Review, tuple[str, str]] = {
    Review.DRAFT: ("paused", "Not sent yet"),
    Review.WAITING: ("waiting", "Waits for review"),
    Review.ASKED: ("urgent", "Has questions to answer"),
}

HALT_LABELS: dict[str, str] = {
    Halt.NOT_APPROVED: "The district office has not approved it yet.",
    Halt.SUSPENDED: "The district office has suspended it.",
    Halt.INSURANCE_EXPIRED: "The insurance has run out.",
    Halt.CHECKS_EXPIRED: "The background checks have run out.",
}

VERB_LABELS: dict[str, str] = {
    Verb.ASK: "Ask back",
    Verb.APPROVE: "Approve",
    Verb.APPROVE_WITH_CONDITIONS: "Approve with conditions",
    Verb.DECLINE: "Decline",
    Verb.SUSPEND: "Suspend",
    Verb.REINSTATE: "Reinstate",
}

HAPPENED: dict[str, tuple[str, str]] = {
    "started": ("Began to register", ""),
    "entered": ("Entered by the district", ""),
    "renamed": ("Renamed to", ""),
    "document_added": ("Attached", ""),
    "accepted": ("Accepted", "good"),
    "removed": ("Taken away", ""),
    "expired": ("Ran out", "bad"),
    "merged": ("Merged into", "ended"),
    "took_over": ("Took over", ""),
    Verb.SUBMIT: ("Sent for review", "sent"),
    Verb.ASK: ("The district asked back", "urgent"),
    Verb.APPROVE: ("Approved", "good"),
    Verb.APPROVE_WITH_CONDITIONS: ("Approved with conditions", "good"),
    Verb.DECLINE: ("Declined", "bad"),
    Verb.SUSPEND: ("Suspended", "bad"),
    Verb.REINSTATE: ("Reinstated", "good"),
}
"""What happened to a partner, and the state's code beside it."""

EXPIRING_LABELS: dict[str, str] = {
    Expiring.INSURANCE: "Insurance",
    Expiring.CHECKS: "Background checks",
    Expiring.CERTIFICATION: "Yearly approval",
}
CODE_LABELS: dict[str, str] = CAUSE_LABELS | EXPIRING_LABELS | KIND_LABELS
"""Codes of the timeline in words."""


def states(standing: Standing) -> list[tuple[str, str]]:
    """The states to show of a partner: what it is, and what is under way."""
    status, review = standing
    under_way = [REVIEW_LABELS[review]] if review in REVIEW_LABELS else []
    return under_way if status is PartnerStatus.REGISTERING else [STANDING_LABELS[status], *under_way]


def size_in_words(size: int) -> str:
    """Bytes as people say them."""
    return f"{size / 1_000_000:.1f} MB" if size >= 100_000 else f"{max(1, round(size / 1000))} kB"
