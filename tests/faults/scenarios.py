"""Short scenarios, each about one way to lose, double or reorder: clean as the project is, not clean when sabotaged."""

import asyncio
from collections.abc import Awaitable, Callable

from tests.faults.ledger import Verdict
from tests.faults.proxy import Line
from tests.faults.rig import Part, Rig, until

Scenario = Callable[[Rig], Awaitable[Verdict]]
PATIENCE = 12.0
"""Seconds; a bug that makes things stuck is waited for so long."""


async def _dies_once(part: Part, point: str, work: Callable[[], Awaitable[object]], *, at: int = 1) -> None:
    """Let a process die at its next (or so many-th) passage through a point, while the work goes on."""
    part.arms = lambda: f"{point}=kill@{at}"
    deaths = part.deaths
    part.kill()
    await until(lambda: _died(part, deaths + 1), f"the end of a {part.kind}")
    working = asyncio.ensure_future(work())
    await until(lambda: _died(part, deaths + 2), f"death at {point}", PATIENCE)
    part.arms = None
    part.kill()
    await working


async def _died(part: Part, times: int) -> bool:
    return part.deaths >= times


async def dies_in_the_effect(rig: Rig) -> Verdict:
    """A worker dies when handlers have done their work and nothing is committed."""
    await rig.start(webs=1, workers=1)
    await rig.load(50)
    await rig.quiet()

    async def slow() -> None:
        await asyncio.gather(*(rig.happen(thing, 2, takes=0.1) for thing in range(8)))

    await _dies_once(rig.workers[0], "consume.effect", slow)
    return await rig.verdict(seconds=PATIENCE)


async def dies_before_the_offsets(rig: Rig) -> Verdict:
    """A worker dies when the effects are committed and the broker does not know it."""
    await rig.start(webs=1, workers=1)
    await _dies_once(rig.workers[0], "consume.committed", lambda: rig.load(100))
    return await rig.verdict(seconds=PATIENCE)


async def stands_still_in_the_effect(rig: Rig) -> Verdict:
    """A worker stands still in an open transaction while another takes its partitions over."""
    await rig.start(webs=1, workers=1)
    part = rig.workers[0]
    part.arms = lambda: "consume.effect=freeze@1"
    part.kill()
    await until(lambda: _died(part, 1), "the end of a worker")
    await rig.load(100)
    await until(part.is_frozen, "a frozen worker")
    part.arms = None
    rig.add_worker()
    # The other reads the inbox by now, or waits for the frozen one.
    await until(rig.somebody_waits, "the other worker")
    part.thaw()
    return await rig.verdict(seconds=PATIENCE)


async def commits_late(rig: Rig) -> Verdict:
    """Transactions with early ids are committed after later ones were published."""
    await rig.start(webs=1, workers=1)
    late = [rig.happen(thing, 2, lingers=1.0 + thing / 20) for thing in range(20)]
    await asyncio.gather(rig.load(300, things=200), *late)
    return await rig.verdict(seconds=PATIENCE)


async def many_replicas(rig: Rig) -> Verdict:
    """Four relays, four consumers, few things."""
    await rig.start(webs=2, workers=4)
    await rig.load(1000, things=5, batch=5, lanes=8)
    return await rig.verdict(seconds=30)


async def fails_for_a_while(rig: Rig) -> Verdict:
    """Some events cannot be taken into account at first."""
    await rig.start(webs=1, workers=1)
    await rig.load(200, things=10, failing=0.25)
    return await rig.verdict(seconds=PATIENCE)


async def begins_late(rig: Rig) -> Verdict:
    """The first worker publishes and dies before it has committed any offset; the next begins."""
    await rig.start(webs=1, workers=1)
    part = rig.workers[0]
    part.arms = lambda: "consume.received=kill@1"
    part.kill()
    await rig.load(100)
    await until(lambda: rig.published(100), "everything published")
    part.arms = None
    part.kill()
    return await rig.verdict(seconds=PATIENCE)


async def relay_dies_sending(rig: Rig) -> Verdict:
    """The relay dies with facts on their way."""
    await rig.start(webs=1, workers=1)
    await _dies_once(rig.workers[0], "relay.sending", lambda: rig.load(100))
    return await rig.verdict(seconds=PATIENCE)


async def relay_dies_while_kafka_is_frozen(rig: Rig) -> Verdict:
    """Kafka does not answer, and the relay dies meanwhile."""
    await rig.start(webs=1, workers=1)
    await rig.load(50)
    await rig.quiet()
    rig.ground.kafka.pause()
    try:
        await rig.load(100)
        await asyncio.sleep(1.5)
        rig.workers[0].kill()
        await until(lambda: _died(rig.workers[0], 1), "the end of a worker")
    finally:
        rig.ground.kafka.resume()
    return await rig.verdict(seconds=PATIENCE * 2)


async def web_dies_after_the_commit(rig: Rig) -> Verdict:
    """A web process dies when its transaction is committed and nobody knows it."""
    await rig.start(webs=1, workers=1)
    await _dies_once(rig.webs[0], "commit.after", lambda: rig.load(50))
    return await rig.verdict(seconds=PATIENCE)


async def web_dies_before_the_commit(rig: Rig) -> Verdict:
    """A web process dies when its transaction has done everything but commit."""
    await rig.start(webs=1, workers=1)
    await _dies_once(rig.webs[0], "commit.before", lambda: rig.load(50, lanes=1), at=2)
    return await rig.verdict(seconds=PATIENCE)


async def line_to_the_database_breaks(rig: Rig) -> Verdict:
    """All connections to the database are reset, and new ones work."""
    await rig.start(webs=1, workers=1)
    await rig.load(50)
    await rig.quiet()
    rig.ground.postgres_line.set(Line.RESET)
    await asyncio.sleep(0.3)
    rig.ground.postgres_line.set(Line.GOOD)
    await until(rig.works, "a write that works")
    await asyncio.sleep(2)
    await rig.load(50)
    return await rig.verdict(seconds=PATIENCE)


SCENARIOS: dict[str, Scenario] = {
    scenario.__name__: scenario
    for scenario in (
        dies_in_the_effect, dies_before_the_offsets, stands_still_in_the_effect, commits_late, many_replicas,
        fails_for_a_while, begins_late, relay_dies_sending, relay_dies_while_kafka_is_frozen,
        web_dies_after_the_commit, web_dies_before_the_commit, line_to_the_database_breaks,
    )
}  # fmt: skip
