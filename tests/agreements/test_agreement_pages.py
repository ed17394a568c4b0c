"""Agreements on pages and by the API: drafted, read, signed by both, measured, ended; in words, and lost is nothing."""

import hashlib
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.agreements.models import Agreement
from services.agreements.rules.agreements import Side
from shared.clock import new_id, utc_now
from shared.db import Database
from shared.events.vocabulary import RoleName
from shared.identity.actor import Actor
from tests.agreements.agreeing import (
    ZONE,
    Two,
    a_colleague,
    a_draft,
    an_agreement,
    id_of,
    sent,
    two_sides,
)
from tests.agreements.support import an_organization, partner_of
from tests.support.builders import an_actor
from tests.support.clients import Client

TODAY = utc_now().astimezone(ZONE).date()
TERM: dict[str, Any] = {"starts_on": TODAY.isoformat(), "ends_on": (TODAY + timedelta(days=200)).isoformat()}
API = "/agreements/api/v1/agreements"
PAGES = "/agreements/agreements"


class Here:
    """Two sides whose things are committed, and their clients."""

    def __init__(self, db: Database, client: Client, two: Two) -> None:
        self.db, self.two, self.client = db, two, client

    async def draft(self, **changes: Any) -> Agreement:
        async with self.db.transaction() as session:
            return await a_draft(self._in(session), **TERM | changes)

    async def signing(self) -> tuple[Agreement, str]:
        async with self.db.transaction() as session:
            agreement = await a_draft(self._in(session), **TERM)
            return agreement, await sent(self._in(session), agreement)

    async def in_force(self, **changes: Any) -> Agreement:
        async with self.db.transaction() as session:
            return await an_agreement(self._in(session), now=utc_now(), **TERM | changes)

    def _in(self, session: Any) -> Two:
        return Two(
            session, self.two.school_id, self.two.organization_id, self.two.school, self.two.partner, self.two.district
        )

    async def get(self, path: str, actor: Actor | None = None) -> Any:
        async with self.client(actor or self.two.school) as client:
            return await client.get(path)

    async def post(self, path: str, actor: Actor | None = None, **form: Any) -> Any:
        async with self.client(actor or self.two.school) as client:
            return await client.post(path, data=form, headers={"origin": "http://127.0.0.1:8000"})

    async def json(self, method: str, path: str, actor: Actor | None = None, **body: Any) -> Any:
        async with self.client(actor or self.two.school) as client:
            return await client.request(method, f"{API}{path}", json=body or None)


@pytest.fixture
async def here(db_agreements: Database, client_agreements: Client) -> Here:
    async with db_agreements.transaction() as session:
        two = await two_sides(session)
    return Here(db_agreements, client_agreements, two)


async def test_an_agreement_is_started_from_a_template_and_leads_to_its_form(here: Here) -> None:
    form = await here.get(f"{PAGES}/new")
    id_ = new_id()

    started = await here.post(
        PAGES,
        id=id_,
        organization_id=here.two.organization_id,
        school_id=here.two.school_id,
        template="no_cost_mou",
        title="Mentors",
        **TERM,
    )
    edited = await here.get(started.headers["location"])

    assert "No-cost memorandum of understanding" in form.text
    assert (started.status_code, edited.status_code) == (303, 200)
    assert "acknowledges a referral within two business days" in edited.text


async def test_a_form_that_is_refused_comes_back_with_what_was_entered(here: Here) -> None:
    agreement = await here.draft()

    answer = await here.post(
        f"{PAGES}/{agreement.id}/edit",
        version=agreement.version,
        title="Kept",
        kind="no_cost_mou",
        starts_on=TERM["ends_on"],
        ends_on=TERM["starts_on"],
        notice_days="many",
        scope="Kept scope",
        goal_id=str(new_id()),
        goal_title="A goal without a target",
    )

    assert answer.status_code == 422
    for said in ("Kept scope", "The last day lies before the first", "Enter a number of days", "Goal 1: say what is"):
        assert said in answer.text


