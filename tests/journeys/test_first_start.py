"""First starts that go wrong half-way, and systems that use parts of the operator's own."""

import os
import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from deploy.demo_district import roster
from deploy.demo_district.stories import STORIES
from deploy.first_account import OFFICE_EMAIL
from tests.journeys.system import RunningSystem, until
from tests.support.kafka import Broker


@pytest_asyncio.fixture
async def fresh() -> AsyncIterator[RunningSystem]:
    """A system that was never started."""
    running = RunningSystem()
    yield running
    await running.remove()


async def test_a_first_start_that_is_killed_in_the_middle_is_finished_by_the_next(fresh: RunningSystem) -> None:
    async def is_loading() -> bool:
        return fresh.output.exists() and "Pages and workers" in fresh.output.read_text()

    fresh.launch()
    await until(is_loading, "the demo district being loaded")
    await fresh.kill()
    assert fresh.state()["demo"] == "wanted"

    await fresh.start()
    again = await fresh.run("roster", "import", str(roster.write(fresh.home / "roster")))
    office = await fresh.caller(OFFICE_EMAIL)
    referrals = await office.get("/referrals/api/v1/referrals")

    assert "0 new, 0 changed, 0 no longer there" in again.stdout
    assert referrals["total"] == len(STORIES)
    assert re.search(r"School staff.*Partner.*Family", fresh.output.read_text(), re.DOTALL)


async def test_an_own_kafka_is_used_instead_of_the_embedded_one(
    fresh: RunningSystem, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", broker.address)
    # Of its own kind, but the test's broker is of the embedded kind, too.
    monkeypatch.setenv("CROSSWALK_KAFKA_IDEMPOTENT", "false")
    monkeypatch.setenv("CROSSWALK_KAFKA_PARTITIONS", "1")
    monkeypatch.setenv("CROSSWALK_KAFKA_SESSION_TIMEOUT_MS", "3000")

    await fresh.start("--empty")
    office = await fresh.caller(OFFICE_EMAIL)

    async def logged() -> bool:
        return bool((await office.get("/audit/api/v1/entries", type="session.started.v1"))["total"])

    await until(logged, "the sign-in in the log")
    assert "tansu" not in fresh.state()["pids"]
    assert fresh.state()["kafka"] == broker.address
    assert "Demo district" not in fresh.output.read_text()


async def test_a_second_start_on_the_same_folder_is_refused_and_harms_nothing(fresh: RunningSystem) -> None:
    await fresh.start("--empty")

    second = await fresh.run("up", "--port", str(fresh.port))

    assert second.returncode == 1
    assert f"“crosswalk up” (process {fresh.state()['pid']}) already uses" in second.stderr
    assert fresh.url in second.stderr
    assert os.getpgid(fresh.state()["pid"])
    assert (await fresh.run("doctor")).returncode == 0
