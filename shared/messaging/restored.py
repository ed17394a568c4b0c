"""After a restore: the outbox tells everything once more, since what was on its way is nowhere else; on the record."""

from datetime import datetime

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.events import operations
from shared.identity.actor import Actor
from shared.messaging.outbox import emit

_ANEW = (
    # Here and not by meeting a new cluster: rows older than the retention must not be cleaned away before that.
    "UPDATE outbox SET published_at = NULL WHERE published_at IS NOT NULL",
    "DELETE FROM relay",
    "DELETE FROM consumed_cluster",
    "DELETE FROM brakes",
    "DELETE FROM workers",
)


async def begin_anew(session: AsyncSession, service: str, *, taken_at: datetime, actor: Actor, now: datetime) -> None:
    """Let a restored database begin on a cluster that it does not know; inboxes absorb what was heard before."""
    for statement in _ANEW:
        await session.execute(text(statement))
    await emit(session, operations.BackupRestored(restored=service, taken_at=taken_at), actor=actor, now=now)
