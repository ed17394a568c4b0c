"""The broker's disk is lost and a new cluster takes its place: everything arrives again, effects once."""

import asyncio

from tests.faults.conftest import Form
from tests.faults.rig import Rig, until


async def test_a_wiped_broker_costs_time_and_no_event(rig: Rig, form: Form) -> None:
    events = form.of(500, 5_000)
    await rig.start(webs=1, workers=2)
    await rig.load(events)
    loading = asyncio.create_task(rig.load(events))

    await asyncio.to_thread(rig.ground.kafka.kill)
    rig.ground.kafka.wipe()
    for worker in rig.workers:
        worker.arms = lambda: "relay.cluster=kill@1"
    await asyncio.to_thread(rig.ground.kafka.start)
    await rig.ground.make_topics(rig.config.topic)
    await loading
    await until(lambda: arrived_again(rig, 2 * events), "everything on the new cluster")
    verdict = await rig.verdict()

    print(verdict, [f"{worker.deaths} deaths" for worker in rig.workers])
    assert verdict.clean, str(verdict)
    assert verdict.effects == 2 * events
    assert sum(worker.deaths for worker in rig.workers) >= 1


async def arrived_again(rig: Rig, events: int) -> bool:
    return sum((await rig.ground.ends(rig.config.topic)).values()) >= events
