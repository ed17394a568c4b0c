"""Consuming with the effect exactly once: inbox and effect in one transaction; what cannot take effect is parked."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import structlog
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.clock import utc_now
from shared.db import Database, is_away
from shared.events import COMPACTED
from shared.failpoints import hit
from shared.messaging.brake import Brake
from shared.messaging.brakes import forget_brake, note_brake, read_brakes
from shared.messaging.cloudevents import RawEvent, Record, Unreadable, read
from shared.messaging.handlers import Handlers, NotYet
from shared.messaging.park import AT_ONCE, BEHIND, Policy, blocked, park, reason_of, supersede
from shared.observability.spans import span
from shared.observability.trace import Trace, traced

log = structlog.get_logger()
T = TypeVar("T")

GONE = timedelta(minutes=3)
"""Whoever holds a topic and is so late with the next try is gone; who reads on brakes by itself where it must."""


@dataclass(frozen=True, slots=True)
class _Received:
    record: Record
    event: RawEvent | None
    unreadable: str = ""

    @property
    def erases(self) -> bool:
        """Whether it is a tombstone: the end of its key."""
        return self.event is not None and self.event.value is None and self.record.topic in COMPACTED


class Consumer:
    """Takes records for one service and returns when each took effect, is parked, or is held back by a brake."""

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
        self.brakes: dict[str, Brake] = {}
        self.parked = asyncio.Event()
        """Set when an event was set aside that is to be tried again soon."""

    async def take(self, records: Sequence[Record]) -> list[Record]:
        """All records in one transaction, or in halves where that fails, down to the event that does not work.

        Returns those that a brake holds back, in order: they are to come again.
        """
        held: list[Record] = []
        await self._take([self._receive(record) for record in records], held)
        return held

    async def look_at_brakes(self) -> None:
        """Stand where an earlier process of this service stood; go on where a person said so, or another did."""
        rows = {row.topic: row for row in await read_brakes(self.db)}
        now = self.clock()
        for topic, row in rows.items():
            is_new, brake = topic not in self.brakes, self._brake(topic)
            if row.let_go_at is not None:
                brake.let_go()
            elif is_new:
                brake.hold(row.next_try_at, row.tries)
            elif brake.until is None and row.next_try_at < now - GONE:
                await forget_brake(self.db, topic)
        for topic, brake in self.brakes.items():
            if topic not in rows and brake.tries_one(now):
                brake.release()

    def _brake(self, topic: str) -> Brake:
        if topic not in self.brakes:
            self.brakes[topic] = Brake(self.policy.brake)
        return self.brakes[topic]

    def _receive(self, record: Record) -> _Received:
        try:
            return _Received(record, read(record, received_at=self.clock()))
        except Unreadable as error:
            return _Received(record, None, str(error))

    async def _take(self, received: Sequence[_Received], held: list[Record]) -> None:
        free, now = [], self.clock()
        # A pause that ends in the middle of a batch must not let what follows overtake what is held.
        behind = {(record.topic, record.partition) for record in held}
        brakes = {topic: self._brake(topic) for topic in {one.record.topic for one in received}}
        holding = {topic for topic, brake in brakes.items() if brake.holds(now)}
        for one in received:
            record = one.record
            if record.topic in holding or (record.topic, record.partition) in behind:
                held.append(record)
            else:
                free.append(one)
        if len(free) > 1 and any(brakes[one.record.topic].tries_one(now) for one in free):
            for one in free:
                await self._take([one], held)
        elif free:
            await self._try(free, held)

    async def _try(self, received: Sequence[_Received], held: list[Record]) -> None:
        try:
            taken = await self._while_away(lambda: self._together(received))
        except Exception as error:
            if len(received) == 1:
                return await self._failed(received[0], error, held)
            log.info("batch_failed", consumer=self.handlers.consumer, size=len(received), reason=reason_of(error)[0])
            middle = len(received) // 2
            await self._take(received[:middle], held)
            await self._take(received[middle:], held)
        else:
            await self._worked(taken)

    async def _while_away(self, work: Callable[[], Awaitable[T]]) -> T:
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

    async def _together(self, received: Sequence[_Received]) -> list[RawEvent]:
        if unreadable := next((one.unreadable for one in received if one.event is None), None):
            raise Unreadable(unreadable)
        async with self.db.transaction() as session:
            keys = {one.record.key for one in received if one.record.key is not None}
            waiting = await blocked(session, self.handlers.consumer, list(keys))
            free: list[RawEvent] = []
            for one in received:
                place = (one.record.topic, one.record.key)
                if one.erases:
                    await supersede(session, self.handlers.consumer, *place, self.clock())
                    waiting.discard(place)
                if place in waiting:
                    await self._park(session, one, BEHIND, "an earlier event of this key is parked", 0, AT_ONCE)
                elif one.event is not None:
                    free.append(one.event)
            await take_effect(session, self.handlers, free)
        # Known ones count as working, too: else a batch that comes again would be a row of failures only.
        return free

    async def _worked(self, events: Sequence[RawEvent]) -> None:
        counts = Counter(event.topic for event in events if self.handlers.handles(event))
        for topic, count in counts.items():
            if self._brake(topic).worked(count):
                log.warning("brake_released", consumer=self.handlers.consumer, topic=topic)
                await self._while_away(partial(forget_brake, self.db, topic))

    async def _failed(self, one: _Received, error: Exception, held: list[Record]) -> None:
        reason, detail = reason_of(error)
        now, record = self.clock(), one.record
        brake = self._brake(record.topic)
        if not isinstance(error, NotYet) and brake.failed(now):
            log.error("brake_applied", consumer=self.handlers.consumer, topic=record.topic, reason=reason,
                      partition=record.partition, offset=record.offset, next_try_at=str(brake.until))  # fmt: skip
            held.append(record)
            await self._while_away(lambda: note_brake(self.db, record, brake, reason, detail, now))
            return
        next_try_at = self.policy.next_try(error, 1, now) if one.event else None

        async def set_aside() -> None:
            async with self.db.transaction() as session:
                await self._park(session, one, reason, detail, 1, next_try_at)

        await self._while_away(set_aside)
        self.parked.set()

    async def _park(
        self,
        session: AsyncSession,
        one: _Received,
        reason: str,
        detail: str,
        attempts: int,
        next_try_at: datetime | None,
    ) -> None:
        await park(
            session, self.handlers.consumer, one.record, one.event.id if one.event else None,
            reason=reason, detail=detail, attempts=attempts, next_try_at=next_try_at,
        )  # fmt: skip


_INBOX = text("""
    INSERT INTO inbox (consumer, event_id)
    SELECT CAST(:consumer AS text), unnest(CAST(:ids AS uuid[]))
    ON CONFLICT DO NOTHING RETURNING event_id
