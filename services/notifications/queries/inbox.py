"""A person's messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.notifications.letters import Known, Note, note
from services.notifications.models import Message
from services.notifications.queries.people import look_up
from shared.refusals import Kind, Refusal
from shared.translations import mark

NO_SUCH_MESSAGE = mark("There is no such message in your inbox.")


@dataclass(frozen=True, slots=True)
class Entry:
    """A message with the names that it needs."""

    message: Message
    known: Known
    school: str | None
    """The school that it comes from."""

    def note(self, zone: ZoneInfo) -> Note:
        """Its words in the language spoken."""
        return note(self.message.kind, self.message.params, self.known, zone)


async def inbox(session: AsyncSession, person_id: UUID, *, offset: int, limit: int) -> tuple[Sequence[Entry], int]:
    """A part of somebody's messages, unread first, newest first, and how many there are in all."""
    mine = select(Message).where(Message.recipient_id == person_id)
    newest = (col(Message.read_at).is_not(None), col(Message.written_at).desc(), col(Message.id).desc())
    found = (await session.exec(mine.order_by(*newest).offset(offset).limit(limit))).all()
    total = await session.exec(select(func.count()).where(Message.recipient_id == person_id))
    return await _entries(session, found), total.one()


async def _entries(session: AsyncSession, messages: Sequence[Message]) -> Sequence[Entry]:
    params = [message.params for message in messages]
    known = await look_up(session, params)
    return [Entry(message, known, known.schools.get(message.params.get("school_id", ""))) for message in messages]


async def unread(session: AsyncSession, person_id: UUID) -> int:
    """How many messages wait to be read."""
    mine = select(func.count()).where(Message.recipient_id == person_id, col(Message.read_at).is_(None))
    return (await session.exec(mine)).one()


async def entry(session: AsyncSession, message_id: UUID, person_id: UUID) -> Entry:
    """One of somebody's own messages; another's is refused as if there were none."""
    found = await session.get(Message, message_id)
    if found is None or found.recipient_id != person_id:
        raise Refusal(Kind.NOT_FOUND, "no_such_message", NO_SUCH_MESSAGE)
    return (await _entries(session, [found]))[0]
