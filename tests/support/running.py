"""The whole system, running, once for all tests of a process: journeys and browsers share it."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.journeys.system import RunningSystem
from tests.support.collector import Collector

__all__ = ["collector", "system"]


@pytest.fixture(scope="session")
def collector() -> Iterator[Collector]:
    """Where the system tells its spans."""
    collector = Collector()
    yield collector
    collector.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def system(collector: Collector) -> AsyncIterator[RunningSystem]:
    """The demo district, running; each test keeps to students of its own."""
    running = RunningSystem(CROSSWALK_OTLP_ENDPOINT=collector.address)
    try:
        await running.start()
        yield running
    finally:
        await running.remove()
