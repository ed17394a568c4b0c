"""Pages and API of registration and review: what each person meets, and that nothing that was entered is lost."""

import re
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.agreements import documents
from services.agreements.rules.documents import MAX_BYTES
from services.agreements.rules.vetting import CRITERIA, Verb
from services.agreements.settings import Settings
from shared.clock import new_id
from shared.db import Database
from shared.events.vocabulary import RoleName
from shared.identity.actor import Actor
from tests.agreements.partners import CHECKED, INSURED, PDF, a_registrant, a_telling, approved, begun, moved, sent
from tests.agreements.support import a_program_of, an_organization, partner_of, the_district
from tests.support.builders import an_actor
from tests.support.clients import Client
from tests.support.databases import settings_of

API = "/agreements/api/v1"
POLICY = ("policy.pdf", PDF, "application/pdf")


@pytest.fixture
def folder(postgres: str, data_dir: Path) -> Path:
    """Where the app under test keeps documents."""
    settings = settings_of("agreements", postgres, data_dir)
    assert isinstance(settings, Settings)
    return documents.folder_of(settings)


async def a_draft(db: Database, actor: Actor, **changes: Any) -> UUID:
    async with db.transaction() as session:
        return (await begun(session, actor, **changes)).id


def version_in(page: httpx.Response) -> str:
    found = re.search(r'name="version" value="(\d+)"', page.text)
    assert found
    return found[1]


async def test_somebody_begins_tells_attaches_sends_and_is_approved_through_the_pages(
    db_agreements: Database, client_agreements: Client
) -> None:
    ana, office = a_registrant(), client_agreements(the_district())
    mine = client_agreements(ana)

    start = await mine.post("/agreements/register", data={"name": "Harbor Sailing", "id": str(new_id())})
    base = start.headers["location"].split("/registration")[0]
    told = a_telling().model_dump()
    for part in ("who", "work"):
        form = await mine.get(f"{base}/registration/{part}")
        saved = await mine.post(f"{base}/registration/{part}", data=told | {"version": version_in(form)})
        assert saved.status_code == 303, saved.text
    for kind, until in (("insurance", INSURED), ("checks", CHECKED)):
        given = {"kind": kind, "until": until.isoformat(), "id": str(new_id())}
        attached = await mine.post(f"{base}/documents", data=given, files={"file": POLICY})
        assert attached.status_code == 303, attached.text
    page = await mine.get(f"{base}/registration")
    gone = await mine.post(f"{base}/submit", data={"version": version_in(page)})
    review = await office.get(f"{base}/vetting")
    grades = {f"grade_{code}": "met" for code in CRITERIA}
    rated = await office.post(f"{base}/rubric", data=grades | {"version": version_in(review), "note_fit": "Good."})
    again = await office.get(f"{base}/vetting")
    approved_ = await office.post(f"{base}/decide/approve", data={"version": version_in(again)})
    after = await office.get(approved_.headers["location"])

    assert (gone.status_code, rated.status_code) == (303, 303)
    assert "Nine of ten come back." in review.text
    assert 'value="Good."' in again.text
    assert "Approved for a year." in after.text
    listed = await client_agreements(an_actor(RoleName.SCHOOL_STAFF, new_id())).get("/agreements/partners")
    assert "Harbor Sailing" in listed.text


async def test_possible_duplicates_are_shown_with_the_form_as_it_was_entered(
    db_agreements: Database, client_agreements: Client
) -> None:
    async with db_agreements.transaction() as session:
        await an_organization(session, "Harbor Sails")
    entered = {"id": str(new_id()), "name": "Harbor Sailings", "address": "1 Pier Street"}

    for actor, path in ((a_registrant(), "/agreements/register"), (the_district(), "/agreements/partners")):
        refused = await client_agreements(actor).post(path, data=entered)
        assert refused.status_code == 409
        assert "Harbor Sails" in refused.text
        assert 'value="1 Pier Street"' in refused.text
        assert 'name="sure"' in refused.text
    made = await client_agreements(the_district()).post("/agreements/partners", data=entered | {"sure": "true"})

    assert made.status_code == 303


async def test_what_is_wrong_is_marked_and_nothing_that_was_entered_is_lost(
    db_agreements: Database, client_agreements: Client
) -> None:
    ana = a_registrant()
    id_ = await a_draft(db_agreements, ana)
    path = f"/agreements/partners/{id_}/registration/work"

    refused = await client_agreements(ana).post(path, data={"version": "1", "about": "We sail.", "capacity": "lots"})

    assert refused.status_code == 422
    assert "Enter a number of students" in refused.text
    assert "We sail." in refused.text


