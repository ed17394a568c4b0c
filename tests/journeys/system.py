"""A whole running system for the journeys: `crosswalk up` in a process of its own, on a data folder of its own."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from deploy.broker import free_port
from deploy.play.people import Caller, Mailbox

COMMAND = Path(sys.executable).with_name("crosswalk")
PATIENCE = 180.0
"""Seconds; only a system that hangs ever waits so long."""
T = TypeVar("T")


async def until(look: Callable[[], Awaitable[T]], what: str) -> T:
    """Look until there is something (true) to see."""
    try:
        async with asyncio.timeout(PATIENCE):
            while not (found := await look()):
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"{what} did not happen within {PATIENCE:g} s") from None
    return found


class RunningSystem:
    """Started and stopped as a person would; people stay signed in over restarts."""

    def __init__(self, **settings: str) -> None:
        self.settings = settings
        # Short, because the paths of pytest are too long for a socket.
        self.home = Path(tempfile.mkdtemp(prefix="cwj"))
        self.data = self.home / "data"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.mailbox = Mailbox(self.url, patience=PATIENCE)
        self.output = self.home / "up.log"
        self._runner: subprocess.Popen[bytes] | None = None
        self._callers: dict[str, Caller] = {}

    async def start(self, *options: str) -> None:
        """`crosswalk up`, until it has printed everything."""
        self.launch(*options)
        await until(self._is_up, "crosswalk up")

    def launch(self, *options: str) -> None:
        """`crosswalk up`."""
        with self.output.open("wb") as output:
            self._runner = subprocess.Popen(
                [COMMAND, "up", "--data", self.data, "--port", str(self.port), *options],
                stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env={**os.environ, **self.settings},
            )  # fmt: skip

    async def _is_up(self) -> bool:
        assert self._runner is not None
        said = self.output.read_text()
        assert self._runner.poll() is None, f"crosswalk up ended:\n{said}"
        return "Stop with Ctrl-C." in said

    async def stop(self) -> str:
        """Ctrl-C; what was said in all."""
        return await self._end(signal.SIGINT)

    async def kill(self) -> None:
        """kill -9 of the runner."""
        await self._end(signal.SIGKILL)

    async def _end(self, how: signal.Signals) -> str:
        assert self._runner is not None
        self._runner.send_signal(how)
        await asyncio.to_thread(self._runner.wait)
        return self.output.read_text()

    def state(self) -> dict[str, Any]:
        """What the runner has noted."""
        found: dict[str, Any] = json.loads((self.data / "state.json").read_text())
        return found

    async def kill_part(self, name: str) -> None:
        """kill -9 of one process, until another has taken its place."""
        pid = self.state()["pids"][name]
        os.kill(pid, signal.SIGKILL)

        async def revived() -> bool:
            return bool(self.state().get("pids", {}).get(name, pid) != pid)

        await until(revived, f"another {name}")

    async def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Another command on the same data folder."""
        command = [str(COMMAND), *arguments, "--data", str(self.data)]
        return await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)

    async def caller(self, email: str) -> Caller:
        """Somebody, signed in."""
        if email not in self._callers:
            self._callers[email] = await Caller(self.url, email).sign_in(self.mailbox)
        return self._callers[email]

    def visitor(self) -> Caller:
        """Somebody who has not signed in."""
        return self._callers.setdefault("", Caller(self.url, ""))

    def log(self, name: str) -> str:
        """All that a process has logged so far."""
        return (self.data / "logs" / f"{name}.log").read_text()

    async def remove(self) -> None:
        """Stop, and leave nothing behind."""
        if self._runner is not None and self._runner.poll() is None:
            await self.stop()
        await self.mailbox.close()
        for caller in self._callers.values():
            await caller.close()
        shutil.rmtree(self.home, ignore_errors=True)
