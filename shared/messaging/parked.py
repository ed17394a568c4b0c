"""Parked events: replayed by a person, or by themselves where what they waited for has come."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import RowMapping, text

from shared.db import Database, is_away
from shared.messaging.cloudevents import Unreadable, read
from shared.messaging.consume import take_effect
from shared.messaging.handlers import Handlers, NotYet

log = structlog.get_logger()

BY_ITSELF = ("not_yet", "behind")
"""Reasons that need no person: the event waits for knowledge, or for an earlier event of its key."""


@dataclass(slots=True)
class _Kept:
    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


def _record(row: RowMapping) -> _Kept:
    headers = [(name, base64.b64decode(value)) for name, value in row["headers"]]
    return _Kept(row["topic"], row["partition"], row["offset"], row["key"], row["value"], headers)


_HEADS = text("""
    SELECT id FROM (
        SELECT DISTINCT ON (topic, key) id, reason FROM parked
        WHERE consumer = :consumer AND settled_at IS NULL AND key IS NOT NULL AND reason <> 'unreadable'
        ORDER BY topic, key, id
    ) AS heads
    WHERE reason = ANY(:reasons) ORDER BY id LIMIT 500
""")


async def release(db: Database, handlers: Handlers, now: datetime) -> int:
    """Replay the first open event of each key where no person is needed. Returns how many took effect."""
    async with db.transaction() as session:
        query = {"consumer": handlers.consumer, "reasons": list(BY_ITSELF)}
        heads = list((await session.execute(_HEADS, query)).scalars())
    done = 0
    for id in heads:
        done += await _release_one(db, handlers, id, now)
    return done


async def _release_one(db: Database, handlers: Handlers, id: int, now: datetime) -> bool:
    try:
        await replay(db, handlers, id, by=f"system:{handlers.consumer}", now=now)
    except NotYet:
        return False
    except Exception as error:
        if is_away(error):
            raise
        async with db.transaction() as session:
            reason = "unreadable" if isinstance(error, Unreadable) else type(error).__name__
            await session.execute(
                text("UPDATE parked SET reason = :r, detail = :d, attempts = attempts + 1 WHERE id = :id"),
                {"r": reason, "d": str(error)[:2000], "id": id},
            )
        return False
    return True


async def replay(db: Database, handlers: Handlers, id: int, *, by: str, now: datetime) -> None:
    """Let a parked event take effect now; once only, however often it is called."""
    async with db.transaction() as session:
        found = await session.execute(
            text("SELECT * FROM parked WHERE id = :id AND settled_at IS NULL FOR UPDATE"), {"id": id}
        )
        row = found.mappings().first()
        if row is None:
            return
        await take_effect(session, handlers, [read(_record(row), received_at=now)])
        await session.execute(_SETTLE, {"now": now, "by": by, "how": "replayed", "id": id})
    log.info("parked_event_replayed", consumer=handlers.consumer, parked_id=id)


_SETTLE = text(
    "UPDATE parked SET settled_at = :now, settled_by = :by, settled_how = :how, attempts = attempts + 1 WHERE id = :id"
)


async def open_count(db: Database) -> dict[str, Any]:
    """How many events are parked, by reason."""
    async with db.transaction() as session:
        rows = await session.execute(
            text("SELECT reason, count(*) AS n FROM parked WHERE settled_at IS NULL GROUP BY reason")
        )
        return {row.reason: row.n for row in rows}
