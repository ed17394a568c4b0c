"""The directory as HSDS 3.1 says it: every answer by its schemas, every filter, together and alone."""

import io
import json
import zipfile
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from services.agreements import commands
from services.agreements.export import lines_of
from services.agreements.hsds.address import one_line, parts_of
from services.agreements.hsds.terms import GRADES, NEEDS, made
from services.agreements.hsds.write import Writer
from services.agreements.models import Program
from services.agreements.queries.hsds import BATCH, Filters
from shared.clock import new_id
from shared.db import Database
from tests.agreements.support import NOW, a_known_school, a_program_of, an_organization, partner_of
from tests.support.clients import Client
from tests.support.hsds import wrong

API = "/agreements/hsds"
WHOLE: dict[str, Any] = {
    "description": "Help with homework.",
    "grades": ["KG", "01"],
    "languages": ["es", "ht"],
    "schedule": "In the school year",
    "capacity": "25",
    "contact_phone": "(617) 555-0123 x 9",
    "site": "12 Main Street, Boston, MA 02118",
    "neighborhood": "South End",
    "position": "42.3401, -71.0689",
    "minimum_age": "5",
    "maximum_age": "8",
    "cost": "12.50",
    "cost_note": "per week",
    "times": "Mon-Thu 3-5:30 pm\nSat 9:00-12:00",
    "open_places": "3",
    "url": "example.org/club",
}


@pytest.fixture
async def directory(db_agreements: Database) -> dict[str, UUID]:
    """Three programs of two partners, one with all that a program can say, one paused with next to nothing."""
    async with db_agreements.transaction() as session:
        school = await a_known_school(session)
        one, two = await an_organization(session, "City Year"), await an_organization(session, "Kay Lakay")
        whole = await a_program_of(session, one, school_ids=[str(school.id)], **WHOLE)
        bare = await a_program_of(session, one, name="Open gym", needs=["sports"], site="9 Elm Street, Boston 02119")
        await a_program_of(session, two, name="Apre Lekòl", needs=["after_school"])
        await session.flush()
        await commands.pause_program(session, bare.id, version=1, reason="Full", actor=partner_of(one.id), now=NOW)
        await commands.survey_places(session)
    return {"school": school.id, "city": one.id, "whole": whole.id, "bare": bare.id}


