"""What worker processes say of themselves in their service's database, so that its web pages can show it."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.db import Database

ALIVE = timedelta(seconds=15)
"""A worker that was silent for longer is gone."""
KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class State:
    """One worker process, as it sees itself."""

    consuming: bool = False
    """Whether it has joined its consumer group."""
    kafka: bool = False
    """Whether the broker answered within the last seconds."""
    lag: int = 0
    """Events on the partitions that it reads which are not settled yet."""
    still_for: float = 0.0
    """Seconds for which it has had work and not moved."""
    stalled: bool = False
    """Whether that is too long."""
    held: list[str] = field(default_factory=list)
    """Topics that a brake holds."""
    restarts: dict[str, int] = field(default_factory=dict)
    """How often each part of it failed and was started again."""


_SAY = text("""
    INSERT INTO workers (id, started_at, seen_at, state) VALUES (:id, :started_at, :now, CAST(:state AS jsonb))
    ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, state = excluded.state
""")


async def say_state(db: Database, id: UUID, started_at: datetime, state: State, now: datetime) -> None:
    """Write down how a worker is; those silent for a day are forgotten."""
    async with db.transaction() as session:
        values = {"id": id, "started_at": started_at, "now": now, "state": json.dumps(asdict(state))}
        await session.execute(_SAY, values)
        await session.execute(text("DELETE FROM workers WHERE seen_at < :old"), {"old": now - KEPT})


async def forget_worker(db: Database, id: UUID) -> None:
    """It ended as it should."""
    async with db.transaction() as session:
        await session.execute(text("DELETE FROM workers WHERE id = :id"), {"id": id})


async def workers_alive(session: AsyncSession, now: datetime) -> Sequence[State]:
    """The workers of this service that were heard of lately."""
    found = await session.execute(text("SELECT state FROM workers WHERE seen_at > :since"), {"since": now - ALIVE})
    return [State(**state) for state in found.scalars()]
