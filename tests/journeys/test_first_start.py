"""First starts that go wrong half-way, and systems that use parts of the operator's own."""

import os
import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiokafka.admin import AIOKafkaAdminClient

from deploy.demo_district import roster
from deploy.demo_district.stories import STORIES
from deploy.first_account import OFFICE_EMAIL
from shared.events import TOPICS
from tests.journeys.system import RunningSystem, until
from tests.support.kafka import GIVEN


@pytest_asyncio.fixture
async def fresh() -> AsyncIterator[RunningSystem]:
    """A system that was never started."""
    running = RunningSystem()
    yield running
    await running.remove()


@pytest.mark.slow
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


@pytest.mark.slow
async def test_an_own_kafka_is_used_instead_of_the_embedded_one_and_the_main_job_plays_on_it(
    fresh: RunningSystem, kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if GIVEN and set(TOPICS) & await topics_of(kafka):
        pytest.skip(f"the Kafka at {kafka} is in use by another system")
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", kafka)

    await fresh.start()
    played = await fresh.run("demo")

    assert played.returncode == 0, played.stdout + played.stderr
    assert "entries fit" in played.stdout
    assert "tansu" not in fresh.state()["pids"]
    assert fresh.state()["kafka"] == kafka
    assert set(TOPICS) <= await topics_of(kafka)


async def topics_of(address: str) -> set[str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    await admin.start()
    try:
        return set(await admin.list_topics())
    finally:
        await admin.close()


async def test_a_second_start_on_the_same_folder_is_refused_and_harms_nothing(system: RunningSystem) -> None:
    second = await system.run("up", "--port", str(system.port))

    assert second.returncode == 1
    assert f"“crosswalk up” (process {system.state()['pid']}) already uses" in second.stderr
    assert system.url in second.stderr
    assert os.getpgid(system.state()["pid"])
    found = await system.run("doctor")
    assert found.returncode == 0, found.stdout
