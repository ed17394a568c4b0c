"""Services of HSDS as programs: what can be understood is, and the report says what was changed or left out."""

from collections.abc import Iterable, Mapping
from datetime import date
from uuid import UUID

from services.agreements.hsds.files import Json, read_files
from services.agreements.hsds.service import ServiceReader
from services.agreements.hsds.terms import made
from services.agreements.programs_csv import Became, Line, Progress, Reading, ReadOrganization, ReadProgram, Report
from services.agreements.rules import ProgramStatus
from services.agreements.rules.partners import MAX_NAME
from services.agreements.words import folded, line, name_key

STATUS = {
    "active": ProgramStatus.OPEN,
    "temporarily closed": ProgramStatus.PAUSED,
    "inactive": ProgramStatus.CLOSED,
    "defunct": ProgramStatus.CLOSED,
}


def read_hsds(content: bytes, country: str, schools: Mapping[str, UUID], progress: Progress | None = None) -> Reading:
    """Read the bytes of a file; `schools` are ids by folded name, `country` is where bare telephone numbers are from.

    A service at several places becomes a program at each. Refuses what is no HSDS at all.
    """
    found = read_files(content)
    said: list[Line] = list(found.lines)
    organizations: dict[str, ReadOrganization] = {}
    programs: dict[UUID, ReadProgram] = {}
    for done, (row, service) in enumerate(found.services, start=1):
        home = _home(service, organizations)
        if home is None or not line(str(service.get("name") or "")):
            said.append(_left_out(row, service, home))
            continue
        for program in _programs(ServiceReader(row, service, country, schools, said), home, said):
            if programs.setdefault(program.id, program) is not program:
                reason = "Another row has this id; the first one counts"
                said.append(
                    _line(Became.ROW_LEFT_OUT, row, "id", str(service.get("id") or program.values.name), reason)
                )
        if progress:
            progress(done, len(found.services))
    ordered = tuple(sorted(said, key=lambda one: one.row or 0))
    return Reading(
        tuple(organizations.values()), tuple(programs.values()), Report(rows=len(found.services), lines=ordered)
    )


def _home(service: Json, known: dict[str, ReadOrganization]) -> ReadOrganization | None:
    """The organization of a service; spellings of one name are one."""
    said = service.get("organization")
    name = line(str(said.get("name") or ""))[:MAX_NAME] if isinstance(said, dict) else ""
    if not name or not isinstance(said, dict):
        return None
    return known.setdefault(name_key(name), ReadOrganization(_id(said.get("id"), "organization", name_key(name)), name))


def _left_out(row: int, service: Json, home: ReadOrganization | None) -> Line:
    if home is not None:
        return Line(became=Became.ROW_LEFT_OUT, row=row, column="name", reason="The name is missing")
    reason = "Its organization is not in the file, or has no name"
    id = line(str(service.get("organization_id") or ""))[:200]
    return Line(became=Became.ROW_LEFT_OUT, row=row, column="organization_id", value=id, reason=reason)


def _programs(reader: ServiceReader, home: ReadOrganization, said: list[Line]) -> Iterable[ReadProgram]:
    places = reader.places()
    if len(places) > 1:
        reason = f"It takes place at {len(places)} places; each became a program"
        said.append(Line(became=Became.CHANGED, row=reader.row, column="location", value=reader.name, reason=reason))
    values, status, assured = reader.values(home.name), _status(reader, said), _assured(reader, said)
    for number, place in enumerate(places or [{}]):
        id = _id(reader.service.get("id"), "service", home.id, reader.name)
        at = id if not number else UUID(made("program", id, place.get("site") or number))
        yield ReadProgram(at, home.id, reader.row, values.model_copy(update=place), status, assured)


def _status(reader: ServiceReader, said: list[Line]) -> ProgramStatus:
    text = line(str(reader.service.get("status") or ""))
    known = STATUS.get(folded(text))
    if known is None:
        reason = "No status that HSDS knows; taken as active"
        said.append(Line(became=Became.CHANGED, row=reader.row, column="status", value=text[:200], reason=reason))
    return known or ProgramStatus.OPEN


def _assured(reader: ServiceReader, said: list[Line]) -> date | None:
    text = line(str(reader.service.get("assured_date") or ""))
    try:
        return date.fromisoformat(text[:10]) if text else None
    except ValueError:
        reason = "Not a date; it counts as confirmed on the day of the import"
        said.append(_line(Became.VALUE_LEFT_OUT, reader.row, "assured_date", text, reason))
        return None


def _line(became: Became, row: int, column: str, value: str, reason: str) -> Line:
    return Line(became=became, row=row, column=column, value=value[:200], reason=reason)


def _id(given: object, *parts: object) -> UUID:
    """The id that the file gives where it is a UUID; else one that the same file always gets."""
    try:
        return UUID(str(given))
    except ValueError:
        return UUID(made("import", *parts[:1], given or "", *([] if given else parts[1:])))
