"""What is closed to those whom the district has not approved, and what only insiders read."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
import pytest_asyncio

from services.agreements import commands
from services.agreements.models import Organization
from services.agreements.queries.directory import programs_of
from services.agreements.rules.vetting import Verb
from shared.clock import new_id, utc_now
from shared.db import Database
from shared.events.base import Role
from shared.events.vocabulary import RoleName
from shared.identity.actor import Actor
from tests.agreements.meeting_support import a_meeting, a_partnership, person_of
from tests.agreements.partners import BOSTON, NOW, a_registrant, moved, rated, sent
from tests.agreements.support import a_program_of, an_organization, partner_of, the_district
from tests.agreements.test_directory_standing import halt
from tests.support.builders import an_actor
from tests.support.clients import Client

API = "/agreements/api/v1"
INSIDE = ("meetings/people?q=a", "agreements", "reviews", "programs.csv")


def who_registers(organization: Organization) -> Actor:
    """The registrant with the role that people gave meanwhile."""
    role = Role(name=RoleName.PARTNER_STAFF, scope_id=organization.id)
    return a_registrant(person_id=organization.registrant_id, roles=(role,))


async def answers(client: Client, actor: Actor) -> set[int]:
    """What the doors to others say to somebody, and to one who wants to mail people by a meeting or an agreement."""
    caller = client(actor)
    said = {(await caller.get(f"{API}/{path}")).status_code for path in INSIDE}
    posted = [await caller.post(f"{API}/{path}", json={}) for path in ("meetings", "agreements", "reviews")]
    doors = ("meetings/new", f"meetings/{new_id()}/edit", "agreements", "reviews")
    pages = [await caller.get(f"/agreements/{path}") for path in doors]
    return said | {answer.status_code for answer in [*posted, *pages]}


@pytest.mark.parametrize("declined", [False, True])
async def test_nobody_is_reached_by_whoever_only_registers(
    db_agreements: Database, client_agreements: Client, tmp_path: Path, declined: bool
) -> None:
    async with db_agreements.transaction() as session:
        organization = await sent(session, tmp_path, a_registrant())
        if declined:
            await moved(session, organization, Verb.DECLINE, words="Come back insured.")
    stranger = who_registers(organization)

    closed = await answers(client_agreements, stranger)
    refused = await client_agreements(stranger).get(f"{API}/meetings/people?q=a")
    told = await client_agreements(stranger).get(f"/agreements/partners/{organization.id}/registration")

    assert closed == {403}
    assert refused.json()["code"] == "partner_not_approved"
    assert told.status_code == 200
    assert ("Come back insured." in told.text) is declined


async def test_what_was_closed_opens_with_the_approval(
    db_agreements: Database, client_agreements: Client, tmp_path: Path
) -> None:
    async with db_agreements.transaction() as session:
        organization = await sent(session, tmp_path, a_registrant())
    partner = who_registers(organization)
    before = await answers(client_agreements, partner)

    async with db_agreements.transaction() as session:
        waiting = await session.get_one(Organization, organization.id)
        await moved(session, await rated(session, waiting), Verb.APPROVE)

    assert before == {403}
    assert 403 not in await answers(client_agreements, partner)


@dataclass
class Invited:
    """Ana, who registers and is invited by Omar of the district to a meeting with her organization."""

    ana: Actor
    meeting_id: UUID
    own: UUID
    """The task that she took on; `other` is Omar's."""
    other: UUID
    of_others: UUID
    """A meeting of a school and its partner."""


@pytest_asyncio.fixture(loop_scope="session")
async def invited(db_agreements: Database, tmp_path: Path) -> Invited:
    async with db_agreements.transaction() as session:
        people = await a_partnership(session)
        organization = await sent(session, tmp_path, a_registrant())
        ana, omar = who_registers(organization), people.omar
        assert ana.person_id
        assert omar.person_id
        session.add(person_of(ana))
        await session.flush()
        meeting = await a_meeting(
            session, people, by=omar, now=utc_now(), school_id="", organization_id=str(organization.id),
            person_ids=[str(ana.person_id)], date=f"{utc_now() + timedelta(days=9):%Y-%m-%d}",
        )  # fmt: skip
        ids = [
            (await commands.agree_task(
                session, task_id=new_id(), meeting_id=meeting.id, owner_id=owner, what="Bring the policy",
                on="2030-01-07", zone=BOSTON, actor=omar, now=utc_now(),
            )).id
            for owner in (ana.person_id, omar.person_id)
        ]  # fmt: skip
        return Invited(ana, meeting.id, ids[0], ids[1], of_others=(await a_meeting(session, people)).id)