async def get(client: Client, path: str, **query: Any) -> Any:
    answer = await client(None).get(f"{API}{path}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def names(page: Any) -> set[str]:
    return {one["name"] for one in page["contents"]}


async def test_it_says_which_version_it_speaks_and_where_it_is_described(client_agreements: Client) -> None:
    said = await get(client_agreements, "/")

    assert said["version"] == "3.1"
    assert said["profile"].endswith("/agreements/hsds")
    assert said["openapi_url"].endswith("/agreements/openapi.json")


@pytest.mark.parametrize(
    ("path", "query", "schema"),
    [
        ("/services", {}, "service_list"),
        ("/services", {"minimal": "true"}, "service_list"),
        ("/services", {"full": "true"}, "service"),
        ("/organizations", {}, "organization_list"),
        ("/organizations", {"full": "true"}, "organization"),
        ("/organizations", {"full_service": "true"}, "organization"),
        ("/service_at_locations", {}, "service_at_location_list"),
        ("/service_at_locations", {"full": "true"}, "service_at_location"),
        ("/taxonomies", {}, "taxonomy"),
        ("/taxonomy_terms", {"per_page": "500"}, "taxonomy_term"),
    ],
)
@pytest.mark.usefixtures("directory")
async def test_every_list_is_a_page_of_what_the_schema_wants(
    client_agreements: Client, path: str, query: dict[str, str], schema: str
) -> None:
    page = await get(client_agreements, path, **query)

    assert page["contents"]
    assert [mistake for one in page["contents"] for mistake in wrong(schema, one)] == []
    assert page["size"] == len(page["contents"]) == page["total_items"]
    assert (page["page_number"], page["first_page"], page["last_page"], page["empty"]) == (1, True, True, False)


async def test_every_thing_by_its_id_is_what_the_schema_wants(
    client_agreements: Client, directory: dict[str, UUID]
) -> None:
    service = await get(client_agreements, f"/services/{directory['whole']}")
    bare = await get(client_agreements, f"/services/{directory['bare']}")
    organization = await get(client_agreements, f"/organizations/{directory['city']}")
    place = await get(client_agreements, f"/service_at_locations/{directory['whole']}")
    term = await get(client_agreements, f"/taxonomy_terms/{made('term', NEEDS, 'food')}")
    taxonomy = await get(client_agreements, f"/taxonomies/{made('taxonomy', GRADES)}")

    mistakes = wrong("service", service) + wrong("service", bare) + wrong("organization", organization)
    mistakes += wrong("service_at_location", place) + wrong("taxonomy_term", term) + wrong("taxonomy", taxonomy)
    assert mistakes == []
    assert service["schedules"][0]["byday"] == "MO,TU,WE,TH"
    assert service["cost_options"][0]["amount"] == 12.5
    assert (service["capacities"][0]["available"], service["capacities"][0]["maximum"]) == (3, 25)
    assert service["service_at_locations"][0]["location"]["addresses"][0]["postal_code"] == "02118"
    assert service["url"] == "https://example.org/club"
    assert (bare["status"], "alert" in bare) == ("temporarily closed", False)
    assert len(organization["services"]) == 2


def test_the_schemas_find_what_is_wrong() -> None:
    fine = {"id": str(new_id()), "name": "Club", "status": "active"}

    assert wrong("service_list", fine) == []
    assert wrong("service_list", fine | {"status": ""}) != []
    assert wrong("service_list", fine | {"places": 3}) != []
    assert wrong("service", fine | {"url": 3}) != []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, {"Homework club", "Open gym", "Apre Lekòl"}),
        ({"search": "apre"}, {"Apre Lekòl"}),
        ({"organization_id": "city"}, {"Homework club", "Open gym"}),
        ({"taxonomy_term_id": made("term", NEEDS, "sports")}, {"Open gym"}),
        ({"taxonomy_term_id": made("term", GRADES, "KG")}, {"Homework club"}),
        ({"taxonomy_term_id": "school"}, {"Homework club"}),
        ({"taxonomy_id": made("taxonomy", GRADES)}, {"Homework club"}),
        ({"taxonomy_id": str(new_id())}, set()),
        ({"modified_after": "2026-11-21T15:00:00Z"}, {"Homework club", "Open gym", "Apre Lekòl"}),
        ({"modified_after": "2027-01-01T00:00:00"}, set()),
        ({"postcode": "02119"}, {"Open gym"}),
        ({"postcode": "02118", "proximity": "500"}, {"Homework club"}),
        ({"postcode": "99999", "proximity": "500"}, set()),
        ({"organization_id": "city", "taxonomy_term_id": made("term", NEEDS, "after_school")}, set()),
        ({"organization_id": "city", "search": "club", "postcode": "02118"}, {"Homework club"}),
        ({"search": "club", "postcode": "02119"}, set()),
    ],
)
async def test_filters_narrow_together(
    client_agreements: Client, directory: dict[str, UUID], query: dict[str, str], found: set[str]
) -> None:
    asked = {name: str(directory.get(value, value)) for name, value in query.items()}

    page = await get(client_agreements, "/services", **asked)

    assert names(page) == found
    assert (page["total_items"], page["empty"]) == (len(found), not found)


@pytest.mark.usefixtures("directory")
async def test_pages_follow_each_other_and_say_where_they_are(client_agreements: Client) -> None:
    first = await get(client_agreements, "/services", per_page=2)
    second = await get(client_agreements, "/services", per_page=2, page=2)
    beyond = await get(client_agreements, "/services", per_page=2, page=3)

    assert names(first) | names(second) == {"Homework club", "Open gym", "Apre Lekòl"}
    assert (first["total_pages"], first["first_page"], first["last_page"]) == (2, True, False)
    assert (second["page_number"], second["size"], second["last_page"]) == (2, 1, True)
    assert (beyond["empty"], beyond["contents"]) == (True, [])


