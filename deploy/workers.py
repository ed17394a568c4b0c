"""The worker process of one machine: consumers, relays and schedulers of all services; it makes what is missing."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from importlib import import_module

from sqlalchemy import func, select

from deploy.first_account import OFFICE
from deploy.garbage import look_seldom
from deploy.postgres import SERVICES
from deploy.process import Orders, tell
from shared.messaging import topics
from shared.messaging.tables import outbox
from shared.messaging.worker import Worker

DRAIN = 10.0
"""Seconds that a clean stop waits until everyone has heard everything."""
LOOK = 0.05
"""Seconds between two looks."""


async def run(orders: Orders) -> None:
    """`migrate` (tables, keys, the first account) may come first, `go` starts the work."""
    workers: list[Worker] = [import_module(f"services.{name}.worker").worker() for name in SERVICES]
    look_seldom()
    await orders.expect("go", migrate=_migrate)
    await topics.create(workers[0].settings)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    running = [asyncio.create_task(worker.run(stop)) for worker in workers]
    tell(working=True)
    drained_to = await _Obedience(orders, workers).until(stop)
    stop.set()
    await asyncio.gather(*running)
    if drained_to is not None and await _newest(workers) == drained_to:
        for worker in workers:
            await worker.note_drained()
        tell(drained=True)


async def _migrate() -> None:
    from deploy.prepare import migrate

    tell(migrated=await migrate(), office=str(OFFICE))


class _Obedience:
    """What the runner orders while the workers work."""

    def __init__(self, orders: Orders, workers: list[Worker]) -> None:
        self.orders, self.workers = orders, workers
        self.busy: set[asyncio.Task[None]] = set()

    async def until(self, stop: asyncio.Event) -> list[int] | None:
        """Obey until the end; how far the outboxes were written when everyone had heard everything (`drain`)."""
        stopped = asyncio.create_task(stop.wait())
        while True:
            order = asyncio.create_task(self.orders.next())
            await asyncio.wait({order, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if not order.done():
                order.cancel()
                return None
            match order.result():
                case "drain":
                    return await _drain(self.workers)
                case "topics":
                    # A new broker knows none; until they are made the consumers wait.
                    self._start(lambda: topics.create(self.workers[0].settings))
                case "demo":
                    self._start(_demo)
                case "":
                    return None

    def _start(self, work: Callable[[], Awaitable[None]]) -> None:
        task = asyncio.ensure_future(work())
        self.busy.add(task)
        task.add_done_callback(self.busy.discard)


async def _demo() -> None:
    from deploy.prepare import load_demo

    try:
        tell(finished=await load_demo(lambda done, size, what: tell(done=done, of=size, words=what)))
    except Exception as error:
        tell(failed=str(error).splitlines()[0])
        raise


async def _drain(workers: list[Worker]) -> list[int] | None:
    """Wait until nothing is on its way. What one hears may make it speak, so all must be idle and stay silent.

    None where that lasts too long, or where the broker is away: then nothing moves at all.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(DRAIN):
            while all(worker.watch.fresh for worker in workers):
                before = await _newest(workers)
                published = {place: end for worker in workers for place, end in worker.relay.published.items()}
                if all([await worker.idle(published) for worker in workers]) and await _newest(workers) == before:
                    return before
                await asyncio.sleep(LOOK)
    return None


async def _newest(workers: list[Worker]) -> list[int]:
    """The number of the newest fact of each outbox."""
    newest = []
    for worker in workers:
        async with worker.db.transaction() as session:
            newest.append((await session.execute(select(func.coalesce(func.max(outbox.c.id), 0)))).scalar_one())
    return newest
