"""`crosswalk lag`, `crosswalk outbox`: how far behind each service is, and telling again what somebody lost."""

import asyncio
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from sqlalchemy import text

from deploy.lag import survey
from services.people.models import Origin, Person, RoleHeld
from shared.clock import new_id, utc_now
from shared.db import Database
from shared.events import operations, referrals
from shared.events.vocabulary import RoleName
from shared.messaging import topics
from shared.messaging.republish import republish
from shared.settings import ServiceSettings
from tests.deploy.commands import Machine, broker_of
from tests.shared.test_worker import say
from tests.support.builders import a_school, an_actor
from tests.support.events import outbox
from tests.support.kafka import Broker

EMAIL = "office@district.example.org"
TOPIC = referrals.EVENTS


@pytest.fixture(params=["broker", "kafka"])
def settings(request: pytest.FixtureRequest) -> ServiceSettings:
    """The embedded broker, which says too little of where topics end, and Apache Kafka."""
    found = request.getfixturevalue(request.param)
    embedded = isinstance(found, Broker)
    return ServiceSettings(
        service="people", kafka_bootstrap_servers=found.address if embedded else found, kafka_partitions=1,
        kafka_fetch_wait_ms=20, kafka_wakes=not embedded,
    )  # fmt: skip


async def produce(settings: ServiceSettings, count: int, *, ago: float = 0) -> None:
    await topics.create(settings)
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka_bootstrap_servers)
    await producer.start()
    at = int((time.time() - ago) * 1000)
    sent = [await producer.send(TOPIC, b"{}", key=b"one", timestamp_ms=at) for _ in range(count)]
    await asyncio.gather(*sent)
    await producer.stop()


async def settle(settings: ServiceSettings, group: str, *, leave: int) -> None:
    """Have a group settle all but so many of the newest records."""
    consumer = AIOKafkaConsumer(
        TOPIC, bootstrap_servers=settings.kafka_bootstrap_servers, group_id=group, enable_auto_commit=False,
        auto_offset_reset="earliest", session_timeout_ms=6000, fetch_max_wait_ms=20,
    )  # fmt: skip
    await consumer.start()
    ends: dict[TopicPartition, int] = {}
    async with asyncio.timeout(60):
        while not ends or any([await consumer.position(p) < (consumer.highwater(p) or 0) for p in ends]):
            for place, records in (await consumer.getmany(timeout_ms=200)).items():
                ends[place] = records[-1].offset + 1
    newest = max(ends, key=lambda place: ends[place])
    await consumer.commit({place: end - (leave if place == newest else 0) for place, end in ends.items()})
    await consumer.stop()


async def behind(settings: ServiceSettings, services: Sequence[str]) -> dict[str, tuple[int, float]]:
    return {one.service: (one.records, one.age) for one in await survey(settings, services) if one.topic == TOPIC}


async def test_lag_counts_what_a_group_has_not_settled_and_says_how_old_it_is(settings: ServiceSettings) -> None:
    await produce(settings, 5, ago=3600)
    await settle(settings, "notifications", leave=2)

    found = await behind(settings, ["notifications", "audit"])

    assert found["notifications"][0] == 2
    assert 3600 <= found["notifications"][1] < 3700
    # The embedded broker shows a reader at the very beginning too little.
    assert found["audit"][0] >= (5 if settings.kafka_wakes else 1)


async def test_the_command_shows_it_and_ends_with_1_where_something_is_old(broker: Broker, tmp_path: Path) -> None:
    machine = Machine("", tmp_path, **broker_of(broker.address))
    del machine.environment["CROSSWALK_DATABASE_URL"]
    settings = ServiceSettings(service="people", kafka_bootstrap_servers=broker.address, kafka_partitions=1)
    await topics.create(settings)

    nothing = await machine.run("lag", "notifications")
    await produce(settings, 3, ago=7300)
    late = await machine.run("lag", "notifications")

    assert nothing[0] == 0
    assert "All is heard" in nothing[1]
    assert late[0] == 1
    assert any(line.split()[1:] == [TOPIC, "3", "2.0", "h"] for line in late[1].splitlines())


