"""What the people service publishes: schools and persons as state, and facts about sign-in and imports."""

from datetime import datetime
from uuid import UUID

from shared.events.base import Erasure, Fact, Role, fact

SCHOOLS = "people.schools.v1"
PERSONS = "people.persons.v1"
EVENTS = "people.events.v1"


@fact("school.changed.v1", topic=SCHOOLS, key="school_id")
class SchoolChanged(Fact):
    """The newest state of a school."""

    school_id: UUID
    name: str
    active: bool = True
    latitude: float | None = None
    """Degrees (WGS 84); None where the roster does not say where it is."""
    longitude: float | None = None


@fact("person.changed.v1", topic=PERSONS, key="person_id")
class PersonChanged(Fact):
    """The newest state of a person: the only event that carries names and addresses."""

    person_id: UUID
    given_name: str
    family_name: str
    email: str | None = None
    phone: str | None = None
    """E.164."""
    language: str = "en"
    """BCP 47; one of the languages families are written to in, or another tag that is kept as it came."""
    roles: tuple[Role, ...] = ()
    """A guardian has one role per student, school staff one per school, partner staff one per organization."""
    school_id: UUID | None = None
    """Of a student: the school attended."""
    grade: str | None = None
    """Of a student: the CEDS grade code."""
    guardian_ids: tuple[UUID, ...] = ()
    """Of a student: the guardians, the first to be asked first."""
    active: bool = True


@fact("person.erased.v1", topic=PERSONS, key="person_id")
class PersonErased(Erasure):
    """A person was erased; everyone deletes what they hold of that person."""

    person_id: UUID


@fact("roster.imported.v1", topic=EVENTS, key="import_id")
class RosterImported(Fact):
    """A roster bundle was applied, whole."""

    import_id: UUID
    mode: str
    """`bulk` or `delta`."""
    schools: int
    students: int
    guardians: int
    staff: int
    changed: int
    """Persons and schools that differ from before."""
    warnings: int


@fact("role.granted.v1", topic=EVENTS, key="person_id")
class RoleGranted(Fact):
    """A person was given a role by someone."""

    person_id: UUID
    role: Role


@fact("role.revoked.v1", topic=EVENTS, key="person_id")
class RoleRevoked(Fact):
    """A role was taken away; the person's sessions end with it."""

    person_id: UUID
    role: Role


@fact("session.started.v1", topic=EVENTS, key="person_id")
class SessionStarted(Fact):
    """Somebody signed in."""

    person_id: UUID
    session_id: UUID
    method: str
    """`code`, `link`, `provider` (the district's own sign-in) or `setup`."""
    expires_at: datetime


@fact("session.ended.v1", topic=EVENTS, key="person_id")
class SessionsEnded(Fact):
    """Sessions ended before their time; every service refuses their tokens from now on."""

    person_id: UUID
    session_ids: tuple[UUID, ...]
    reason: str
    """`signed_out`, `signed_out_everywhere`, `signed_out_at_provider`, `account_parted`, `roles_changed`, `erased`."""
    expires_at: datetime
    """When the last of these sessions would have ended by itself; nothing need be remembered after it."""


@fact("sign_in.refused.v1", topic=EVENTS, key="sign_in_id")
class SignInRefused(Fact):
    """Somebody who had asked for a way in was not let in; who it was is often not known."""

    sign_in_id: UUID
    method: str
    """`code` or `provider`."""
    reason: str
    """The code of the refusal: `code_wrong`, `email_unverified`, `account_unknown`, and so on."""


@fact("account.joined.v1", topic=EVENTS, key="person_id")
class AccountJoined(Fact):
    """An account at the district's own sign-in was found to be this person, and is from now on."""

    person_id: UUID
    issuer: str
    """The provider, as it names itself."""


@fact("account.parted.v1", topic=EVENTS, key="person_id")
class AccountParted(Fact):
    """The account at the district's own sign-in is this person no longer; another may join."""

    person_id: UUID
    issuer: str
