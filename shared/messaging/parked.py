"""Parked events: tried again by themselves, replayed or discarded by people, always once and on the record."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import RowMapping, text
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.db import Database, is_away
from shared.events import operations
from shared.failpoints import hit
from shared.identity.actor import Actor
from shared.messaging.cloudevents import read
from shared.messaging.consume import take_effect
from shared.messaging.handlers import Handlers, NotYet
from shared.messaging.outbox import emit
from shared.messaging.park import BEHIND, Policy, reason_of
from shared.refusals import Kind, Refusal

log = structlog.get_logger()

MANY = 500
"""Events that one look takes up."""


@dataclass(slots=True)
class Kept:
    """A parked record as it came."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


def record_of(row: RowMapping) -> Kept:
    """The record of a row of `parked`."""
    headers = [(name, base64.b64decode(value)) for name, value in row["headers"]]
    return Kept(row["topic"], row["partition"], row["offset"], row["key"], row["value"], headers)


# Of a key only the first may go; what is no event (or has no key) is in nobody's way.
_DUE = text("""
    SELECT id FROM (
        SELECT DISTINCT ON (topic, key) id, topic, next_try_at, asked_at FROM parked
        WHERE consumer = :consumer AND settled_at IS NULL AND key IS NOT NULL AND event_id IS NOT NULL
        ORDER BY topic, key, id
    ) AS heads WHERE next_try_at <= :now AND (topic <> ALL(:held) OR asked_at IS NOT NULL)
    UNION ALL
    SELECT id FROM parked
    WHERE consumer = :consumer AND settled_at IS NULL AND (key IS NULL OR event_id IS NULL) AND next_try_at <= :now
    ORDER BY id LIMIT :many
""")
_AHEAD = text("""
    SELECT coalesce(bool_or(next_try_at <= :now), false), min(next_try_at) FILTER (WHERE next_try_at > :now)
    FROM parked WHERE settled_at IS NULL AND next_try_at IS NOT NULL
""")
_OPEN = text("SELECT * FROM parked WHERE id = :id AND settled_at IS NULL FOR UPDATE")
_STILL_DUE = text(
    "SELECT * FROM parked WHERE id = :id AND settled_at IS NULL AND next_try_at <= :now FOR UPDATE SKIP LOCKED"
)
_SETTLE = text("""
    UPDATE parked SET settled_at = :now, settled_by = :by, settled_how = :how, attempts = attempts + :tries,
                      next_try_at = NULL
    WHERE id = :id
""")


async def release(
    db: Database, handlers: Handlers, now: datetime, policy: Policy | None = None, held: Sequence[str] = ()
) -> int:
    """Try what is due: after a failure, come too early, behind one that is settled, or asked for by a person.

    Of topics that a brake holds only the last. Returns how many took effect.
    """
    async with db.transaction() as session:
        query = {"consumer": handlers.consumer, "now": now, "many": MANY, "held": list(held)}
        due = list((await session.execute(_DUE, query)).scalars())
    done = 0
    for id in due:
        done += await _release_one(db, handlers, id, now, policy or Policy())
    return done


async def ahead(db: Database, now: datetime) -> tuple[bool, datetime | None]:
    """Whether any is due, and when the next one becomes due."""
    async with db.transaction() as session:
        due, next_at = (await session.execute(_AHEAD, {"now": now})).one()
        return due, next_at


async def _release_one(db: Database, handlers: Handlers, id: int, now: datetime, policy: Policy) -> bool:
    """One try; a replica that comes upon it meanwhile, or right after, leaves it alone and spends no try."""
    async with db.transaction() as session:
        row = (await session.execute(_STILL_DUE, {"id": id, "now": now})).mappings().first()
        if row is None:
            return False
        try:
            async with session.begin_nested():
                await _replay(session, handlers, row, now)
        except Exception as error:
            if is_away(error):
                raise
            await _keep(session, row, error, now, policy)
            return False
    log.info("parked_event_replayed", consumer=handlers.consumer, parked_id=id)
    return True


async def _keep(session: AsyncSession, row: RowMapping, error: Exception, now: datetime, policy: Policy) -> None:
    """It failed again: later once more, or, after the last try or one that a person asked for, a person decides."""
    reason, detail = reason_of(error)
    attempts = row["attempts"] + 1
    by_person = row["asked_at"] is not None and not isinstance(error, NotYet)
    next_try_at = None if by_person else policy.next_try(error, attempts, now)
    await session.execute(
        text("UPDATE parked SET reason = :reason, detail = :detail, attempts = :attempts, asked_at = NULL,"
             " next_try_at = :next_try_at WHERE id = :id"),
        {"reason": reason, "detail": detail[:2000].replace("\0", ""), "attempts": attempts, "id": row["id"],
         "next_try_at": next_try_at},
    )  # fmt: skip