async def test_a_draft_shows_who_changed_what_by_name(here: Here) -> None:
    agreement = await here.draft()

    page = await here.get(f"{PAGES}/{agreement.id}", here.two.partner)

    assert "Ada Diaz, Lincoln" in page.text
    assert "More students come every day" in page.text
    assert "Send for signature" in page.text


async def test_it_is_read_and_signed_by_both_and_the_file_has_the_digest(here: Here) -> None:
    agreement, digest = await here.signing()
    path = f"{PAGES}/{agreement.id}"

    shown = await here.get(f"{path}/sign", here.two.partner)
    without = await here.post(f"{path}/sign", here.two.partner, name="Rosa Lima", digest=digest)
    first = await here.post(f"{path}/sign", here.two.partner, name="Rosa Lima", consents="true", digest=digest)
    second = await here.post(f"{path}/sign", name="Ada Diaz", role="Principal", consents="true", digest=digest)
    page = await here.get(path)
    text = await here.get(f"{path}/texts/1.txt")
    pdf = await here.get(f"{path}/texts/1.pdf")

    assert digest in shown.text
    assert (without.status_code, "Rosa Lima" in without.text) == (422, True)
    assert first.headers["location"].endswith("?done=signed")
    assert second.headers["location"].endswith("?done=concluded")
    assert "In force" in page.text
    assert hashlib.sha256(text.content).hexdigest() == digest
    assert pdf.content.startswith(b"%PDF-")
    assert "attachment" in pdf.headers["content-disposition"]


async def test_a_measured_goal_has_a_plot_with_a_table_under_it(here: Here) -> None:
    agreement = await here.in_force()
    goals = (await here.json("GET", f"/{agreement.id}/goals")).json()
    path = f"{PAGES}/{agreement.id}/goals/{goals[0]['id']}/measurements"

    refused = await here.post(path, id=new_id(), value="many")
    recorded = await here.post(path, id=new_id(), value="86.5", words="From the register")
    page = await here.get(f"{PAGES}/{agreement.id}")

    assert (refused.status_code, "Enter what was measured as a number" in refused.text) == (422, True)
    assert recorded.status_code == 303
    assert '<svg class="goal"' in page.text
    assert "From the register" in page.text
    assert "On the way" in page.text


async def test_ending_early_without_words_comes_back_with_the_reason(here: Here) -> None:
    agreement = await here.in_force()

    answer = await here.post(f"{PAGES}/{agreement.id}/terminate", version=agreement.version, reason="funding")

    assert answer.status_code == 422
    assert '<option value="funding" selected>' in answer.text
    assert "Say in a few words why it ends" in answer.text


async def test_the_list_finds_by_words_school_and_state(here: Here) -> None:
    await here.in_force(title="Mentors for grade 9")
    await here.draft(title="Rooms in the evening")

    every = await here.get(PAGES)
    found = await here.get(f"{PAGES}?q=rooms+lincoln&show=unsigned")
    nothing = await here.get(f"{PAGES}?q=nowhere")

    assert ("Mentors for grade 9" in every.text, "Rooms in the evening" in every.text) == (True, True)
    assert ("Mentors for grade 9" in found.text, "Rooms in the evening" in found.text) == (False, True)
    assert "Nothing fits" in nothing.text


async def test_others_see_nothing_of_it(here: Here) -> None:
    agreement = await here.draft()
    async with here.db.transaction() as session:
        other = await an_organization(session, "Casa Abierta")
    strangers = (partner_of(other.id), an_actor(RoleName.SCHOOL_STAFF, new_id()))

    for stranger in strangers:
        listed = await here.get(PAGES, stranger)
        assert "Mentors" not in listed.text
        for path in ("", "/edit", "/sign", "/texts/1.txt", "/texts/1.pdf"):
            assert (await here.get(f"{PAGES}/{agreement.id}{path}", stranger)).status_code == 404
        for path in ("", "/history", "/goals", "/texts/1.pdf"):
            assert (await here.json("GET", f"/{agreement.id}{path}", stranger)).status_code == 404


