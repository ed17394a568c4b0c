"""`crosswalk parked`: what a technician does about parked events, as somebody of the district office."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy import text

from deploy.cli import parked as cli
from deploy.cli.running import Service
from services.people.models import Origin, Person, RoleHeld
from services.referrals.consumers import on
from shared.clock import new_id, utc_now
from shared.db import Database
from shared.events import operations
from shared.events.vocabulary import RoleName
from shared.messaging.cloudevents import read
from shared.messaging.park import park
from shared.messaging.parked import release
from shared.messaging.state import State, say_state
from tests.deploy.test_cli import COMMAND
from tests.support.builders import a_person, a_school
from tests.support.events import KafkaRecord, a_record, outbox

EMAIL = "office@district.example.org"


class Machine:
    """Databases of people and referrals, and the command line that leads to them."""

    def __init__(self, people: Database, referrals: Database, url: str, data: Path) -> None:
        self.people, self.referrals = people, referrals
        self.environment = {
            **os.environ,
            "CROSSWALK_DATABASE_URL": url,
            "CROSSWALK_DATA_DIR": str(data),
            "COLUMNS": "200",
        }

    async def run(self, *arguments: object) -> tuple[int, str]:
        """Exit code, and what it said."""
        process = await asyncio.create_subprocess_exec(
            COMMAND, "parked", *map(str, arguments), env=self.environment,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        said, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, said.decode()

    async def park(self, record: KafkaRecord) -> int:
        """Park a record that waits for a person; its number."""
        async with self.referrals.transaction() as session:
            event = read(record, received_at=utc_now())
            await park(session, "referrals", record, event.id, reason="ValueError", detail="it was broken", attempts=5,
                       next_try_at=None)  # fmt: skip
            return int((await session.execute(text("SELECT max(id) FROM parked"))).scalar_one())

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[None]:
        """What a running worker does about parked events."""

        async def work() -> None:
            while True:
                await say_state(self.referrals, new_id(), utc_now(), State(), utc_now())
                await release(self.referrals, on, utc_now())
                await asyncio.sleep(0.05)

        await say_state(self.referrals, new_id(), utc_now(), State(), utc_now())
        working = asyncio.create_task(work())
        try:
            yield
        finally:
            working.cancel()
            with suppress(asyncio.CancelledError):
                await working


@pytest.fixture
def machine(db_people: Database, db_referrals: Database, postgres: str, tmp_path: Path) -> Machine:
    return Machine(db_people, db_referrals, postgres.replace("{service}", "test_{service}"), tmp_path)


async def somebody_of_the_office(machine: Machine) -> Person:
    person = Person(id=new_id(), given_name="Ada", family_name="Reyes", email=EMAIL, search="ada reyes")
    async with machine.people.transaction() as session:
        session.add(person)
        session.add(RoleHeld(person_id=person.id, name=RoleName.DISTRICT_OFFICE, origin=Origin.GRANTED))
    return person


async def test_the_list_and_one_event_say_what_is_parked_and_what_to_do(machine: Machine) -> None:
    number = await machine.park(a_record(a_school(name="Elm")))

    code, listed = await machine.run("list", "referrals")
    shown_code, shown = await machine.run("show", "referrals", number)

    assert (code, shown_code) == (1, 0)
    assert "school.changed.v1" in listed
    assert "1 wait for a person" in listed
    assert "it was broken" in shown
    assert "To do" in shown


async def test_with_nothing_parked_the_list_says_so(machine: Machine) -> None:
    assert await machine.run("list", "referrals") == (0, "✓ Nothing is parked.\n")


async def test_what_may_name_people_is_shown_only_where_it_is_asked_for(machine: Machine) -> None:
    number = await machine.park(a_record(a_person(given_name="Marisol")))

    _, without = await machine.run("show", "referrals", number)
    _, whole = await machine.run("show", "referrals", number, "--content")

    assert "Marisol" not in without
    assert "Marisol" in whole


async def test_a_replay_waits_for_the_worker_and_says_what_came_of_it(machine: Machine) -> None:
    office = await somebody_of_the_office(machine)
    good, bad = a_record(a_school(name="Elm")), a_record(a_school(name="Oak"))
    bad.value = b"{}"
    await machine.park(good)
    await machine.park(bad)

    async with machine.worker():
        code, said = await machine.run("replay", "referrals", "--all", "--why", "mended", "--by", EMAIL.upper())

    assert (code, "1 took effect" in said, "1 failed again" in said) == (1, True, True)
    async with machine.referrals.transaction() as session:
        facts = await outbox(session)
        by = (await session.execute(text("SELECT headers ->> 'ce_actor' FROM outbox"))).scalar_one()
    assert [type(fact) for fact in facts] == [operations.ParkedReplayed]
    assert by == f"person:{office.id}"


async def test_without_a_worker_a_replay_is_noted_for_later(machine: Machine) -> None:
    await somebody_of_the_office(machine)
    number = await machine.park(a_record(a_school(name="Elm")))

    code, said = await machine.run("replay", "referrals", number, "--why", "another_try", "--by", EMAIL)
    done = await release(machine.referrals, on, utc_now())

    assert code == 0
    assert "as soon as the worker of referrals runs" in said
    assert done == 1


async def test_a_discarded_event_is_given_up_on_the_record(machine: Machine) -> None:
    await somebody_of_the_office(machine)
    number = await machine.park(a_record(a_school(name="Elm")))

    code, _ = await machine.run("discard", "referrals", number, "--why", "outdated", "--by", EMAIL)
    again, refused = await machine.run("discard", "referrals", number, "--why", "outdated", "--by", EMAIL)

    assert (code, again) == (0, 1)
    assert "not parked any more" in refused
    async with machine.referrals.transaction() as session:
        assert [type(fact) for fact in await outbox(session)] == [operations.ParkedDiscarded]


async def test_who_does_not_belong_to_the_office_decides_nothing(machine: Machine) -> None:
    number = await machine.park(a_record(a_school(name="Elm")))

    code, said = await machine.run("discard", "referrals", number, "--why", "outdated", "--by", "me@example.org")

    assert code == 1
    assert "Nobody of the district office" in said


def test_the_reasons_are_those_of_the_facts() -> None:
    assert {why.value for why in cli.WhyReplay} == {why.value for why in operations.WhyReplay}
    assert {why.value for why in cli.WhyDiscard} == {why.value for why in operations.WhyDiscard}
    assert "referrals" in {service.value for service in Service}
