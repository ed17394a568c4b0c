"""Consuming with the effect exactly once: inbox and effect in one transaction; what cannot take effect is parked."""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.clock import utc_now
from shared.db import Database, is_away
from shared.events import COMPACTED
from shared.messaging.cloudevents import RawEvent, Record, Unreadable, read
from shared.messaging.handlers import Handlers, NotYet
from shared.observability.trace import Trace, traced

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Policy:
    """How often an event is tried before it is parked, with the pauses between the tries in seconds."""

    pauses: tuple[float, ...] = (0.05, 0.2, 0.8, 2.0)
    away: tuple[float, ...] = (0.1, 0.3, 1.0, 2.0)
    """Pauses while the database is away; the last one is repeated for as long as it takes."""

    @property
    def attempts(self) -> int:
        """Tries in all."""
        return len(self.pauses) + 1


@dataclass(frozen=True, slots=True)
class _Received:
    record: Record
    event: RawEvent | None
    unreadable: str = ""


class Consumer:
    """Takes records for one service and returns when each took effect or is parked."""

    def __init__(
        self,
        db: Database,
        handlers: Handlers,
        *,
        policy: Policy | None = None,
        clock: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
    ) -> None:
        self.db, self.handlers, self.policy = db, handlers, policy or Policy()
        self.clock, self.sleep = clock, sleep

    async def take(self, records: Sequence[Record]) -> None:
        """All records in one transaction; event by event where that fails."""
        received = [self._receive(record) for record in records]
        try:
            await self._while_away(lambda: self._together(received))
        except Exception as error:
            log.warning("batch_failed", consumer=self.handlers.consumer, size=len(received), error=repr(error))
            for one in received:
                await self._alone(one)

    def _receive(self, record: Record) -> _Received:
        try:
            return _Received(record, read(record, received_at=self.clock()))
        except Unreadable as error:
            return _Received(record, None, str(error))

    async def _while_away(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do the work; while the database is away, wait and do it again, for as long as it takes."""
        tries = 0
        while True:
            try:
                return await work()
            except Exception as error:
                if not is_away(error):
                    raise
                pause = self.policy.away[min(tries, len(self.policy.away) - 1)]
                log.warning("database_away", consumer=self.handlers.consumer, pause_s=pause, error=repr(error))
                tries += 1
                await self.sleep(pause)

    async def _together(self, received: Sequence[_Received]) -> None:
        async with self.db.transaction() as session:
            blocked = await self._blocked(session)
            free: list[RawEvent] = []
            for one in received:
                key = (one.record.topic, one.record.key)
                if one.event is None:
                    await self._park(session, one, "unreadable", one.unreadable, attempts=1)
                elif key in blocked:
                    await self._park(session, one, "behind", "an earlier event of this key is parked", attempts=0)
                else:
                    free.append(one.event)
            await take_effect(session, self.handlers, free)

    async def _blocked(self, session: AsyncSession) -> set[tuple[str, bytes | None]]:
        found = await session.execute(
            text("SELECT DISTINCT topic, key FROM parked WHERE consumer = :c AND settled_at IS NULL AND key IS NOT NULL"
                 " AND reason <> 'unreadable'"),
            {"c": self.handlers.consumer},
        )  # fmt: skip
        return {(row.topic, row.key) for row in found}

    async def _alone(self, one: _Received) -> None:
        for attempt in range(1, self.policy.attempts + 1):
            try:
                return await self._while_away(lambda: self._together([one]))
            except (NotYet, Unreadable) as error:
                reason = "not_yet" if isinstance(error, NotYet) else "unreadable"
                return await self._park_alone(one, reason, str(error), attempt)
            except Exception as error:
                if attempt == self.policy.attempts:
                    return await self._park_alone(one, type(error).__name__, str(error), attempt)
                await self.sleep(self.policy.pauses[attempt - 1])
        return None

    async def _park_alone(self, one: _Received, reason: str, detail: str, attempts: int) -> None:
        async def park() -> None:
            async with self.db.transaction() as session:
                await self._park(session, one, reason, detail, attempts)

        await self._while_away(park)

    async def _park(self, session: AsyncSession, one: _Received, reason: str, detail: str, attempts: int) -> None:
        record = one.record
        headers = [[name, base64.b64encode(value or b"").decode()] for name, value in record.headers]
        await session.execute(
            _PARK,
            {
                "consumer": self.handlers.consumer, "topic": record.topic, "partition": record.partition,
                "offset": record.offset, "key": record.key, "value": record.value, "headers": json.dumps(headers),
                "event_id": one.event.id if one.event else None, "reason": reason, "detail": detail[:2000],
                "attempts": attempts,
            },
        )  # fmt: skip
        log.error("event_parked", consumer=self.handlers.consumer, reason=reason, topic=record.topic,
                  partition=record.partition, offset=record.offset,
                  event_id=str(one.event.id) if one.event else None)  # fmt: skip


_PARK = text("""
    INSERT INTO parked (consumer, topic, partition, "offset", key, headers, value, event_id, reason, detail, attempts)
    SELECT CAST(:consumer AS text), CAST(:topic AS text), CAST(:partition AS int), CAST(:offset AS bigint),
           CAST(:key AS bytea), CAST(:headers AS jsonb), CAST(:value AS bytea), CAST(:event_id AS uuid),
           CAST(:reason AS text), CAST(:detail AS text), CAST(:attempts AS int)
    WHERE NOT EXISTS (SELECT FROM inbox WHERE inbox.consumer = :consumer AND inbox.event_id = :event_id)
    ON CONFLICT DO NOTHING
""")

_INBOX = text("""
    INSERT INTO inbox (consumer, event_id)
    SELECT CAST(:consumer AS text), unnest(CAST(:ids AS uuid[]))
    ON CONFLICT DO NOTHING RETURNING event_id
""")


async def take_effect(session: AsyncSession, handlers: Handlers, events: Sequence[RawEvent]) -> None:
    """Run the handlers over the events that did not take effect before, in order, and note them in the inbox."""
    if not events:
        return
    rows = await session.execute(_INBOX, {"consumer": handlers.consumer, "ids": [e.id for e in events]})
    fresh = {row.event_id for row in rows}
    new: list[RawEvent] = []
    for event in events:
        if event.id in fresh:
            fresh.discard(event.id)
            new.append(event)
    await handlers.hear(session, new)
    if len(new) == 1:
        with traced(trace_of(new[0])):
            await handlers.dispatch(session, new)
    elif new:
        await _in_order(session, handlers, new)


async def _in_order(session: AsyncSession, handlers: Handlers, events: Sequence[RawEvent]) -> None:
    """Runs of one correlation together, so that what they cause carries the right one."""
    start = 0
    for place in range(1, len(events) + 1):
        if place == len(events) or _thread(events[place]) != _thread(events[start]):
            run = events[start:place]
            with traced(trace_of(run[-1])):
                await handlers.dispatch(session, run)
            start = place


def _thread(event: RawEvent) -> tuple[Any, ...]:
    # A projection of thousands is one run; any other event is the cause of what follows from it.
    return (event.topic, event.correlation_id) if event.topic in COMPACTED else (event.id,)


def trace_of(event: RawEvent) -> Trace:
    """The trace that handling an event belongs to."""
    if event.correlation_id is None:
        return Trace(causation_id=event.id, traceparent=event.traceparent)
    return Trace(event.correlation_id, event.id, event.traceparent)
