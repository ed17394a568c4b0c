"""The JSON API: everything that the pages do, with problem details for what is refused."""

from typing import Any
from uuid import UUID

import pytest

from services.agreements.rules import ProgramEntry
from shared.clock import new_id
from shared.db import Database
from shared.events.vocabulary import RoleName
from shared.identity.actor import Actor
from tests.agreements.support import (
    a_known_school,
    a_program_of,
    an_organization,
    partner_of,
    the_district,
)
from tests.agreements.test_import_api import upload
from tests.support.builders import an_actor
from tests.support.clients import Client

API = "/agreements/api/v1"


def body(**changes: Any) -> dict[str, Any]:
    entry = ProgramEntry(name="Homework club", needs=["academic"], contact_name="Rosa", contact_email="r@example.org")
    return entry.model_dump() | changes


async def a_partner(db: Database, name: str = "City Year") -> UUID:
    async with db.transaction() as session:
        return (await an_organization(session, name)).id


async def a_program(db: Database, **changes: Any) -> tuple[UUID, UUID]:
    """The ids of a partner and its program."""
    async with db.transaction() as session:
        organization = await an_organization(session, changes.pop("organization", "City Year"))
        return organization.id, (await a_program_of(session, organization, **changes)).id


async def test_a_partner_adds_changes_pauses_closes_and_opens_its_program(
    db_agreements: Database, client_agreements: Client
) -> None:
    organization_id = await a_partner(db_agreements)
    client = client_agreements(partner_of(organization_id))

    added = await client.post(f"{API}/programs", json=body(organization_id=str(organization_id)))
    path = f"{API}/programs/{added.json()['id']}"
    changed = await client.put(path, json=body(version=1, schedule="Mondays", capacity=12))
    paused = await client.post(f"{path}/pause", json={"version": 2, "reason": "Full"})
    closed = await client.post(f"{path}/close", json={"version": 3})
    opened = await client.post(f"{path}/reopen", json={"version": 4})

    assert [r.status_code for r in (added, changed, paused, closed, opened)] == [201, 200, 200, 200, 200]
    assert added.json()["organization_name"] == "City Year"
    assert (changed.json()["schedule"], changed.json()["capacity"]) == ("Mondays", 12)
    assert (paused.json()["status"], paused.json()["status_reason"]) == ("paused", "Full")
    assert closed.json()["status"] == "closed"
    assert (opened.json()["status"], opened.json()["version"]) == ("open", 5)
    assert (await client.get(path)).json() == opened.json()


async def test_the_same_id_sent_twice_adds_one_program(db_agreements: Database, client_agreements: Client) -> None:
    organization_id = await a_partner(db_agreements)
    client = client_agreements(the_district())
    sent = body(id=str(new_id()), organization_id=str(organization_id))

    first, again = [await client.post(f"{API}/programs", json=sent) for _ in range(2)]

    assert first.json() == again.json()
    assert (await client.get(f"{API}/programs")).json()["total"] == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"contact_name": "", "contact_email": ""}, "contact_email"),
        ({"needs": []}, "needs"),
        ({"needs": ["magic"]}, "needs"),
        ({"grades": ["99"]}, "grades"),
        ({"languages": ["tlh"]}, "languages"),
        ({"school_ids": [str(new_id())]}, "school_ids"),
        ({"name": ""}, "name"),
    ],
)
async def test_a_program_that_is_not_in_order_is_refused_field_by_field(
    db_agreements: Database, client_agreements: Client, changes: dict[str, Any], field: str
) -> None:
    organization_id = await a_partner(db_agreements)
    client = client_agreements(partner_of(organization_id))

    answer = await client.post(f"{API}/programs", json=body(organization_id=str(organization_id), **changes))

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "program_invalid"
    assert field in answer.json()["fields"]
    assert (await client.get(f"{API}/programs", params={"status": "any"})).json()["total"] == 0


async def test_a_second_program_of_the_same_name_is_a_conflict(
    db_agreements: Database, client_agreements: Client
) -> None:
    organization_id, _ = await a_program(db_agreements)

    answer = await client_agreements(the_district()).post(
        f"{API}/programs", json=body(organization_id=str(organization_id))
    )

    assert (answer.status_code, answer.json()["code"]) == (409, "program_exists")