""")


async def take_effect(session: AsyncSession, handlers: Handlers, events: Sequence[RawEvent]) -> list[RawEvent]:
    """Run the handlers over the events that did not take effect before, in order, noted in the inbox; returns them."""
    if not events:
        return []
    rows = await session.execute(_INBOX, {"consumer": handlers.consumer, "ids": [e.id for e in events]})
    hit("consume.inbox")
    fresh = {row.event_id for row in rows}
    new: list[RawEvent] = []
    for event in events:
        if event.id in fresh:
            fresh.discard(event.id)
            new.append(event)
    await handlers.hear(session, new)
    for run in _runs(handlers, new):
        trace = trace_of(run[-1])
        with (
            span(f"hear {run[-1].type}", "CONSUMER", trace.traceparent) as opened,
            traced(replace(trace, traceparent=opened.traceparent)),
        ):
            await handlers.dispatch(session, run)
    hit("consume.effect")
    return new


def _runs(handlers: Handlers, events: Sequence[RawEvent]) -> Iterator[Sequence[RawEvent]]:
    """Projections in a row are one run; any other event is one of its own: it is the cause of what follows from it."""
    start = 0
    for place in range(1, len(events) + 1):
        if place == len(events) or not all(map(handlers.projects, events[place - 1 : place + 1])):
            yield events[start:place]
            start = place


def trace_of(event: RawEvent) -> Trace:
    """The trace that handling an event belongs to."""
    if event.correlation_id is None:
        return Trace(causation_id=event.id, traceparent=event.traceparent)
    return Trace(event.correlation_id, event.id, event.traceparent)