async def test_sending_too_early_says_what_is_missing(db_agreements: Database, client_agreements: Client) -> None:
    ana = a_registrant()
    id_ = await a_draft(db_agreements, ana)

    refused = await client_agreements(ana).post(f"/agreements/partners/{id_}/submit", data={"version": "1"})

    assert refused.status_code == 422
    assert "Attach proof of insurance that has not run out." in refused.text


async def test_a_document_is_only_saved_never_shown_and_only_by_the_partner_and_the_district(
    db_agreements: Database, client_agreements: Client
) -> None:
    ana = a_registrant()
    id_ = await a_draft(db_agreements, ana)
    given = {"kind": "evidence"}
    name = "Bericht “für” alle.html"
    added = await client_agreements(ana).post(
        f"{API}/organizations/{id_}/documents", data=given, files={"file": (name, PDF, "text/html")}
    )
    assert added.status_code == 201, added.text
    document = added.json()
    paths = [f"{root}/{id_}/documents/{document['id']}" for root in ("/agreements/partners", f"{API}/organizations")]

    for path in paths:
        for actor in (ana, the_district()):
            file = await client_agreements(actor).get(path)
            assert file.status_code == 200
            assert file.content == PDF
            assert file.headers["content-disposition"].startswith("attachment;")
            assert "Bericht" in file.headers["content-disposition"]
            assert file.headers["content-type"] == "application/pdf"
            assert file.headers["x-content-type-options"] == "nosniff"
            assert "sandbox" in file.headers["content-security-policy"]
            assert file.headers["cache-control"] == "no-store"
        for actor in (a_registrant(), partner_of(new_id()), an_actor(RoleName.SCHOOL_STAFF, new_id())):
            assert (await client_agreements(actor).get(path)).status_code == 404
        assert (await client_agreements(None).get(path)).status_code in (303, 401)


@pytest.mark.parametrize(
    ("file", "status", "words"),
    [
        (("policy.pdf", b"MZ\x90\0 not a pdf", "application/pdf"), 422, "not a PDF, PNG or JPEG"),
        (("policy.pdf", PDF + b"\0" * (MAX_BYTES + 200_000), "application/pdf"), 413, "too large"),
        (("policy.pdf", PDF + b"\0" * MAX_BYTES, "application/pdf"), 413, "too large"),
        (("", b"", "application/pdf"), 422, "Choose a file."),
    ],
)
async def test_a_file_that_cannot_be_taken_is_refused_with_the_form(
    db_agreements: Database, client_agreements: Client, file: Any, status: int, words: str
) -> None:
    ana = a_registrant()
    id_ = await a_draft(db_agreements, ana)
    form = {"kind": "insurance", "until": INSURED.isoformat()}

    refused = await client_agreements(ana).post(
        f"/agreements/partners/{id_}/documents", data=form, files={"file": file}
    )

    assert refused.status_code == status
    assert words in refused.text
    assert "<form" in refused.text


async def test_nobody_else_finds_a_registration_by_any_route(
    db_agreements: Database, client_agreements: Client, folder: Path
) -> None:
    async with db_agreements.transaction() as session:
        id_ = (await sent(session, folder, a_registrant())).id
    other = client_agreements(partner_of(new_id()))
    gets = [
        f"/agreements/partners/{id_}",
        f"/agreements/partners/{id_}/registration",
        f"/agreements/partners/{id_}/registration/who",
        f"/agreements/partners/{id_}/documents/new",
        f"{API}/organizations/{id_}",
        f"{API}/organizations/{id_}/registration",
        f"{API}/organizations/{id_}/history",
    ]

    assert {path: (await other.get(path)).status_code for path in gets} == dict.fromkeys(gets, 404)
    assert (await other.post(f"/agreements/partners/{id_}/submit", data={"version": "1"})).status_code == 404
    assert (await other.get(f"/agreements/partners/{id_}/vetting")).status_code == 403
    assert "Harbor Sailing" not in (await other.get("/agreements/partners")).text


async def test_the_district_finds_what_waits_for_it(
    db_agreements: Database, client_agreements: Client, folder: Path
) -> None:
    async with db_agreements.transaction() as session:
        await an_organization(session, "City Year")
        await sent(session, folder, a_registrant())
    office = client_agreements(the_district())

    waiting = await office.get("/agreements/partners", params={"stand": "review"})
    declined = await office.get("/agreements/partners", params={"stand": "declined"})

    assert "Harbor Sailing" in waiting.text
    assert "City Year" not in waiting.text
    assert "No partner fits" in declined.text


async def test_a_decision_that_says_too_little_comes_back_with_what_was_said(
    db_agreements: Database, client_agreements: Client, folder: Path
) -> None:
    async with db_agreements.transaction() as session:
        organization = await sent(session, folder, a_registrant())
    path = f"/agreements/partners/{organization.id}/decide/decline"
    form = {"version": str(organization.version), "words": "Show us results."}

    refused = await client_agreements(the_district()).post(path, data=form)

    assert refused.status_code == 422
    assert "Choose at least one reason." in refused.text
    assert "Show us results." in refused.text


