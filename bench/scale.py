"""Replicas of a worker side by side, a backlog ten times as long, what a million events cost; four partitions.

Apache Kafka. One small service stands for all workers: they are the same code around other handlers.
"""

import asyncio
import json
import os
import resource
import sys
from collections.abc import Sequence

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from bench.figures import Figure
from bench.messaging import EVENTS, KEEP, Parts, effects, fill, parts
from shared.events.people import SchoolChanged
from shared.messaging import Event, Handlers, topics
from shared.messaging.worker import Worker
from shared.settings import ServiceSettings

MANY = 10
HALF_OF_PERFECT, SAME = 1 / 1.7, 1.1
CPU_SECONDS, GIGABYTES = 600.0, 4.0


async def run() -> list[Figure]:
    """One reader; then a backlog ten times as long by one, two and four: joining a group takes a second of it."""
    async with parts() as servers:
        source = await servers.service("bench_scale")
        await topics.create(source)
        await fill(source)
        one, cost = await _read(servers, "bench_one", 1, EVENTS)
        for _ in range(MANY - 1):
            await fill(source)
        long, _ = await _read(servers, "bench_long", 1, EVENTS * MANY)
        two, _ = await _read(servers, "bench_two", 2, EVENTS * MANY)
        four, _ = await _read(servers, "bench_four", 4, EVENTS * MANY)
        inverted = [await servers.inversions(name) for name in ("bench_two", "bench_four")]
        size = await servers.size("bench_one") + await servers.size("bench_scale") / MANY
    rates = ", ".join(_rate(seconds / MANY) for seconds in (long, two, four))
    print(f"a short backlog {_rate(one)}; a long one by one, two, four readers: {rates}", flush=True)
    million = 1e6 / EVENTS
    return [
        Figure("two readers", two, "s", long, HALF_OF_PERFECT, by_ratio=True),
        Figure("four readers", four, "s", long, HALF_OF_PERFECT, by_ratio=True),
        Figure("out of order, two and four", sum(inverted), "", None, 0),
        Figure("ten times the backlog", long / MANY, "s", one, SAME, by_ratio=True),
        Figure("a million events", cost * million, "s", None, CPU_SECONDS),
        Figure("a million events, kept", size * million / 1e9, "GB", None, GIGABYTES),
    ]


def _rate(seconds: float) -> str:
    return f"{EVENTS / seconds:,.0f} events/s"


async def _read(servers: Parts, name: str, readers: int, events: int) -> tuple[float, float]:
    """Seconds from the first effect to the last, and seconds of processor that the readers took."""
    settings = await servers.service(name)
    command = (sys.executable, "-m", "bench.scale", settings.model_dump_json())
    processes = [
        await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
        for _ in range(readers)
    ]
    seconds = await effects(settings, events)
    outputs = await asyncio.gather(*(process.communicate(b"") for process in processes))
    return seconds, sum(float(output.split()[-1]) for output, _ in outputs)


async def _work(settings: ServiceSettings) -> None:
    """A reader, until nobody holds its standard input any more."""
    on = Handlers(settings.service)

    @on.many(SchoolChanged)
    async def keep(session: AsyncSession, events: Sequence[Event[SchoolChanged]]) -> None:
        rows = {"ids": [event.id for event in events], "names": [event.fact.name for event in events]}
        await session.execute(text(KEEP), rows)

    stop = asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin, stop.set)
    await Worker(settings, handlers=on).run(stop)


def main() -> None:
    """In a process of its own: read until told to end, then print the seconds of processor."""
    asyncio.run(_work(ServiceSettings(**json.loads(sys.argv[1]))))
    used = resource.getrusage(resource.RUSAGE_SELF)
    os.write(1, f"{used.ru_utime + used.ru_stime}\n".encode())


if __name__ == "__main__":
    main()
