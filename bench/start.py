"""`make up` on a folder that is there already, to the first page; against the bare start of its parts, all at once."""

import asyncio
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from bench.figures import ROOT, Figure, p50
from bench.running import CROSSWALK, started
from deploy.broker import Broker
from deploy.folder import DataFolder
from deploy.postgres import SERVICES, Postgres

ROUNDS = 5
SECONDS = 6.0
MAKE_UP = ("make", "--no-print-directory", "-C", str(ROOT), "up", "PORT={port}", "DATA={folder}")
APPS = ";".join(f"import services.{name}.app, services.{name}.worker" for name in SERVICES)


async def run() -> list[Figure]:
    """Starts of the whole, and starts of the parts, in turn."""
    whole, bare = [], []
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root) / "data"
        async with started(folder, (*CROSSWALK, "up", "--port", "{port}", "--data", "{folder}", "--empty")):
            pass
        for _round in range(ROUNDS):
            async with started(folder, MAKE_UP) as running:
                whole.append(running.seconds)
            bare.append(await _parts(folder))
    return [Figure("start", p50(whole), "s", p50(bare), SECONDS)]


async def _parts(root: Path) -> float:
    """Seconds until PostgreSQL and the broker take connections and one interpreter has imported the applications."""
    folder = DataFolder(root)
    postgres, broker = Postgres(folder), Broker(folder)
    began = perf_counter()
    try:
        await asyncio.gather(postgres.start(lambda words: None), broker.start(), _interpreter())
        return perf_counter() - began
    finally:
        await asyncio.gather(postgres.stop(), broker.stop())


async def _interpreter() -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", APPS)
    if await process.wait():
        raise RuntimeError("the applications cannot be imported; the reason stands above")
