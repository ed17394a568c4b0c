"""Who is who in the demo district, for those who play in it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from deploy.demo_district import programs, roster
from deploy.trouble import Trouble

Json = Any
Get = Callable[..., Awaitable[Json]]
"""Asks the API: a path, and the query by name."""


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


async def missing(get: Get, wanted: Mapping[str, str]) -> list[str]:
    """Which of them (name or address: role) are not there; `get` asks the API as the district office."""
    gone = []
    for who, role in wanted.items():
        found = await get("/people/api/v1/persons", q=who, role=role)
        if not found["total"]:
            gone.append(who)
    return gone


def two_choices(offers: Sequence[Json]) -> tuple[Json, Json]:
    """The first programs that fit, of two partners of the demo district. Raises `Trouble` where there are none."""
    fitting = [o for o in offers if o["fits"] and o["organization"] in {row[0] for row in programs.rows()}]
    first = fitting[0] if fitting else {"organization_id": None}
    second = next((o for o in fitting if o["organization_id"] != first["organization_id"]), None)
    if second is None:
        raise Trouble(
            "The demo plays with two partners of the demo district, and their programs are no longer there. "
            "Play it in a system of its own: crosswalk up --data demo --port 8010, then crosswalk demo --data demo."
        )
    return first, second


def _name(person: roster.User) -> str:
    return f"{person['givenName']} {person['familyName']}"
