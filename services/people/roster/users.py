"""users.csv: one person per row, checked value by value; who is whose guardian is settled when all rows are known."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from services.people.roster import values
from services.people.roster.bundle import Bundle
from services.people.roster.contacts import read_contact
from services.people.roster.lines import Table
from services.people.roster.manifest import Mode
from services.people.roster.problems import Report
from services.people.roster.records import ROLES, Kind, PersonRow, person_id
from services.people.roster.roles import Held, RolesFile, check_role
from services.people.roster.status import check_status, own_id

FILE = "users.csv"
REQUIRED = {
    "1.1": ("sourcedId", "enabledUser", "orgSourcedIds", "role", "username", "givenName", "familyName"),
    "1.2": ("sourcedId", "enabledUser", "username", "givenName", "familyName"),
}
LONGEST_NAME = 200


class User(NamedTuple):
    """The cells of a row that matter here, in the order of COLUMNS."""

    sourced_id: str
    status: str
    enabled: str
    orgs: str
    role: str
    username: str
    given: str
    family: str
    preferred_given: str
    preferred_family: str
    email: str
    sms: str
    phone: str
    agents: str
    grades: str
    language: str


COLUMNS = (
    "sourcedId", "status", "enabledUser", "orgSourcedIds", "role", "username", "givenName", "familyName",
    "preferredGivenName", "preferredFamilyName", "email", "sms", "phone", "agentSourcedIds", "grades",
    "metadata.homeLanguage",
)  # fmt: skip


class Seen(NamedTuple):
    """A row of users.csv that others may refer to."""

    line: int
    id: UUID
    kind: Kind | None
    gone: bool


class Family(NamedTuple):
    """A student's row: whose ids stand in agentSourcedIds."""

    line: int
    student_id: UUID
    sourced_id: str
    agents: str


class Member(NamedTuple):
    """A sound row of somebody who is there: the person, and the roles that the files give."""

    line: int
    person: PersonRow
    held: Sequence[Held]


class UsersFile:
    """The rows of users.csv, streamed; after that `seen` and `families` are whole."""

    def __init__(
        self,
        bundle: Bundle,
        report: Report,
        *,
        version: str,
        mode: Mode,
        roles: RolesFile,
        stored: Mapping[str, Kind | None],
        region: str,
    ) -> None:
        self.seen: dict[str, Seen] = {}
        self.families: list[Family] = []
        self.table = Table(bundle, FILE, report)
        self._sound = self.table.has(*REQUIRED[version])
        self._version, self._mode, self._roles = version, mode, roles
        # In 1.2 a delta may change a person and say nothing of roles.
        self._stored = stored if version == "1.2" and mode is Mode.DELTA else {}
        self._needed = [COLUMNS.index(column) for column in REQUIRED[version]]
        self._report, self._region = report, region

    def read(self) -> Iterator[Member | PersonRow]:
        """Everyone: a `Member` who is there, or the bare `PersonRow` of one who is gone (delta)."""
        if not self._sound:
            return
        for line, cells in self.table.rows(COLUMNS):
            read = self._row(line, User._make(cells))
            if read is not None:
                yield read
        if not self.seen and self._mode is Mode.BULK:
            self._report.error(FILE, 0, "", "", "There is nobody in the file. A bulk bundle must hold everyone.")

    def _row(self, line: int, user: User) -> Member | PersonRow | None:
        report, before = self._report, self._report.errors
        gone = check_status(report, FILE, line, self._mode, user.status)
        self._check_needed(line, user, gone)
        own = own_id(report, FILE, line, user.sourced_id, user.username)
        held = self._held(line, user)
        kind = _kind(held, self._stored.get(own))
        seen = self.seen.setdefault(own, Seen(line, person_id(own), kind, gone))
        if seen.line != line:
            words = f"The sourcedId is there twice; first on line {seen.line}."
            report.error(FILE, line, "sourcedId", user.sourced_id, words)
        if gone:
            leaves = report.errors == before and self._mode is Mode.DELTA
            return PersonRow(seen.id, own, "", "", "", None, None, "en", None, False, True) if leaves else None
        person = self._person(line, user, seen, own)
        if kind is Kind.STUDENT:
            self.families.append(Family(line, seen.id, user.sourced_id, user.agents))
        return Member(line, person, held) if report.errors == before else None

    def _check_needed(self, line: int, user: User, gone: bool) -> None:
        for place in (0,) if gone else self._needed:
            if not user[place]:
                self._report.error(FILE, line, COLUMNS[place], "", f"A value for {COLUMNS[place]} is needed.")
        if user.enabled not in ("true", "false", "") and user.enabled.lower() not in ("true", "false", "1", "0"):
            self._report.error(FILE, line, "enabledUser", user.enabled, "The value must be true or false.")
        for column, name in (("givenName", user.given), ("familyName", user.family)):
            if len(name) > LONGEST_NAME:
                self._report.error(FILE, line, column, name, f"A name has at most {LONGEST_NAME} characters.")

    def _held(self, line: int, user: User) -> Sequence[Held]:
        if self._version == "1.2":
            return self._roles.by_user.get(user.sourced_id, ())
        check_role(self._report, FILE, line, user.role)
        return (Held(FILE, line, "orgSourcedIds", user.role.lower(), values.id_list(user.orgs)),)

    def _person(self, line: int, user: User, seen: Seen, own: str) -> PersonRow:
        contact = read_contact(
            self._report, FILE, line, seen.kind,
            email=user.email, sms=user.sms, phone=user.phone, region=self._region,
        )  # fmt: skip
        return PersonRow(
            seen.id,
            own,
            seen.kind or "",
            user.preferred_given or user.given,
            user.preferred_family or user.family,
            contact.email,
            contact.phone,
            self._language(line, user.language),
            self._grade(line, user.grades) if seen.kind is Kind.STUDENT else None,
            user.enabled == "true" or user.enabled.lower() in ("true", "1"),
            False,
        )

    def _language(self, line: int, raw: str) -> str:
        if not raw:
            return "en"
        tag, known = values.language(raw)
        if not known:
            words = "This is no BCP 47 tag of a language that is known here; it was kept as it came."
            self._report.warn(FILE, line, "metadata.homeLanguage", raw, words)
        return tag

    def _grade(self, line: int, raw: str) -> str | None:
        if not raw:
            return None
        code = values.grade(raw)
        if code is None:
            words = "This is no grade. Use a CEDS code: PK, KG, 01 to 13, UG, Other."
            self._report.error(FILE, line, "grades", raw, words)
        return code


def _kind(held: Sequence[Held], stored: Kind | None) -> Kind | None:
    """The first of student, staff and guardian that somebody is."""
    if len(held) == 1 and stored is None:
        return ROLES.get(held[0].role)
    kinds = {stored, *(ROLES.get(role.role) for role in held)}
    return next((kind for kind in (Kind.STUDENT, Kind.STAFF, Kind.GUARDIAN) if kind in kinds), None)
