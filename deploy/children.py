"""Processes that end with the one that started them, and that are started again when they die."""

import asyncio
import ctypes
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

BACK_OFF = (0.2, 1.0, 3.0, 10.0, 30.0)
"""Seconds before each restart of a process that keeps dying; the last one repeats."""
STEADY = 60.0
"""Seconds after which a process counts as well again."""
LOG_LIMIT = 20_000_000
"""Bytes at which a log file is set aside (one older file is kept)."""

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def dies_with_us(by: signal.Signals) -> Callable[[], None]:
    """For `preexec_fn`: the kernel sends `by` when this process is gone, even by kill -9 (Linux)."""
    parent = os.getpid()

    def ask() -> None:
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, int(by), 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)

    return ask


def open_log(path: Path) -> int:
    """A descriptor to append to; a log that grew too long is set aside first."""
    with suppress(FileNotFoundError):
        if path.stat().st_size > LOG_LIMIT:
            path.replace(path.with_suffix(".old.log"))
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)


def last_words(path: Path) -> str:
    """The last line of a log that says something, for a message to a person."""
    try:
        lines = path.read_text(errors="replace")[-20_000:].splitlines()
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")[:300]


@dataclass
class Child:
    """One process of ours. `argv` is asked anew at every start; `on_start` is awaited when it runs."""

    name: str
    argv: Callable[[], Sequence[str]]
    log: Path
    env: Mapping[str, str] | None = None
    ends_by: signal.Signals = signal.SIGTERM
    user: str | None = None
    pass_fds: tuple[int, ...] = ()
    talks: bool = False
    """Whether it reads lines from us on its input and writes JSON lines to us on its output."""
    going: bool = False
    """Whether it was told to begin and said that it works."""
    process: asyncio.subprocess.Process | None = None
    heard: "asyncio.Queue[dict[str, Any]]" = field(default_factory=asyncio.Queue)
    _listening: "asyncio.Task[None] | None" = None

    @property
    def pid(self) -> int | None:
        """Its process number while it runs."""
        return self.process.pid if self.process and self.process.returncode is None else None

    async def start(self) -> None:
        """Start it, away from the terminal's Ctrl-C."""
        self.going = False
        pipe = asyncio.subprocess.PIPE if self.talks else asyncio.subprocess.DEVNULL
        log = open_log(self.log)
        try:
            self.process = await asyncio.create_subprocess_exec(
                *self.argv(),
                stdin=pipe,
                stdout=pipe if self.talks else log,
                stderr=log,
                env=self.env,
                user=self.user,
                group=self.user and _group(self.user),
                extra_groups=[] if self.user else None,
                cwd="/" if self.user else None,
                start_new_session=True,
                pass_fds=self.pass_fds,
                preexec_fn=dies_with_us(self.ends_by),
            )
        finally:
            os.close(log)
        if self.talks:
            self._listening = asyncio.create_task(self._listen(self.process))

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            with suppress(ValueError):
                self.heard.put_nowait(json.loads(line))

    def tell(self, word: str) -> None:
        """Write one line to its input."""
        if self.process and self.process.stdin:
            self.process.stdin.write(f"{word}\n".encode())

    async def hear(self, words: tuple[str, ...], seconds: float) -> dict[str, Any] | None:
        """Wait for a message that has one of these keys; None when it ended or the time is over first."""
        assert self.process is not None
        ended = asyncio.create_task(self.process.wait())
        try:
            async with asyncio.timeout(seconds):
                while True:
                    heard = asyncio.create_task(self.heard.get())
                    await asyncio.wait({heard, ended}, return_when=asyncio.FIRST_COMPLETED)
                    if not heard.done():
                        heard.cancel()
                        return None
                    if any(word in heard.result() for word in words):
                        return heard.result()
        except TimeoutError:
            return None
        finally:
            ended.cancel()

    async def stop(self, seconds: float) -> bool:
        """Ask it to end; kill it when it does not in time. True when it ended by itself."""
        if self.process is None or self.process.returncode is not None:
            return True
        with suppress(ProcessLookupError):
            self.process.send_signal(self.ends_by)
        try:
            await asyncio.wait_for(self.process.wait(), seconds)
        except TimeoutError:
            with suppress(ProcessLookupError):
                self.process.kill()
            await self.process.wait()
            return False
        return True


def _group(user: str) -> int:
    import pwd

    return pwd.getpwnam(user).pw_gid


async def keep_alive(
    child: Child, revive: Callable[[], Any], say: Callable[[str], None], stopping: asyncio.Event
) -> None:
    """Start a child again whenever it dies, later and later if it keeps dying; each time is said in one line."""
    loop, deaths = asyncio.get_running_loop(), 0
    while not stopping.is_set():
        assert child.process is not None
        born = loop.time()
        code = await child.process.wait()
        if stopping.is_set():
            return
        deaths = 1 if loop.time() - born > STEADY else deaths + 1
        pause = BACK_OFF[min(deaths, len(BACK_OFF)) - 1]
        say(f"{child.name} ended ({_why(code)}); starting it again in {pause:g} s. Its log: {child.log}")
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), pause)
            return
        try:
            await revive()
        except Exception as error:
            say(f"{child.name} could not be started again: {error}")


def _why(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit {code}"
