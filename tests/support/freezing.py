"""Processes that are there and do not answer: everything below a process number is stopped in its tracks."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def family(pid: int) -> list[int]:
    """A process and all that come from it, parents first."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            number, _, rest = stat.read_text().partition(" ")
            children.setdefault(int(rest.rpartition(")")[2].split()[1]), []).append(int(number))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found


def send(pid: int, what: signal.Signals) -> None:
    """A signal to all of a family."""
    for one in family(pid):
        with suppress(ProcessLookupError):
            os.kill(one, what)


@contextmanager
def frozen(*pids: int) -> Iterator[None]:
    """In the block, these processes and their families do nothing, and their connections stay open."""
    for pid in pids:
        send(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            send(pid, signal.SIGCONT)
