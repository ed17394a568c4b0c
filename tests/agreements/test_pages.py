"""The pages: what each person sees, and that a form comes back with what was entered and what is wrong."""

import re
from typing import Any
from uuid import UUID

import httpx
import pytest

from shared.clock import new_id
from shared.db import Database
from shared.events.vocabulary import RoleName
from shared.identity.actor import Actor
from tests.agreements.support import (
    CLUB,
    a_known_school,
    a_program_of,
    an_organization,
    csv_of,
    partner_of,
    the_district,
)
from tests.agreements.test_import_pages import heading, upload
from tests.support.builders import an_actor
from tests.support.clients import Client


async def a_program(db: Database, **changes: Any) -> tuple[UUID, UUID]:
    """The ids of a partner and its program."""
    async with db.transaction() as session:
        organization = await an_organization(session)
        return organization.id, (await a_program_of(session, organization, **changes)).id


def a_teacher() -> Actor:
    return an_actor(RoleName.SCHOOL_STAFF, new_id())


def form(organization_id: UUID, **changes: Any) -> dict[str, Any]:
    return {
        "id": str(new_id()),
        "organization_id": str(organization_id),
        "name": "Homework club",
        "needs": ["academic", "sports"],
        "contact_name": "Rosa Lima",
        "contact_email": "rosa@example.org",
        "capacity": "",
    } | changes


