"""The databases: do they answer, keep what they take, stand at the newest revision, and flow."""

import time
from collections.abc import AsyncIterator
from typing import Any

import asyncpg

from deploy.doctor.finding import Finding, careful
from deploy.folder import DataFolder
from deploy.migrations import digest, stand_at
from deploy.postgres import SERVICES

TESTED = 18
"""PostgreSQL's version that every test runs on."""
SKEW = 2.0
"""Seconds that two clocks may differ."""
DURABLE = ("fsync", "full_page_writes", "synchronous_commit")
START = "Run crosswalk migrate (or start crosswalk up once); it makes the tables."


async def databases(url: str, folder: DataFolder) -> AsyncIterator[Finding]:
    """All findings; `url` holds `{service}` for the name of one."""
    people = url.replace("{service}", "people")
    try:
        version = await _ask(people, "SELECT current_setting('server_version')")
    except (OSError, asyncpg.exceptions.PostgresError, asyncpg.exceptions.InterfaceError) as error:
        log = folder.logs / "postgres.log"
        to_do = f"See the log {log}." if log.exists() else "Start it, or set CROSSWALK_DATABASE_URL."
        yield Finding("Database", False, f"does not answer: {error}", to_do)
        return
    well = int(version.split(".")[0]) >= TESTED
    yield Finding("Database", well, f"PostgreSQL {version}", f"Use PostgreSQL {TESTED} or newer: that is tested.")
    yield await careful("Durability", lambda: _durability(people), START)
    yield await careful("Clocks", lambda: _clock(people), START)
    yield await careful("Tables", lambda: _migrations(url, folder), START)
    yield await careful("Events", lambda: _parked(url), START)
    yield await careful("Outbox", lambda: _waiting(url), START)
    yield await careful("Invariants", lambda: _broken(url), START)


async def _durability(dsn: str) -> Finding:
    off = [name for name in DURABLE if await _ask(dsn, f"SELECT current_setting('{name}')") == "off"]
    words = f"off: {', '.join(off)}" if off else "what is committed is on the disk"
    to_do = f"Set {' and '.join(off)} to on: after a power cut things that people were told are done would be gone."
    return Finding("Durability", not off, words, to_do)


async def _clock(dsn: str) -> Finding:
    connection = await asyncpg.connect(dsn, timeout=5)
    try:
        before = time.time()
        theirs = (await connection.fetchval("SELECT clock_timestamp()")).timestamp()
        after = time.time()
    finally:
        await connection.close()
    return clocks("the database", theirs, before, after)


def clocks(whose: str, theirs: float, before: float, after: float) -> Finding:
    """Another's clock (Unix time in seconds) against ours right before and after it was asked."""
    ahead = max(theirs - after, 0.0) - max(before - theirs, 0.0)
    words = f"that of {whose} agrees with this machine's"
    if abs(ahead) > SKEW:
        words = f"that of {whose} is {abs(ahead):,.1f} s {'ahead of' if ahead > 0 else 'behind'} this machine's"
    return Finding("Clocks", abs(ahead) <= SKEW, words, "Let both machines set their clocks by NTP (timedatectl).")


async def _migrations(url: str, folder: DataFolder) -> Finding:
    known = folder.state().get("migrations", {})
    if known.get("digest") == digest() and await stand_at(url, known["heads"]):
        return Finding("Tables", True, "all services at their newest revision")
    from shared.migrations import current, head

    stands = {name: await current(url.replace("{service}", name)) for name in SERVICES}
    behind = [f"{name} at {stands[name] or 'nothing'}" for name in SERVICES if stands[name] != head(name)]
    words = "all services at their newest revision" if not behind else f"not at the newest: {', '.join(behind)}"
    to_do = (
        "Run crosswalk migrate, or start crosswalk up once. A revision that is too new is of a newer release: use it."
    )
    return Finding("Tables", not behind, words, to_do)


async def _parked(url: str) -> Finding:
    stuck = await _counts(url, "parked WHERE settled_at IS NULL AND next_try_at IS NULL")
    to_do = "Look at them on the page System, or with crosswalk parked list; try them again or give them up."
    return Finding("Events", not stuck, f"parked: {stuck}" if stuck else "none is parked", to_do)


async def _waiting(url: str) -> Finding:
    stuck = await _counts(url, "outbox WHERE published_at IS NULL AND created_at < now() - interval '1 minute'")
    to_do = "They are published while the workers run; if they do, see the logs of workers and broker."
    return Finding("Outbox", not stuck, f"not published for a minute: {stuck}" if stuck else "nothing waits", to_do)


async def _broken(url: str) -> Finding:
    stuck = await _counts(url, "invariants WHERE breaches > 0")
    words = f"do not hold: {stuck}" if stuck else "all held when the workers last looked"
    return Finding("Invariants", not stuck, words, "crosswalk invariants names the things, and what to do about each.")


async def _counts(url: str, what: str) -> str:
    """The services of which there is one of these, with how many: `people 3, audit 1`."""
    query = f"SELECT count(*) FROM {what}"  # noqa: S608
    counts = {name: int(await _ask(url.replace("{service}", name), query)) for name in SERVICES}
    return ", ".join(f"{name} {count:,}" for name, count in counts.items() if count)


async def _ask(dsn: str, query: str) -> Any:
    connection = await asyncpg.connect(dsn, timeout=5)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()
