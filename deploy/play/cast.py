"""Who is who in the demo district, for those who play in it."""

from dataclasses import dataclass
from functools import cache

from deploy.demo_district import programs, roster


@dataclass(frozen=True, slots=True)
class Child:
    """A student with the first guardian who can be reached by e-mail."""

    name: str
    source_id: str
    school: str
    grade: str
    language: str
    guardian: str
    guardian_email: str


@cache
def children(school: str = "") -> tuple[Child, ...]:
    """The students (of a school) whose family can be reached by e-mail."""
    return tuple(
        _child(family, child)
        for family in roster.families()
        if any(guardian["email"] for guardian in family.guardians)
        for child in family.children
        if school in ("", child["orgSourcedIds"])
    )


def _child(family: roster.Family, child: roster.User) -> Child:
    guardian = next(guardian for guardian in family.guardians if guardian["email"])
    return Child(
        name=_name(child),
        source_id=child["sourcedId"],
        school=child["orgSourcedIds"],
        grade=child["grades"],
        language=family.language,
        guardian=_name(guardian),
        guardian_email=guardian["email"],
    )


@cache
def staff_email(source_id: str) -> str:
    """The address of a member of staff."""
    return next(person["email"] for person in roster.staff() if person["sourcedId"] == source_id)


@cache
def partner_email(organization: str) -> str:
    """The address of the person who answers for a partner."""
    return next(row[10] for row in programs.rows() if row[0] == organization)


def partner_contact(organization: str) -> str:
    """The name of that person."""
    return next(row[9] for row in programs.rows() if row[0] == organization)


def _name(person: roster.User) -> str:
    return f"{person['givenName']} {person['familyName']}"
