"""The data folder: everything that one machine keeps, who may use it now, and what is known about the running system.

pg/      the database                 keys/    signing keys               mail/  caught mail
kafka/   what make kafka keeps
people/  rosters that were uploaded   logs/    one file per process       run/   the broker, where it must be copied
agreements/  documents of partners
lock     held by the command that uses the folder       children  held by every process that it started
state.json  what other commands need to know of the running system
"""

import asyncio
import errno
import fcntl
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from deploy.trouble import Trouble

PARTS = ("keys", "mail", "logs")
OTHERS = (
    "people",
    "agreements",
    "kafka",
    "pg",
    "pg.new",
    "run",
    "bench.json",
    "state.new",
    "state.json",
    "children",
    "lock",
)
WAIT_FOR_CHILDREN = 10.0
"""Seconds that processes of a killed run get to end by themselves."""


class DataFolder:
    """The folder at `root`, made when it is first prepared."""

    def __init__(self, root: Path) -> None:
        self.root = root.expanduser().resolve()
        self.pg, self.keys, self.mail = self.root / "pg", self.root / "keys", self.root / "mail"
        self.logs = self.root / "logs"
        self.state_file, self.lock_file = self.root / "state.json", self.root / "lock"
        self.children_file = self.root / "children"

    def prepare(self) -> None:
        """Make the folder and its parts; refuses what cannot be written to."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            for part in PARTS:
                (self.root / part).mkdir(mode=0o700, exist_ok=True)
            probe = self.root / ".probe"
            probe.write_text("can this be written to?")
            probe.unlink()
        except OSError as error:
            raise Trouble(_why_not(self.root, error)) from None

    def ours(self) -> list[Path]:
        """What Crosswalk keeps in the folder, without what others have put there."""
        found = [self.root / name for name in (*PARTS, *OTHERS)] + sorted(self.root.glob("pg.half-made-*"))
        return [path for path in found if path.exists() or path.is_symlink()]

    @contextmanager
    def locked(self, purpose: str) -> Iterator[None]:
        """Use the folder alone; refuses while another command does, and says which."""
        with self._open(self.lock_file) as lock:
            if not _try_lock(lock.fileno()):
                raise Trouble(self._in_use())
            lock.truncate(0)
            lock.write(json.dumps({"pid": os.getpid(), "purpose": purpose}))
            lock.flush()
            yield

    def holder(self) -> dict[str, Any] | None:
        """Who uses the folder now (`pid`, `purpose`); None when nobody does."""
        if not self.lock_file.exists():
            return None
        with self._open(self.lock_file) as lock:
            return None if _try_lock(lock.fileno()) else _read_json(self.lock_file)

    @contextmanager
    def children_lock(self) -> Iterator[int]:
        """A file descriptor that every started process inherits: it stays locked until the last one is gone."""
        with self._open(self.children_file) as file:
            if not _try_lock(file.fileno()):
                pids = self.state().get("pids", {})
                raise Trouble(
                    f"Processes of an earlier run still use {self.root} and do not end "
                    f"({_named(pids)}). End them with kill, then start again."
                )
            yield file.fileno()

    async def wait_for_children(self) -> None:
        """Wait until the processes of a killed run are gone; end those that stay."""
        if await self._children_gone(WAIT_FOR_CHILDREN / 2):
            return
        for name, pid in self.state().get("pids", {}).items():
            _end(int(pid), name)
        await self._children_gone(WAIT_FOR_CHILDREN / 2)

    async def _children_gone(self, seconds: float) -> bool:
        deadline = asyncio.get_running_loop().time() + seconds
        with self._open(self.children_file) as file:
            while not _try_lock(file.fileno()):
                if asyncio.get_running_loop().time() > deadline:
                    return False
                await asyncio.sleep(0.05)
        return True

    def state(self) -> dict[str, Any]:
        """What `state.json` holds; empty when there is none or it was half-written."""
        return _read_json(self.state_file) or {}

    def note(self, **values: Any) -> None:
        """Change entries of `state.json` (None removes one), in one step that cannot be half done."""
        merged = {k: v for k, v in {**self.state(), **values}.items() if v is not None}
        fresh = self.state_file.with_suffix(".new")
        try:
            with fresh.open("w") as file:
                os.fchmod(file.fileno(), 0o600)
                json.dump(merged, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self.state_file)
        except OSError as error:
            raise Trouble(_why_not(self.root, error)) from None

    def _in_use(self) -> str:
        holder, state = _read_json(self.lock_file) or {}, self.state()
        where = f" at {state['url']}" if holder.get("purpose") == "up" and "url" in state else ""
        return (
            f"“crosswalk {holder.get('purpose', '?')}” (process {holder.get('pid', '?')}) "
            f"already uses {self.root}{where}. Stop it with Ctrl-C, or choose another folder with --data."
        )

    def _open(self, path: Path) -> Any:
        try:
            return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+")
        except OSError as error:
            raise Trouble(_why_not(self.root, error)) from None


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        value = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def _why_not(root: Path, error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk that holds {root} is full. Make room, then start again; nothing was lost."
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        return f"{root} is no folder. Choose another with --data."
    if error.errno not in (errno.EACCES, errno.EPERM):
        return f"{root} cannot be used ({error.strerror}). Choose another folder with --data."
    return (
        f"{root} cannot be written to ({error.strerror}). "
        "Make it writable for you (chmod u+rwx), or choose another folder with --data."
    )


def _named(pids: dict[str, int]) -> str:
    return ", ".join(f"{name} {pid}" for name, pid in pids.items()) or "see ps"


def _end(pid: int, name: str) -> None:
    """End a process by its number, if that number still belongs to what we started."""
    try:
        found = subprocess.run(["ps", "-p", str(pid), "-o", "command="], capture_output=True, text=True, check=False)
    except OSError:
        return
    if name in found.stdout:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGINT if name == "postgres" else signal.SIGKILL)
