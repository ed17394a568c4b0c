"""What people do in the running system."""

import pytest_asyncio

from tests.journeys.actors import Actors
from tests.journeys.system import RunningSystem


@pytest_asyncio.fixture(loop_scope="session")
async def actors(system: RunningSystem) -> Actors:
    """What people of the demo district do."""
    return Actors(system)
