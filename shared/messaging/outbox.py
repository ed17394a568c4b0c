"""The outbox: a fact is written in the transaction of the change it tells of, and the relay takes it to Kafka."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import TextClause, text
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.clock import new_id
from shared.db import raw_connection
from shared.events.base import Fact
from shared.failpoints import hit
from shared.identity.actor import Actor
from shared.messaging.cloudevents import headers_of, value_of
from shared.observability.trace import current_trace

COLUMNS = ("event_id", "topic", "key", "headers", "value")

INSERT_FACTS = """
    INSERT INTO outbox (event_id, topic, key, headers, value)
    SELECT event_id, topic, key, headers::jsonb, value
    FROM unnest(CAST(:event_id AS uuid[]), CAST(:topic AS text[]), CAST(:key AS text[]),
                CAST(:headers AS text[]), CAST(:value AS bytea[]))
         WITH ORDINALITY AS facts (event_id, topic, key, headers, value, place)
    ORDER BY place
    RETURNING CASE WHEN :notify THEN pg_notify('outbox', '') END
"""
"""For a statement that does more, run by `emit_with`."""

_INSERT = text(INSERT_FACTS)


async def emit(session: AsyncSession, *facts: Fact, actor: Actor, now: datetime) -> None:
    """Put facts into the outbox of this transaction.

    Facts about one thing stay in order because a command locks the thing's row first.
    """
    # What else this transaction changed may be written at its end, all at once.
    with session.no_autoflush:
        await emit_with(session, _INSERT, [(facts, actor)], now=now)


async def emit_with(
    session: AsyncSession,
    statement: TextClause,
    said: Iterable[tuple[Iterable[Fact], Actor]],
    *,
    now: datetime,
    **parameters: object,
) -> None:
    """The same by a statement that does more and holds `INSERT_FACTS`; `said`: facts, and who made them true."""
    rows = [row for facts, actor in said for row in _rows(facts, actor, now)]
    columns: dict[str, Any] = {name: [row[i] for row in rows] for i, name in enumerate(COLUMNS)}
    await session.execute(statement, columns | parameters | {"notify": session.info.get("notify", True)})
    hit("outbox.written")


async def emit_many(session: AsyncSession, facts: Iterable[Fact], *, actor: Actor, now: datetime) -> None:
    """Put thousands of facts into the outbox by COPY; they are streamed, never all in memory."""
    connection = await raw_connection(session)
    await connection.copy_records_to_table("outbox", records=_rows(facts, actor, now), columns=COLUMNS)
    await wake(session, "outbox")


def _rows(facts: Iterable[Fact], actor: Actor, now: datetime) -> Iterator[tuple[Any, ...]]:
    trace = current_trace()
    alike: dict[type[Fact], str] = {}
    for fact in facts:
        id, subject = new_id(), fact.subject
        if type(fact) not in alike:
            # All but the id and the subject is the same for a whole import, and is put into JSON once.
            common = headers_of(fact, id=id, time=now, actor=actor, trace=trace)
            del common["ce_id"], common["ce_subject"]
            alike[type(fact)] = json.dumps(common)[:-1]
        headers = f'{alike[type(fact)]}, "ce_id": "{id}", "ce_subject": {json.dumps(subject)}}}'
        yield id, fact.topic, subject, headers, value_of(fact)


async def wake(session: AsyncSession, channel: str) -> None:
    """Wake who listens (`outbox`: the relay, `jobs`: the jobs) once this transaction is committed.

    PostgreSQL folds repeated wakes of one transaction; where NOTIFY is switched off, the slow poll finds the work.
    """
    if session.info.get("notify", True):
        await session.execute(text("SELECT pg_notify(:channel, '')"), {"channel": channel})


async def scrub(session: AsyncSession, topic: str, key: str) -> None:
    """Blank all that the outbox still holds of a key, for an erasure; the tombstone is emitted after it."""
    await session.execute(text("DELETE FROM outbox WHERE topic = :topic AND key = :key"), {"topic": topic, "key": key})
