"""An agreement through the public API of real processes: drafted by the school, read by the partner, signed by both."""

import hashlib
from datetime import datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

from deploy.play.people import Caller, Json
from tests.journeys.actors import Actors
from tests.journeys.system import until
from tests.journeys.test_main_job import a_child

API = "/agreements/api/v1"
PROGRAM = "Weekend Backpack"


async def test_an_agreement_is_drafted_read_by_the_partner_and_signed_by_both(actors: Actors) -> None:
    school, partner = await actors.staff_of(a_child("pt", 0)), await actors.partner_of(PROGRAM)
    address = actors.address_of(PROGRAM)
    before = await actors.mailbox.newest(address)

    made = await drafted(actors, school)
    path = f"{API}/agreements/{made['id']}"
    await actors.mailbox.wait(address, after=before, holding="An agreement was drafted")
    named = await school.get(path)
    commented = await partner.post(
        f"{path}/comments", {"version": named["version"], "words": "Could we meet twice a year?"}
    )
    contact = await until(lambda: own_id(partner), "the partner's own id")
    held = await partner.put(f"{path}/contacts/partner", {"person_id": contact})
    before = await actors.mailbox.newest(address)
    sent = await school.post(f"{path}/send", {"version": held["version"]})
    await actors.mailbox.wait(address, after=before, holding="waits for your signature")
    digest = sent["texts"][0]["digest"]
    for person, name in ((partner, "Rosa Lima"), (school, "Ada Diaz")):
        signed = await person.post(f"{path}/signatures", {"name": name, "consents": True, "digest": digest})

    assert commented["state"] == "draft"
    assert signed["state"] == "upcoming"
    assert [one["side"] for one in signed["texts"][0]["signatures"]] == ["partner", "school"]
    assert hashlib.sha256(signed["texts"][0]["text"].encode()).hexdigest() == digest
    await actors.mailbox.wait(address, after=before, holding="Both sides have signed")
    await until(lambda: logged(actors, made["id"]), "the signatures in the log")


async def drafted(actors: Actors, school: Caller) -> Json:
    """A draft with everything that a signature needs, for a term that is still to come."""
    first = datetime.now(ZoneInfo("America/New_York")).date() + timedelta(days=30)
    programs = await school.get(f"{API}/programs", q=PROGRAM)
    me = await school.get("/people/api/v1/me")
    body = {
        "id": str(uuid4()),
        "organization_id": programs["items"][0]["organization_id"],
        "school_id": next(role["scope_id"] for role in me["roles"] if role["name"] == "school_staff"),
        "template": "no_cost_mou",
        "title": "Food for the weekend",
        "starts_on": first.isoformat(),
        "ends_on": (first + timedelta(days=200)).isoformat(),
    }
    made = await school.post(f"{API}/agreements", body)
    terms = made["texts"][0]["terms"] | {"students": "Twenty families", "amount": "", "review_on": ""}
    changed = terms | {"version": made["version"], "notice_days": "60", "goals": []}
    return await school.put(f"{API}/agreements/{made['id']}/terms", changed)


async def own_id(person: Caller) -> Json:
    """Who somebody is."""
    return (await person.get("/people/api/v1/me"))["id"]


async def logged(actors: Actors, agreement_id: str) -> bool:
    """Whether the log knows that both have signed."""
    office = await actors.office()
    found = await office.get("/audit/api/v1/entries", thing=agreement_id)
    return {"agreement.signed.v1", "agreement.concluded.v1"} <= {one["type"] for one in found["entries"]}
