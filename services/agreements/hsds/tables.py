"""Full services of HSDS as its tables, one CSV file each, in a zip: what spreadsheets and older tools read."""

import csv
import json
import zipfile
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

from services.agreements.hsds.write import Json
from shared.spreadsheets import harmless

COLUMNS: dict[str, tuple[str, ...]] = {
    "organizations": ("id", "name", "description", "website"),
    "services": (
        "id", "organization_id", "name", "description", "url", "email", "status", "fees_description",
        "eligibility_description", "minimum_age", "maximum_age", "assured_date", "last_modified",
    ),
    "locations": ("id", "location_type", "organization_id", "name", "latitude", "longitude"),
    "service_at_location": ("id", "service_id", "location_id"),
    "addresses": (
        "id", "location_id", "address_1", "city", "region", "state_province", "postal_code", "country",
        "address_type",
    ),
    "phones": ("id", "service_id", "number", "extension", "type"),
    "contacts": ("id", "service_id", "name", "email"),
    "schedules": ("id", "service_id", "freq", "byday", "opens_at", "closes_at", "description"),
    "languages": ("id", "service_id", "name", "code"),
    "cost_options": ("id", "service_id", "option", "currency", "amount", "amount_description"),
    "service_capacity": ("id", "service_id", "unit_id", "available", "maximum", "updated"),
    "units": ("id", "name"),
    "attributes": ("id", "link_id", "taxonomy_term_id", "link_entity", "value", "label"),
    "taxonomy_terms": ("id", "code", "name", "description", "taxonomy", "taxonomy_id", "language"),
    "taxonomies": ("id", "name", "description", "version"),
}  # fmt: skip


SHARED = ("organizations", "locations", "addresses", "units", "taxonomy_terms", "taxonomies")
"""Tables of what several services have in common; a row of them is written once."""


def zip_tables(services: Iterable[Json], out: IO[bytes]) -> int:
    """Write the tables of these full services and a datapackage.json as a zip; how many services there are.

    The tables grow on the disk: only ids of what is shared are kept in mind.
    """
    seen: dict[str, set[str]] = {name: set() for name in SHARED}
    number = 0
    with TemporaryDirectory() as folder, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        with ExitStack() as open_files:
            tables = {name: _table(open_files, Path(folder, f"{name}.csv"), COLUMNS[name]) for name in COLUMNS}
            for service in services:
                number += 1
                for name, row in _rows(service):
                    if row["id"] in seen.get(name, ()):
                        continue
                    if name in seen:
                        seen[name].add(row["id"])
                    tables[name].writerow([_cell(row.get(column, "")) for column in COLUMNS[name]])
        for name in COLUMNS:
            archive.write(Path(folder, f"{name}.csv"), f"{name}.csv")
        resources = [{"name": name, "path": f"{name}.csv"} for name in COLUMNS]
        package = {"name": "human_services_data", "profile": "tabular-data-package", "resources": resources}
        archive.writestr("datapackage.json", json.dumps(package, indent=1))
    return number


def _table(open_files: ExitStack, path: Path, columns: tuple[str, ...]) -> Any:
    """A writer of the rows of a table, whose header is written."""
    writer = csv.writer(open_files.enter_context(path.open("w", encoding="utf-8", newline="")))
    writer.writerow(columns)
    return writer


def _rows(service: Json) -> Iterable[tuple[str, Json]]:
    own = {"service_id": service["id"]}
    yield "services", service
    yield "organizations", service["organization"]
    for key in ("phones", "contacts", "schedules", "languages", "cost_options"):
        yield from ((key, row | own) for row in service.get(key, []))
    for capacity in service.get("capacities", []):
        yield "service_capacity", capacity | own
        yield "units", capacity["unit"]
    for at in service.get("service_at_locations", []):
        yield "service_at_location", at
        yield "locations", at["location"]
        yield from (("addresses", address) for address in at["location"].get("addresses", []))
    for attribute in service.get("attributes", []):
        yield "attributes", attribute
        yield "taxonomy_terms", attribute["taxonomy_term"]
        yield "taxonomies", attribute["taxonomy_term"]["taxonomy_detail"]


def _cell(value: object) -> str:
    # A number may be negative, and a telephone number begins with a plus; words may not.
    text = str(value)
    return text if text.lstrip("+-").replace(".", "").isdigit() else harmless(text)
