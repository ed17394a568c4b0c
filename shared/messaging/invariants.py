"""What must always hold, as small queries: each worker looks now and then, and what does not hold is seen."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.clock import utc_now
from shared.db import Database

log = structlog.get_logger()

EVERY = timedelta(minutes=5)
"""How often they are looked at, however many workers there are."""
LOOK = 20.0
"""Seconds between two looks whether it is time."""
LOCK = 0x_C055_0003


@dataclass(frozen=True, slots=True)
class Invariant:
    """One thing that must hold. The query gives one text for each thing with which it does not; `:now` is given."""

    name: str
    words: str
    """What holds, as a sentence."""
    query: str
    to_do: str


@dataclass(frozen=True, slots=True)
class Finding:
    """How often it does not hold, and the first five of the things."""

    invariant: Invariant
    breaches: int
    things: Sequence[str]


EVERYWHERE = (
    Invariant(
        "outbox_is_published",
        "No fact waits in the outbox for more than ten minutes.",
        "SELECT id::text FROM outbox WHERE published_at IS NULL AND created_at < :now - interval '10 minutes'",
        "See docs/runbook/outbox-late.md: the worker does not run, or the broker does not answer.",
    ),
    Invariant(
        "event_is_settled_once",
        "No event has taken effect and is set aside, too.",
        "SELECT parked.id::text FROM parked JOIN inbox USING (consumer, event_id) WHERE settled_at IS NULL",
        "It would take effect twice: discard it (crosswalk parked discard), and tell the developers.",
    ),
    Invariant(
        "nobody_waits_for_nothing",
        "What waits behind an earlier event of its key has one before it.",
        """
        SELECT id::text FROM parked AS later
        WHERE settled_at IS NULL AND reason = 'behind' AND parked_at < :now - interval '10 minutes'
          AND NOT EXISTS (
            SELECT FROM parked AS earlier
            WHERE earlier.settled_at IS NULL AND earlier.id < later.id AND earlier.consumer = later.consumer
              AND earlier.topic = later.topic AND earlier.key = later.key)
        """,
        "Try it again: crosswalk parked replay.",
    ),
)
"""What holds in every service."""

_FIND = "SELECT count(*) AS breaches, (array_agg(thing))[1:5] AS things FROM ({query}) AS breach (thing)"
_NOTE = text("""
    INSERT INTO invariants (name, breaches, checked_at) VALUES (:name, :breaches, :now)
    ON CONFLICT (name) DO UPDATE SET breaches = excluded.breaches, checked_at = excluded.checked_at
""")


async def find(session: AsyncSession, invariants: Sequence[Invariant], now: datetime) -> list[Finding]:
    """Look at all of them, those of every service first."""
    found = []
    for one in (*EVERYWHERE, *invariants):
        query = _FIND.format(query=one.query.replace(":now", "CAST(:now AS timestamptz)"))
        row = (await session.execute(text(query), {"now": now})).one()
        found.append(Finding(one, row.breaches, row.things or ()))
    return found


async def watch(db: Database, invariants: Sequence[Invariant]) -> None:
    """Look for ever, and note what was found."""
    while True:
        await asyncio.sleep(LOOK)
        await look_if_due(db, invariants, utc_now())


async def look_if_due(db: Database, invariants: Sequence[Invariant], now: datetime) -> bool:
    """Look, unless another worker has lately or does just now; whether it was done."""
    async with db.transaction() as session:
        if not (await session.execute(text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": LOCK})).scalar_one():
            return False
        last = (await session.execute(text("SELECT max(checked_at) FROM invariants"))).scalar()
        if last is not None and now - last < EVERY:
            return False
        found = await find(session, invariants, now)
        # One that there is no more must not be shown for ever.
        await session.execute(text("DELETE FROM invariants"))
        await session.execute(_NOTE, [{"name": f.invariant.name, "breaches": f.breaches, "now": now} for f in found])
    for one in found:
        if one.breaches:
            log.error("invariant_broken", invariant=one.invariant.name, breaches=one.breaches, things=list(one.things))
    return True
