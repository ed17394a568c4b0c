"""One system for all journeys; each keeps to students of its own."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.journeys.actors import Actors
from tests.journeys.system import RunningSystem


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def system() -> AsyncIterator[RunningSystem]:
    """The demo district, running."""
    running = RunningSystem()
    try:
        await running.start()
        yield running
    finally:
        await running.remove()


@pytest_asyncio.fixture(loop_scope="session")
async def actors(system: RunningSystem) -> Actors:
    """What people of the demo district do."""
    return Actors(system)
