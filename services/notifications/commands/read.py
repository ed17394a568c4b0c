"""Reading a message."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.notifications.commands.write import told
from services.notifications.models import Message
from services.notifications.queries import entry
from shared.events.notifications import MessageRead
from shared.identity import Actor
from shared.messaging import emit


async def mark_read(session: AsyncSession, message_id: UUID, *, actor: Actor, now: datetime) -> None:
    """Note that somebody opened a message of theirs; the first time counts."""
    assert actor.person_id is not None
    found = (await entry(session, message_id, actor.person_id)).message
    first = await session.execute(
        update(Message)
        .where(col(Message.id) == message_id, col(Message.read_at).is_(None))
        .values(read_at=now)
        .returning(col(Message.id))
    )
    if first.first() is not None:
        await emit(session, MessageRead.model_validate(told(found)), actor=actor, now=now)
