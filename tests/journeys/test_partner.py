"""A partner from its first mail to its first referral, and what stops when its papers do: through real processes."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest_asyncio

from deploy.play import cast
from deploy.play.people import CODE, Caller, Json, Mailbox, Refused
from services.agreements.rules.vetting import CRITERIA
from tests.journeys.actors import Actors
from tests.journeys.system import RunningSystem, until

API = "/agreements/api/v1"
PDF = b"%PDF-1.7\n% a policy\n"
TOLD = {
    "tax_id": "04-7654321",
    "address": "7 Wharf Street, Boston",
    "website": "www.tidewaterrowing.example.org",
    "contact_name": "Ines Duarte",
    "contact_email": "ines@tidewaterrowing.example.org",
    "about": "We row with students.",
    "populations": "Grades 6 to 12",
    "needs": ["sports"],
    "sites": "Boat house",
    "offers": "Rowing on Saturdays",
    "evidence": "Nine of ten come back.",
    "references": "Rosa Lima, rosa@example.org",
}


class Partner(Caller):
    """Somebody who registers an organization, at the API."""

    async def prove_address(self, mailbox: Mailbox) -> None:
        """Ask to register, read the code in the mailbox, enter it."""
        before = await mailbox.newest(self.email)
        who = {"given_name": "Ines", "family_name": "Duarte", "email": self.email}
        asked = await self.post("/people/api/v1/register", who)
        mail = await mailbox.wait(self.email, after=before, holding=CODE)
        code = re.findall(CODE, mail["text"], re.MULTILINE)[0]
        self.enter(await self.post("/people/api/v1/sign-in/code", {"ticket": asked["ticket"], "code": code}))

    async def renew(self) -> Json:
        """Take up the role that came meanwhile; who one is then."""

        async def renewed() -> Json | None:
            try:
                return await self.post("/people/api/v1/sign-in/renew", {})
            except Refused:
                return None

        return self.enter(await until(renewed, "the role of the registrant"))

    async def attach(self, organization: str, kind: str, days: int = 300) -> Json:
        """A document that holds for so many days."""
        until_ = (datetime.now(UTC).date() + timedelta(days=days)).isoformat()
        file = (f"{kind}.pdf", PDF + kind.encode(), "application/pdf")
        path = f"{API}/organizations/{organization}/documents"
        return await self.send_file(path, {"kind": kind, "until": until_}, file)


@pytest_asyncio.fixture(loop_scope="session")
async def partner(system: RunningSystem) -> AsyncIterator[Partner]:
    """Somebody whom nobody knows yet."""
    one = Partner(system.url, f"ines.{uuid4().hex[:8]}@tidewaterrowing.example.org")
    yield one
    await one.close()


async def waits(caller: Caller, path: str, about: str) -> set[str]:
    """The kinds of what waits for somebody about a partner."""
    return {line["kind"] for line in (await caller.get(path))["items"] if line["about_id"] == about}


async def logged(office: Caller, organization: str) -> list[str]:
    """The types of all events about a partner in the log, oldest first, without those of messages."""
    pages = [await office.get("/audit/api/v1/entries", thing=organization, page=page) for page in (1, 2, 3)]
    entries = [entry for page in pages for entry in page["entries"]]
    return [entry["type"] for entry in reversed(entries) if not entry["type"].startswith(("message.", "todo."))]


async def registered(partner: Partner, mailbox: Mailbox) -> str:
    """Begun, told, attached and sent; the organization's id."""
    await partner.prove_address(mailbox)
    organization = str(uuid4())
    name = f"Tidewater Rowing {organization[:4]}"
    await partner.post(f"{API}/registrations", {"id": organization, "name": name, "sure": True})
    person = await partner.renew()
    assert [role["scope_id"] for role in person["roles"]] == [organization]
    told = await partner.put(f"{API}/organizations/{organization}/registration", TOLD | {"version": 1})
    for kind in ("insurance", "checks"):
        await partner.attach(organization, kind)
    sent = await partner.post(f"{API}/organizations/{organization}/registration/submit", {"version": told["version"]})
    assert (sent["status"], sent["review"]) == ("registering", "waiting")
    return organization


