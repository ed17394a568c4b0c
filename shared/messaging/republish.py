"""Publishing again what the outbox still keeps, because somebody lost it; inboxes absorb what was heard before."""

from datetime import datetime

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.events import operations
from shared.identity.actor import Actor
from shared.messaging.outbox import emit

# From the first row on, so that what is newer of the same key comes after it: also a compacted topic ends as it was.
_FROM = "id >= (SELECT min(id) FROM outbox WHERE created_at >= :since)"
_COUNT = text(f"SELECT count(*) FROM outbox WHERE {_FROM} AND published_at IS NOT NULL")  # noqa: S608
# What a relay has in hand is touched, too: it does not mark it then, and begins anew with what is older.
_AGAIN = text(f"UPDATE outbox SET published_at = NULL WHERE {_FROM}")  # noqa: S608


async def kept_since(session: AsyncSession, since: datetime) -> int:
    """How many published facts the outbox keeps from a moment on."""
    return int((await session.execute(_COUNT, {"since": since})).scalar_one())


async def republish(
    session: AsyncSession, service: str, since: datetime, why: operations.WhyRepublish, *, actor: Actor, now: datetime
) -> int:
    """Have the relay publish again what was said since a moment, in order and on the record; how many facts."""
    again = await kept_since(session, since)
    if again:
        await session.execute(_AGAIN, {"since": since})
        told = operations.OutboxRepublished(outbox=service, since=since, facts=again, why=why)
        await emit(session, told, actor=actor, now=now)
    return again
