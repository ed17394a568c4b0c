"""What a roster comes to: schools, persons and roles as plain rows, as they are copied to the database."""

import hashlib
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from shared.events.vocabulary import RoleName

_SPACE = UUID("4a1c6f0e-5f0b-5a53-9a0c-2f0f6d0a7e11")
_USERS = hashlib.sha1(_SPACE.bytes + b"user:", usedforsecurity=False)
_ORGS = hashlib.sha1(_SPACE.bytes + b"org:", usedforsecurity=False)


class Kind(StrEnum):
    """What somebody is on the roster, first of all."""

    STUDENT = "student"
    GUARDIAN = "guardian"
    STAFF = "staff"


ROLES: dict[str, Kind | None] = {
    "student": Kind.STUDENT,
    **dict.fromkeys(("guardian", "parent", "relative"), Kind.GUARDIAN),
    **dict.fromkeys(("administrator", "aide", "counselor", "principal", "proctor", "siteadministrator"), Kind.STAFF),
    "teacher": Kind.STAFF,
    "districtadministrator": None,
    "systemadministrator": None,
}
"""Role words of OneRoster 1.1 and 1.2 (lower case). None: the widest rights, which no file may hand out."""


class SchoolRow(NamedTuple):
    """One school."""

    id: UUID
    source_id: str
    name: str
    gone: bool
    latitude: float | None = None
    """Degrees (WGS 84); None where the file does not say."""
    longitude: float | None = None


class PersonRow(NamedTuple):
    """One person; of one who is gone only the ids count. `phone` is E.164, `language` BCP 47, `grade` CEDS."""

    id: UUID
    source_id: str
    kind: str
    given_name: str
    family_name: str
    email: str | None
    phone: str | None
    language: str
    grade: str | None
    enabled: bool
    gone: bool


class RoleRow(NamedTuple):
    """A role that the roster gives. `source_id` names the line of roles.csv (1.2); empty: it follows from users.csv.

    `place` orders roles of the same name: of a student's schools the first is attended, of guardians the first is
    asked first. `scope_id` is None only where the line of roles.csv is gone.
    """

    person_id: UUID
    name: RoleName
    scope_id: UUID | None
    place: int
    source_id: str


def person_id(source_id: str) -> UUID:
    """The id of a person of the roster: a UUIDv5 of the OneRoster sourcedId."""
    return _uuid5(_USERS, source_id)


@lru_cache(maxsize=1024)
def school_id(source_id: str) -> UUID:
    """The id of a school of the roster: a UUIDv5 of the OneRoster sourcedId."""
    return _uuid5(_ORGS, source_id)


def _uuid5(space: "hashlib._Hash", name: str) -> UUID:
    digest = space.copy()
    digest.update(name.encode())
    return UUID(bytes=digest.digest()[:16], version=5)
