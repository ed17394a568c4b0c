"""The common ground, one rig for each test, seeds that are printed, and the short and the long form."""

import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from random import SystemRandom
from typing import Any

import pytest
import pytest_asyncio

from deploy.kafka.server import KafkaServer
from tests.faults.ground import Ground
from tests.faults.rig import Rig

LONG = bool(os.environ.get("CROSSWALK_LONG"))


@dataclass(frozen=True)
class Form:
    """Short in `make test`, long in `make test-long`."""

    long: bool

    def of(self, short: Any, long: Any) -> Any:
        """The value for this form."""
        return long if self.long else short


@pytest.fixture(scope="session")
def form() -> Form:
    """Which form this run has (CROSSWALK_LONG)."""
    return Form(LONG)


@pytest.fixture
def seed() -> int:
    """CROSSWALK_SEED, or a new one; a failing test shows it, with what else was printed."""
    value = int(os.environ.get("CROSSWALK_SEED") or SystemRandom().randrange(1_000_000))
    print(f"CROSSWALK_SEED={value}")
    return value


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def ground(own_kafka: KafkaServer) -> AsyncIterator[Ground]:
    """PostgreSQL, Kafka, lines, nursery."""
    ground = Ground(own_kafka)
    await ground.start()
    yield ground
    await ground.stop()


MakeRig = Callable[..., Rig]


@pytest_asyncio.fixture(loop_scope="session")
async def make_rig(ground: Ground, seed: int) -> AsyncIterator[MakeRig]:
    """Makes rigs, and ends them with the test."""
    made: list[Rig] = []

    def make(**changes: Any) -> Rig:
        made.append(Rig(ground, seed, **changes))
        return made[-1]

    yield make
    for rig in made:
        rig.print_errors()
        await rig.stop()


@pytest.fixture
def rig(make_rig: MakeRig) -> Rig:
    """One rig, not yet started."""
    return make_rig()