async def test_a_registrant_whom_the_district_meets_reads_the_meeting_answers_and_does_what_they_took_on(
    invited: Invited, client_agreements: Client
) -> None:
    ana, path = client_agreements(invited.ana), f"/agreements/meetings/{invited.meeting_id}"

    answered = await ana.post(f"{path}/answer", data={"answer": "yes"})
    seen = [await ana.get(one) for one in (path, f"{API}/meetings/{invited.meeting_id}", f"{path}/invitation.ics")]
    lists = [await ana.get(f"/agreements/{one}") for one in ("meetings?mine=true", "tasks", "calendar")]
    task = await ana.get(f"/agreements/tasks/{invited.own}")
    done = await ana.post(f"/agreements/tasks/{invited.own}/finish")
    after = (await ana.get(f"{API}/tasks/{invited.own}")).json()

    assert (answered.status_code, done.status_code, after["status"]) == (303, 303, "done")
    assert [one.status_code for one in (*seen, *lists, task)] == [200] * 7
    assert "You come" in seen[0].text
    assert "It is done" in task.text
    assert [words in page.text for words, page in zip(("How the fall", "Bring", "secret"), lists, strict=True)] == [
        True, True, True,
    ]  # fmt: skip


async def test_a_registrant_who_is_invited_reaches_nobody_else_by_the_meeting(
    invited: Invited, client_agreements: Client
) -> None:
    ana, path = client_agreements(invited.ana), f"/agreements/meetings/{invited.meeting_id}"
    api, other = f"{API}/meetings/{invited.meeting_id}", f"/agreements/tasks/{invited.other}"

    page, listed = await ana.get(path), await ana.get("/agreements/meetings")
    date_id = (await ana.get(api)).json()["dates"][0]["id"]
    refused = [
        await ana.post(path, data={"do": "find", "find": "dana"}),
        await ana.put(api, json={"version": 1, "person_ids": [str(new_id())]}),
    ]
    hidden = [
        await ana.post(f"{path}/cancel", data={"version": 1}),
        await ana.post(f"{path}/dates/{date_id}/move", data={"version": 1, "day": "2030-01-07", "hour": "10:00"}),
        await ana.post(f"{path}/tasks", data={"what": "Call", "on": "2030-01-07"}),
        await ana.post(f"{other}/finish"),
        await ana.post(f"{other}/drop"),
    ]

    assert await answers(client_agreements, invited.ana) == {403}
    assert {one.status_code for one in refused} == {403}
    assert {one.status_code for one in hidden} == {404}
    assert "Change the meeting" not in page.text
    assert "/agreements/meetings/new" not in listed.text
    assert (await ana.get(f"/agreements/meetings/{invited.of_others}")).status_code == 404


async def reasons(client: Client, actor: Actor | None, program_id: UUID, organization_id: UUID) -> str:
    """All that is answered about a program and its partner."""
    caller = client(actor)
    paths = [f"{API}/programs/{program_id}", f"{API}/programs?status=any", f"/agreements/programs/{program_id}"]
    paths += [f"/agreements/hsds/services/{program_id}", "/agreements/hsds/services?full=true"]
    paths += [f"{API}/organizations", f"{API}/organizations/{organization_id}", f"{API}/programs/{program_id}/history"]
    paths += ["/agreements/programs?q=club"]
    return "\n".join([(await caller.get(path)).text for path in paths])


async def test_why_a_partner_or_a_program_takes_nobody_only_schools_the_district_and_itself_read(
    db_agreements: Database, client_agreements: Client
) -> None:
    async with db_agreements.transaction() as session:
        here, there = await an_organization(session), await an_organization(session, "Casa Abierta")
        program = await a_program_of(session, here)
        await commands.pause_program(
            session, program.id, version=1, reason="Rosa is ill", actor=partner_of(here.id), now=NOW
        )
    await halt(db_agreements, here.id, "insurance_expired")

    insiders: list[Actor | None] = [an_actor(RoleName.SCHOOL_STAFF, new_id()), the_district(), partner_of(here.id)]
    outsiders = [None, an_actor(RoleName.GUARDIAN, new_id()), partner_of(there.id)]
    for actor in insiders:
        said = await reasons(client_agreements, actor, program.id, here.id)
        assert ("insurance_expired" in said, "Rosa is ill" in said) == (True, True)
    for actor in outsiders:
        said = await reasons(client_agreements, actor, program.id, here.id)
        assert ("insurance" in said.lower(), "Rosa is ill" in said) == (False, False)


async def test_hsds_says_temporarily_closed_of_a_program_whose_partner_may_take_nobody(
    db_agreements: Database, client_agreements: Client
) -> None:
    async with db_agreements.transaction() as session:
        organization = await an_organization(session)
        program = await a_program_of(session, organization)
    caller, base = client_agreements(None), "/agreements/hsds"

    await halt(db_agreements, organization.id, "checks_expired")
    whole = (await caller.get(f"{base}/services/{program.id}")).json()
    brief = (await caller.get(f"{base}/services?minimal=true")).json()["contents"][0]
    inside = (await caller.get(f"{base}/organizations/{organization.id}")).json()["services"][0]

    assert {one["status"] for one in (whole, brief, inside)} == {"temporarily closed"}


async def test_more_programs_than_a_statement_has_places_for_are_found_by_their_ids(db_agreements: Database) -> None:
    async with db_agreements.transaction() as session:
        program = await a_program_of(session, await an_organization(session))
        ids = [program.id, *(new_id() for _ in range(40_000))]

        found = await programs_of(session, dict.fromkeys(ids))

    assert [one.id for one in found] == [program.id]