async def _replay(session: AsyncSession, handlers: Handlers, row: RowMapping, now: datetime) -> None:
    """Let a parked event take effect now, in this consumer only."""
    await take_effect(session, handlers, [read(record_of(row), received_at=now)])
    hit("replay.effect")
    by = f"system:{handlers.consumer}"
    if row["asked_at"]:
        by = row["asked_by"]
        await emit(session, _fact(operations.ParkedReplayed, row, row["why"]), actor=_actor(by), now=now)
    await session.execute(_SETTLE, {"now": now, "by": by, "how": "replayed", "tries": 1, "id": row["id"]})
    hit("replay.settled")


def _actor(by: str) -> Actor:
    kind, _, name = by.partition(":")
    return Actor(person_id=UUID(name), name="") if kind == "person" else Actor(None, name, service=name)


def _fact(kind: type[operations.ParkedFact], row: RowMapping, why: str) -> operations.ParkedFact:
    return kind(
        parked=f"{row['consumer']}/{row['id']}",
        event_id=row["event_id"],
        event_type=type_of(row),
        of_topic=row["topic"],
        partition=row["partition"],
        offset=row["offset"],
        reason=row["reason"],
        attempts=row["attempts"],
        why=why,
    )


def type_of(row: RowMapping) -> str | None:
    """The event type, where the record was an event in binary mode."""
    if row["event_id"] is None:
        return None
    headers = {name.lower(): value for name, value in row["headers"]}
    return base64.b64decode(headers["ce_type"]).decode() if "ce_type" in headers else None


async def ask_replay(
    session: AsyncSession,
    ids: Sequence[int] | None,
    *,
    actor: Actor,
    why: operations.WhyReplay,
    note: str = "",
    now: datetime,
) -> list[int]:
    """Have parked events tried again by the worker, within a second: these, or (None) all that wait for a person.

    What waits behind another follows by itself. Returns which.
    """
    found = await session.execute(
        text("UPDATE parked SET asked_at = :now, asked_by = :by, why = :why, note = :note, next_try_at = :now"
             " WHERE settled_at IS NULL AND (CAST(:ids AS bigint[]) IS NULL OR id = ANY(:ids))"
             " AND (next_try_at IS NULL OR CAST(:ids AS bigint[]) IS NOT NULL)"
             " AND asked_at IS NULL AND reason <> :behind RETURNING id"),
        {"now": now, "by": str(actor), "why": why.value, "note": note, "ids": None if ids is None else list(ids),
         "behind": BEHIND},
    )  # fmt: skip
    return sorted(found.scalars())


async def discard(
    session: AsyncSession, id: int, *, actor: Actor, why: operations.WhyDiscard, note: str = "", now: datetime
) -> None:
    """Give a parked event up: it never takes effect here, even if it comes again. Refuses where it is settled."""
    row = (await session.execute(_OPEN, {"id": id})).mappings().first()
    if row is None:
        raise Refusal(Kind.CONFLICT, "parked_settled", "This event is not parked any more. Look at the list again.")
    if row["event_id"] is not None:
        await session.execute(
            text("INSERT INTO inbox (consumer, event_id) VALUES (:consumer, :event_id) ON CONFLICT DO NOTHING"),
            {"consumer": row["consumer"], "event_id": row["event_id"]},
        )
    await session.execute(text("UPDATE parked SET why = :why, note = :note WHERE id = :id"),
                          {"why": why.value, "note": note, "id": id})  # fmt: skip
    await session.execute(_SETTLE, {"now": now, "by": str(actor), "how": "discarded", "tries": 0, "id": id})
    await emit(session, _fact(operations.ParkedDiscarded, row, why.value), actor=actor, now=now)


async def let_go(session: AsyncSession, service: str, topic: str, *, actor: Actor, now: datetime) -> None:
    """Let a held topic go on: what fails is parked until something works. Refuses where it is not held."""
    found: Any = await session.execute(
        text('UPDATE brakes SET let_go_at = :now WHERE topic = :topic AND let_go_at IS NULL'
             ' RETURNING partition, "offset", reason'),
        {"now": now, "topic": topic},
    )  # fmt: skip
    row = found.first()
    if row is None:
        raise Refusal(Kind.CONFLICT, "not_held", "This topic is not held any more. Look at the page again.")
    held = f"{service} {topic}"
    released = operations.BrakeReleased(held=held, partition=row.partition, offset=row.offset, reason=row.reason)
    await emit(session, released, actor=actor, now=now)
