"""Processes that are killed and frozen at random under load: nothing is lost, nothing doubled, nothing stuck."""

import asyncio

from tests.faults.chaos import Chaos
from tests.faults.conftest import Form
from tests.faults.rig import Rig


async def test_random_kills_and_freezes_lose_and_double_nothing(rig: Rig, form: Form) -> None:
    events, blows = form.of(2_000, 20_000), form.of(20, 200)
    chaos = Chaos(rig, freeze=form.of((0.5, 3.0), (5.0, 40.0)), gap=0.5, kafka_every=form.of(10, 20))
    await rig.start(webs=2, workers=form.of(2, 4))

    load = asyncio.create_task(rig.load(events, lanes=form.of(4, 16), rate=events / (blows * chaos.gap)))
    await chaos.deal(blows)
    await load
    verdict = await rig.verdict()

    print(verdict, dict(chaos.dealt))
    assert verdict.clean, str(verdict)
    assert verdict.acknowledged > events * 0.5
    assert sum(chaos.dealt.values()) >= blows * 0.9
