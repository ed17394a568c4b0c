"""What can be wrong with a system on one machine, each thing looked at by itself, and what to do about it."""

import asyncio
import shutil
import socket
import stat
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg

from deploy.environment import own_broker, own_database, own_mail
from deploy.folder import DataFolder
from deploy.migrations import digest, stand_at
from deploy.postgres import SERVICES, Postgres
from deploy.runner import running_system
from deploy.trouble import Trouble

LITTLE_ROOM = 1_000_000_000
"""Bytes on the disk below which it is time to make room."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `to_do` is for the person, where it is not well."""

    what: str
    well: bool
    words: str
    to_do: str = ""


async def examine(folder: DataFolder) -> AsyncIterator[Finding]:
    """Everything, in the order in which it is mended best. Starts the embedded database for a while if need be."""
    yield _versions()
    yield _clock()
    data = _folder(folder)
    yield data
    if not data.well:
        return
    yield _room(folder.root)
    yield _keys(folder)
    state = running_system(folder)
    yield _running(state)
    async for finding in _database(folder, state):
        yield finding
    if state is not None or own_broker():
        yield await _broker(own_broker() or str((state or {})["kafka"]))
    if state is not None and not own_mail():
        yield _port("Mail", "127.0.0.1", int(state["smtp_port"]), "the mail catcher takes mail")


def _versions() -> Finding:
    words = f"Crosswalk {version('crosswalk')}, Python {sys.version.split()[0]}"
    return Finding("Versions", sys.version_info >= (3, 11), words, "Install Python 3.11 or newer, then run make up.")


def _clock() -> Finding:
    """A clock that stands in the past makes every session and link look as if it were from the future."""
    made = max(path.stat().st_mtime for path in Path(__file__).parent.glob("*.py"))
    well = time.time() > made - 86_400
    return Finding("Clock", well, time.strftime("%Y-%m-%d %H:%M:%S %Z"), "Set the machine's clock.")


def _folder(folder: DataFolder) -> Finding:
    try:
        folder.prepare()
    except Trouble as trouble:
        return Finding("Data folder", False, str(folder.root), str(trouble))
    return Finding("Data folder", True, str(folder.root))


def _room(root: Path) -> Finding:
    free = shutil.disk_usage(root).free
    return Finding("Disk", free > LITTLE_ROOM, f"{free / 1e9:.1f} GB free", "Make room on the disk.")


def _keys(folder: DataFolder) -> Finding:
    keys = sorted(folder.keys.glob("*.pem"))
    if not keys:
        return Finding("Keys", True, "none yet; they are made at the first start")
    open_to_others = [key.name for key in keys if stat.S_IMODE(key.stat().st_mode) & 0o077]
    to_do = f"chmod 600 {folder.keys}/*.pem, for others on this machine could sign in as anybody."
    return Finding("Keys", not open_to_others, f"{len(keys)} signing keys", to_do)


def _running(state: Mapping[str, Any] | None) -> Finding:
    if state is None:
        return Finding("System", True, "not running (crosswalk up starts it)")
    address = urlsplit(str(state["url"]))
    return _port("System", address.hostname or "", address.port or 80, f"runs at {state['url']}")


def _port(what: str, host: str, port: int, words: str) -> Finding:
    with socket.socket() as probe:
        probe.settimeout(2)
        if probe.connect_ex((host, port)) == 0:
            return Finding(what, True, words)
    return Finding(what, False, f"{host}:{port} does not answer", "Stop crosswalk up with Ctrl-C and start it again.")


async def _database(folder: DataFolder, state: Mapping[str, Any] | None) -> AsyncIterator[Finding]:
    url = own_database() or (state and str(state["database_url"]))
    if url:
        async for finding in _inside(url, folder):
            yield finding
    elif not folder.pg.exists():
        yield Finding("Database", True, "none yet; it is made at the first start")
    else:
        async for finding in _started_for_a_while(folder):
            yield finding


