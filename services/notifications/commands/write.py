"""Writing messages: into inboxes at once, and on to the queue for e-mail."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert
from sqlmodel.ext.asyncio.session import AsyncSession

from services.notifications.models import Delivery, Message, Status
from services.notifications.rules import Email, Planned
from shared.clock import new_id
from shared.events.base import Fact
from shared.events.notifications import MessageUndeliverable, MessageWritten
from shared.identity import system
from shared.messaging import emit, wake

SYSTEM = system("notifications")


async def write_messages(
    session: AsyncSession, planned: Sequence[Planned], *, about_id: UUID, event_id: UUID, now: datetime
) -> None:
    """Write what was planned because of an event about a referral."""
    if not planned:
        return
    messages = [_message(one, about_id, event_id, now) for one in planned]
    facts: list[Fact] = []
    deliveries = []
    for one, message in zip(planned, messages, strict=True):
        facts.append(MessageWritten(**told(message)))
        if one.email is Email.NO_ADDRESS:
            facts.append(MessageUndeliverable(**told(message), channel="email", reason="no_address"))
        if one.email is not Email.NOT_WANTED:
            deliveries.append(_delivery(message.id, one.email, now))
    # Rows, not objects: nobody looks at them again in this transaction, and everybody waits for it.
    await session.execute(insert(Message), [message.model_dump() for message in messages])
    if deliveries:
        await session.execute(insert(Delivery), [delivery.model_dump() for delivery in deliveries])
    await emit(session, *facts, actor=SYSTEM, now=now)
    if any(one.email is Email.SEND for one in planned):
        await wake(session, "jobs")


def _message(one: Planned, about_id: UUID, event_id: UUID, now: datetime) -> Message:
    return Message(
        id=new_id(),
        recipient_id=one.to.person_id,
        kind=one.kind,
        language=one.to.language,
        params=one.params,
        about_id=about_id,
        event_id=event_id,
        written_at=now,
    )


def _delivery(message_id: UUID, email: Email, now: datetime) -> Delivery:
    without = email is Email.NO_ADDRESS
    return Delivery(
        id=new_id(),
        message_id=message_id,
        status=Status.FAILED if without else Status.QUEUED,
        queued_at=now,
        next_at=now,
        last_error="no_address" if without else None,
    )


def told(message: Message) -> dict[str, object]:
    """What every fact about a message says."""
    return {
        "message_id": message.id,
        "recipient_id": message.recipient_id,
        "kind": message.kind,
        "language": message.language,
        "about_id": message.about_id,
    }
