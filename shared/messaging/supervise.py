"""Long-running parts: started again when they fail, stopped within a deadline."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import structlog

log = structlog.get_logger()


async def forever(
    name: str,
    run: Callable[[], Awaitable[None]],
    *,
    pauses: tuple[float, ...] = (0.2, 1, 3),
    failed: Callable[[str], None] = lambda name: None,
) -> None:
    """Run a part again and again; a failure is logged, told, and costs a pause (seconds, the last one repeated)."""
    failures = 0
    while True:
        started = asyncio.get_running_loop().time()
        try:
            await run()
            failures = 0
        except asyncio.CancelledError:
            raise
        except Exception as error:
            if asyncio.get_running_loop().time() - started > 30:
                failures = 0
            pause = pauses[min(failures, len(pauses) - 1)]
            failures += 1
            failed(name)
            log.warning("part_failed", part=name, pause_s=pause, error=repr(error))
            await asyncio.sleep(pause)


async def within(seconds: float, work: Awaitable[Any], what: str) -> None:
    """Wait for something to end, no longer than the deadline; a client that hangs, even in ending, is left behind."""
    task = asyncio.ensure_future(work)
    task.add_done_callback(_heard)
    done, _ = await asyncio.wait({task}, timeout=seconds)
    if not done:
        task.cancel()
        log.warning("left_behind", what=what, after_s=seconds)
    elif not task.cancelled() and (error := task.exception()):
        log.warning("ended_badly", what=what, error=repr(error))


def _heard(task: "asyncio.Future[Any]") -> None:
    # Of a task that was left behind nobody asks what became of it.
    if not task.cancelled():
        task.exception()


async def quiet(task: "asyncio.Task[Any]") -> None:
    """Wait for a cancelled task, whatever it says."""
    with suppress(asyncio.CancelledError, Exception):
        await task
