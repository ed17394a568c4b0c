"""Setting aside what cannot take effect: one row per event, whole, and when it is tried again."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.failpoints import hit
from shared.messaging.brake import PAUSES
from shared.messaging.cloudevents import Record, Unreadable
from shared.messaging.handlers import NotYet

log = structlog.get_logger()

BEHIND = "behind"
NOT_YET = "not_yet"
UNREADABLE = "unreadable"
AT_ONCE = datetime(2000, 1, 1, tzinfo=UTC)
"""The next try of what only waits for its turn."""
LATER = timedelta(seconds=1)
"""Until an event that came too early is tried once more."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How often an event is tried before it waits for a person, with the pauses between the tries in seconds.

    The first try is in place; between the others the event is set aside, so that those of other keys flow on.
    """

    pauses: tuple[float, ...] = (0.05, 0.2, 0.8, 2.0)
    away: tuple[float, ...] = (0.1, 0.3, 1.0, 2.0)
    """Pauses while the database is away; the last one is repeated for as long as it takes."""
    brake: tuple[float, ...] = PAUSES
    """Pauses of a topic of which everything fails; the last one is repeated."""

    @property
    def attempts(self) -> int:
        """Tries in all."""
        return len(self.pauses) + 1

    def next_try(self, error: Exception, attempts: int, now: datetime) -> datetime | None:
        """When an event that failed so often is tried again; None: it waits for a person."""
        if isinstance(error, NotYet):
            return now if attempts == 1 else now + LATER
        if isinstance(error, Unreadable) or attempts >= self.attempts:
            return None
        return now + timedelta(seconds=self.pauses[attempts - 1])


def reason_of(error: Exception) -> tuple[str, str]:
    """A failure as a code and a sentence, without the values that a statement carried: they may be people's."""
    if isinstance(error, NotYet):
        return NOT_YET, str(error)
    if isinstance(error, Unreadable):
        return UNREADABLE, str(error)
    if isinstance(error, DBAPIError):
        cause: Any = getattr(error.orig, "__cause__", None) or error.orig
        what = getattr(cause, "constraint_name", None) or getattr(cause, "sqlstate", None) or ""
        return type(cause).__name__, f"The database refused it: {type(cause).__name__} {what}".strip()
    return type(error).__name__, (str(error).splitlines() or [""])[0][:300]


def _storable(words: str) -> str:
    """PostgreSQL keeps any character but NUL."""
    return words.replace("\0", "\ufffd")


_PARK = text("""
    INSERT INTO parked (consumer, topic, partition, "offset", key, headers, value, event_id, reason, detail, attempts,
                        next_try_at)
    SELECT CAST(:consumer AS text), CAST(:topic AS text), CAST(:partition AS int), CAST(:offset AS bigint),
           CAST(:key AS bytea), CAST(:headers AS jsonb), CAST(:value AS bytea), CAST(:event_id AS uuid),
           CAST(:reason AS text), CAST(:detail AS text), CAST(:attempts AS int), CAST(:next_try_at AS timestamptz)
    WHERE NOT EXISTS (SELECT FROM inbox WHERE inbox.consumer = :consumer AND inbox.event_id = :event_id)
    ON CONFLICT DO NOTHING
""")


async def park(
    session: AsyncSession,
    consumer: str,
    record: Record,
    event_id: UUID | None,
    *,
    reason: str,
    detail: str,
    attempts: int,
    next_try_at: datetime | None,
) -> None:
    """Set a record aside; once, however often it comes, and never if it took effect or was discarded before."""
    headers = [[_storable(name), base64.b64encode(value or b"").decode()] for name, value in record.headers]
    values = {
        "consumer": consumer, "topic": record.topic, "partition": record.partition, "offset": record.offset,
        "key": record.key, "value": record.value, "headers": json.dumps(headers), "event_id": event_id,
        "reason": reason, "detail": _storable(detail[:2000]), "attempts": attempts, "next_try_at": next_try_at,
    }  # fmt: skip
    await session.execute(_PARK, values)
    hit("park.written")
    tell = log.info if reason == BEHIND else log.error
    tell("event_parked", consumer=consumer, reason=reason, topic=record.topic, partition=record.partition,
         offset=record.offset, event_id=str(event_id) if event_id else None)  # fmt: skip


async def blocked(session: AsyncSession, consumer: str, keys: Sequence[bytes]) -> set[tuple[str, bytes | None]]:
    """Of which of these keys an event is parked: later ones wait behind it (what is no event blocks nobody)."""
    if not keys:
        return set()
    found = await session.execute(
        text("SELECT DISTINCT topic, key FROM parked WHERE consumer = :consumer AND settled_at IS NULL"
             " AND key = ANY(:keys) AND event_id IS NOT NULL"),
        {"consumer": consumer, "keys": list(keys)},
    )  # fmt: skip
    return {(row.topic, row.key) for row in found}


async def supersede(session: AsyncSession, consumer: str, topic: str, key: bytes | None, now: datetime) -> None:
    """A tombstone came: what is parked of its key is over, and its bytes are deleted, of settled rows too."""
    await session.execute(
        text("UPDATE parked SET value = NULL, detail = '', next_try_at = NULL,"
             " settled_how = coalesce(settled_how, 'erased'), settled_by = coalesce(settled_by, 'system:' || consumer),"
             " settled_at = coalesce(settled_at, :now)"
             " WHERE consumer = :consumer AND topic = :topic AND key = :key"),
        {"consumer": consumer, "topic": topic, "key": key, "now": now},
    )  # fmt: skip
