"""The worker when its clients hang or die without a word: it sees that itself and makes them anew."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import OutOfOrderSequenceNumber
from aiokafka.producer.sender import SendProduceReqHandler
from sqlalchemy import URL, make_url, text
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.db import Database
from shared.events import people
from shared.messaging import relay, topics
from shared.messaging import worker as working
from shared.messaging.handlers import Event, Handlers
from shared.messaging.park import Policy
from shared.messaging.worker import Worker
from shared.settings import ServiceSettings
from shared.web.monitor import of_worker
from tests.faults.proxy import Line, Proxy
from tests.shared.test_consume import effects, note, parked
from tests.shared.test_worker import arrived, published, say, settings_for, until
from tests.support.builders import a_school
from tests.support.kafka import Broker

FLAG, REBUILD = (30.0, 60.0) if os.environ.get("CROSSWALK_LONG") else (0.5, 5.0)
"""Seconds; in the long form those that people get. Far apart: a process that stands still between them would miss the
flag."""
SOON = 30.0
"""Seconds that looking, ending the old consumer and joining with a new one may take besides."""


def quick(settings: ServiceSettings) -> ServiceSettings:
    """The same with a watchdog that bites after seconds."""
    return settings.model_copy(update={"stall_flag_s": FLAG, "stall_rebuild_s": REBUILD})


@asynccontextmanager
async def running(settings: ServiceSettings, on: Handlers) -> AsyncIterator[Worker]:
    worker, stop = Worker(settings, handlers=on), asyncio.Event()
    worker.consumer.policy = Policy(pauses=(), brake=(0.5,))
    task = asyncio.create_task(worker.run(stop))
    try:
        yield worker
    finally:
        stop.set()
        await asyncio.wait_for(task, 15)


async def test_who_follows_a_worker_that_was_killed_waits_in_one_go_until_the_group_lets_go_of_it(
    db_core: Database, kafka: str, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = {"kafka_bootstrap_servers": kafka, "kafka_session_timeout_ms": 4000, "kafka_idempotent": True}
    settings = settings_for(db_core, Broker(), data_dir).model_copy(update=changes)
    on = Keeper().on
    await topics.create(settings)
    monkeypatch.setattr(working, "START", 1.0)
    # One with a name of its own ends without a word to the group, as who is killed does.
    killed = AIOKafkaConsumer(
        *on.topics, group_id="tests", group_instance_id="killed", session_timeout_ms=4000, bootstrap_servers=kafka
    )
    await killed.start()
    await killed.stop()

    async with running(settings, on) as follower:
        await until(lambda: is_true(follower.state().consuming))

    assert follower.restarts["consumer"] == 0


class Keeper:
    """Notes the names of schools, after doing what it was told to do to the first."""

    def __init__(self, first: Any = None) -> None:
        self.first = first
        self.on = Handlers("tests")
        self.on(people.SchoolChanged)(self.keep)

    async def keep(self, session: AsyncSession, event: Event[people.SchoolChanged]) -> None:
        await note(session, event.fact.name)
        if self.first is not None:
            first, self.first = self.first, None
            await first()


@contextmanager
def frozen(broker: Broker) -> Iterator[None]:
    assert broker.process is not None
    os.kill(broker.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(broker.process.pid, signal.SIGCONT)


def test_the_watchdog_flags_after_30_s_and_rebuilds_after_60_s_and_a_publish_has_10_s() -> None:
    settings = ServiceSettings(service="tests")

    assert (settings.stall_flag_s, settings.stall_rebuild_s, relay.PUBLISH_DEADLINE) == (30, 60, 10)


async def test_a_consumer_whose_handler_hangs_is_flagged_and_then_made_anew(
    db_core: Database, broker: Broker, data_dir: Path
) -> None:
    settings = quick(settings_for(db_core, broker, data_dir))
    await topics.create(settings)

    async with running(settings, Keeper(asyncio.Event().wait).on) as worker:
        await say(db_core, a_school(name="Elm"))
        await until(lambda: is_true(worker.state().stalled), FLAG + SOON)
        flagged_before_rebuilt = not worker.restarts["consumer"]
        await until(lambda: arrived(db_core, 1), REBUILD - FLAG + SOON)
        await until(lambda: is_true(not worker.state().stalled))

        assert flagged_before_rebuilt
        assert worker.restarts["consumer"]
    assert await effects(db_core) == ["Elm"]


async def is_true(fact: bool) -> bool:
    return fact


async def test_a_worker_is_ready_only_while_its_consumer_moves_and_alive_all_along(
    db_core: Database, broker: Broker, data_dir: Path
) -> None:
    settings = quick(settings_for(db_core, broker, data_dir))
    await topics.create(settings)

    async with running(settings, Keeper(asyncio.Event().wait).on) as worker:
        monitor = httpx.ASGITransport(of_worker(worker))
        async with httpx.AsyncClient(transport=monitor, base_url="http://monitor") as client:

            async def answers(status: int) -> bool:
                assert (await client.get("/livez")).status_code == 200
                return (await client.get("/readyz")).status_code == status

            await until(lambda: answers(200))
            await say(db_core, a_school(name="Elm"))
            answer = await client.get("/readyz")
            async with asyncio.timeout(FLAG + SOON):
                while answer.json()["consumer"]:
                    answer = await client.get("/readyz")
                    await asyncio.sleep(0.02)
            await until(lambda: answers(200), REBUILD + SOON)

    assert answer.status_code == 503
    assert answer.json() == {"status": "unavailable", "database": True, "broker": True, "consumer": False}


async def test_a_consumer_that_stopped_fetching_without_a_word_is_made_anew(
    db_core: Database, broker: Broker, data_dir: Path
) -> None:
    settings = quick(settings_for(db_core, broker, data_dir))
    await topics.create(settings)

    async with running(settings, Keeper().on) as worker:
        await say(db_core, a_school(name="Elm"))
        await until(lambda: arrived(db_core, 1))
        fetcher = worker._kafka._fetcher
        for task in (fetcher._fetch_task, *fetcher._pending_tasks):
            task.cancel()
        await say(db_core, a_school(name="Oak"))
        await until(lambda: arrived(db_core, 2), REBUILD + SOON)

        assert worker.restarts["consumer"]
    assert await effects(db_core) == ["Elm", "Oak"]


async def test_an_idle_consumer_is_left_alone(db_core: Database, broker: Broker, data_dir: Path) -> None:
    settings = quick(settings_for(db_core, broker, data_dir))
    await topics.create(settings)

    async with running(settings, Keeper().on) as worker:
        await say(db_core, a_school(name="Elm"))
        await until(lambda: arrived(db_core, 1))
        looks = worker.progress.looks
        await until(lambda: is_true(worker.progress.looks > looks + REBUILD + 1), REBUILD + SOON)

        assert worker.state().lag == 0
        assert not worker.restarts["consumer"]


async def test_a_publish_that_hangs_is_given_up_in_time_and_made_again(
    db_core: Database, broker: Broker, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "PUBLISH_DEADLINE", 1.0)
    # Idempotent producers, which the embedded broker does not know, never give up by themselves.
    patient = partial(AIOKafkaProducer, request_timeout_ms=600_000)
    monkeypatch.setattr(relay, "AIOKafkaProducer", lambda **how: patient(**_without_timeout(how)))
    settings = settings_for(db_core, broker, data_dir)
    await topics.create(settings)

    async with running(settings, Keeper().on) as worker:
        await say(db_core, a_school(name="Elm"))
        await until(lambda: arrived(db_core, 1))
        with frozen(broker):
            began = asyncio.get_running_loop().time()
            await say(db_core, a_school(name="Oak"))
            await until(lambda: is_true(bool(worker.restarts["relay"])))
            given_up_after = asyncio.get_running_loop().time() - began
        await until(lambda: arrived(db_core, 2))

    assert given_up_after < 1.0 + 5
    assert await effects(db_core) == ["Elm", "Oak"]


def _without_timeout(how: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in how.items() if name != "request_timeout_ms"}


async def test_a_producer_that_died_of_a_fatal_error_is_replaced_within_5_s(
    db_core: Database, broker: Broker, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_for(db_core, broker, data_dir)
    await topics.create(settings)
    answer: Any = SendProduceReqHandler.handle_response
    died: list[float] = []

    def out_of_order_once(handler: Any, response: Any) -> Any:
        if died:
            return answer(handler, response)
        died.append(asyncio.get_running_loop().time())
        # The client itself ends its sender on this one, and its producer is dead for good.
        raise OutOfOrderSequenceNumber

    async with running(settings, Keeper().on) as worker:
        await say(db_core, a_school(name="Elm"))
        await until(lambda: arrived(db_core, 1))
        monkeypatch.setattr(SendProduceReqHandler, "handle_response", out_of_order_once)
        await say(db_core, a_school(name="Oak"))
        await until(lambda: all_published(db_core, 2))
        replaced_after = asyncio.get_running_loop().time() - died[0]
        await until(lambda: arrived(db_core, 2))

        assert worker.restarts["relay"] == 1
    assert replaced_after < 5
    assert await effects(db_core) == ["Elm", "Oak"]


async def all_published(db: Database, count: int) -> bool:
    return await published(db) == count


async def test_a_broken_handler_is_braked_and_goes_on_by_itself_when_it_is_mended(
    db_core: Database, broker: Broker, data_dir: Path
) -> None:
    settings = quick(settings_for(db_core, broker, data_dir))
    await topics.create(settings)
    on, broken = Handlers("tests"), True

    @on(people.SchoolChanged)
    async def keep(session: AsyncSession, event: Event[people.SchoolChanged]) -> None:
        if broken:
            raise ValueError("this handler is broken")
        await note(session, event.fact.name)

    names = [f"School {n}" for n in range(100)]
    async with running(settings, on) as worker:
        await say(db_core, *(a_school(name=name) for name in names))
        await until(lambda: is_true(bool(worker.held())))
        brake = worker.consumer.brakes["people.schools.v1"]
        await until(lambda: is_true(brake.tries >= 3))
        set_aside = await parked(db_core)
        lag = worker.state().lag
        broken = False
        await until(lambda: arrived(db_core, 91))

        assert not worker.restarts["consumer"]
    assert (len(set_aside), lag) == (9, 91)
    assert await effects(db_core) == names[9:]


async def test_a_worker_says_how_it_is_while_it_runs_and_not_after(
    db_core: Database, broker: Broker, data_dir: Path
) -> None:
    settings = settings_for(db_core, broker, data_dir)
    await topics.create(settings)

    async def said() -> list[dict[str, Any]]:
        async with db_core.transaction() as session:
            return list((await session.execute(text("SELECT state FROM workers"))).scalars())

    async def says_that_it_consumes() -> bool:
        return [state["consuming"] and state["kafka"] for state in await said()] == [True]

    async with running(settings, Keeper().on):
        await until(says_that_it_consumes)

    assert await said() == []


async def _connect(address: URL) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """To a server on a socket in a folder, or at a port."""
    if (folder := address.query.get("host")) is not None:
        return await asyncio.open_unix_connection(f"{folder}/.s.PGSQL.5432")
    return await asyncio.open_connection(address.host, address.port)


@pytest.mark.parametrize("line", [Line.BLACK_HOLE, Line.HALF_OPEN])
async def test_a_line_to_the_database_that_goes_dead_without_a_word_is_listened_to_no_longer(
    db_core: Database, data_dir: Path, monkeypatch: pytest.MonkeyPatch, line: Line
) -> None:
    monkeypatch.setattr(working, "PING", 0.3)
    address = make_url(db_core.dsn)
    proxy = Proxy(partial(_connect, address))
    await proxy.start()
    through = f"postgresql://{address.username}@127.0.0.1:{proxy.port}/{address.database}"
    settings = ServiceSettings(service="people", database_url=through, data_dir=data_dir)
    worker = Worker(settings, handlers=Handlers("people"))
    listening = asyncio.create_task(worker._listen())
    try:
        await asyncio.wait_for(worker.relay.woken.wait(), 10)
        proxy.set(line)
        await asyncio.wait({listening}, timeout=10)
        ended = listening.done()
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        await proxy.stop()
        await worker.db.close()

    assert ended
