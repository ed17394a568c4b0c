"""Reads a whole bundle: persons are streamed; afterwards their roles and the report are whole."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from services.people.roster.bundle import Bundle
from services.people.roster.manifest import Manifest, Mode, read_manifest
from services.people.roster.orgs import Orgs
from services.people.roster.problems import Enough, Report
from services.people.roster.records import ROLES, Kind, PersonRow, RoleRow, SchoolRow, person_id, school_id
from services.people.roster.roles import Held, RolesFile
from services.people.roster.status import as_written
from services.people.roster.users import FILE, Family, Member, Seen, UsersFile
from services.people.roster.values import id_list
from shared.events.vocabulary import RoleName


@dataclass(frozen=True, slots=True)
class Known:
    """What is stored already, by sourcedId: a delta may refer to it."""

    schools: frozenset[str] = frozenset()
    persons: Mapping[str, Kind | None] = field(default_factory=dict)


class Reading:
    """A bundle being read. Use `persons()` to its end, then everything else is whole."""

    def __init__(self, bundle: Bundle, known: Known, *, region: str = "US") -> None:
        self.report = Report()
        self.roles: list[RoleRow] = []
        self.named_roles: list[str] = []
        """Every sourcedId of roles.csv, also of the roles that are gone."""
        self.manifest: Manifest | None = None
        self._bundle, self._known, self._region = bundle, known, region
        self._orgs = Orgs(known.schools)
        self._users: UsersFile | None = None

    @property
    def schools(self) -> Sequence[SchoolRow]:
        """The schools of orgs.csv."""
        return self._orgs.rows

    @property
    def counts(self) -> dict[Kind, int]:
        """How many students, guardians and staff users.csv holds, each person once."""
        seen = self._users.seen.values() if self._users else ()
        return {kind: sum(1 for row in seen if row.kind is kind and not row.gone) for kind in Kind}

    @property
    def bytes_done(self) -> tuple[int, int]:
        """How many bytes of users.csv are read, and how many there are."""
        return (self._users.table.bytes_read, self._users.table.size) if self._users else (0, 0)

    def persons(self) -> Iterator[PersonRow]:
        """Every person of the bundle whose row is sound. Raises `Unusable` where a file is damaged."""
        try:
            yield from self._persons()
        except Enough:
            return

    def _persons(self) -> Iterator[PersonRow]:
        self.manifest = read_manifest(self._bundle, self.report)
        if self.manifest is None:
            return
        if self.manifest.orgs:
            self._orgs.read(self._bundle, self.manifest.orgs, self.report)
        roles = RolesFile()
        if self.manifest.roles:
            roles.read(self._bundle, self.manifest.roles, self.report)
        self.named_roles = roles.named
        yield from self._users_of(self.manifest, roles)
        self._roles_of_others(roles)
        self._settle_families()

    def _users_of(self, manifest: Manifest, roles: RolesFile) -> Iterator[PersonRow]:
        if manifest.users is None:
            return
        self._users = UsersFile(
            self._bundle, self.report, version=manifest.version, mode=manifest.users, roles=roles,
            stored=self._known.persons, region=self._region,
        )  # fmt: skip
        for read in self._users.read():
            if isinstance(read, Member):
                self._receive(read, whole=manifest.users is Mode.BULK)
                yield read.person
            else:
                yield read

    def _receive(self, member: Member, *, whole: bool) -> None:
        """Give a person the roles of the files; where the files are whole, there must be some."""
        if not member.held and whole:
            words = "The person has no line in roles.csv: kept without a role."
            self.report.warn(FILE, member.line, "sourcedId", member.person.source_id, words)
        elif member.person.kind != Kind.GUARDIAN or len(member.held) > 1:
            self._give_roles(member.person.id, member.held, kind=member.person.kind)

    def _give_roles(self, person: UUID, held: Sequence[Held], *, kind: str) -> None:
        before = len(self.roles)
        for role in held:
            what = ROLES.get(role.role)
            if what is Kind.STUDENT:
                self._at_schools(person, RoleName.STUDENT, role, before, needed=True)
            elif what is Kind.STAFF:
                self._at_schools(person, RoleName.SCHOOL_STAFF, role, before, needed=False)
        if kind in (Kind.STAFF, "") and len(self.roles) == before and held and not self._is_unclear(held):
            words = "Nobody at a school: kept without a role. Give one on the page People, if one is needed."
            self.report.warn(held[0].file, held[0].line, "role", held[0].role, words)

    def _is_unclear(self, held: Sequence[Held]) -> bool:
        return any(len(self._orgs.schools(org)) > 1 for role in held for org in role.orgs)

    def _at_schools(self, person: UUID, name: RoleName, held: Held, first: int, *, needed: bool) -> None:
        """Give the role at each school; `first` is where the person's roles begin."""
        before = len(self.roles)
        for org in held.orgs:
            meant = self._orgs.schools(org)
            if len(meant) == 1:
                place = len(self.roles) - first
                self.roles.append(RoleRow(person, name, school_id(meant[0]), place, held.source_id))
            elif meant:
                self._ambiguous_school(held, org, needed=needed)
            elif not self._orgs.is_other(org):
                self.report.error(held.file, held.line, held.column, org, "There is no such school in orgs.csv.")
        if needed and len(self.roles) == before and all(self._orgs.is_other(org) for org in held.orgs):
            words = "A student must attend a school; this is none."
            self.report.error(held.file, held.line, held.column, ",".join(held.orgs), words)

    def _ambiguous_school(self, held: Held, org: str, *, needed: bool) -> None:
        words = "Several schools have this id, so nobody can tell which one is meant."
        if needed:
            self.report.error(held.file, held.line, held.column, org, f"{words} Give each school an id of its own.")
        else:
            self.report.warn(held.file, held.line, held.column, org, f"{words} The person was kept without a school.")

    def _roles_of_others(self, roles: RolesFile) -> None:
        """Lines of roles.csv of somebody who has no row in users.csv: stored already, or an error."""
        seen = self._users.seen if self._users else {}
        for user, held in roles.by_user.items():
            if user in seen:
                continue
            if user in self._known.persons:
                self._give_roles(person_id(user), held, kind=self._known.persons[user] or "")
            else:
                words = "There is no such user in users.csv."
                self.report.error(held[0].file, held[0].line, "userSourcedId", user, words)

    def _settle_families(self) -> None:
        if self._users is None:
            return
        spoilt: dict[str, list[Seen]] = {}
        for own, seen in self._users.seen.items():
            if (written := as_written(own)) != own:
                spoilt.setdefault(written, []).append(seen)
        guardians: set[UUID] = set()
        for family in self._users.families:
            guardians |= self._settle(family, self._users.seen, spoilt)
        if self.manifest and self.manifest.users is Mode.BULK:
            self._warn_of_nobodys_guardians(guardians)

    def _settle(self, family: Family, seen: Mapping[str, Seen], spoilt: Mapping[str, list[Seen]]) -> set[UUID]:
        found: list[UUID] = []
        for agent in id_list(family.agents):
            rows = [seen[agent]] if agent in seen else spoilt.get(agent, [])
            words = self._why_no_guardian(agent, family, rows)
            if words:
                self.report.error(FILE, family.line, "agentSourcedIds", agent, words)
            else:
                found.append(rows[0].id if rows else person_id(agent))
        if not family.agents:
            words = "The student has no guardian: nobody can be asked for consent."
            self.report.warn(FILE, family.line, "agentSourcedIds", "", words)
        for place, guardian in enumerate(found):
            self.roles.append(RoleRow(guardian, RoleName.GUARDIAN, family.student_id, place, ""))
        return set(found)

    def _why_no_guardian(self, agent: str, family: Family, rows: Sequence[Seen]) -> str:
        if len(rows) > 1:
            return "Several persons have this id, so nobody can tell who the guardian is."
        if agent == family.sourced_id:
            return "A student cannot be their own guardian."
        if rows and rows[0].gone:
            return "This guardian is taken away by the same bundle."
        if not rows and agent not in self._known.persons:
            return "There is no such guardian in users.csv."
        kind = rows[0].kind if rows else self._known.persons[agent]
        return "This is a student, who cannot be a guardian." if kind is Kind.STUDENT else ""

    def _warn_of_nobodys_guardians(self, guardians: set[UUID]) -> None:
        if self._users is None:
            return
        for seen in self._users.seen.values():
            if seen.kind is Kind.GUARDIAN and seen.id not in guardians and not seen.gone:
                self.report.warn(FILE, seen.line, "sourcedId", "", "The guardian belongs to no student.")


def read_roster(bundle: Bundle, known: Known | None = None, *, region: str = "US") -> Reading:
    """Begin to read a bundle; see `Reading`."""
    return Reading(bundle, known or Known(), region=region)
