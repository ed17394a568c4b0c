"""Projections that learnt something: what was projected before is projected once more.

A listener says of a topic which edition its projection is (`Handlers(..., editions={topic: 2})`) and raises it when
older code left out what the projection holds now. The owner keeps the newest state of each key for ever: those
are published again, the same events, and the listener's inbox forgets them first, so that they take effect once more.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from shared.db import Database
from shared.messaging.handlers import Handlers
from shared.messaging.outbox import wake
from shared.messaging.tables import projections

_NEWEST = text("SELECT DISTINCT ON (key) event_id FROM outbox WHERE topic = :topic ORDER BY key, id DESC")

_FORGET = text("DELETE FROM inbox WHERE consumer = :consumer AND event_id = ANY(CAST(:ids AS uuid[]))")

# A fact that is written while older states go out again must come after them, so nobody writes meanwhile.
_ALONE = text("LOCK TABLE outbox IN SHARE ROW EXCLUSIVE MODE")

_AGAIN = text("""
    UPDATE outbox AS state SET published_at = NULL
    WHERE topic = :topic AND published_at IS NOT NULL AND NOT EXISTS (
        SELECT FROM outbox AS newer WHERE newer.topic = state.topic AND newer.key = state.key AND newer.id > state.id)
""")


async def outdated(db: Database, handlers: Handlers) -> dict[str, int]:
    """The topics of which a listener has an older projection than its code makes, and the edition wanted."""
    if not handlers.editions:
        return {}
    async with db.transaction() as session:
        found = (await session.execute(select(projections.c.topic, projections.c.edition))).all()
    known = {row.topic: row.edition for row in found}
    return {topic: edition for topic, edition in handlers.editions.items() if known.get(topic, 1) < edition}


async def project_again(topic: str, owner: Database, listeners: Sequence[tuple[Database, Handlers]]) -> int:
    """Let these listeners project all states of a topic once more; returns how many.

    Every step may be done twice: the edition is noted at the end, so whoever was killed before it begins again.
    """
    async with owner.transaction() as session:
        ids = (await session.execute(_NEWEST, {"topic": topic})).scalars().all()
    for db, handlers in listeners:
        await _forget(db, handlers.consumer, ids)
    async with owner.transaction() as session:
        await session.execute(_ALONE)
        await session.execute(_AGAIN, {"topic": topic})
        await wake(session, "outbox")
    for db, handlers in listeners:
        await note(db, {topic: handlers.editions[topic]})
    return len(ids)


async def _forget(db: Database, consumer: str, ids: Sequence[UUID]) -> None:
    async with db.transaction() as session:
        await session.execute(_FORGET, {"consumer": consumer, "ids": list(ids)})


async def note(db: Database, editions: Mapping[str, int]) -> None:
    """Note of which edition projections are."""
    rows = [{"topic": topic, "edition": edition} for topic, edition in editions.items()]
    if not rows:
        return
    async with db.transaction() as session:
        written = insert(projections).values(rows)
        await session.execute(
            written.on_conflict_do_update(index_elements=["topic"], set_={"edition": written.excluded.edition})
        )
