"""orgs.csv: the schools, and which other ids are organizations that are no school."""

from collections.abc import Sequence

from services.people.roster.bundle import Bundle
from services.people.roster.lines import Table
from services.people.roster.manifest import Mode
from services.people.roster.problems import Report
from services.people.roster.records import SchoolRow, school_id
from services.people.roster.status import as_written, check_status, own_id

FILE = "orgs.csv"
LATITUDE, LONGITUDE = "metadata.latitude", "metadata.longitude"
"""Where a school is, in degrees: extension columns, which need not be there."""
COLUMNS = ("sourcedId", "status", "name", "type", LATITUDE, LONGITUDE)
TYPES = ("department", "school", "district", "local", "state", "national")


Position = tuple[float, float] | tuple[None, None]


class Orgs:
    """The schools of a bundle, and what a reference to an organization means."""

    def __init__(self, stored: frozenset[str]) -> None:
        self.rows: list[SchoolRow] = []
        self._schools: dict[str, list[str]] = {}
        for own in stored:
            self._schools.setdefault(as_written(own), []).append(own)
        self._others: set[str] = set()
        self._lines: dict[str, int] = {}

    def schools(self, sourced_id: str) -> list[str]:
        """The schools that an id may mean: one, none, or several where a spreadsheet spoilt the id."""
        return self._schools.get(sourced_id, [])

    def is_other(self, sourced_id: str) -> bool:
        """Whether an id names an organization that is no school: the district, a department."""
        return sourced_id in self._others

    def read(self, bundle: Bundle, mode: Mode, report: Report) -> None:
        """Read orgs.csv."""
        table = Table(bundle, FILE, report)
        if not table.has("sourcedId", "name", "type"):
            return
        for line, cells in table.rows(COLUMNS):
            self._row(report, line, mode, cells)
        if mode is Mode.BULK and not self.rows and not report.errors:
            report.error(FILE, 0, "type", "", "There is no school in the file. A bulk bundle must hold all of them.")

    def _row(self, report: Report, line: int, mode: Mode, cells: Sequence[str]) -> None:
        sourced_id, status, name, type_, *position = cells
        gone = check_status(report, FILE, line, mode, status)
        needed = {"sourcedId": sourced_id} if gone else {"sourcedId": sourced_id, "name": name, "type": type_}
        for column in (column for column, value in needed.items() if not value):
            report.error(FILE, line, column, "", f"A value for {column} is needed.")
        if type_ and type_.lower() not in TYPES:
            report.error(FILE, line, "type", type_, f"The type must be one of {', '.join(TYPES)}.")
        own = own_id(report, FILE, line, sourced_id, name)
        if (first := self._lines.setdefault(own, line)) != line:
            report.error(FILE, line, "sourcedId", sourced_id, f"The sourcedId is there twice; first on line {first}.")
        elif gone:
            self._leave(sourced_id, own, mode)
        else:
            self._keep(sourced_id, own, name, type_, _position(report, line, *position))

    def _leave(self, sourced_id: str, own: str, mode: Mode) -> None:
        self._schools.pop(sourced_id, None)
        if mode is Mode.DELTA:
            self.rows.append(SchoolRow(school_id(own), own, "", gone=True))

    def _keep(self, sourced_id: str, own: str, name: str, type_: str, position: Position) -> None:
        if type_.lower() != "school":
            self._others.add(sourced_id)
            return
        self.rows.append(SchoolRow(school_id(own), own, name, False, *position))
        if own not in self._schools.setdefault(sourced_id, []):
            self._schools[sourced_id].append(own)


def _position(report: Report, line: int, latitude: str, longitude: str) -> Position:
    """Where a school is; nowhere where the file does not say, or says what is no place on earth."""
    if not latitude and not longitude:
        return None, None
    try:
        found = float(latitude), float(longitude)
    except ValueError:
        found = (91.0, 181.0)
    if abs(found[0]) <= 90 and abs(found[1]) <= 180:
        return found
    words = "This is no latitude and longitude in degrees; the school stays without a place on the map."
    report.warn(FILE, line, LATITUDE, f"{latitude}, {longitude}", words)
    return None, None