async def test_without_a_broker_the_commands_say_so(tmp_path: Path) -> None:
    machine = Machine("", tmp_path, CROSSWALK_KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1")

    code, said = await machine.run("lag", "audit")

    assert code == 1
    assert "127.0.0.1:1" in said


@pytest.fixture
def machine(db_people: Database, db_referrals: Database, postgres: str, tmp_path: Path) -> Machine:
    return Machine(postgres.replace("{service}", "test_{service}"), tmp_path)


async def somebody_of_the_office(people: Database) -> Person:
    person = Person(id=new_id(), given_name="Ada", family_name="Reyes", email=EMAIL, search="ada reyes")
    async with people.transaction() as session:
        session.add(person)
        session.add(RoleHeld(person_id=person.id, name=RoleName.DISTRICT_OFFICE, origin=Origin.GRANTED))
    return person


async def published(db: Database, names: Sequence[str], *, ago: timedelta) -> None:
    """Facts that were said and published so long ago."""
    await say(db, *(a_school(name=name) for name in names))
    async with db.transaction() as session:
        await session.execute(
            text("UPDATE outbox SET created_at = now() - CAST(:ago AS interval), published_at = now() -"
                 " CAST(:ago AS interval) WHERE published_at IS NULL"),
            {"ago": ago},
        )  # fmt: skip


async def waiting(db: Database) -> int:
    async with db.transaction() as session:
        found = await session.execute(text("SELECT count(*) FROM outbox WHERE published_at IS NULL"))
        return int(found.scalar_one())


async def test_facts_since_a_moment_are_published_again_in_order_and_on_the_record(db_core: Database) -> None:
    await published(db_core, ["Old"], ago=timedelta(hours=3))
    await published(db_core, ["New", "Newer"], ago=timedelta(hours=1))
    office, now = an_actor(RoleName.DISTRICT_OFFICE), utc_now()

    async with db_core.transaction() as session:
        why = operations.WhyRepublish.LOST
        again = await republish(session, "people", now - timedelta(hours=2), why, actor=office, now=now)

    async with db_core.transaction() as session:
        rows = await session.execute(text("SELECT value FROM outbox WHERE published_at IS NULL ORDER BY id"))
        values = [bytes(row.value).decode() for row in rows]
        told = [fact for fact in await outbox(session) if isinstance(fact, operations.OutboxRepublished)]
    assert again == 2
    assert ['"New"' in values[0], '"Newer"' in values[1], len(values)] == [True, True, 3]
    assert [(fact.outbox, fact.facts, fact.why) for fact in told] == [("people", 2, "lost")]


async def test_the_command_asks_before_it_publishes_again(
    machine: Machine, db_people: Database, db_referrals: Database
) -> None:
    await somebody_of_the_office(db_people)
    await published(db_referrals, ["One", "Two"], ago=timedelta(hours=1))
    command = ("outbox", "republish", "referrals", "--since", "2026-01-01", "--why", "lost", "--by", EMAIL)

    no = await machine.run(*command, answer="n\n")
    kept = await waiting(db_referrals)
    yes = await machine.run(*command, answer="y\n")

    assert (no[0], kept) == (1, 0)
    assert "Publish 2 facts of referrals again?" in no[1]
    assert yes[0] == 0, yes[1]
    assert await waiting(db_referrals) == 3


async def test_a_stranger_may_not_have_facts_published_again(machine: Machine, db_referrals: Database) -> None:
    await published(db_referrals, ["One"], ago=timedelta(hours=1))

    code, said = await machine.run(
        "outbox", "republish", "referrals", "--since", "2026-01-01", "--why", "lost", "--by", "x@y.org", "--yes"
    )

    assert code == 1
    assert "Nobody of the district office" in said
    assert await waiting(db_referrals) == 0


async def test_the_outbox_that_waits_is_shown(machine: Machine, db_referrals: Database) -> None:
    await say(db_referrals, a_school())
    async with db_referrals.transaction() as session:
        await session.execute(text("UPDATE outbox SET created_at = now() - interval '5 minutes'"))

    code, said = await machine.run("outbox", "lag", "referrals")

    assert code == 1
    assert any(line.split()[:4] == ["referrals", "1", "5", "min"] for line in said.splitlines()), said
