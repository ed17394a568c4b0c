"""The worker process of one machine: consumers, relays and schedulers of all services."""

import asyncio
import signal
from importlib import import_module

from sqlalchemy import func, select

from deploy.postgres import SERVICES
from deploy.process import Orders, tell
from shared.messaging.tables import outbox
from shared.messaging.worker import Worker

DRAIN = 10.0
"""Seconds that a clean stop waits until everyone has heard everything."""
LOOK = 0.05
"""Seconds between two looks."""


async def run(orders: Orders) -> None:
    """Work from `go` until the end of the orders; `drain` first waits until everyone has heard everything."""
    workers: list[Worker] = [import_module(f"services.{name}.worker").worker() for name in SERVICES]
    await orders.expect("go")
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    running = [asyncio.create_task(worker.run(stop)) for worker in workers]
    tell(working=True)
    drained_to = await _obey(orders, stop, workers)
    stop.set()
    await asyncio.gather(*running)
    if drained_to is not None and await _newest(workers) == drained_to:
        for worker in workers:
            await worker.note_drained()
        tell(drained=True)


async def _obey(orders: Orders, stop: asyncio.Event, workers: list[Worker]) -> list[int] | None:
    """Wait for the end; returns how far the outboxes had been written when everyone had heard everything."""
    stopped = asyncio.create_task(stop.wait())
    while True:
        order = asyncio.create_task(orders.next())
        await asyncio.wait({order, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if not order.done():
            order.cancel()
            return None
        if order.result() == "drain":
            return await _drain(workers)
        if not order.result():
            return None


async def _drain(workers: list[Worker]) -> list[int] | None:
    """Wait until nothing is on its way. What one hears may make it speak, so all must be idle and stay silent."""
    try:
        async with asyncio.timeout(DRAIN):
            while True:
                before = await _newest(workers)
                if all([await worker.idle() for worker in workers]) and await _newest(workers) == before:
                    return before
                await asyncio.sleep(LOOK)
    except TimeoutError:
        return None


async def _newest(workers: list[Worker]) -> list[int]:
    """The number of the newest fact of each outbox."""
    newest = []
    for worker in workers:
        async with worker.db.transaction() as session:
            newest.append((await session.execute(select(func.coalesce(func.max(outbox.c.id), 0)))).scalar_one())
    return newest
