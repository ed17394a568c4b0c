"""Kafka is away: every write still succeeds, and what was written arrives soon after its return, with nobody's help."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from tests.faults.conftest import Form
from tests.faults.ground import Ground
from tests.faults.proxy import Line
from tests.faults.rig import Rig, until

MOVES_WITHIN = 15.0
THROUGH_WITHIN = 30.0


async def kill(ground: Ground) -> Callable[[], Awaitable[None]]:
    await asyncio.to_thread(ground.kafka.kill)
    return lambda: asyncio.to_thread(ground.kafka.start)


async def freeze(ground: Ground) -> Callable[[], Awaitable[None]]:
    ground.kafka.pause()
    return lambda: asyncio.to_thread(ground.kafka.resume)


def line(way: Line) -> Callable[[Ground], Awaitable[Callable[[], Awaitable[None]]]]:
    async def cut(ground: Ground) -> Callable[[], Awaitable[None]]:
        ground.kafka_line.set(way)

        async def mend() -> None:
            ground.kafka_line.set(Line.GOOD)

        return mend

    return cut


WAYS = {
    "killed": kill,
    "frozen": freeze,
    "slow": line(Line.SLOW),
    "black hole": line(Line.BLACK_HOLE),
    "reset": line(Line.RESET),
    "half open": line(Line.HALF_OPEN),
}


@pytest.mark.parametrize("way", WAYS)
async def test_writes_go_on_and_consumers_move_soon_after_its_return(rig: Rig, form: Form, way: str) -> None:
    if not form.long and way not in ("killed", "black hole"):
        pytest.skip("in the long form only")
    await rig.start(webs=1, workers=2)
    await rig.load(100)
    await until(rig.is_quiet, "the first hundred")
    before, backlog = await rig.count("effects"), form.of(1_000, 3_000)

    back = await WAYS[way](rig.ground)
    gone = time.monotonic()
    await rig.load(backlog, batch=10)
    await asyncio.sleep(max(0.0, form.of(2, 60) - (time.monotonic() - gone)))
    await back()
    moving = await until(lambda: more_than(rig, before), "the first effect", MOVES_WITHIN)
    through = moving + await until(lambda: more_than(rig, before + backlog - 1), "the backlog", THROUGH_WITHIN - moving)
    verdict = await rig.verdict()

    print(f"{way}: moves after {moving:.1f} s, {backlog} through after {through:.1f} s; {verdict}")
    assert set(rig.ledger.statuses()) == {200}
    assert verdict.acknowledged == backlog + 100
    assert verdict.clean, str(verdict)
    assert [part.deaths for part in rig.parts] == [0] * len(rig.parts)


async def more_than(rig: Rig, count: int) -> bool:
    return await rig.count("effects") > count
