"""The directory as a CSV file with Crosswalk's own columns: what the mapping `crosswalk` reads."""

import csv
import io
from collections.abc import Iterable, Mapping
from uuid import UUID

from services.agreements.queries import ProgramView
from services.agreements.rules import amount
from services.agreements.rules.times import written
from shared.spreadsheets import harmless

COLUMNS = (
    "organization", "name", "description", "needs", "grades", "schools", "languages", "schedule", "capacity",
    "contact name", "contact email", "contact phone", "site", "status", "neighborhood", "latitude", "longitude",
    "minimum age", "maximum age", "cost", "currency", "cost note", "times", "open places", "url",
)  # fmt: skip


def programs_as_csv(programs: Iterable[ProgramView], schools: Mapping[UUID, str]) -> str:
    """One row per program; `schools` are names by id. No cell can be taken for a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for program in programs:
        writer.writerow([harmless(cell) for cell in _cells(program, schools)])
    return out.getvalue()


def _cells(program: ProgramView, schools: Mapping[UUID, str]) -> list[str]:
    return [
        program.organization_name,
        program.name,
        program.description,
        "; ".join(program.needs),
        "; ".join(program.grades),
        "; ".join(schools[id_] for id_ in program.school_ids if id_ in schools),
        "; ".join(program.languages),
        program.schedule,
        _number(program.capacity),
        program.contact_name,
        program.contact_email or "",
        program.phone,
        program.site,
        program.status,
        program.neighborhood,
        _number(program.latitude),
        _number(program.longitude),
        _number(program.minimum_age),
        _number(program.maximum_age),
        amount(program.cost_cents),
        program.currency,
        program.cost_note,
        written(program.times).replace("\n", "; "),
        _number(program.open_places),
        program.url,
    ]


def _number(value: float | None) -> str:
    return "" if value is None else str(value)