async def test_staff_of_a_school_that_it_covers_read_it_and_change_nothing(here: Here) -> None:
    agreement = await here.draft(school_id=None, school_ids=[str(here.two.school_id)], by=here.two.district)

    page = await here.get(f"{PAGES}/{agreement.id}")
    refused = await here.json("POST", f"/{agreement.id}/send", version=agreement.version)

    assert page.status_code == 200
    assert "Send for signature" not in page.text
    assert refused.status_code == 404


async def test_a_contact_is_replaced_everywhere_in_one_step(here: Here) -> None:
    agreement = await here.in_force()
    async with here.db.transaction() as session:
        other = await a_colleague(session, an_actor(RoleName.SCHOOL_STAFF, here.two.school_id), "Bo", "Chen")
    leaver = id_of(here.two.school)

    form = await here.get(f"/agreements/agreement-contacts/{leaver}")
    nobody = await here.post(f"/agreements/agreement-contacts/{leaver}", successor_id="")
    done = await here.post(f"/agreements/agreement-contacts/{leaver}", successor_id=id_of(other))
    page = await here.get(f"{PAGES}/{agreement.id}")

    assert "Replace Ada Diaz" in form.text
    assert nobody.status_code == 422
    assert done.status_code == 303
    assert "Bo Chen" in page.text


async def test_everything_is_done_by_the_api_too(here: Here) -> None:
    two = here.two
    body = {
        "organization_id": str(two.organization_id),
        "school_id": str(two.school_id),
        "template": "paid_contract",
        "title": "Tutors",
        **TERM,
    }
    made = (await here.json("POST", "", id=str(new_id()), **body)).json()
    path = f"/{made['id']}"
    terms = made["texts"][0]["terms"] | {
        "amount": "900", "students": "Grade 3", "notice_days": "30", "review_on": "",
        "goals": [{"title": "Reading", "measure": "Test", "target": "70"}],
    }  # fmt: skip

    changed = await here.json("PUT", f"{path}/terms", version=made["version"], **terms)
    commented = await here.json("POST", f"{path}/comments", two.partner, version=1, words="Good.")
    version = (
        await here.json("PUT", f"{path}/contacts/partner", two.partner, person_id=str(id_of(two.partner)))
    ).json()["version"]
    fixed = (await here.json("POST", f"{path}/send", version=version)).json()
    back = (await here.json("POST", f"{path}/take-back", version=fixed["version"], words="One more thing")).json()
    digest = (await here.json("POST", f"{path}/send", version=back["version"])).json()["texts"][0]["digest"]
    for by in Side:
        held = await here.json("POST", f"{path}/signatures", two.of(by), name="Full Name", consents=True, digest=digest)
    amended = (await here.json("POST", f"{path}/amend", version=held.json()["version"])).json()
    dropped = await here.json("POST", f"{path}/discard", version=amended["version"])
    goal = (await here.json("GET", f"{path}/goals")).json()[0]["id"]
    measured = (await here.json("POST", f"{path}/goals/{goal}/measurements", value="71")).json()
    struck = await here.json("POST", f"{path}/measurements/{measured[0]['measurements'][0]['id']}/strike")
    renewed = await here.json("POST", f"{path}/renew", id=str(new_id()))
    ended = await here.json(
        "POST", f"{path}/terminate", version=renewed and (await here.json("GET", path)).json()["version"],
        reason="both_agreed", words="We go on otherwise.",
    )  # fmt: skip
    history = await here.json("GET", f"{path}/history")

    assert [one.status_code for one in (changed, commented, dropped, struck, renewed, ended, history)] == [
        200, 201, 200, 200, 201, 200, 200,
    ]  # fmt: skip
    assert held.json()["state"] == "active"
    assert measured[0]["progress"] == "met"
    assert UUID(renewed.json()["renews_id"]) == UUID(made["id"])
    assert ended.json()["state"] == "terminated"
    assert history.json()[0]["what"] == "terminate"
