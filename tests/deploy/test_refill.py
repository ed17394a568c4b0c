"""`crosswalk refill`: after an upgrade, states go out again to those whose projections hold more than before."""

from pathlib import Path

import pytest

from shared.clock import utc_now
from shared.db import Database
from shared.identity import system
from shared.messaging import emit
from tests.deploy.commands import Machine, empty_databases
from tests.support.builders import a_person, a_school

PUBLISHED = "UPDATE outbox SET published_at = now()"
WAITING = "SELECT topic FROM outbox WHERE published_at IS NULL ORDER BY topic"
PERSONS = "people.persons.v1 goes out again for agreements, notifications: 2"
SCHOOLS = "people.schools.v1 goes out again for agreements: 1"


@pytest.fixture
def machine(
    db_people: Database,
    db_agreements: Database,
    db_referrals: Database,
    db_notifications: Database,
    db_audit: Database,
    postgres: str,
    tmp_path: Path,
) -> Machine:
    """On the databases of the tests, which hold nothing of what is due."""
    return Machine(postgres.replace("{service}", "test_{service}"), tmp_path)


async def test_what_is_due_goes_out_again_once(machine: Machine, db_people: Database) -> None:
    async with db_people.transaction() as session:
        await emit(session, a_person(), a_person(), a_school(), actor=system("people"), now=utc_now())
    await machine.ask("people", PUBLISHED)

    first, second = await machine.run("refill"), await machine.run("refill")

    assert (first[0], second[0]) == (0, 0)
    assert PERSONS in first[1]
    assert SCHOOLS in first[1]
    assert second[1].strip() == "✓ Nothing is due."
    topics = [row["topic"] for row in await machine.ask("people", WAITING)]
    assert topics == ["people.persons.v1", "people.persons.v1", "people.schools.v1"]


async def test_what_was_done_too_soon_is_done_again(machine: Machine, db_people: Database) -> None:
    async with db_people.transaction() as session:
        await emit(session, a_person(), a_person(), actor=system("people"), now=utc_now())
    await machine.run("refill")
    await machine.ask("people", PUBLISHED)

    code, said = await machine.run("refill", "--again")

    assert code == 0
    assert PERSONS in said
    assert len(await machine.ask("people", WAITING)) == 2


async def test_where_nothing_was_said_yet_nothing_is_due(machine: Machine) -> None:
    code, said = await machine.run("refill")

    assert code == 0
    assert said.strip() == "✓ Nothing is due."


async def test_a_database_of_another_release_is_refused(postgres: str, tmp_path: Path) -> None:
    async with empty_databases(postgres, "refill") as url:
        machine = Machine(url, tmp_path)
        await machine.run("migrate", "people")

        code, said = await machine.run("refill")

    assert code == 1
    assert "agreements, referrals, notifications, audit. Run crosswalk migrate first." in said