def hidden(answer: httpx.Response, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', answer.text)
    assert found
    return found[1]


async def test_an_empty_directory_says_what_to_do(db_agreements: Database, client_agreements: Client) -> None:
    district = await client_agreements(the_district()).get("/agreements/programs")
    anyone = await client_agreements(None).get("/agreements/programs")

    assert "There are no programs yet" in district.text
    assert "/agreements/import" in district.text
    assert "Partners will show their programs here." in anyone.text


async def test_anybody_finds_a_program_and_reads_whom_to_call(
    db_agreements: Database, client_agreements: Client
) -> None:
    _, program_id = await a_program(db_agreements, contact_phone="617-555-0123 ext. 7")
    anyone = client_agreements(None)

    found = await anyone.get("/agreements/programs", params={"q": "homework"})
    program = await anyone.get(f"/agreements/programs/{program_id}")

    assert f"/agreements/programs/{program_id}" in found.text
    assert heading(program) == "Homework club"
    assert 'href="tel:+16175550123"' in program.text
    assert "+1 617-555-0123 ext. 7" in program.text
    for word in ("Refer a student", "Pause", "Change", "What happened"):
        assert word not in program.text


async def test_a_search_that_finds_nothing_says_so_and_keeps_its_words(
    db_agreements: Database, client_agreements: Client
) -> None:
    await a_program(db_agreements)

    answer = await client_agreements(None).get("/agreements/programs", params={"q": "cello <b>", "need": "arts"})

    assert "No program fits" in answer.text
    assert 'value="cello &lt;b&gt;"' in answer.text
    assert 'value="arts" selected' in answer.text


async def test_filters_stay_in_the_address_of_the_next_page(db_agreements: Database, client_agreements: Client) -> None:
    async with db_agreements.transaction() as session:
        organization = await an_organization(session)
        for number in range(26):
            await a_program_of(session, organization, name=f"Club {number}")

    first = await client_agreements(None).get("/agreements/programs", params={"q": "club"})
    second = await client_agreements(None).get("/agreements/programs", params={"q": "club", "page": 2})

    assert "1 to 25 of 26" in first.text
    assert "q=club&amp;page=2" in first.text
    assert second.text.count("City Year") == 1


async def test_school_staff_can_refer_a_student_to_an_open_program_only(
    db_agreements: Database, client_agreements: Client
) -> None:
    organization_id, program_id = await a_program(db_agreements)
    link = f'href="/referrals/new?program={program_id}"'

    before = await client_agreements(a_teacher()).get(f"/agreements/programs/{program_id}")
    await client_agreements(partner_of(organization_id)).post(
        f"/agreements/programs/{program_id}/pause", data={"version": "1", "reason": "Full until May"}
    )
    after = await client_agreements(a_teacher()).get(f"/agreements/programs/{program_id}")

    assert link in before.text
    assert link not in after.text
    assert "Full until May" in after.text


async def test_a_partner_adds_a_program_and_sees_it_among_its_own(
    db_agreements: Database, client_agreements: Client
) -> None:
    async with db_agreements.transaction() as session:
        organization = await an_organization(session)
        await a_known_school(session)
    client = client_agreements(partner_of(organization.id))

    empty = await client.get("/agreements/programs/new")
    saved = await client.post("/agreements/programs", data=form(organization.id, id=hidden(empty, "id")))
    shown = await client.get(saved.headers["location"])
    ours = await client.get("/agreements/ours")

    assert saved.status_code == 303
    assert "takes referrals from now on" in shown.text
    assert "Help with school work, Sports and play" in ours.text


async def test_a_form_with_mistakes_comes_back_with_what_was_entered(
    db_agreements: Database, client_agreements: Client
) -> None:
    async with db_agreements.transaction() as session:
        organization = await an_organization(session)
    sent = form(organization.id, contact_name="", contact_email="", schedule="Mondays <3>", capacity="many")

    answer = await client_agreements(partner_of(organization.id)).post("/agreements/programs", data=sent)

    assert answer.status_code == 422
    assert "nobody could answer" in answer.text
    assert 'href="#contact_email"' in answer.text
    assert 'value="Mondays &lt;3&gt;"' in answer.text
    assert 'value="many"' in answer.text
    assert 'value="sports" checked' in answer.text
    assert hidden(answer, "id") == sent["id"]


async def test_a_replayed_form_leads_to_the_same_program(db_agreements: Database, client_agreements: Client) -> None:
    async with db_agreements.transaction() as session:
        organization = await an_organization(session)
    client = client_agreements(partner_of(organization.id))
    sent = form(organization.id)

    answers = [await client.post("/agreements/programs", data=sent) for _ in range(2)]

    assert answers[0].headers["location"] == answers[1].headers["location"]


async def test_a_name_that_is_taken_is_said_beside_the_field(
    db_agreements: Database, client_agreements: Client
) -> None:
    organization_id, _ = await a_program(db_agreements)

    answer = await client_agreements(partner_of(organization_id)).post(
        "/agreements/programs", data=form(organization_id, name="homework CLUB")
    )

    assert answer.status_code == 409
    assert "at this place already" in answer.text


async def test_the_form_shows_what_the_program_says_and_saves_it_unchanged(
    db_agreements: Database, client_agreements: Client
) -> None:
    organization_id, program_id = await a_program(db_agreements, capacity="25", contact_phone="617-555-0123 x7")
    client = client_agreements(partner_of(organization_id))

    shown = await client.get(f"/agreements/programs/{program_id}/edit")
    same = form(
        organization_id, needs=["academic"], capacity=hidden_value(shown, "capacity"), version="1",
        contact_phone=hidden_value(shown, "contact_phone"),
    )  # fmt: skip
    saved = await client.post(f"/agreements/programs/{program_id}", data=same)

    assert saved.status_code == 303
    api = await client.get(f"/agreements/api/v1/programs/{program_id}")
    assert (api.json()["version"], api.json()["contact_extension"]) == (1, "7")


def hidden_value(answer: httpx.Response, id_: str) -> str:
    found = re.search(rf'<input id="{id_}"[^>]* value="([^"]*)"', answer.text)
    assert found
    return found[1]


async def test_two_people_saving_one_form_get_a_clear_conflict_and_lose_nothing(
    db_agreements: Database, client_agreements: Client
) -> None:
    organization_id, program_id = await a_program(db_agreements)
    path = f"/agreements/programs/{program_id}"
    await client_agreements(the_district()).post(path, data=form(organization_id, version="1", needs=["arts"]))
    partner = client_agreements(partner_of(organization_id))

    conflict = await partner.post(path, data=form(organization_id, version="1", schedule="Fridays"))
    again = await partner.post(
        path, data=form(organization_id, version=hidden(conflict, "version"), schedule="Fridays")
    )

    assert conflict.status_code == 409
    assert "The district office changed needs" in conflict.text
    assert 'value="Fridays"' in conflict.text
    assert again.status_code == 303
    assert (await partner.get(f"/agreements/api/v1/programs/{program_id}")).json()["schedule"] == "Fridays"


async def test_a_mistake_in_a_stale_form_does_not_hide_the_conflict(
    db_agreements: Database, client_agreements: Client
) -> None:
    organization_id, program_id = await a_program(db_agreements)
    path = f"/agreements/programs/{program_id}"
    await client_agreements(the_district()).post(path, data=form(organization_id, version="1", needs=["arts"]))
    partner = client_agreements(partner_of(organization_id))

    mistaken = await partner.post(path, data=form(organization_id, version="1", capacity="many"))
    mended = await partner.post(path, data=form(organization_id, version=hidden(mistaken, "version")))

    assert (mistaken.status_code, mended.status_code) == (422, 409)


async def test_a_program_without_contact_cannot_be_opened_and_the_page_says_why(
    db_agreements: Database, client_agreements: Client
) -> None:
    client = client_agreements(the_district())
    bare = CLUB.replace("rosa@example.org", "").replace("617-555-0123", "")
    checked = await upload(client, csv_of(bare))
    await client.post(f"{checked.headers['location']}/apply")
    program = (await client.get("/agreements/api/v1/programs", params={"status": "any"})).json()["items"][0]

    page = await client.get(f"/agreements/programs/{program['id']}")
    forced = await client.post(f"/agreements/programs/{program['id']}/reopen", data={"version": "1"})

    assert "Add a contact" in page.text
    assert forced.status_code == 409
    assert "Nobody could answer referrals" in forced.text


async def test_closing_and_opening_by_the_page_stands_in_the_timeline(
    db_agreements: Database, client_agreements: Client
) -> None:
    organization_id, program_id = await a_program(db_agreements)
    client = client_agreements(partner_of(organization_id))
    path = f"/agreements/programs/{program_id}"

    closed = await client.post(f"{path}/close", data={"version": "1", "reason": "Moved away"})
    shown = await client.get(path)
    opened = await client.post(f"{path}/reopen", data={"version": "2"})
    page = await client.get(opened.headers["location"])

    assert (closed.status_code, opened.status_code) == (303, 303)
    assert "Moved away" in shown.text
    assert "Opened again" in page.text
    assert page.text.index("Opened again") < page.text.index("Moved away")


async def test_partners_are_listed_registered_and_renamed(db_agreements: Database, client_agreements: Client) -> None:
    client = client_agreements(the_district())

    empty = await client.get("/agreements/partners")
    blank = await client.post("/agreements/partners", data={"id": str(new_id()), "name": " "})
    added = await client.post("/agreements/partners", data={"id": str(new_id()), "name": "City Year"})
    taken = await client.post("/agreements/partners", data={"id": str(new_id()), "name": "CITY YEAR"})
    path = added.headers["location"].partition("?")[0]
    renamed = await client.post(path, data={"name": "City Steps", "version": "1"})
    stale = await client.post(path, data={"name": "City Walks", "version": "1"})
    listed = await client.get("/agreements/partners", params={"q": "steps"})

    assert "There are no partners yet" in empty.text
    assert (blank.status_code, added.status_code, taken.status_code) == (422, 303, 409)
    assert "There is a partner" in taken.text
    assert (renamed.status_code, stale.status_code) == (303, 409)
    assert 'value="City Walks"' in stale.text
    assert path in listed.text


async def test_a_program_is_added_from_the_page_of_its_partner(
    db_agreements: Database, client_agreements: Client
) -> None:
    organization_id, program_id = await a_program(db_agreements)
    client = client_agreements(the_district())

    partner = await client.get(f"/agreements/partners/{organization_id}")
    choice = await client.get("/agreements/programs/new")
    filled = await client.get("/agreements/programs/new", params={"organization": str(organization_id)})

    assert f"/agreements/programs/new?organization={organization_id}" in partner.text
    assert f"/agreements/programs/{program_id}" in partner.text
    assert "City Year" in choice.text
    assert hidden(filled, "organization_id") == str(organization_id)


async def test_somebody_elses_program_has_no_form(db_agreements: Database, client_agreements: Client) -> None:
    organization_id, program_id = await a_program(db_agreements)
    stranger = client_agreements(partner_of(new_id()))

    for answer in (
        await stranger.get(f"/agreements/programs/{program_id}/edit"),
        await stranger.get("/agreements/programs/new", params={"organization": str(organization_id)}),
        await stranger.post("/agreements/programs", data=form(organization_id)),
        await stranger.post(f"/agreements/programs/{program_id}", data=form(organization_id, version="1")),
        await stranger.post(f"/agreements/programs/{program_id}/pause", data={"version": "1"}),
        await stranger.get(f"/agreements/programs/{new_id()}"),
    ):
        assert answer.status_code == 404
    assert "Pause" not in (await stranger.get(f"/agreements/programs/{program_id}")).text


@pytest.mark.parametrize("path", ["/agreements/partners/new", "/agreements/import", "/agreements/ours"])
async def test_pages_that_are_not_for_a_teacher_say_so(
    db_agreements: Database, client_agreements: Client, path: str
) -> None:
    assert (await client_agreements(a_teacher()).get(path)).status_code == 403
    assert (await client_agreements(None).get(path)).headers["location"].startswith("/sign-in?next=")


async def test_a_family_reads_the_directory_in_its_language(db_agreements: Database, client_agreements: Client) -> None:
    await a_program(db_agreements)
    family = client_agreements(an_actor(RoleName.GUARDIAN, new_id(), language="ar"))

    answer = await family.get("/agreements/programs")

    assert answer.status_code == 200
    assert 'lang="ar" dir="rtl"' in answer.text
