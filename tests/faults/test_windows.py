"""Every crash window by name: a process dies (or stands still) right there, again and again."""

import asyncio
from collections.abc import Callable, Sequence

from tests.faults.conftest import Form
from tests.faults.rig import Part, Rig, until

OF_THE_WEB = ("outbox.written", "commit.before", "commit.after")
OF_THE_WORKER = (
    "relay.read", "relay.sending", "relay.sent", "relay.marked",
    "consume.received", "consume.inbox", "consume.effect", "consume.committed", "consume.offsets",
    "park.written", "replay.effect", "replay.settled",
)  # fmt: skip
ZOMBIES = ("consume.received", "consume.inbox", "consume.effect", "consume.committed", "park.written", "relay.sent")


async def test_a_process_that_dies_in_any_window_loses_and_doubles_nothing(
    make_rig: Callable[..., Rig], form: Form
) -> None:
    rig, times = make_rig(session_timeout_ms=1000), form.of(1, 20)
    await rig.start(webs=1, workers=1)
    loading = rig.meanwhile(keep_loading(rig))

    await asyncio.gather(
        rig.webs[0].dies(orders(rig, OF_THE_WEB, times)), rig.workers[0].dies(orders(rig, OF_THE_WORKER, times))
    )
    loading.cancel()
    verdict = await rig.verdict()

    print(verdict, f"{rig.webs[0].deaths} + {rig.workers[0].deaths} deaths")
    assert verdict.clean, str(verdict)


def orders(rig: Rig, points: Sequence[str], times: int) -> list[str]:
    """Each point so many times, in any order, at one of the first passages."""
    return [
        f"{point}=kill@{rig.random.randint(1, 2)}"
        for _ in range(times)
        for point in rig.random.sample(points, k=len(points))
    ]


async def test_a_worker_that_stands_still_in_a_window_while_another_takes_over_doubles_nothing(
    make_rig: Callable[..., Rig], form: Form
) -> None:
    rig = make_rig(session_timeout_ms=1000)
    await rig.start(webs=1, workers=2)
    loading = rig.meanwhile(keep_loading(rig))

    for point in rig.random.sample(ZOMBIES, k=form.of(2, len(ZOMBIES))) * form.of(1, 5):
        await stand_still(rig, rig.random.choice(rig.workers), point)
    loading.cancel()
    verdict = await rig.verdict()

    print(verdict)
    assert verdict.clean, str(verdict)


async def stand_still(rig: Rig, part: Part, point: str) -> None:
    """Freeze a worker right there, for longer than the broker believes in it."""
    part.arms = lambda: f"{point}=freeze@{rig.random.randint(1, 2)}"
    other = next(worker for worker in rig.workers if worker is not part)
    # The lock of the relay goes to who is alone, and the first partitions to who is there first.
    other.wanted = not point.startswith("relay")
    part.kill()
    other.kill()
    await until(part.is_frozen, f"a worker frozen at {point}")
    other.wanted = True
    other.again()
    await asyncio.sleep(1.5 * rig.config.session_timeout_ms / 1000)
    part.arms = None
    part.thaw()


async def keep_loading(rig: Rig) -> None:
    """Requests without end; one event in eight fails for a while."""
    while True:
        await rig.load(20, things=20, batch=2, failing=0.3)
        await asyncio.sleep(0.1)