async def test_the_api_does_all_that_the_pages_do(
    db_agreements: Database, client_agreements: Client, folder: Path
) -> None:
    ana, office = client_agreements(a_registrant()), client_agreements(the_district())
    id_ = str(new_id())
    begun_ = await ana.post(f"{API}/registrations", json={"id": id_, "name": "Harbor Sailing", "tax_id": "042103580"})
    path = f"{API}/organizations/{id_}"
    told = await ana.put(f"{path}/registration", json=a_telling().model_dump() | {"version": 1})
    for kind in ("insurance", "checks"):
        form = {"kind": kind, "until": INSURED.isoformat()}
        await ana.post(f"{path}/documents", data=form, files={"file": POLICY})
    mine = (await ana.get(f"{API}/registrations")).json()
    doubles = (await ana.get(f"{API}/organizations/duplicates", params={"name": "x", "tax_id": "04-2103580"})).json()
    gone = (await ana.post(f"{path}/registration/submit", json={"version": told.json()["version"]})).json()
    criteria = (await office.get(f"{API}/rubric")).json()
    ratings = [{"criterion": one["code"], "grade": "strong"} for one in criteria]
    rated = (await office.put(f"{path}/rubric", json={"version": gone["version"], "ratings": ratings})).json()
    body = {"verb": "approve", "version": gone["version"] + 1}
    done = (await office.post(f"{path}/moves", json=body)).json()
    history = (await office.get(f"{path}/history")).json()

    assert begun_.status_code == 201
    assert [one["name"] for one in mine] == ["Harbor Sailing"]
    assert [(one["name"], one["same"]) for one in doubles] == [("An organization that is being registered", ["tax id"])]
    assert (gone["status"], gone["review"], gone["missing"]) == ("registering", "waiting", {})
    assert len(rated) == len(CRITERIA)
    assert (done["status"], done["insurance_until"]) == ("approved", INSURED.isoformat())
    assert [one["what"] for one in history] == ["approve", "submit", "document_added", "document_added", "started"]


async def test_two_partners_are_merged_on_a_page_and_the_old_address_leads_to_the_new_one(
    db_agreements: Database, client_agreements: Client, folder: Path
) -> None:
    async with db_agreements.transaction() as session:
        gone = await approved(session, folder, a_registrant())
        into = await an_organization(session, "Harbor Sailing Center")
    office = client_agreements(the_district())
    path = f"/agreements/partners/{gone.id}/merge"

    asks = await office.get(path, params={"into": str(into.id)})
    form = {"into": str(into.id), "version": version_in(asks)}
    merged = await office.post(path, data=form)
    old = await client_agreements(partner_of(into.id)).get(f"/agreements/partners/{gone.id}")
    by_api = await office.post(
        f"{API}/organizations/{gone.id}/merge", json={"into_id": str(into.id), "version": gone.version}
    )

    assert "Harbor Sailing goes into Harbor Sailing Center." in asks.text
    assert merged.headers["location"] == f"/agreements/partners/{into.id}?done=merged"
    assert old.headers["location"] == f"/agreements/partners/{into.id}"
    assert by_api.json()["id"] == str(into.id)


async def test_the_page_of_a_program_says_that_its_partner_may_take_nobody_now(
    db_agreements: Database, client_agreements: Client, folder: Path
) -> None:
    async with db_agreements.transaction() as session:
        organization = await approved(session, folder, a_registrant())
        program = await a_program_of(session, organization)
        await moved(session, organization, Verb.SUSPEND)

    path = f"/agreements/programs/{program.id}"
    anyone = await client_agreements(None).get(path)
    teacher = await client_agreements(an_actor(RoleName.SCHOOL_STAFF, new_id())).get(path)

    assert "This program takes no new students at the moment." in anyone.text
    assert "suspended" not in anyone.text
    assert "The district office has suspended it." in teacher.text
    assert "Refer a student" not in teacher.text.split("<main", 1)[1]


async def test_partners_find_their_details_and_registrants_their_registration(
    db_agreements: Database, client_agreements: Client
) -> None:
    ana = a_registrant()
    id_ = await a_draft(db_agreements, ana)

    details = await client_agreements(partner_of(id_)).get("/agreements/details")
    nobody = await client_agreements(partner_of(new_id())).get("/agreements/details")
    register = await client_agreements(ana).get("/agreements/register")

    assert details.headers["location"] == f"/agreements/partners/{id_}/registration"
    assert "Your organization is not here yet" in nobody.text
    assert f"/agreements/partners/{id_}/registration" in register.text
    assert "Your registration" in register.text