@pytest.mark.usefixtures("directory")
async def test_lines_are_all_there_is(client_agreements: Client) -> None:
    answer = await client_agreements(None).get(f"{API}/services", params={"format": "ndjson", "per_page": 1, "full": 1})

    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    assert len(lines) == 3
    assert [mistake for line in lines for mistake in wrong("service", line)] == []


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/services/{new_id()}", 404),
        (f"/organizations/{new_id()}", 404),
        (f"/service_at_locations/{new_id()}", 404),
        (f"/taxonomies/{new_id()}", 404),
        (f"/taxonomy_terms/{new_id()}", 404),
        ("/services/club", 422),
        ("/services?page=0", 422),
        ("/services?organisation_id=1", 422),
        ("/organizations?taxonomy=food", 422),
        ("/services?per_page=100000", 422),
        ("/services?format=xml", 422),
        ("/services?modified_after=yesterday", 422),
        ("/services?taxonomy_term_id=food", 422),
        ("/services?proximity=-1", 422),
    ],
)
async def test_what_cannot_be_answered_is_refused(client_agreements: Client, path: str, status: int) -> None:
    answer = await client_agreements(None).get(f"{API}{path}", headers={"accept": "application/json"})

    assert answer.status_code == status


@pytest.mark.parametrize(
    ("site", "city", "code"),
    [
        ("12 Main Street, Boston, MA 02118", "Boston", "02118"),
        ("12 Main Street, Apt. 3, Boston MA 02118-1234", "Boston", "02118-1234"),
        ("14 Wharf Street, Millbrook", "Millbrook", ""),
        ("in front of each school", "", ""),
    ],
)
def test_an_address_falls_into_its_parts_and_back_together(site: str, city: str, code: str) -> None:
    parts = parts_of(site)

    assert (parts["city"], parts["postal_code"]) == (city, code)
    assert one_line(parts).replace(",", "") == site.replace(",", "")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"taxonomy_term_id": made("term", NEEDS, "after_school")}, {"Kay Lakay"}),
        ({"taxonomy_term_id": made("term", NEEDS, "food")}, set()),
        ({"taxonomy_id": made("taxonomy", GRADES)}, {"City Year"}),
        ({"taxonomy_id": made("taxonomy", GRADES), "search": "lakay"}, set()),
    ],
)
@pytest.mark.usefixtures("directory")
async def test_organizations_are_found_by_the_terms_of_their_programs(
    client_agreements: Client, query: dict[str, str], found: set[str]
) -> None:
    page = await get(client_agreements, "/organizations", **query)

    assert (names(page), page["total_items"]) == (found, len(found))


@pytest.mark.usefixtures("directory")
async def test_lines_of_organizations_are_what_pages_say(client_agreements: Client) -> None:
    page = await get(client_agreements, "/organizations", full_service="true")

    answer = await client_agreements(None).get(
        f"{API}/organizations", params={"format": "ndjson", "full_service": "true"}
    )

    assert [json.loads(line) for line in answer.text.splitlines()] == page["contents"]


async def many_programs(db: Database, count: int) -> None:
    """So many programs of one partner, like one that says all."""
    async with db.transaction() as session:
        await a_program_of(session, await an_organization(session), **WHOLE)
        await session.flush()
        table = Program.metadata.tables["program"]
        columns = [column.name for column in table.columns if column.computed is None]
        others = {"id": "gen_random_uuid()", "name_key": "name_key || n"}
        copied = ", ".join(others.get(name, name) for name in columns)
        more = f"SELECT {copied} FROM program, generate_series(2, :count) AS s (n)"
        await session.execute(text(f"INSERT INTO program ({', '.join(columns)}) {more}"), {"count": count})


async def test_the_whole_directory_comes_as_files_that_hold_what_the_lines_say(
    db_agreements: Database, client_agreements: Client
) -> None:
    await many_programs(db_agreements, BATCH + 1)
    caller = client_agreements(None)
    lines = (await caller.get(f"{API}/services?format=ndjson&full=true")).text.splitlines()

    whole, packed = [await caller.get(f"{API}/directory.{form}") for form in ("json", "zip")]

    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        tables = {name: archive.read(name).count(b"\n") - 1 for name in archive.namelist() if name.endswith(".csv")}
    assert whole.json() == [json.loads(line) for line in lines]
    assert int(whole.headers["content-length"]) == len(whole.content)
    assert (tables["services.csv"], tables["organizations.csv"], tables["locations.csv"]) == (BATCH + 1, 1, 1)


async def test_whoever_reads_slowly_holds_no_connection(db_agreements: Database) -> None:
    await many_programs(db_agreements, 300)
    write = Writer("District", "USD", "US", {})

    lines = lines_of(db_agreements, Filters(), write.service)
    first = await anext(lines)

    assert first.count(b"\n") == BATCH
    assert db_agreements.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    assert sum([part.count(b"\n") async for part in lines]) == 300 - BATCH
