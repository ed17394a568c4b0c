"""The log's only verb: append."""

import secrets
from collections.abc import Sequence

import asyncpg
from sqlmodel.ext.asyncio.session import AsyncSession

from services.audit.merkle import EMPTY_ROOT, Frontier
from services.audit.rules import SALT_BYTES, SEALED_TOPICS, Content, leaf, open_digest, sealed_digest, things
from shared.db import raw_connection
from shared.messaging import RawEvent, Unreadable

HASH = len(EMPTY_ROOT)
MANY = 50
"""Rows from which on COPY is faster, though it asks first what the columns are."""
COLUMNS = ("seq", *Content._fields, "things", "leaf", "root")

# Plain SQL: these few statements run for every event of every service.
LOCK_HEAD = "SELECT size, peaks FROM head FOR UPDATE"
FIRST_HEAD = "INSERT INTO head (\"only\", size, root, peaks) VALUES (1, 0, $1, '') ON CONFLICT DO NOTHING"
MOVE_HEAD = "UPDATE head SET size = $1, root = $2, peaks = $3"
KNOWN = "SELECT event_id FROM entry WHERE event_id = ANY($1)"
UNSALT = "DELETE FROM salt USING entry WHERE salt.seq = entry.seq AND topic = $1 AND subject = $2 AND entry.seq < $3"


async def append(session: AsyncSession, events: Sequence[RawEvent]) -> int:
    """Append events in this order, each once however often it comes; how many were new.

    One lock, one insert and one update of the head, whatever their number. Raises `Unreadable` where
    data that the log is to keep are no text.
    """
    connection = await raw_connection(session)
    frontier = await _locked_head(connection)
    fresh = await _fresh(connection, events)
    rows: list[tuple[object, ...]] = []
    salted: list[tuple[int, bytes]] = []
    for event in fresh:
        salt = secrets.token_bytes(SALT_BYTES) if event.topic in SEALED_TOPICS and event.value else None
        content, seq = _content(event, salt), frontier.size
        hashed = leaf(seq, content)
        frontier = frontier.append(hashed)
        rows.append((seq, *content, things(content), hashed, frontier.root))
        if salt is not None:
            salted.append((seq, salt))
    await _write(connection, rows, salted, frontier)
    await _unsalt_the_erased(connection, fresh, frontier.size - len(fresh))
    return len(fresh)


async def _locked_head(connection: asyncpg.Connection) -> Frontier:
    head = await connection.fetchrow(LOCK_HEAD)
    if head is None:
        await connection.execute(FIRST_HEAD, EMPTY_ROOT)
        head = await connection.fetchrow(LOCK_HEAD)
    size, peaks = head
    return Frontier(size, tuple(peaks[i : i + HASH] for i in range(0, len(peaks), HASH)))


async def _fresh(connection: asyncpg.Connection, events: Sequence[RawEvent]) -> list[RawEvent]:
    # The inbox forgets after a time, the log does not: an event published again later is still one entry.
    known = {row["event_id"] for row in await connection.fetch(KNOWN, [event.id for event in events])}
    fresh: list[RawEvent] = []
    for event in events:
        if event.id not in known:
            known.add(event.id)
            fresh.append(event)
    return fresh


def _content(event: RawEvent, salt: bytes | None) -> Content:
    sealed = event.topic in SEALED_TOPICS
    digest = None
    if event.value:
        digest = sealed_digest(salt, event.value) if salt is not None else open_digest(event.value)
    return Content(
        event_id=event.id,
        type=event.type,
        source=event.source,
        subject=event.subject,
        topic=event.topic,
        partition=event.partition,
        offset=event.offset,
        time=event.time,
        received_at=event.received_at,
        actor=event.actor,
        correlation_id=event.correlation_id,
        causation_id=event.causation_id,
        digest=digest,
        data=_text(event.value) if event.value and not sealed else None,
    )


def _text(value: bytes) -> str:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        raise Unreadable("the value is not UTF-8") from None
    if "\0" in text:
        raise Unreadable("the value holds a NUL character")
    return text


async def _write(
    connection: asyncpg.Connection,
    rows: list[tuple[object, ...]],
    salted: list[tuple[int, bytes]],
    frontier: Frontier,
) -> None:
    if not rows:
        return
    await _insert(connection, "entry", COLUMNS, rows)
    await _insert(connection, "salt", ("seq", "salt"), salted)
    await connection.execute(MOVE_HEAD, frontier.size, frontier.root, b"".join(frontier.peaks))


async def _insert(
    connection: asyncpg.Connection, table: str, columns: Sequence[str], rows: Sequence[tuple[object, ...]]
) -> None:
    if len(rows) >= MANY:
        await connection.copy_records_to_table(table, records=rows, columns=columns)
        return
    names = ", ".join(f'"{name}"' for name in columns)
    values = ", ".join(f"${place}" for place in range(1, len(columns) + 1))
    await connection.executemany(f"INSERT INTO {table} ({names}) VALUES ({values})", rows)  # noqa: S608


async def _unsalt_the_erased(connection: asyncpg.Connection, events: Sequence[RawEvent], first: int) -> None:
    """A tombstone ends for good the meaning of the digests of all that was published of a person before."""
    for seq, event in enumerate(events, start=first):
        if event.topic in SEALED_TOPICS and not event.value:
            await connection.execute(UNSALT, event.topic, event.subject, seq)
