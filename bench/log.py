"""The log: how fast events become entries, whose order is total, against the same rows copied bare."""

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import asyncpg

from bench.figures import Figure, p50
from bench.messaging import NAME
from bench.roster import database
from services.audit.commands import append
from shared.clock import new_id
from shared.db import Database
from shared.events.people import SchoolChanged
from shared.messaging import RawEvent
from shared.migrations import upgrade

EVENTS, BATCH, ROUNDS, TIMES = 20_000, 500, 5, 3.0
NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)


async def run() -> list[Figure]:
    """Rounds of: batches of events appended to the log; the same rows copied into a table like it."""
    with tempfile.TemporaryDirectory() as folder:
        async with database(Path(folder) / "data") as url:
            await _make(url)
            await upgrade("audit", url.replace("{service}", "audit"))
            db = Database(url.replace("{service}", "audit"))
            connection = await asyncpg.connect(db.dsn)
            await connection.execute("CREATE TABLE bare (LIKE entry INCLUDING ALL)")
            appended, bare = [], []
            for _ in range(ROUNDS):
                appended.append(await _append(db))
                bare.append(await _copy(connection))
            await connection.close()
            await db.close()
    print(f"log: {EVENTS / p50(appended):,.0f} entries/s, bare {EVENTS / p50(bare):,.0f} rows/s", flush=True)
    return [Figure("log", p50(appended), "s", p50(bare), TIMES, by_ratio=True)]


async def _make(url: str) -> None:
    admin = await asyncpg.connect(url.replace("{service}", "postgres"))
    await admin.execute("DROP DATABASE IF EXISTS audit WITH (FORCE)")
    await admin.execute("CREATE DATABASE audit")
    await admin.close()


async def _append(db: Database) -> float:
    events = list(_events())
    began = perf_counter()
    for first in range(0, EVENTS, BATCH):
        async with db.transaction() as session:
            await append(session, events[first : first + BATCH])
    return perf_counter() - began


async def _copy(connection: asyncpg.Connection) -> float:
    """Seconds to copy the newest entries once more, a transaction for each batch."""
    rows = await connection.fetch("SELECT * FROM entry ORDER BY seq DESC LIMIT $1", EVENTS)
    columns = list(rows[0].keys())
    records = [tuple(row) for row in reversed(rows)]
    began = perf_counter()
    for first in range(0, EVENTS, BATCH):
        await connection.copy_records_to_table("bare", columns=columns, records=records[first : first + BATCH])
    return perf_counter() - began


def _events() -> Iterator[RawEvent]:
    for number in range(EVENTS):
        fact = SchoolChanged(school_id=new_id(), name=NAME, active=True)
        yield RawEvent(
            id=new_id(), type=fact.type, source=fact.source, subject=fact.subject, time=NOW, actor="system:bench",
            correlation_id=new_id(), causation_id=None, traceparent=None, value=fact.model_dump_json().encode(),
            topic=fact.topic, partition=0, offset=number, received_at=NOW,
        )  # fmt: skip
