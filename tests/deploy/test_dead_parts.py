"""Processes of a deployment while the database, the broker, or both are dead: they say so, and they end in time."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import pytest
import pytest_asyncio

from deploy.broker import free_port
from deploy.folder import DataFolder
from deploy.postgres import Postgres
from deploy.trouble import Trouble
from shared.clock import utc_now
from shared.events.vocabulary import RoleName
from shared.identity.tokens import issue_token
from shared.settings import ServiceSettings
from tests.support.builders import an_actor
from tests.support.freezing import frozen, send
from tests.support.kafka import Broker

COMMAND = Path(sys.executable).with_name("crosswalk")
LONG = bool(os.environ.get("CROSSWALK_LONG"))


class Parts:
    """A database and a broker of one's own, and the processes that use them."""

    def __init__(self, home: Path, broker: Broker) -> None:
        self.broker, self.home = broker, home
        self.folder = DataFolder(home / "data")
        self.postgres = Postgres(self.folder)

    async def start(self) -> None:
        self.folder.prepare()
        await self.postgres.start(lambda said: None)

    async def stop(self) -> None:
        await self.postgres.stop()

    @property
    def pids(self) -> dict[str, int]:
        """Of the parts that may be dead."""
        assert self.broker.process is not None
        assert self.postgres.child.pid is not None
        return {"database": self.postgres.child.pid, "broker": self.broker.process.pid}

    async def kill_database(self) -> None:
        """kill -9, without a word to anybody."""
        process = self.postgres.child.process
        assert process is not None
        send(process.pid, signal.SIGKILL)
        await process.wait()

    async def start_database(self) -> None:
        while True:
            try:
                return await self.postgres.restart()
            except Trouble:
                await asyncio.sleep(0.1)

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "CROSSWALK_DATABASE_URL": self.postgres.url,
            "CROSSWALK_KAFKA_BOOTSTRAP_SERVERS": self.broker.address,
            "CROSSWALK_KAFKA_IDEMPOTENT": "false",
            "CROSSWALK_KAFKA_FETCH_WAIT_MS": "20",
            "CROSSWALK_KAFKA_SESSION_TIMEOUT_MS": "3000",
            "CROSSWALK_KAFKA_PARTITIONS": "1",
            "CROSSWALK_DATA_DIR": str(self.home),
        }


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shared_parts() -> AsyncIterator[Parts]:
    # Not below the folder of the test run: PostgreSQL runs as another user there, if we are root.
    home = Path(tempfile.mkdtemp(prefix="cwd"))
    broker = Broker()
    broker.start()
    parts = Parts(home, broker)
    await parts.start()
    yield parts
    await parts.stop()
    broker.kill()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def parts(shared_parts: Parts) -> Parts:
    return shared_parts


class Process:
    """One `crosswalk serve`, with its monitor port."""

    def __init__(self, process: "subprocess.Popen[bytes]", monitor: int, port: int) -> None:
        self.process, self.monitor, self.port = process, monitor, port

    async def ask(self, path: str) -> tuple[int, float]:
        """Status, and after how many seconds it came; 0 where nobody answers."""
        async with httpx.AsyncClient(timeout=5) as client:
            began = time.monotonic()
            try:
                status = (await client.get(f"http://127.0.0.1:{self.monitor}{path}")).status_code
            except httpx.HTTPError:
                status = 0
        return status, time.monotonic() - began

    async def end(self) -> tuple[int, float]:
        """Ask it to end; its exit code, and after how many seconds it was gone."""
        began = time.monotonic()
        self.process.terminate()
        code = await asyncio.to_thread(self.process.wait, 30)
        return code, time.monotonic() - began

    async def until_ready(self) -> None:
        await self.until("/readyz", 200)

    async def until(self, path: str, status: int, seconds: float = 60) -> None:
        async with asyncio.timeout(seconds):
            while (await self.ask(path))[0] != status:
                assert self.process.poll() is None
                await asyncio.sleep(0.05)


@contextmanager
def serving(parts: Parts, service: str, role: str) -> Iterator[Process]:
    monitor, port = free_port(), free_port()
    process = subprocess.Popen(
        [COMMAND, "serve", service, role, *(["--port", str(port)] if role == "web" else [])],
        env=parts.environment | {"CROSSWALK_MONITOR_PORT": str(monitor)},
        stderr=subprocess.DEVNULL,
    )
    try:
        yield Process(process, monitor, port)
    finally:
        process.kill()
        process.wait()


@contextmanager
def both(parts: Parts) -> Iterator[tuple[Process, Process]]:
    """The web process and the worker of one service."""
    with serving(parts, "audit", "web") as web, serving(parts, "audit", "worker") as worker:
        yield web, worker


