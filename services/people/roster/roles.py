"""roles.csv (OneRoster 1.2): which roles each user holds, where, and which of them are gone."""

from collections.abc import Sequence
from typing import NamedTuple

from services.people.roster.bundle import Bundle
from services.people.roster.lines import Table
from services.people.roster.manifest import Mode
from services.people.roster.problems import Report
from services.people.roster.records import ROLES
from services.people.roster.status import check_status

FILE = "roles.csv"
COLUMNS = ("sourcedId", "status", "userSourcedId", "roleType", "role", "orgSourcedId")


class Held(NamedTuple):
    """A role as a file says it: where it is said, what, in which organizations. `source_id` is empty in 1.1."""

    file: str
    line: int
    column: str
    """The column that names the organizations."""
    role: str
    orgs: Sequence[str]
    source_id: str = ""


class RolesFile:
    """The lines of roles.csv by user, the primary role first; and the ids of those that are gone."""

    def __init__(self) -> None:
        self.by_user: dict[str, list[Held]] = {}
        self.named: list[str] = []
        self._lines: dict[str, int] = {}

    def read(self, bundle: Bundle, mode: Mode, report: Report) -> None:
        """Read roles.csv."""
        table = Table(bundle, FILE, report)
        if table.has("sourcedId", "userSourcedId", "roleType", "role", "orgSourcedId"):
            for line, cells in table.rows(COLUMNS):
                self._row(report, line, mode, cells)

    def _row(self, report: Report, line: int, mode: Mode, cells: Sequence[str]) -> None:
        sourced_id, status, user, role_type, role, org = cells
        before = report.errors
        gone = check_status(report, FILE, line, mode, status)
        needed = {"sourcedId": sourced_id}
        if not gone:
            needed |= {"userSourcedId": user, "role": role, "orgSourcedId": org}
            check_role(report, FILE, line, role)
        for column in (column for column, value in needed.items() if not value):
            report.error(FILE, line, column, "", f"A value for {column} is needed.")
        if (first := self._lines.setdefault(sourced_id, line)) != line:
            report.error(FILE, line, "sourcedId", sourced_id, f"The sourcedId is there twice; first on line {first}.")
        if report.errors == before:
            self.named.append(sourced_id)
            if not gone:
                self._keep(user, role_type, Held(FILE, line, "orgSourcedId", role.lower(), [org], sourced_id))

    def _keep(self, user: str, role_type: str, held: Held) -> None:
        roles = self.by_user.setdefault(user, [])
        roles.insert(0 if role_type.lower() == "primary" else len(roles), held)


def check_role(report: Report, file: str, line: int, role: str) -> None:
    """A role word that the standard does not know is an error; an extension (`ext:...`) is left out with a warning."""
    if role.startswith("ext:"):
        report.warn(file, line, "role", role, "This role is an extension that is not known here; it was left out.")
    elif role and role.lower() not in ROLES:
        known = ", ".join(sorted(ROLES))
        report.error(file, line, "role", role, f"The role is not known. It must be one of {known}.")
