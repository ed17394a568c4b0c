"""Taking a backup while everything runs: one cut through five databases, then a dump of each as of that cut.

A consistent cut: what one service has taken into account, the other has said. For the moment in which the five
snapshots are taken no service may enter an event into its inbox; nothing else waits.
"""

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import asyncpg

from deploy.backup import manifest, programs
from deploy.backup.manifest import DATABASES, FILES, Manifest
from deploy.folder import DataFolder
from deploy.postgres import SERVICES
from deploy.trouble import Trouble
from services.agreements.documents import folder_of
from services.agreements.settings import Settings as AgreementsSettings
from services.people.settings import Settings as PeopleSettings
from shared.clock import new_id

HOLD = "LOCK TABLE inbox, parked IN SHARE ROW EXCLUSIVE MODE"
"""Waits for transactions that take events into account, lets no new one begin; reading goes on."""
WAIT = 700
"""Milliseconds for a transaction under way to end; less than PostgreSQL's `deadlock_timeout`, so that it is we who
give way to one that has locked the two tables in the other order."""
TRIES, PAUSE = 40, 0.3
"""How often it is tried, and the seconds between."""
NOTED = ("demo", "personas")
"""Entries of `state.json` that a restored system goes on with."""

Show = Callable[[str, int, int], None]
"""Called with what is being done, how many steps are done, and how many there are."""


@dataclass(frozen=True, slots=True)
class Cut:
    """The snapshots, by service; they last as long as the block in which they were taken."""

    snapshots: Mapping[str, str]
    keepers: Mapping[str, asyncpg.Connection]
    taken_at: datetime
    held_ms: float


def dsns() -> dict[str, str]:
    """Where each service's database is, by the settings."""
    return {name: import_module(f"services.{name}.settings").Settings().dsn for name in SERVICES}


def places() -> dict[str, Path]:
    """What lies outside of the databases, by its name in a backup."""
    people, agreements = PeopleSettings(), AgreementsSettings()
    return {"keys": people.keys_dir, "uploads": people.uploads_dir, "documents": folder_of(agreements)}


async def take(folder: DataFolder, target: Path, show: Show) -> Manifest:
    """Write a backup to a folder that is not there yet. Raises `Trouble`."""
    part = _begin(target)
    # Files first and again last: one that is taken away meanwhile was copied, one that is new is copied then.
    await asyncio.to_thread(_copy_files, part)
    async with cut(dsns()) as taken:
        for place, (service, dsn) in enumerate(dsns().items()):
            show(f"Dumping {service}", place, len(SERVICES) + 1)
            file = part / DATABASES / f"{service}.dump"
            await programs.run(
                "pg_dump", dsn, "--format=custom", "--no-owner", "--no-privileges",
                f"--snapshot={taken.snapshots[service]}", f"--file={file}",
            )  # fmt: skip
        show("Files", len(SERVICES), len(SERVICES) + 1)
        await asyncio.to_thread(_copy_files, part)
        made = await _describe(taken, folder, await asyncio.to_thread(_digests, part))
    manifest.write(part, made)
    part.rename(target)
    return made


def _begin(target: Path) -> Path:
    """The folder beside the target in which the backup is made: a target that is there is whole."""
    if target.exists():
        raise Trouble(f"{target} is there already. Name a new folder.")
    part = target.with_name(f"{target.name}.part")
    try:
        shutil.rmtree(part, ignore_errors=True)
        for name in (DATABASES, FILES):
            (part / name).mkdir(parents=True, mode=0o700)
        part.chmod(0o700)
    except OSError as error:
        raise Trouble(f"{target} cannot be made: {error.strerror}.") from None
    return part


@asynccontextmanager
async def cut(addresses: Mapping[str, str]) -> AsyncIterator[Cut]:
    """Take the five snapshots. Raises `Trouble` where somebody does not let go of an inbox."""
    async with AsyncExitStack() as stack:
        keepers = {name: await _connected(stack, dsn) for name, dsn in addresses.items()}
        for keeper in keepers.values():
            await keeper.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        async with _held(addresses) as since:
            snapshots = {name: await one.fetchval("SELECT pg_export_snapshot()") for name, one in keepers.items()}
            taken_at = datetime.now(UTC)
        yield Cut(snapshots, keepers, taken_at, (time.monotonic() - since) * 1000)


@asynccontextmanager
async def _held(addresses: Mapping[str, str]) -> AsyncIterator[float]:
    """In the block nobody takes events into account; the moment since when, by the monotonic clock."""
    for left in reversed(range(TRIES)):
        async with AsyncExitStack() as stack:
            since = time.monotonic()
            try:
                await asyncio.gather(*[_hold(await _connected(stack, dsn)) for dsn in addresses.values()])
            except asyncpg.exceptions.LockNotAvailableError:
                if not left:
                    raise Trouble(_BUSY) from None
            else:
                yield since
                return
        # Those who wait behind us get their turn.
        await asyncio.sleep(PAUSE)


_BUSY = "A service has one event in hand for very long. Try again, or see the page System for what it hangs in."


async def _hold(connection: asyncpg.Connection) -> None:
    await connection.execute(f"BEGIN; SET LOCAL lock_timeout = {WAIT}; {HOLD}")


async def _connected(stack: AsyncExitStack, dsn: str) -> asyncpg.Connection:
    connection: asyncpg.Connection = await asyncpg.connect(dsn, timeout=5)
    stack.push_async_callback(connection.close)
    return connection


async def _describe(taken: Cut, folder: DataFolder, files: dict[str, str]) -> Manifest:
    """What the snapshots hold."""
    revision = "SELECT version_num FROM alembic_version"
    log = await taken.keepers["audit"].fetchrow("SELECT size, root FROM head")
    return Manifest(
        id=str(new_id()),
        taken_at=taken.taken_at.isoformat(timespec="milliseconds"),
        held_ms=round(taken.held_ms, 1),
        crosswalk=version("crosswalk"),
        postgres=await taken.keepers["people"].fetchval("SHOW server_version"),
        revisions={name: await keeper.fetchval(revision) for name, keeper in taken.keepers.items()},
        log={"entries": log["size"] if log else 0, "root": log["root"].hex() if log else ""},
        state={name: value for name, value in folder.state().items() if name in NOTED},
        files=files,
    )


def _copy_files(part: Path) -> None:
    for name, place in places().items():
        for path in _files(place):
            copy = part / FILES / name / path.relative_to(place)
            if not copy.exists():
                copy.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                _copy(path, copy)


def _copy(path: Path, copy: Path) -> None:
    try:
        shutil.copy2(path, copy)
    except FileNotFoundError:
        copy.unlink(missing_ok=True)  # taken away in this moment


def _files(place: Path) -> Iterator[Path]:
    """Whole files: what is still being written is named by nobody yet."""
    return (path for path in sorted(place.rglob("*")) if path.is_file() and path.suffix not in (".part", ".half"))


def _digests(part: Path) -> dict[str, str]:
    found = {}
    for path in sorted(path for path in part.rglob("*") if path.is_file()):
        with path.open("rb") as file:
            os.fsync(file.fileno())
        found[str(path.relative_to(part))] = manifest.digest(path)
    return found
