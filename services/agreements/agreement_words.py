"""What codes about agreements are called on pages, and the shape and colour of their states."""

from services.agreements.models import AgreementEntry
from services.agreements.rules.agreements import AgreementState, EditionState, Side
from services.agreements.rules.goals import Progress
from services.agreements.rules.signing import BASIS_LABELS, KIND_LABELS
from services.agreements.rules.terms import FIELD_LABELS, EndReason

STATES: dict[AgreementState, tuple[str, str]] = {
    AgreementState.DRAFT: ("waiting", "Draft"),
    AgreementState.SIGNING: ("sent", "Waits for signatures"),
    AgreementState.UPCOMING: ("seen", "Signed, begins later"),
    AgreementState.ACTIVE: ("good", "In force"),
    AgreementState.RENEWAL_DUE: ("paused", "In force, renewal due"),
    AgreementState.EXPIRED: ("ended", "Expired"),
    AgreementState.TERMINATED: ("ended", "Ended early"),
    AgreementState.DISCARDED: ("ended", "Discarded"),
}
TEXT_STATES = {
    EditionState.DRAFT: "draft",
    EditionState.SIGNING: "waits for signatures",
    EditionState.HOLDS: "signed by both",
    EditionState.REPLACED: "replaced by an amendment",
    EditionState.DISCARDED: "given up",
}
PROGRESS: dict[Progress, tuple[str, str]] = {
    Progress.NOT_MEASURED: ("waiting", "Not measured yet"),
    Progress.BEHIND: ("bad", "Behind where it began"),
    Progress.ON_THE_WAY: ("seen", "On the way"),
    Progress.MET: ("good", "Met"),
}
REASONS = {
    EndReason.BOTH_AGREED: "Both sides agreed to end it",
    EndReason.NOT_NEEDED: "The service is not needed any more",
    EndReason.NOT_DELIVERED: "What was agreed was not delivered",
    EndReason.FUNDING: "The funding ended",
    EndReason.STAFFING: "There are no people for it any more",
    EndReason.REQUIREMENTS_NOT_MET: "A requirement is not met (insurance, background check, approval)",
    EndReason.OTHER: "Another reason",
}
SIDES = {Side.SCHOOL: "School", Side.PARTNER: "Partner"}
SHOWN = [
    ("open", "Not ended"),
    ("unsigned", "Drafts and unsigned"),
    ("in_force", "In force"),
    ("ending", "Renewal due"),
    ("ended", "Ended"),
    ("any", "All"),
]
SORTS = [("ends", "Last day"), ("title", "Title"), ("changed", "Last changed")]

KINDS = KIND_LABELS
BASES = BASIS_LABELS
FIELDS = FIELD_LABELS

TITLES: dict[str, tuple[str, str]] = {
    "start": ("Drafted", "waiting"),
    "edit": ("Draft changed", ""),
    "comment": ("Comment", ""),
    "send": ("Sent for signature", "sent"),
    "take_back": ("Taken back to the draft", "paused"),
    "sign": ("Signed", "good"),
    "conclude": ("Signed by both", "good"),
    "discard": ("Draft given up", "ended"),
    "amend": ("Amendment begun", "waiting"),
    "renew": ("Renewal drafted", ""),
    "terminate": ("Ended early", "ended"),
    "measure": ("Goal measured", ""),
    "strike": ("Measurement struck", ""),
    "replace_contact": ("Contact replaced", ""),
    "begin": ("In force", "good"),
    "fall_due": ("Renewal is due", "paused"),
    "prolong": ("Renewal not due any more", ""),
    "expire": ("Expired", "ended"),
    "remind": ("Everybody was reminded of the end", ""),
    "review": ("Both contacts were reminded of the review", ""),
}
"""What each line of a timeline is called, and its look."""


def entry_words(entry: AgreementEntry) -> str:
    """What is said under a line of the timeline."""
    if entry.what == "remind":
        return f"{entry.words} days before it"
    if entry.what == "comment" and entry.field:
        return f"{FIELDS[entry.field]}: {entry.words}"
    return entry.words


def handed_over(meetings: int, tasks: int) -> str:
    """What went along with a replaced contact; empty for nothing."""
    parts = [(meetings, "meeting"), (tasks, "task")]
    said = " and ".join(f"{count} {noun}{'' if count == 1 else 's'}" for count, noun in parts if count > 0)
    return f"Handed over as well: {said}." if said else ""


def money(amount: object) -> str:
    """An amount as people read it."""
    return "" if amount is None else f"{amount:,.2f}"


def number(value: float | None) -> str:
    """A number of a goal as people read it: no zeros behind the point that say nothing."""
    return "" if value is None else f"{value:,.2f}".rstrip("0").rstrip(".")
