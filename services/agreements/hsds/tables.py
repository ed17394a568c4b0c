"""Full services of HSDS as its tables, one CSV file each, in a zip: what spreadsheets and older tools read."""

import csv
import io
import json
import zipfile
from collections.abc import Iterable

from services.agreements.hsds.write import Json
from shared.spreadsheets import harmless

COLUMNS: dict[str, tuple[str, ...]] = {
    "organizations": ("id", "name", "description", "website"),
    "services": (
        "id", "organization_id", "name", "description", "url", "email", "status", "fees_description",
        "eligibility_description", "minimum_age", "maximum_age", "assured_date", "alert", "last_modified",
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


def zipped(services: Iterable[Json]) -> bytes:
    """The tables of these full services and a datapackage.json, as a zip."""
    tables: dict[str, dict[str, Json]] = {name: {} for name in COLUMNS}
    for service in services:
        for name, row in _rows(service):
            tables[name].setdefault(row["id"], row)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, rows in tables.items():
            archive.writestr(f"{name}.csv", _csv(COLUMNS[name], rows.values()))
        resources = [{"name": name, "path": f"{name}.csv"} for name in COLUMNS]
        package = {"name": "human_services_data", "profile": "tabular-data-package", "resources": resources}
        archive.writestr("datapackage.json", json.dumps(package, indent=1))
    return out.getvalue()


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


def _csv(columns: tuple[str, ...], rows: Iterable[Json]) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows([_cell(row.get(column, "")) for column in columns] for row in rows)
    return out.getvalue()


def _cell(value: object) -> str:
    # A number may be negative, and a telephone number begins with a plus; words may not.
    text = str(value)
    return text if text.lstrip("+-").replace(".", "").isdigit() else harmless(text)