async def _started_for_a_while(folder: DataFolder) -> AsyncIterator[Finding]:
    try:
        with folder.locked("doctor"), folder.children_lock() as lock:
            postgres = Postgres(folder, inherit=[lock])
            await postgres.start(lambda words: None)
            try:
                async for finding in _inside(postgres.url, folder):
                    yield finding
            finally:
                await postgres.stop()
    except Trouble as trouble:
        yield Finding("Database", False, "does not start", str(trouble))


async def _inside(url: str, folder: DataFolder) -> AsyncIterator[Finding]:
    try:
        words = await _ask(url.replace("{service}", "people"), "SELECT split_part(version(), ' ', 2)")
    except (OSError, asyncpg.exceptions.PostgresError, asyncpg.exceptions.InterfaceError) as error:
        yield Finding("Database", False, f"does not answer: {error}", f"See the log {folder.logs / 'postgres.log'}.")
        return
    yield Finding("Database", True, f"PostgreSQL {words}")
    yield await _careful("Tables", lambda: _migrations(url, folder))
    yield await _careful("Events", lambda: _parked(url))
    yield await _careful("Outbox", lambda: _waiting(url))


async def _careful(what: str, look: Callable[[], Awaitable[Finding]]) -> Finding:
    try:
        return await look()
    except Exception as error:
        return Finding(what, False, f"cannot be read: {error}", "Start crosswalk up once; it makes the tables.")


async def _migrations(url: str, folder: DataFolder) -> Finding:
    known = folder.state().get("migrations", {})
    if known.get("digest") == digest() and await stand_at(url, known["heads"]):
        return Finding("Tables", True, "all services at their newest revision")
    from shared.migrations import current, head

    behind = [name for name in SERVICES if await current(url.replace("{service}", name)) != head(name)]
    words = "all services at their newest revision" if not behind else f"behind: {', '.join(behind)}"
    return Finding("Tables", not behind, words, "Start crosswalk up once; it brings them to the newest revision.")


async def _parked(url: str) -> Finding:
    parked = {
        name: await _count(url, name, "parked WHERE settled_at IS NULL AND next_try_at IS NULL") for name in SERVICES
    }
    stuck = {name: count for name, count in parked.items() if count}
    words = ", ".join(f"{name} {count:,}" for name, count in stuck.items())
    to_do = "Look at them on the page System, or with crosswalk parked list; try them again or give them up."
    return Finding("Events", not stuck, f"parked: {words}" if stuck else "none is parked", to_do)


async def _waiting(url: str) -> Finding:
    late = "outbox WHERE published_at IS NULL AND created_at < now() - interval '1 minute'"
    waiting = {name: await _count(url, name, late) for name in SERVICES}
    stuck = {name: count for name, count in waiting.items() if count}
    words = ", ".join(f"{name} {count:,}" for name, count in stuck.items())
    to_do = "They are published while crosswalk up runs; if it does, see the logs of workers and broker."
    return Finding("Outbox", not stuck, f"not published for a minute: {words}" if stuck else "nothing waits", to_do)


async def _count(url: str, service: str, what: str) -> int:
    return int(await _ask(url.replace("{service}", service), f"SELECT count(*) FROM {what}"))  # noqa: S608


async def _ask(dsn: str, query: str) -> Any:
    connection = await asyncpg.connect(dsn, timeout=5)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def _broker(address: str) -> Finding:
    from aiokafka.admin import AIOKafkaAdminClient
    from aiokafka.errors import KafkaError

    from shared.events import TOPICS
    from shared.messaging.connection import client_arguments
    from shared.settings import ServiceSettings

    settings = ServiceSettings(service="operator", kafka_bootstrap_servers=address)
    admin = AIOKafkaAdminClient(**client_arguments(settings), request_timeout_ms=3000)
    try:
        async with asyncio.timeout(6):
            await admin.start()
            there = set(await admin.list_topics())
    except (KafkaError, OSError, TimeoutError):
        return Finding("Broker", False, f"{address} does not answer", "Start it, or start crosswalk up again.")
    finally:
        with suppress(Exception):
            await admin.close()
    missing = sorted(set(TOPICS) - there)
    words = f"{address}, {len(TOPICS)} topics" if not missing else f"{address} lacks {', '.join(missing)}"
    return Finding("Broker", not missing, words, "Start crosswalk up again; it makes the topics.")