async def test_a_stale_version_is_a_conflict(db_agreements: Database, client_agreements: Client) -> None:
    organization_id, program_id = await a_program(db_agreements)
    client = client_agreements(partner_of(organization_id))
    await client.post(f"{API}/programs/{program_id}/pause", json={"version": 1})

    for answer in (
        await client.put(f"{API}/programs/{program_id}", json=body(version=1, schedule="Mondays")),
        await client.post(f"{API}/programs/{program_id}/close", json={"version": 1}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "stale_version")
        assert "City Year paused it" in answer.json()["detail"]


async def test_a_move_that_does_not_exist_is_a_conflict(db_agreements: Database, client_agreements: Client) -> None:
    _, program_id = await a_program(db_agreements)

    answer = await client_agreements(the_district()).post(f"{API}/programs/{program_id}/reopen", json={"version": 1})

    assert (answer.status_code, answer.json()["code"]) == (409, "move_not_possible")


async def test_somebody_elses_program_and_organization_do_not_exist(
    db_agreements: Database, client_agreements: Client
) -> None:
    organization_id, program_id = await a_program(db_agreements)
    stranger = client_agreements(partner_of(new_id()))

    for answer in (
        await stranger.post(f"{API}/programs", json=body(organization_id=str(organization_id))),
        await stranger.put(f"{API}/programs/{program_id}", json=body(version=1)),
        await stranger.post(f"{API}/programs/{program_id}/pause", json={"version": 1}),
        await stranger.post(f"{API}/programs/{program_id}/close", json={"version": 1}),
        await stranger.post(f"{API}/programs/{program_id}/reopen", json={"version": 1}),
    ):
        assert answer.status_code == 404


async def test_everyone_reads_the_directory_and_only_open_programs_stand_in_it(
    db_agreements: Database, client_agreements: Client
) -> None:
    organization_id, program_id = await a_program(db_agreements)
    await client_agreements(partner_of(organization_id)).post(f"{API}/programs/{program_id}/pause", json={"version": 1})
    anyone, school = client_agreements(None), client_agreements(an_actor(RoleName.SCHOOL_STAFF, new_id()))

    assert (await anyone.get(f"{API}/programs", params={"status": "any"})).json()["total"] == 0
    assert (await school.get(f"{API}/programs", params={"status": "any"})).json()["total"] == 1
    assert (await anyone.get(f"{API}/programs/{program_id}")).json()["status"] == "paused"
    assert (await anyone.get(f"{API}/programs/{new_id()}")).status_code == 404


async def test_the_timeline_of_a_program_is_for_staff(db_agreements: Database, client_agreements: Client) -> None:
    _, program_id = await a_program(db_agreements)
    path = f"{API}/programs/{program_id}/history"

    told = await client_agreements(an_actor(RoleName.SCHOOL_STAFF, new_id())).get(path)

    assert [(line["what"], line["by_label"]) for line in told.json()] == [("added", "City Year")]
    assert (await client_agreements(None).get(path)).status_code == 401


@pytest.mark.usefixtures("directory")
async def test_the_directory_as_a_file_can_be_imported_again(client_agreements: Client) -> None:
    client = client_agreements(the_district())

    file = await client.get(f"{API}/programs.csv", params={"need": "arts"})
    checked = await upload(client, file.content.replace(b"City Year", b"=City Steps").replace(b"oranza", b"orada"))

    assert "attachment" in file.headers["content-disposition"]
    assert (checked.json()["counts"]["new"], checked.json()["report"]["lines"]) == (2, [])
    assert (await client_agreements(None).get(f"{API}/programs.csv")).status_code == 401


@pytest.fixture
async def directory(db_agreements: Database) -> UUID:
    """Three programs of two partners; the id of the school that one of them is for."""
    async with db_agreements.transaction() as session:
        school = await a_known_school(session)
        one, two = await an_organization(session, "City Year"), await an_organization(session, "Añoranza Arts")
        await a_program_of(session, one, name="Homework club", grades=["KG", "01"], languages=["es"])
        await a_program_of(session, one, name="Chess 100%", needs=["sports", "arts"], school_ids=[str(school.id)])
        await a_program_of(session, two, name="Painting", needs=["arts"], grades=["09"], site="12 Elm Street")
    return school.id


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["Chess 100%", "Homework club", "Painting"]),
        ({"q": "club"}, ["Homework club"]),
        ({"q": "ELM paint"}, ["Painting"]),
        ({"q": "city club"}, ["Homework club"]),
        ({"q": "100%"}, ["Chess 100%"]),
        ({"q": "añoranza"}, ["Painting"]),
        ({"q": "club\x00"}, ["Homework club"]),
        ({"q": "nothing like it"}, []),
        ({"need": "arts"}, ["Chess 100%", "Painting"]),
        ({"grade": "09"}, ["Chess 100%", "Painting"]),
        ({"grade": "KG", "need": "academic"}, ["Homework club"]),
        ({"language": "es"}, ["Homework club"]),
        ({"need": "", "q": " ", "school": "", "grade": ""}, ["Chess 100%", "Homework club", "Painting"]),
        ({"sort": "partner"}, ["Painting", "Chess 100%", "Homework club"]),
        ({"page": "2"}, []),
    ],
)
@pytest.mark.usefixtures("directory")
async def test_programs_are_found_by_everything_that_is_asked(
    client_agreements: Client, query: dict[str, str], names: list[str]
) -> None:
    answer = await client_agreements(None).get(f"{API}/programs", params=query)

    assert [program["name"] for program in answer.json()["items"]] == names


