"""What is due in a minute's tick, found and handed out by four worker processes: the agreements of a large district."""

import asyncio
import random
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg

from bench.figures import Figure
from bench.roster import database
from services.agreements.commands.agreements.calendar import settle_agreements
from services.agreements.models import Agreement
from services.agreements.rules.agreements import AgreementState, Term
from services.agreements.rules.calendar import dues
from shared.clock import new_id
from shared.db import Database
from shared.migrations import upgrade

AGREEMENTS, PARTNERS, SCHOOLS, REPLICAS, MOST = 20_000, 500, 125, 4, 1.0
ZONE = ZoneInfo("America/New_York")
FIRST = date(2026, 9, 1)
TICK = datetime(2027, 4, 1, 13, 0, 30, tzinfo=UTC)
"""Nine in the morning, 90 days before the end of June."""


async def run() -> list[Figure]:
    """A usual morning, ends spread over the year; and the worst one, when every agreement ends on the same day."""
    spread = random.Random(2)  # noqa: S311
    usual = await _tick([FIRST + timedelta(days=spread.randint(212, 560)) for _ in range(AGREEMENTS)])
    worst = await _tick([date(2027, 6, 30)] * AGREEMENTS)
    print(f"due at once: {usual.due} on a usual morning, {worst.due} where all end on June 30; nothing said twice")
    return [
        Figure("scheduler agreements", usual.seconds, "s", usual.floor, MOST),
        Figure("scheduler, one end", worst.seconds, "s", worst.floor, WORST),
    ]


WORST = 20.0
"""Seconds for a reminder of every agreement at once; no promise, but it must not grow unseen."""


@dataclass(frozen=True, slots=True)
class _Tick:
    due: int
    seconds: float
    floor: float
    """Seconds of one statement that marks the same rows as settled."""


async def _tick(ends: Sequence[date]) -> _Tick:
    with tempfile.TemporaryDirectory() as folder:
        async with database(Path(folder) / "data") as url, replicas(url, "bench.scheduler") as waiting:
            connection = await asyncpg.connect(url.replace("{service}", "agreements"))
            due = await _district(connection, ends)
            floor = await _bare(connection)
            began = perf_counter()
            for replica in waiting:
                replica.stdin.write(b"go\n")  # type: ignore[union-attr]
            counts = [int(await replica.stdout.readline()) for replica in waiting]  # type: ignore[union-attr]
            seconds = perf_counter() - began
            await _check(connection, due, sum(counts))
            await connection.close()
            return _Tick(due, seconds, floor)


@asynccontextmanager
async def replicas(url: str, module: str) -> AsyncIterator[list[asyncio.subprocess.Process]]:
    """Worker processes, each running a module of the bench, that wait for the word on an agreements database."""
    dsn = url.replace("{service}", "agreements")
    admin = await asyncpg.connect(url.replace("{service}", "postgres"))
    if not await admin.fetchval("SELECT count(*) FROM pg_database WHERE datname = 'agreements'"):
        await admin.execute("CREATE DATABASE agreements")
    await admin.close()
    await upgrade("agreements", dsn)
    pipe = asyncio.subprocess.PIPE
    started = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-m", module, dsn, TICK.isoformat(), stdin=pipe, stdout=pipe
        )
        for _ in range(REPLICAS)
    ]
    try:
        for replica in started:
            assert replica.stdout is not None
            assert await replica.stdout.readline() == b"ready\n"
        yield started
    finally:
        for replica in started:
            if replica.returncode is None:
                replica.kill()
            await replica.wait()


async def _district(connection: asyncpg.Connection, ends: Sequence[date]) -> int:
    """Agreements in force with what the calendar brings to them; how much of it is due."""
    partners, schools = [new_id() for _ in range(PARTNERS)], [new_id() for _ in range(SCHOOLS)]
    names = [(id, f"Partner {n}", f"partner {n}", TICK, TICK, "bench", "bench", 1) for n, id in enumerate(partners)]
    await connection.executemany(
        "INSERT INTO organization (id, name, name_key, registered_at, changed_at, changed_by, changed_by_label, "
        "version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        names,
    )
    ids = [new_id() for _ in ends]
    rows = [
        _agreement(id, partners[n % PARTNERS], schools[n % SCHOOLS], day)
        for n, (id, day) in enumerate(zip(ids, ends, strict=True))
    ]
    columns = list(rows[0])
    await connection.copy_records_to_table(
        Agreement.__tablename__, records=[tuple(row.values()) for row in rows], columns=columns
    )
    brought = [
        (id, due.kind.value, due.day, due.days_before, due.at)
        for id, day in zip(ids, ends, strict=True)
        for due in dues(Term(FIRST, day, 60), None, ZONE)
        if due.at > TICK - timedelta(minutes=1)
    ]
    await connection.copy_records_to_table(
        "agreement_due", records=brought, columns=["agreement_id", "kind", "day", "days_before", "due_at"]
    )
    await connection.execute("ANALYZE")
    return sum(at <= TICK for *_, at in brought)


def _agreement(id: Any, organization_id: Any, school_id: Any, ends_on: date) -> dict[str, Any]:
    return {
        "id": id, "organization_id": organization_id, "school_id": school_id, "school_ids": [school_id],
        "kind": "no_cost_mou", "title": "Mentors", "state": AgreementState.ACTIVE.value, "starts_on": FIRST,
        "ends_on": ends_on, "notice_days": 60, "edition": 1, "open_edition": None, "version": 5, "drafted_at": TICK,
        "changed_at": TICK, "changed_by": "bench", "concluded_at": TICK, "end_words": "",
    }  # fmt: skip


async def _bare(connection: asyncpg.Connection) -> float:
    began = perf_counter()
    async with connection.transaction():
        await connection.execute("UPDATE agreement_due SET settled_at = $1 WHERE due_at <= $1", TICK)
        seconds = perf_counter() - began
        await connection.execute("UPDATE agreement_due SET settled_at = NULL WHERE due_at <= $1", TICK)
    await connection.execute("VACUUM ANALYZE agreement_due")
    return seconds


async def _check(connection: asyncpg.Connection, due: int, done: int) -> None:
    """Everything that was due was handed out, and nothing twice."""
    told = await connection.fetch("SELECT key, value FROM outbox WHERE headers ->> 'ce_type' = 'agreement.reminded.v1'")
    unsettled = "SELECT count(*) FROM agreement_due WHERE settled_at IS NULL AND due_at <= $1"
    left = await connection.fetchval(unsettled, TICK)
    twice = len(told) - len({(row["key"], row["value"]) for row in told})
    if left or twice or done != due:
        raise RuntimeError(f"{left} left, {twice} twice, {done} of {due} done")


async def _replica(dsn: str, now: datetime) -> None:
    """One worker: after the word it settles until nothing is left, and says how much it was."""
    db = Database(dsn, pool_size=2)
    async with db.transaction() as session:
        await settle_agreements(session, now=now - timedelta(days=1000), zone=ZONE)
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    count = 0
    while True:
        async with db.transaction() as session:
            settled = await settle_agreements(session, now=now, zone=ZONE)
        count += settled
        if not settled:
            break
    print(count, flush=True)
    await db.close()


if __name__ == "__main__":
    asyncio.run(_replica(sys.argv[1], datetime.fromisoformat(sys.argv[2])))
