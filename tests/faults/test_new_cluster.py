"""The broker's disk is lost and a new cluster takes its place: everything arrives again, effects once."""

import asyncio
from dataclasses import replace

from tests.faults.conftest import Form
from tests.faults.rig import Rig, until


async def test_a_wiped_broker_costs_time_and_no_event(rig: Rig, form: Form) -> None:
    events = form.of(500, 5_000)
    await rig.start(webs=1, workers=2)
    await rig.load(events)

    loading = rig.meanwhile(rig.load(events))
    await lose(rig)
    await find_another(rig)
    await loading
    await until(lambda: arrived_again(rig, 2 * events), "everything on the new cluster")
    verdict = await rig.verdict()

    print(verdict)
    assert verdict.effects == 2 * events
    # Order over a lost disk is not promised: what a relay had under way may stand before what must come again.
    assert replace(verdict, reordered=0).clean, str(verdict)


async def test_a_relay_that_dies_while_it_publishes_everything_again_begins_anew(rig: Rig, form: Form) -> None:
    events, deaths = form.of(300, 3_000), form.of(2, 20)
    await rig.start(webs=1, workers=1)
    await rig.load(events)
    await rig.quiet()

    await lose(rig)
    dying = asyncio.create_task(rig.workers[0].dies(["relay.cluster=kill@1"] * deaths))
    await find_another(rig)
    await dying
    await rig.load(events)
    await until(lambda: arrived_again(rig, 2 * events), "everything on the new cluster")
    verdict = await rig.verdict()

    print(verdict)
    assert verdict.clean, str(verdict)
    assert verdict.effects == 2 * events


async def lose(rig: Rig) -> None:
    """kill -9 of Kafka, its disk emptied."""
    await asyncio.to_thread(rig.ground.kafka.kill)
    rig.ground.kafka.wipe()


async def find_another(rig: Rig) -> None:
    """A new cluster in its place."""
    await asyncio.to_thread(rig.ground.kafka.start)
    await rig.ground.make_topics(rig.config.topic)


async def arrived_again(rig: Rig, events: int) -> bool:
    return sum((await rig.ground.ends(rig.config.topic)).values()) >= events
