"""Codes in words, for staff (English)."""

from services.people.models import ImportState, Origin
from shared.events.vocabulary import GRADES as GRADE_CODES
from shared.events.vocabulary import LANGUAGES, RoleName

ROLES: dict[str, str] = {
    RoleName.DISTRICT_OFFICE: "District office",
    RoleName.SCHOOL_STAFF: "School staff",
    RoleName.PARTNER_STAFF: "Partner staff",
    RoleName.GUARDIAN: "Guardian",
    RoleName.STUDENT: "Student",
}
ORIGINS: dict[str, str] = {
    Origin.ROSTER: "from the roster",
    Origin.GRANTED: "given by hand",
    Origin.PROGRAM: "contact of a program",
    Origin.PROVIDER: "from the district's sign-in",
}
STATES: dict[str, tuple[str, str]] = {
    ImportState.UPLOADED: ("waiting", "Being checked"),
    ImportState.CHECKED: ("seen", "Checked, not yet applied"),
    ImportState.APPROVED: ("sent", "Being applied"),
    ImportState.APPLIED: ("good", "Applied"),
    ImportState.REFUSED: ("bad", "Refused"),
    ImportState.DISCARDED: ("ended", "Put away"),
    ImportState.FAILED: ("bad", "Failed"),
}
"""Of an import: the state's code in the design, and its word."""

GRADES = {"IT": "Infant", "PR": "Preschool", "PK": "Pre-K", "TK": "Transitional K", "KG": "K", "PS": "After 12"}


def role_line(name: str, scope: str) -> str:
    """A role with what it covers: "School staff, North Elementary"."""
    joint = " of " if name == RoleName.GUARDIAN else ", "
    return ROLES[name] + (joint + scope if scope else "")


def grade(code: str | None) -> str:
    """A CEDS code as schools write it: "4", "K"."""
    return GRADES.get(code, code.lstrip("0")) if code else ""


def language(tag: str) -> str:
    """A language in its own name, as far as it is known."""
    return LANGUAGES.get(tag) or LANGUAGES.get(tag.split("-")[0]) or tag


def grades() -> list[tuple[str, str]]:
    """Every grade, for a choice."""
    return [(code, grade(code)) for code in GRADE_CODES]