async def test_alive_and_ready_are_answered_in_a_second_while_database_and_broker_hang(parts: Parts) -> None:
    with both(parts) as processes:
        for process in processes:
            await process.until_ready()
        with frozen(*parts.pids.values()):
            for process in processes:
                await process.until("/readyz", 503, seconds=10)
            asked = [await process.ask("/readyz") for process in processes for _ in range(8)]
            alive = [await process.ask("/livez") for process in processes for _ in range(8)]
            metrics = [(await process.ask("/metrics"))[0] for process in processes]
        for process in processes:
            await process.until_ready()

    assert {status for status, _ in asked} == {503}
    assert {status for status, _ in alive} == {200}
    # What waits for the dead is late each time; a machine that does too much at once, now and then.
    assert median(seconds for _, seconds in asked) < 1
    assert median(seconds for _, seconds in alive) < 1
    assert metrics == [200, 200]


async def test_a_worker_that_waits_for_a_broker_at_its_start_is_alive(parts: Parts) -> None:
    with frozen(parts.pids["broker"]), serving(parts, "audit", "worker") as process:
        await process.until("/livez", 200)
        ready, _ = await process.ask("/readyz")

    assert ready == 503


DEAD = [(), ("broker",), ("database",), ("database", "broker")]


@pytest.mark.parametrize("dead", DEAD if LONG else [DEAD[0], DEAD[-1]], ids="+".join)
async def test_processes_that_are_asked_to_end_do_so_in_10_s(parts: Parts, dead: tuple[str, ...]) -> None:
    with both(parts) as processes:
        for process in processes:
            await process.until_ready()
        with frozen(*(parts.pids[name] for name in dead)):
            if dead:
                await processes[1].until("/readyz", 503, seconds=10)
            ends = [await process.end() for process in processes]

    assert max(took for _, took in ends) < 10
    assert {code for code, _ in ends} <= {0, -signal.SIGTERM}


async def test_metrics_tell_of_outbox_lag_parked_events_brakes_and_deliveries(parts: Parts) -> None:
    with serving(parts, "notifications", "worker") as process:
        await process.until_ready()
        async with httpx.AsyncClient() as client:
            text = (await client.get(f"http://127.0.0.1:{process.monitor}/metrics")).text

    expected = (
        "outbox_unpublished", "outbox_oldest_seconds", "consumer_lag", "parked_for_a_person", "held_topics",
        "consumers_braked", "consumers_stalled", "restarts", "deliveries_late", "workers", "database_answers",
    )  # fmt: skip
    assert [name for name in expected if f'crosswalk_{name}{{service="notifications"}}' not in text] == []
    assert 'crosswalk_deliveries{service="notifications",state="sent"} 0.0' in text


PAGE, API = "/people/persons", "/people/api/v1/persons"


def token(parts: Parts) -> str:
    settings = ServiceSettings(service="people", data_dir=parts.home)
    now = utc_now()
    return issue_token(settings, an_actor(RoleName.DISTRICT_OFFICE), now=now, expires_at=now + timedelta(hours=1))


async def test_without_its_database_a_service_answers_503_and_is_back_within_5_s_of_it(parts: Parts) -> None:
    answers: list[httpx.Response] = []
    with serving(parts, "people", "web") as process:
        await process.until_ready()
        headers = {"accept": "text/html", "authorization": f"Bearer {token(parts)}"}
        limits = httpx.AsyncClient(base_url=f"http://127.0.0.1:{process.port}", headers=headers, timeout=30)
        async with limits as client:
            stop = asyncio.Event()

            async def ask(method: str, path: str, **how: Any) -> None:
                while not stop.is_set():
                    answers.append(await client.request(method, path, **how))

            asking = [asyncio.create_task(ask("GET", path)) for path in (PAGE, API) for _ in range(4)]
            asking.append(asyncio.create_task(ask("POST", "/sign-in", data={"email": "somebody@example.org"})))
            await until_one(answers, 200)
            await parts.kill_database()
            answers.clear()
            await until_one(answers, 503)
            while_away = len(answers)
            await asyncio.sleep(1)
            seen_away = list(answers[while_away:])
            await parts.start_database()
            back = time.monotonic()
            answers.clear()
            await until_one(answers, 200)
            took = time.monotonic() - back
            answers.clear()
            await until_many(answers, 30)
            stop.set()
            await asyncio.gather(*asking)

    assert {answer.status_code for answer in seen_away} == {503}
    assert all(answer.headers["retry-after"] for answer in seen_away)
    pages = [answer for answer in seen_away if answer.request.url.path == PAGE]
    assert all("Please try again in a moment" in answer.text for answer in pages)
    assert {answer.headers["content-type"] for answer in seen_away if answer.request.url.path == API} == {
        "application/problem+json"
    }
    assert took < 5
    assert 500 not in {answer.status_code for answer in answers}


async def until_one(answers: list[httpx.Response], status: int) -> None:
    async with asyncio.timeout(30):
        while not any(answer.status_code == status for answer in answers):
            await asyncio.sleep(0.01)


async def until_many(answers: list[httpx.Response], count: int) -> None:
    async with asyncio.timeout(30):
        while len(answers) < count:
            await asyncio.sleep(0.01)
