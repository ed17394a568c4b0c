"""`crosswalk migrate`, `crosswalk topics`: run by any number at once, and nothing is changed that could lose order."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from deploy.topics import judge, make_and_survey
from shared.events import COMPACTED, TOPICS, people, referrals
from shared.messaging.topics import wanted_config
from shared.migrations import SERVICES, head
from shared.settings import ServiceSettings
from tests.deploy.commands import Machine, broker_of, empty_databases
from tests.support.kafka import Broker

SETTINGS = ServiceSettings(service="people", kafka_partitions=4, kafka_replication=3)


@pytest_asyncio.fixture
async def machine(postgres: str, tmp_path: Path) -> AsyncIterator[Machine]:
    async with empty_databases(postgres, "steps") as url:
        yield Machine(url, tmp_path)


async def test_of_two_that_migrate_at_once_one_does_each_database_and_both_succeed(machine: Machine) -> None:
    both = await asyncio.gather(machine.run("migrate"), machine.run("migrate"))
    again = await machine.run("migrate")

    assert [code for code, _ in (*both, again)] == [0, 0, 0]
    for service in SERVICES:
        lines = [line for _, said in both for line in said.splitlines() if line.startswith(f"✓ {service} ")]
        assert sorted("empty →" in line for line in lines) == [False, True]
        (found,) = await machine.ask(service, "SELECT version_num FROM alembic_version")
        assert found["version_num"] == head(service)
    assert again[1].count("the newest") == len(SERVICES)
    assert "0001 initial" in both[0][1] + both[1][1]


async def test_the_first_account_is_made_once_with_the_address_that_was_named(machine: Machine) -> None:
    first = await machine.run("migrate", "people", "--office", "ada@district.example.org")
    again = await machine.run("migrate", "people", "--office", "other@district.example.org")

    assert (first[0], again[0]) == (0, 0)
    assert "ada@district.example.org may sign in" in first[1]
    assert "has an account already" in again[1]
    assert [row["email"] for row in await machine.ask("people", "SELECT email FROM person")] == [
        "ada@district.example.org"
    ]


async def test_a_database_that_a_newer_release_has_migrated_is_left_alone(machine: Machine) -> None:
    await machine.run("migrate", "audit")
    connection = await asyncpg.connect(machine.dsn("audit"))
    await connection.execute("UPDATE alembic_version SET version_num = '9999'")
    await connection.close()

    code, said = await machine.run("migrate", "audit")

    assert code == 0
    assert "stands at 9999, which a newer release has made; nothing was changed" in said


async def test_a_database_that_is_not_there_is_named(machine: Machine) -> None:
    code, said = await machine.run(
        "migrate", "audit", CROSSWALK_DATABASE_URL=machine.url.replace("{service}", "nowhere_{service}")
    )

    assert code == 1
    assert "There is no database of audit yet" in said


async def test_missing_topics_are_made_once_and_shown(broker: Broker, tmp_path: Path) -> None:
    machine = Machine("", tmp_path, **broker_of(broker.address))
    del machine.environment["CROSSWALK_DATABASE_URL"]

    looked = await machine.run("topics", "--check")
    first, again = await machine.run("topics"), await machine.run("topics")

    assert looked[0] == 1
    assert "is missing. Make it: crosswalk topics" in looked[1]
    assert (first[0], again[0]) == (0, 0)
    assert f"{len(TOPICS)} topics, {len(TOPICS)} made now" in first[1]
    assert f"{len(TOPICS)} topics, 0 made now" in again[1]


async def test_topics_with_fewer_partitions_than_wanted_are_refused_and_left_alone(
    broker: Broker, tmp_path: Path
) -> None:
    machine = Machine("", tmp_path, **broker_of(broker.address))
    del machine.environment["CROSSWALK_DATABASE_URL"]
    await machine.run("topics")

    code, said = await machine.run("topics", CROSSWALK_KAFKA_PARTITIONS="4")
    after = await machine.run("topics")

    assert code == 1
    assert f"{referrals.EVENTS} has 1 partitions, 4 are wanted. Do not add any" in said
    assert after[0] == 0


async def test_kafka_keeps_new_topics_as_they_are_wanted(kafka: str) -> None:
    settings = ServiceSettings(service="people", kafka_bootstrap_servers=kafka, kafka_partitions=1)

    found = {topic.name: topic for topic in await make_and_survey(settings)}

    assert (found[referrals.EVENTS].wrong, found[people.PERSONS].wrong) == ([], [])
    assert {name for name, topic in found.items() if topic.config["cleanup.policy"] == "compact"} == COMPACTED
    assert found[referrals.EVENTS].config["retention.ms"] == str(14 * 86_400_000)


GOOD = wanted_config(referrals.EVENTS, SETTINGS)


@pytest.mark.parametrize(
    ("topic", "partitions", "copies", "config", "words"),
    [
        (referrals.EVENTS, 0, 0, {}, "is missing"),
        (referrals.EVENTS, 3, 3, GOOD, "has 3 partitions, 4 are wanted"),
        (referrals.EVENTS, 4, 2, GOOD, "has 2 copies, 3 are wanted"),
        (referrals.EVENTS, 4, 3, GOOD | {"cleanup.policy": "compact"}, "loses facts"),
        (people.PERSONS, 4, 3, GOOD, "loses the state"),
        (referrals.EVENTS, 4, 3, GOOD | {"retention.ms": "604800000"}, "(7 days)"),
        (referrals.EVENTS, 4, 3, GOOD | {"min.insync.replicas": "1"}, "what was taken can be lost"),
        (referrals.EVENTS, 4, 3, GOOD | {"min.insync.replicas": "4"}, "it takes nothing"),
        (referrals.EVENTS, 4, 3, GOOD | {"unclean.leader.election.enable": "true"}, "loses what was taken"),
    ],
)
def test_what_could_lose_order_or_facts_is_said(
    topic: str, partitions: int, copies: int, config: dict[str, str], words: str
) -> None:
    (wrong,) = judge(topic, partitions, copies, config, SETTINGS)

    assert words in wrong


@pytest.mark.parametrize("config", [GOOD, GOOD | {"retention.ms": "-1"}, {}])
def test_more_than_is_wanted_and_what_is_not_told_is_fine(config: dict[str, str]) -> None:
    assert judge(referrals.EVENTS, 8, 5, config, SETTINGS) == []
