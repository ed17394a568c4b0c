"""HSDS files as they come: whole, old, dirty. What can be understood is there afterwards; the report says the rest."""

import csv
import io
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from services.agreements import commands
from services.agreements.export import export_directory
from services.agreements.hsds.read import read_hsds
from services.agreements.models import Organization, Program
from services.agreements.programs_csv import Became, Reading
from services.agreements.rules import ProgramStatus
from services.agreements.settings import Settings
from shared.clock import new_id
from shared.db import Database
from shared.refusals import Refusal
from tests.agreements.support import NOW, a_known_school, a_program_of, an_organization, the_district
from tests.agreements.test_hsds import WHOLE
from tests.support.hsds import wrong

ORGANIZATION = {"id": str(new_id()), "name": "City Year", "description": "Helps."}
SERVICE: dict[str, Any] = {
    "id": str(new_id()),
    "name": "Homework club",
    "status": "active",
    "organization": ORGANIZATION,
}
KEPT = {"imported", "mapping"}
"""What an import notes for itself."""


def read(*services: dict[str, Any]) -> Reading:
    return read_hsds(json.dumps(services).encode(), "US", {})


def a_zip(**tables: list[dict[str, Any]]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, rows in tables.items():
            text = io.StringIO()
            columns = list(dict.fromkeys(key for row in rows for key in row))
            writer = csv.DictWriter(text, columns)
            writer.writeheader()
            writer.writerows(rows)
            archive.writestr(f"some folder/{name}.csv", text.getvalue())
    return out.getvalue()


def said(reading: Reading, column: str) -> list[tuple[Became, str]]:
    return [(line.became, line.value) for line in reading.report.lines if line.column == column]


def test_a_service_becomes_a_program_with_all_that_can_be_understood() -> None:
    place = {
        "location": {
            "location_type": "physical", "latitude": 42.34, "longitude": -71.07,
            "addresses": [{"address_1": " 12 Main Street  ", "city": "Boston ", "state_province": "MA",
                           "postal_code": "02118", "country": "US", "address_type": "physical"}],
        }
    }  # fmt: skip
    service = SERVICE | {
        "description": "<p>Homework &amp; snacks</p>", "url": "cityyear.org", "minimum_age": 6, "maximum_age": 11,
        "eligibility_description": "Grades K-5", "fees": "Free", "assured_date": "2026-03-01",
        "languages": [{"name": "Spanish"}, {"code": "ht"}, {"name": "Klingon"}],
        "schedules": [{"freq": "WEEKLY", "byday": "MO,WE", "opens_at": "15:00:00", "closes_at": "17:30:00Z"}],
        "contacts": [{"name": "Rosa Lima", "email": "rosa@example.org", "phones": [{"number": "617 555 0123"}]}],
        "capacities": [{"available": 3, "maximum": 25}],
        "attributes": [{"taxonomy_term": {"name": "Tutoring Services"}}],
        "service_at_locations": [place],
    }  # fmt: skip

    reading = read(service)

    (program,) = reading.programs
    values = program.values
    assert (str(program.id), str(program.organization_id)) == (SERVICE["id"], ORGANIZATION["id"])
    assert (values.description, values.url) == ("Homework & snacks", "https://cityyear.org")
    assert (values.needs, values.grades[0], values.languages) == (("academic",), "KG", ("es", "ht"))
    assert (values.site, values.latitude) == ("12 Main Street, Boston, MA 02118", 42.34)
    assert (values.minimum_age, values.maximum_age, values.cost_cents) == (6, 11, 0)
    assert (values.capacity, values.open_places) == (25, 3)
    assert (values.contact_name, values.contact_phone) == ("Rosa Lima", "+16175550123")
    assert values.times == ("MO 15:00-17:30", "WE 15:00-17:30")
    assert said(reading, "url") == [(Became.CHANGED, "cityyear.org")]
    assert said(reading, "language") == [(Became.VALUE_LEFT_OUT, "Klingon")]


@pytest.mark.parametrize(
    ("status", "becomes", "told"),
    [
        ("active", ProgramStatus.OPEN, False),
        ("temporarily closed", ProgramStatus.PAUSED, False),
        ("defunct", ProgramStatus.CLOSED, False),
        ("", ProgramStatus.OPEN, True),
        (None, ProgramStatus.OPEN, True),
        ("Approved!", ProgramStatus.OPEN, True),
    ],
)
def test_a_status_that_is_none_is_taken_as_active_and_said(
    status: str | None, becomes: ProgramStatus, told: bool
) -> None:
    reading = read(SERVICE | {"status": status})

    assert reading.programs[0].status is becomes
    assert bool(said(reading, "status")) is told


@pytest.mark.parametrize(
    ("changes", "column", "became"),
    [
        ({"organization": None, "organization_id": "77"}, "organization_id", Became.ROW_LEFT_OUT),
        ({"name": "  "}, "name", Became.ROW_LEFT_OUT),
        ({"email": "rosa at example"}, "email", Became.VALUE_LEFT_OUT),
        ({"url": "javascript:alert(1)"}, "url", Became.VALUE_LEFT_OUT),
        ({"minimum_age": "about six"}, "minimum_age", Became.VALUE_LEFT_OUT),
        ({"eligibility_description": "Whoever comes"}, "eligibility_description", Became.VALUE_LEFT_OUT),
        ({"phones": [{"number": "call us"}]}, "number", Became.VALUE_LEFT_OUT),
        ({"schedules": [{"weekday": "Someday", "opens_at": "9", "closes_at": "5"}]}, "schedule", Became.VALUE_LEFT_OUT),
        ({"name": "x" * 300}, "name", Became.CHANGED),
        ({"minimum_age": 12, "maximum_age": 6}, "minimum_age", Became.VALUE_LEFT_OUT),
        ({"cost_options": [{"amount": "ask us"}]}, "amount", Became.VALUE_LEFT_OUT),
        ({"capacities": [{"maximum": "lots"}]}, "capacity", Became.VALUE_LEFT_OUT),
        ({"assured_date": "last spring"}, "assured_date", Became.VALUE_LEFT_OUT),
        ({"application_process": "Call first"}, "application_process", Became.VALUE_LEFT_OUT),
        ({"required_documents": [{"document": "A birth certificate"}]}, "required_documents", Became.VALUE_LEFT_OUT),
        ({"contacts": [{"name": "Rosa"}, {"name": "Omar"}]}, "contacts", Became.VALUE_LEFT_OUT),
        (
            {"service_at_locations": [{"location": {"latitude": "42N", "longitude": "71W"}}]},
            "latitude",
            Became.VALUE_LEFT_OUT,
        ),
        ({"name": "Odds and ends"}, "taxonomy", Became.CHANGED),
    ],
)
def test_what_is_not_understood_is_left_out_and_said(changes: dict[str, Any], column: str, became: Became) -> None:
    reading = read(SERVICE | changes)

    assert became in [kind for kind, _ in said(reading, column)]
    assert bool(reading.programs) is (became is not Became.ROW_LEFT_OUT)


def test_the_old_tables_are_read_with_their_dirt() -> None:
    content = a_zip(
        organizations=[{"id": "1", "name": "City Year", "description": "x"}, {"id": "2", "name": "Kay Lakay"}],
        services=[
            {"id": "10", "organization_id": "1", "name": " Homework club ", "url": "www.cityyear.org/club"},
            {"id": "11", "organization_id": "99", "name": "Orphan", "status": "active"},
            {"id": "12", "organization_id": "2", "name": "English for parents", "status": "active"},
        ],
        locations=[{"id": "5", "organization_id": "1", "latitude": "42.3", "longitude": "-71.1"}, {"id": "6"}],
        services_at_location=[
            {"id": "1", "service_id": "10", "location_id": "5"}, {"id": "2", "service_id": "10", "location_id": "6"},
            {"id": "3", "service_id": "10", "location_id": "404"},
        ],
        physical_addresses=[
            {"id": "1", "location_id": "5", "address_1": "12 Main Street      ", "city": "Boston",
             "state_province": "MA", "postal_code": "02118"},
            {"id": "2", "location_id": "6", "address_1": "3 Elm Street", "city": "Boston"},
        ],
        phones=[{"service_id": "10", "number": "(617) 555-0123"}, {"service_id": "404", "number": "1"}],
        languages=[{"id": "1", "service_id": "12", "language": "Spanish, Haitian Creole"}],
        regular_schedules=[{"id": "1", "service_id": "10", "weekday": "1", "opens_at": "15:00", "closes_at": "17:00"}],
        taxonomy=[{"id": "T-1", "name": "Tutoring"}],
        services_taxonomy=[{"id": "1", "service_id": "10", "taxonomy_id": "T-1"}],
    )  # fmt: skip

    reading, again = read_hsds(content, "US", {}), read_hsds(content, "US", {})

    sites = [(p.values.name, p.values.site) for p in reading.programs]
    assert sites == [
        ("Homework club", "12 Main Street, Boston, MA 02118"),
        ("Homework club", "3 Elm Street, Boston"),
        ("English for parents", ""),
    ]
    club, _, english = (program.values for program in reading.programs)
    assert (club.times, club.url, club.contact_phone) == (
        ("MO 15:00-17:00",), "https://www.cityyear.org/club", "+16175550123"
    )  # fmt: skip
    assert (club.needs, english.languages, english.needs) == (("academic",), ("es", "ht"), ("english_learning",))
    assert {(line.row, line.column, line.became) for line in reading.report.lines} >= {
        (2, "status", Became.CHANGED),
        (3, "organization_id", Became.ROW_LEFT_OUT),
        (4, "location_id", Became.VALUE_LEFT_OUT),
        (3, "service_id", Became.VALUE_LEFT_OUT),
        (2, "location", Became.CHANGED),
    }
    assert [program.id for program in again.programs] == [program.id for program in reading.programs]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe\x00",
        b'"club"',
        b"PK\x03\x04 not a zip",
        a_zip(organizations=[{"id": "1", "name": "x"}]),
        b"[" * 100_000,
    ],
)
def test_what_is_no_hsds_is_refused_whole(content: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        read_hsds(content, "US", {})

    assert refused.value.code == "hsds_unreadable"


@pytest.mark.parametrize("form", [".zip", ".json", ".ndjson", ".csv"])
async def test_what_is_exported_is_the_same_when_it_is_imported_again(
    db_agreements: Database, tmp_path: Path, form: str
) -> None:
    async with db_agreements.transaction() as session:
        school = await a_known_school(session)
        organization = await an_organization(session)
        await a_program_of(session, organization, school_ids=[str(school.id)], **WHOLE)
    file = tmp_path / f"directory{form}"
    programs = await export_directory(db_agreements, file, Settings())
    async with db_agreements.transaction() as session:
        before = (await session.exec(select(Program))).one().model_dump(exclude=KEPT)
    mapping = "crosswalk" if form == ".csv" else "hsds"

    outcome = await commands.import_programs(db_agreements, file, mapping, lambda _d, _t: None, the_district(), NOW)

    async with db_agreements.transaction() as session:
        after = (await session.exec(select(Program))).all()
    assert programs == 1
    if form != ".csv":  # Our own columns have no ids: what was entered by hand is not theirs to change.
        assert [one.model_dump(exclude=KEPT) for one in after] == [before]
        assert (outcome.counts.changed, outcome.counts.new, list(outcome.report.lines)) == (0, 0, [])


async def test_an_export_is_what_the_schemas_want(db_agreements: Database, tmp_path: Path) -> None:
    async with db_agreements.transaction() as session:
        await a_program_of(session, await an_organization(session), **WHOLE)
    file = tmp_path / "directory.json"
    await export_directory(db_agreements, file, Settings())

    assert [mistake for one in json.loads(file.read_bytes()) for mistake in wrong("service", one)] == []


async def test_a_service_keeps_when_it_was_confirmed_and_opens_only_with_a_contact(
    db_agreements: Database, tmp_path: Path
) -> None:
    file = tmp_path / "services.json"
    reached = SERVICE | {"assured_date": "2025-01-15", "email": "club@example.org"}
    file.write_text(json.dumps({"contents": [reached, SERVICE | {"id": str(new_id()), "name": "Chess club"}]}))

    await commands.import_programs(db_agreements, file, "hsds", lambda _d, _t: None, the_district(), NOW)

    async with db_agreements.transaction() as session:
        programs = {one.name: one for one in await session.exec(select(Program))}
        organizations = (await session.exec(select(Organization))).all()
    assert [one.name for one in organizations] == ["City Year"]
    assert programs["Homework club"].confirmed_at.date().isoformat() == "2025-01-15"
    assert programs["Homework club"].status is ProgramStatus.OPEN
    assert programs["Chess club"].status is ProgramStatus.PAUSED


def test_the_official_examples_are_read() -> None:
    folder = Path(os.environ.get("CROSSWALK_SAMPLE_DATA", "/nonexistent")) / "hsds" / "examples"
    if not folder.is_dir():
        pytest.skip("CROSSWALK_SAMPLE_DATA names no folder with hsds/examples")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path in (folder / "csv").glob("*.csv"):
            archive.write(path, path.name)

    whole = read_hsds((folder / "service_full.json").read_bytes(), "US", {})
    listed = read_hsds((folder / "service_list.json").read_bytes(), "US", {})
    tables = read_hsds(out.getvalue(), "US", {})

    for reading in (whole, listed, tables):
        assert [program.values.name for program in reading.programs] == ["Community Counselling"]
        assert reading.programs[0].values.needs == ("mental_health",)


def test_of_two_services_with_one_id_the_first_counts_and_the_other_is_said() -> None:
    reading = read(SERVICE, SERVICE | {"name": "Another club"})

    assert [program.values.name for program in reading.programs] == ["Homework club"]
    assert said(reading, "id") == [(Became.ROW_LEFT_OUT, SERVICE["id"])]


def test_a_row_that_belongs_to_nothing_is_said_once() -> None:
    content = a_zip(
        organizations=[{"id": "1", "name": "City Year"}],
        services=[{"id": "10", "organization_id": "1", "name": "Homework club", "status": "active"}],
        phones=[{"service_id": "404", "number": "617 555 0123"}],
        attributes=[{"link_id": "10", "taxonomy_term_id": "none"}, {"link_id": "405", "taxonomy_term_id": "none"}],
    )

    reading = read_hsds(content, "US", {})

    assert said(reading, "service_id") == [(Became.VALUE_LEFT_OUT, "404")]
    assert said(reading, "taxonomy_term_id") == [(Became.VALUE_LEFT_OUT, "none")]
    assert said(reading, "link_id") == [(Became.VALUE_LEFT_OUT, "405")]
