"""What is closed to those whom the district has not approved, and what only insiders read."""

from pathlib import Path
from uuid import UUID

import pytest

from services.agreements import commands
from services.agreements.models import Organization
from services.agreements.queries.directory import programs_of
from services.agreements.rules.vetting import Verb
from shared.clock import new_id
from shared.db import Database
from shared.events.base import Role
from shared.events.vocabulary import RoleName
from shared.identity.actor import Actor
from tests.agreements.partners import NOW, a_registrant, moved, rated, sent
from tests.agreements.support import a_program_of, an_organization, partner_of, the_district
from tests.agreements.test_directory_standing import halt
from tests.support.builders import an_actor
from tests.support.clients import Client

API = "/agreements/api/v1"
INSIDE = ("meetings/people?q=a", "meetings", "tasks", "agreements", "reviews", "programs.csv")


def who_registers(organization: Organization) -> Actor:
    """The registrant with the role that people gave meanwhile."""
    role = Role(name=RoleName.PARTNER_STAFF, scope_id=organization.id)
    return a_registrant(person_id=organization.registrant_id, roles=(role,))


async def answers(client: Client, actor: Actor) -> set[int]:
    """What the doors to others say to somebody, and to one who wants to mail people by a meeting or an agreement."""
    caller = client(actor)
    said = {(await caller.get(f"{API}/{path}")).status_code for path in INSIDE}
    posted = [await caller.post(f"{API}/{path}", json={}) for path in ("meetings", "agreements", "reviews")]
    pages = [await caller.get(f"/agreements/{path}") for path in ("meetings/new", "agreements", "reviews", "tasks")]
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
