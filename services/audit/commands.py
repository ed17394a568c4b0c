"""The log's only verb: append."""

import secrets
from collections.abc import Sequence

from sqlalchemy import Uuid, any_, delete, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlmodel.ext.asyncio.session import AsyncSession

from services.audit.merkle import EMPTY_ROOT, Frontier
from services.audit.models import entries, heads, salts
from services.audit.rules import SALT_BYTES, SEALED_TOPICS, Content, leaf, open_digest, sealed_digest, things
from shared.db import raw_connection
from shared.messaging import RawEvent, Unreadable

HASH = len(EMPTY_ROOT)
COLUMNS = ("seq", *Content._fields, "things", "leaf", "root")


async def append(session: AsyncSession, events: Sequence[RawEvent]) -> int:
    """Append events in this order, each once however often it comes; how many were new.

    One lock, one COPY and one update of the head, whatever their number. Raises `Unreadable` where data that
    the log is to keep are no text.
    """
    frontier = await _locked_head(session)
    fresh = await _fresh(session, events)
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
    await _write(session, rows, salted, frontier)
    await _unsalt_the_erased(session, fresh, frontier.size - len(fresh))
    return len(fresh)


async def _locked_head(session: AsyncSession) -> Frontier:
    first = insert(heads).values(only=1, size=0, root=EMPTY_ROOT, peaks=b"").on_conflict_do_nothing()
    await session.execute(first)
    head = (await session.execute(select(heads.c.size, heads.c.peaks).with_for_update())).one()
    return Frontier(head.size, tuple(head.peaks[i : i + HASH] for i in range(0, len(head.peaks), HASH)))


async def _fresh(session: AsyncSession, events: Sequence[RawEvent]) -> list[RawEvent]:
    # The inbox forgets after a time, the log does not: an event published again later is still one entry.
    ids = literal([event.id for event in events], ARRAY(Uuid))
    logged = select(entries.c.event_id).where(entries.c.event_id == any_(ids))
    known = set((await session.execute(logged)).scalars())
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
    session: AsyncSession, rows: list[tuple[object, ...]], salted: list[tuple[int, bytes]], frontier: Frontier
) -> None:
    if not rows:
        return
    connection = await raw_connection(session)
    await connection.copy_records_to_table("entry", records=rows, columns=COLUMNS)
    if salted:
        await connection.copy_records_to_table("salt", records=salted, columns=("seq", "salt"))
    head = {"size": frontier.size, "root": frontier.root, "peaks": b"".join(frontier.peaks)}
    await session.execute(update(heads).values(head))


async def _unsalt_the_erased(session: AsyncSession, events: Sequence[RawEvent], first: int) -> None:
    """A tombstone ends for good the meaning of the digests of all that was published of a person before."""
    for seq, event in enumerate(events, start=first):
        if event.topic in SEALED_TOPICS and not event.value:
            earlier = (entries.c.topic == event.topic, entries.c.subject == event.subject, entries.c.seq < seq)
            await session.execute(delete(salts).where(salts.c.seq.in_(select(entries.c.seq).where(*earlier))))
