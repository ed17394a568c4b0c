"""Files of HSDS as services with all that belongs to them: JSON, lines of JSON, tables of CSV (3.x and 1.1), zipped."""

import csv
import io
import json
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from services.agreements.programs_csv import Became, Line
from services.agreements.words import line, lines
from shared.refusals import Kind, Refusal

Json = dict[str, Any]
MOST_BYTES = 500_000_000
"""What a zip may unpack to."""

TABLES = {
    "organization": "organizations", "service": "services", "location": "locations", "phone": "phones",
    "services_at_location": "service_at_location", "service_at_locations": "service_at_location",
    "address": "addresses", "physical_addresses": "addresses", "regular_schedules": "schedules",
    "schedule": "schedules", "contact": "contacts", "language": "languages", "cost_option": "cost_options",
    "service_capacities": "service_capacity", "attribute": "attributes", "services_taxonomy": "attributes",
    "service_taxonomy": "attributes", "taxonomy": "taxonomy_terms", "taxonomy_term": "taxonomy_terms",
}  # fmt: skip
"""Names of tables in older forms and in careless ones."""

OF_SERVICE = ("phones", "contacts", "schedules", "languages", "cost_options", "service_capacity", "eligibility")
OF_PLACE = ("phones", "contacts", "schedules", "languages", "addresses")


@dataclass(slots=True)
class Content:
    """What files hold: services, whole, each with the number that it has in its file; and what was wrong."""

    services: list[tuple[int, Json]] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)


def read_files(content: bytes) -> Content:
    """The services in the bytes of a file. Refuses what is neither JSON nor a zip with HSDS in it."""
    if content[:4] == b"PK\x03\x04":
        return _zipped(content)
    return _json(content)


def _zipped(content: bytes) -> Content:
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        members = [one for one in archive.infolist() if not one.is_dir() and "__MACOSX" not in one.filename]
        if sum(one.file_size for one in members) > MOST_BYTES:
            raise _refused("What is in the zip is too large. Split it into several.")
        files = {PurePosixPath(one.filename): archive.read(one) for one in members}
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError):
        raise _refused("The zip file is damaged or has a password. Pack it anew without one.") from None
    tables = {p.stem.casefold(): data for p, data in files.items() if p.suffix.casefold() == ".csv"}
    if tables:
        return _tables(tables)
    whole = Content()
    for path, data in files.items():
        if path.suffix.casefold() in (".json", ".ndjson", ".jsonl") and path.stem.casefold() != "datapackage":
            part = _json(data)
            whole.services += part.services
            whole.lines += part.lines
    if not whole.services:
        raise _refused("There are no services in the zip. It needs services.csv, or a JSON file of services.")
    return whole


def _json(content: bytes) -> Content:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _refused("This is neither JSON in UTF-8 nor a zip.") from None
    try:
        found = _services(json.loads(text))
    except (ValueError, RecursionError):
        try:
            found = _services([json.loads(one) for one in text.splitlines() if one.strip()])
        except (ValueError, RecursionError):
            raise _refused("The file cannot be read as JSON, nor as a line of JSON for each service.") from None
    if not found:
        raise _refused("There are no services in this file. It needs a list of HSDS services, or of organizations.")
    return Content(list(enumerate(found, start=1)))


def _services(found: Any) -> list[Json]:
    """The services of a list, of a page of the API, or of organizations that have some."""
    if isinstance(found, dict):
        for key in ("contents", "services", "organizations"):
            if isinstance(found.get(key), list) and "status" not in found:
                return _services(_with_home(found, key))
        found = [found]
    if not isinstance(found, list):
        return []
    services: list[Json] = []
    for one in (one for one in found if isinstance(one, dict)):
        services += _services(one) if isinstance(one.get("services"), list) else [one]
    return services


def _with_home(found: Json, key: str) -> list[Any]:
    if key != "services" or not found.get("name"):
        return list(found[key])
    home = {name: value for name, value in found.items() if name != "services"}
    return [one | {"organization": one.get("organization") or home} for one in found[key] if isinstance(one, dict)]