async def approve(office: Caller, organization: str, version: int) -> Json:
    """Every criterion met, and approved."""
    ratings = [{"criterion": code, "grade": "met"} for code in CRITERIA]
    await office.put(f"{API}/organizations/{organization}/rubric", {"version": version, "ratings": ratings})
    return await office.post(f"{API}/organizations/{organization}/moves", {"verb": "approve", "version": version + 1})


async def test_a_partner_registers_is_asked_back_approved_and_suspended_and_everybody_hears(
    system: RunningSystem, actors: Actors, partner: Partner
) -> None:
    office, email = await actors.office(), partner.email
    organization = await registered(partner, system.mailbox)
    path = f"{API}/organizations/{organization}"

    async def told() -> bool:
        return "registration_review" in await waits(office, "/referrals/api/v1/todos", organization)

    await until(told, "the registration among what waits for the district")
    view = await office.get(f"{path}/registration")
    await office.post(f"{path}/moves", {"verb": "ask", "version": view["version"], "words": "Where is it?"})
    await system.mailbox.wait(email, holding="has questions")
    sent = await partner.post(f"{path}/registration/submit", {"version": view["version"] + 1})
    await approve(office, organization, sent["version"])
    await system.mailbox.wait(email, holding="You are approved")

    program = {
        "id": str(uuid4()), "organization_id": organization, "name": f"Rowing {organization[:4]}", "needs": ["sports"],
        "contact_name": "Ines Duarte", "contact_email": email,
    }  # fmt: skip
    await partner.post(f"{API}/programs", program)
    approved = await office.get(f"{path}/registration")
    await office.post(f"{path}/moves", {"verb": "suspend", "version": approved["version"], "words": "A complaint."})
    await system.mailbox.wait(email, holding="You are suspended")

    wanted = [
        "organization.registered.v1", "registration.started.v1", "organization.detailed.v1", "document.added.v1",
        "document.added.v1", "registration.submitted.v1", "registration.questioned.v1", "registration.submitted.v1",
        "organization.approved.v1",
    ]  # fmt: skip

    async def all_logged() -> bool:
        types = await logged(office, organization)
        return "organization.halted.v1" in types

    await until(all_logged, "the halt in the log")
    types = [type_ for type_ in await logged(office, organization) if type_ in wanted]
    assert types == wanted


async def test_everybody_with_an_open_referral_hears_when_a_partner_may_take_no_new_ones_and_new_ones_are_refused(
    system: RunningSystem, actors: Actors
) -> None:
    child, other = [child for child in cast.children() if child.language == "en"][:2]
    office, staff = await actors.office(), await actors.staff_of(child)
    referral = await actors.refer(child, "family_support", "Family Navigator")
    await actors.wait_mail(actors.address_of("Family Navigator"), about=referral)
    before = await system.mailbox.newest(child.guardian_email)
    (partner,) = (await office.get(f"{API}/organizations", q="New Shore Family Services"))["items"]

    await decide(office, partner["id"], "suspend")
    await system.mailbox.wait(child.guardian_email, after=before, holding="takes no new students")
    await system.mailbox.wait(staff.email, holding="takes no new ones for now")

    async def refused() -> Refused | None:
        try:
            await actors.refer(other, "family_support", "Family Navigator")
        except Refused as refusal:
            return refusal
        return None

    refusal = await until(refused, "the refusal")
    await decide(office, partner["id"], "reinstate")

    async def open_again() -> bool:
        return await refused() is None

    assert refusal is not None
    assert refusal.code == "program_halted"
    assert "the district has suspended its partner" in refusal.problem["detail"]
    await actors.answer("Family Navigator", referral, "accept")
    await until(open_again, "a new referral")


async def decide(office: Caller, organization: str, verb: str) -> None:
    """The district decides about a partner as it stands now."""
    view = await office.get(f"{API}/organizations/{organization}/registration")
    body = {"verb": verb, "version": view["version"], "words": "A complaint is looked into."}
    await office.post(f"{API}/organizations/{organization}/moves", body)
