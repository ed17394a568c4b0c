"""The brakes' rows: what is held is on record, for people and for the next process."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text

from shared.db import Database
from shared.messaging.brake import Brake
from shared.messaging.cloudevents import Record

_NOTE = text("""
    INSERT INTO brakes (topic, partition, "offset", reason, detail, since, tries, next_try_at)
    VALUES (:topic, :partition, :offset, :reason, :detail, :now, :tries, :next_try_at)
    ON CONFLICT (topic) DO UPDATE SET
        partition = excluded.partition, "offset" = excluded."offset", reason = excluded.reason,
        detail = excluded.detail, tries = excluded.tries, next_try_at = excluded.next_try_at, let_go_at = NULL
""")


async def note_brake(db: Database, record: Record, brake: Brake, reason: str, detail: str, now: datetime) -> None:
    """Write down where a topic is held, since when, and when it is tried again."""
    values = {
        "topic": record.topic, "partition": record.partition, "offset": record.offset, "reason": reason,
        "detail": detail.replace("\0", ""), "now": now, "tries": brake.tries, "next_try_at": brake.until,
    }  # fmt: skip
    async with db.transaction() as session:
        await session.execute(_NOTE, values)


async def forget_brake(db: Database, topic: str) -> None:
    """The topic flows again."""
    async with db.transaction() as session:
        await session.execute(text("DELETE FROM brakes WHERE topic = :topic"), {"topic": topic})


async def read_brakes(db: Database) -> Sequence[Any]:
    """What is held: rows of `brakes`."""
    async with db.transaction() as session:
        return (await session.execute(text("SELECT * FROM brakes ORDER BY topic"))).all()
