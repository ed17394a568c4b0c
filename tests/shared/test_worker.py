"""The worker: facts leave the outbox, arrive once, and survive the loss of the broker."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.clock import utc_now
from shared.db import Database
from shared.events import Fact, people
from shared.identity.actor import system
from shared.messaging import patience, topics
from shared.messaging.connection import client_arguments
from shared.messaging.handlers import Event, Handlers
from shared.messaging.outbox import emit, emit_many
from shared.messaging.worker import Worker
from shared.settings import ServiceSettings
from tests.shared.test_consume import effects, note
from tests.support.builders import a_school
from tests.support.events import KafkaRecord, a_record
from tests.support.kafka import Broker


def settings_for(db: Database, broker: Broker, data_dir: Path) -> ServiceSettings:
    return ServiceSettings(
        service="tests",
        database_url=db.dsn,
        data_dir=data_dir,
        kafka_bootstrap_servers=broker.address,
        kafka_idempotent=False,
        kafka_partitions=1,
        kafka_fetch_wait_ms=10,
        kafka_session_timeout_ms=1000,
    )


def handlers() -> Handlers:
    on = Handlers("tests")

    @on(people.SchoolChanged)
    async def keep(session: AsyncSession, event: Event[people.SchoolChanged]) -> None:
        await note(session, event.fact.name)

    return on


@asynccontextmanager
async def running(settings: ServiceSettings) -> AsyncIterator[Worker]:
    worker, stop = Worker(settings, handlers=handlers()), asyncio.Event()
    task = asyncio.create_task(worker.run(stop))
    try:
        yield worker
    finally:
        stop.set()
        await asyncio.wait_for(task, 15)


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.02)


async def say(db: Database, *facts: Fact) -> None:
    async with db.transaction() as session:
        await emit(session, *facts, actor=system("tests"), now=utc_now())


def records_on(worker: Worker) -> int:
    """How many records the broker holds on the topics that this worker reads."""
    return sum(worker._kafka.highwater(place) for place in worker._kafka.assignment())


async def published(db: Database) -> int:
    async with db.transaction() as session:
        return int((await session.execute(text("SELECT count(published_at) FROM outbox"))).scalar_one())


async def test_what_a_command_emits_takes_effect_once_and_in_order(
    db_core: Database, broker: Broker, data_dir: Path
) -> None:
    settings = settings_for(db_core, broker, data_dir)
    await topics.create(settings)
    names = [f"School {n}" for n in range(1200)]

    async with running(settings):
        async with db_core.transaction() as session:
            await emit_many(session, (a_school(name=n) for n in names), actor=system("tests"), now=utc_now())

        await until(lambda: arrived(db_core, 1200))

    assert await effects(db_core) == names


async def arrived(db: Database, count: int) -> bool:
    return len(await effects(db)) >= count


async def test_a_consumer_that_rests_is_told_when_something_was_published(
    db_core: Database, broker: Broker, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_for(db_core, broker, data_dir).model_copy(update={"kafka_wakes": False})
    await topics.create(settings)

    async with running(settings) as worker:
        await until(worker.idle)
        monkeypatch.setattr(patience, "REST", 3600)
        # The rest under way may end by itself; those after it last too long.
        for number in range(1, 4):
            await say(db_core, a_school())
            await until(partial(arrived, db_core, number))


async def test_a_backlog_of_which_nobody_told_is_read_without_a_rest(
    db_core: Database, broker: Broker, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_for(db_core, broker, data_dir).model_copy(update={"kafka_wakes": False})
    await topics.create(settings)
    await publish(settings, [a_record(a_school()) for _ in range(100)])
    # With a rest before each of these ten batches it would take too long.
    monkeypatch.setattr("shared.messaging.worker.MAX_RECORDS", 10)
    monkeypatch.setattr(patience, "REST", 5)

    async with running(settings):
        await until(lambda: arrived(db_core, 100))


async def publish(settings: ServiceSettings, records: Sequence[KafkaRecord]) -> None:
    """By somebody else than our relay."""
    async with AIOKafkaProducer(**client_arguments(settings)) as producer:
        for one in records:
            await producer.send(one.topic, one.value, key=one.key, headers=one.headers)


async def test_a_broker_that_lost_everything_is_told_again_and_nothing_takes_effect_twice(
    db_core: Database, broker: Broker, data_dir: Path
) -> None:
    settings = settings_for(db_core, broker, data_dir)
    await topics.create(settings)

    async with running(settings):
        await say(db_core, *(a_school(name=f"A{n}") for n in range(50)))
        await until(lambda: arrived(db_core, 50))
        broker.kill()
        await say(db_core, a_school(name="While away"))
        broker.start()
        await say(db_core, a_school(name="After"))
        await until(lambda: arrived(db_core, 52))
        await until(lambda: told_again(db_core, 52))

    assert sorted(await effects(db_core)) == sorted([*(f"A{n}" for n in range(50)), "While away", "After"])


async def told_again(db: Database, count: int) -> bool:
    return await published(db) == count


async def test_after_a_clean_stop_a_new_broker_need_not_hear_it_all_again(
    db_core: Database, broker: Broker, data_dir: Path
) -> None:
    settings = settings_for(db_core, broker, data_dir)
    await topics.create(settings)
    async with running(settings) as worker:
        await say(db_core, a_school(name="Elm"))
        await until(lambda: arrived(db_core, 1))
        await until(worker.idle)
        await worker.note_drained()
    broker.kill()
    broker.start()
    await topics.create(settings)

    async with running(settings) as worker:
        await say(db_core, a_school(name="Oak"))
        await until(lambda: arrived(db_core, 2))
        await until(worker.idle)

        on_the_topic = records_on(worker)
    assert on_the_topic == 1


async def test_only_one_relay_of_a_service_publishes_at_a_time(
    db_core: Database, broker: Broker, data_dir: Path
) -> None:
    settings = settings_for(db_core, broker, data_dir)
    await topics.create(settings)

    async with running(settings) as first:
        await until(first.idle)
        second = asyncio.create_task(Worker(settings, handlers=handlers()).relay.run())
        await say(db_core, *(a_school() for _ in range(20)))
        await until(lambda: arrived(db_core, 20))
        second.cancel()

        on_the_topic = records_on(first)
    assert on_the_topic == 20


async def test_a_worker_stops_in_time_though_broker_is_dead(db_core: Database, broker: Broker, data_dir: Path) -> None:
    settings = settings_for(db_core, broker, data_dir)
    await topics.create(settings)

    async with running(settings) as worker:
        await until(worker.idle)
        broker.kill()
