"""`python -m bench [--only NAME] [--data FOLDER]`: run benchmarks, show their figures, add them to bench.json."""

import argparse
import asyncio
import signal
from collections.abc import Sequence
from pathlib import Path

from bench import delivery, directory, latency, log, meetings, messaging, pages, roster, scale, scheduler, start
from bench.figures import Figure, keep, machine
from bench.loaded import loaded

ALONE = {
    "start": start.run,
    "roster": roster.run,
    "relay": messaging.relay,
    "peer": messaging.peer,
    "consumer": messaging.consumer,
    "latency": latency.run,
    "scale": scale.run,
    "log": log.run,
    "scheduler": scheduler.run,
    "directory": directory.run,
    "meetings": meetings.run,
}
LOADED = {"pages": pages.run, "delivery": delivery.run}
"""These share one system with the roster loaded."""


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", choices=[*ALONE, *LOADED], help="run one benchmark")
    parser.add_argument("--data", type=Path, default=Path("data"), help="folder of bench.json")
    asked = parser.parse_args()
    # Ended from outside, it still stops the systems that it started.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    print(machine(), flush=True)
    asyncio.run(_run([asked.only] if asked.only else [*ALONE, *LOADED], asked.data))


async def _run(names: Sequence[str], data: Path) -> None:
    for name in (name for name in names if name in ALONE):
        _report(data, await ALONE[name]())
    if busy := [name for name in names if name in LOADED]:
        async with loaded() as system:
            for name in busy:
                _report(data, await LOADED[name](system))


def _report(data: Path, figures: Sequence[Figure]) -> None:
    for figure in figures:
        print(figure.words, flush=True)
    keep(data, figures)


if __name__ == "__main__":
    main()
