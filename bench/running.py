"""A whole system of the bench's own: started as a person starts it, in a folder of its own, stopped at the end."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

START = 180.0
"""Seconds that a start may take."""
CROSSWALK = (sys.executable, "-c", "from deploy.cli import main; main()")


@dataclass(frozen=True, slots=True)
class Running:
    """A system that answers."""

    folder: Path
    url: str
    seconds: float
    """From the command to the first page."""

    @property
    def state(self) -> dict[str, Any]:
        """Where its parts are."""
        state: dict[str, Any] = json.loads((self.folder / "state.json").read_text())
        return state

    def dsn(self, service: str) -> str:
        """The database of a service."""
        return str(self.state["database_url"]).replace("{service}", service)


@asynccontextmanager
async def started(
    folder: Path, command: tuple[str, ...] = (*CROSSWALK, "up"), *options: str, env: Mapping[str, str] | None = None
) -> AsyncIterator[Running]:
    """`crosswalk up` in this folder on a free port, from the first page until the end of the block."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    began = perf_counter()
    process = await asyncio.create_subprocess_exec(
        *(part.format(port=port, folder=folder) for part in (*command, *options)),
        stdout=asyncio.subprocess.DEVNULL,
        env={**os.environ, **(env or {})},
        start_new_session=True,
    )
    try:
        await asyncio.wait_for(_first_page(url, process), START)
        running = Running(folder, url, perf_counter() - began)
        yield running
    finally:
        await _stop(folder, process)


async def _first_page(url: str, process: asyncio.subprocess.Process) -> None:
    while not await asyncio.to_thread(_answers, url):
        if process.returncode is not None:
            raise RuntimeError("the system did not start; its reason stands above")
        await asyncio.sleep(0.01)


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=START) as page:  # noqa: S310
            return bool(page.status == 200)
    except HTTPError:
        return False
    except OSError:
        return False


async def _stop(folder: Path, process: asyncio.subprocess.Process) -> None:
    """As Ctrl-C does it: the signal goes to the runner, which stops the rest."""
    with suppress(OSError, ValueError, KeyError):
        os.kill(json.loads((folder / "state.json").read_text())["pid"], signal.SIGINT)
    try:
        await asyncio.wait_for(process.wait(), 60)
    except TimeoutError:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def crosswalk(*arguments: str, env: Mapping[str, str] | None = None) -> None:
    """Run a command of `crosswalk` to its end. Raises RuntimeError where it refuses."""
    process = await asyncio.create_subprocess_exec(
        *CROSSWALK, *arguments, stdout=asyncio.subprocess.DEVNULL, env={**os.environ, **(env or {})}
    )
    if await process.wait():
        raise RuntimeError(f"crosswalk {' '.join(arguments)} failed; its reason stands above")


def free_port() -> int:
    """A port of this machine that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
