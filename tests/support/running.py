"""The whole system, running, once for all tests of a process: journeys and browsers share it."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.journeys.system import RunningSystem

__all__ = ["system"]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def system() -> AsyncIterator[RunningSystem]:
    """The demo district, running; each test keeps to students of its own."""
    running = RunningSystem()
    try:
        await running.start()
        yield running
    finally:
        await running.remove()