def _tables(files: Mapping[str, bytes]) -> Content:
    content = Content()
    tables: dict[str, list[Json]] = defaultdict(list)
    for name, data in files.items():
        tables[TABLES.get(name, name)] += list(_rows(name, data, content.lines))
    if not tables["services"]:
        raise _refused("There is no services.csv with rows in the zip.")
    homes = {one["id"]: one for one in tables["organizations"] if one.get("id")}
    places = _places(tables)
    services = {one["id"]: one for one in reversed(tables["services"]) if one.get("id")}
    for service in tables["services"]:
        service["organization"] = homes.get(service.get("organization_id", ""))
    for home in homes.values():
        home["phones"] = [one for one in tables["phones"] if one.get("organization_id") == home["id"]]
    _attach(tables, services, content.lines)
    for link in tables["service_at_location"]:
        at, where = services.get(link.get("service_id", "")), places.get(link.get("location_id", ""))
        if at is not None and where is not None:
            at.setdefault("service_at_locations", []).append(link | {"location": where})
        else:
            content.lines.append(_orphan("service_at_location", link, "location_id" if at else "service_id"))
    content.services = [(int(one["#"]), one) for one in tables["services"]]
    return content


def _attach(tables: Mapping[str, list[Json]], services: Mapping[str, Json], report: list[Line]) -> None:
    terms = {one["id"]: one for one in tables["taxonomy_terms"] if one.get("id")}
    for name in OF_SERVICE:
        key = "capacities" if name == "service_capacity" else name
        for row in (row for row in tables[name] if row.get("service_id")):
            if row["service_id"] in services:
                services[row["service_id"]].setdefault(key, []).append(row)
            else:
                report.append(_orphan(name, row, "service_id"))
    for row in tables["attributes"]:
        service = services.get(row.get("link_id") or row.get("service_id") or "")
        term = terms.get(row.get("taxonomy_term_id") or row.get("taxonomy_id") or "")
        if service is not None and term is not None:
            service.setdefault("attributes", []).append(row | {"taxonomy_term": term})
        elif row.get("link_entity", "service") == "service":
            names = ("taxonomy_term_id", "taxonomy_id") if service else ("link_id", "service_id")
            report.append(_orphan("attributes", row, next((name for name in names if name in row), names[0])))
    for service in services.values():
        ids = filter(None, (one.strip() for one in str(service.get("taxonomy_ids", "")).split(",")))
        service.setdefault("attributes", []).extend({"taxonomy_term": terms[id]} for id in ids if id in terms)


def _places(tables: Mapping[str, list[Json]]) -> dict[str, Json]:
    places = {one["id"]: one for one in tables["locations"] if one.get("id")}
    for name in OF_PLACE:
        for row in tables[name]:
            place = places.get(row.get("location_id", ""))
            if place is not None:
                place.setdefault(name, []).append(row)
    return places


def _orphan(table: str, row: Json, column: str) -> Line:
    reason = f"{table}: there is nothing with this id in the file, so the row belongs to nothing"
    return Line(
        became=Became.VALUE_LEFT_OUT, row=int(row["#"]), column=column, value=row.get(column, ""), reason=reason
    )


def _rows(name: str, data: bytes, report: list[Line]) -> Iterator[Json]:
    """The rows of a table, without blanks around their cells; `#` is the row as a spreadsheet counts it."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
        report.append(Line(became=Became.CHANGED, reason=f"{name}.csv is not in UTF-8. It was read as Windows-1252"))
    reader = csv.reader(io.StringIO(text.replace("\0", ""), newline=""))
    try:
        header = [line(cell).casefold() for cell in next(reader, [])]
        for number, cells in enumerate(reader, start=2):
            if any(cell.strip() for cell in cells):
                pairs = zip(header, map(lines, cells), strict=False)
                yield {key: value for key, value in pairs if key and value} | {"#": str(number)}
    except csv.Error as error:
        raise _refused(f"{name}.csv cannot be read as CSV near line {reader.line_num}: {error}.") from None


def _refused(said: str) -> Refusal:
    return Refusal(Kind.INVALID, "hsds_unreadable", said, fields={"file": said})