async def test_a_program_for_certain_schools_is_found_by_those(client_agreements: Client, directory: UUID) -> None:
    client = client_agreements(None)

    here = await client.get(f"{API}/programs", params={"school": str(directory)})
    elsewhere = await client.get(f"{API}/programs", params={"school": str(new_id())})

    assert (here.json()["total"], elsewhere.json()["total"]) == (3, 2)
    assert (await client.get(f"{API}/schools")).json() == [{"id": str(directory), "name": "Lincoln"}]


@pytest.mark.parametrize(
    "query", [{"need": "magic"}, {"grade": "99"}, {"language": "tlh"}, {"school": "x"}, {"page": "0"}]
)
async def test_a_search_for_what_there_cannot_be_is_refused(
    db_agreements: Database, client_agreements: Client, query: dict[str, str]
) -> None:
    assert (await client_agreements(None).get(f"{API}/programs", params=query)).status_code == 422


async def test_the_district_registers_and_renames_partners_and_everyone_signed_in_reads_them(
    db_agreements: Database, client_agreements: Client
) -> None:
    district, school = client_agreements(the_district()), client_agreements(an_actor(RoleName.SCHOOL_STAFF, new_id()))

    added = await district.post(f"{API}/organizations", json={"name": "City Year"})
    path = f"{API}/organizations/{added.json()['id']}"
    taken = await district.post(f"{API}/organizations", json={"name": "city year, inc."})
    renamed = await district.put(path, json={"name": "City Steps", "version": 1})

    assert (added.status_code, taken.status_code, renamed.status_code) == (201, 409, 200)
    assert (await school.get(path)).json()["name"] == "City Steps"
    assert (await school.get(f"{API}/organizations", params={"q": "steps"})).json()["total"] == 1
    assert (await school.get(f"{API}/organizations/{new_id()}")).status_code == 404


WRITES = [
    ("POST", "/programs"),
    ("PUT", f"/programs/{new_id()}"),
    ("POST", f"/programs/{new_id()}/pause"),
    ("POST", "/organizations"),
    ("PUT", f"/organizations/{new_id()}"),
    ("GET", "/mappings"),
    ("POST", "/imports"),
    ("GET", f"/imports/{new_id()}"),
    ("POST", f"/imports/{new_id()}/apply"),
]


@pytest.mark.parametrize(("method", "path"), WRITES)
@pytest.mark.parametrize(
    ("actor", "status"),
    [(None, 401), (an_actor(RoleName.SCHOOL_STAFF, new_id()), 403), (an_actor(RoleName.GUARDIAN, new_id()), 403)],
)
async def test_nobody_else_changes_partners_or_programs(
    db_agreements: Database, client_agreements: Client, actor: Actor | None, status: int, method: str, path: str
) -> None:
    assert (await client_agreements(actor).request(method, API + path, json={})).status_code == status


async def test_the_api_describes_itself(db_agreements: Database, client_agreements: Client) -> None:
    described = (await client_agreements(None).get("/agreements/openapi.json")).json()

    assert f"{API}/programs/{{program_id}}/pause" in described["paths"]
    assert "multipart/form-data" in described["paths"][f"{API}/imports"]["post"]["requestBody"]["content"]
    ours = (API, "/agreements/hsds")
    assert not [path for path in described["paths"] if not path.startswith(ours)]
