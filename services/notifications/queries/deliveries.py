"""What became of mail, for the district office."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.notifications.models import Delivery, Message, Recipient, Status
from services.notifications.rules import Kind


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One delivery with whom it is for and what about."""

    id: UUID
    message_id: UUID
    recipient_id: UUID
    recipient: str
    address: str | None
    """Where it was sent to last, else where it would go now."""
    kind: Kind
    language: str
    about_id: UUID
    status: Status
    attempts: int
    queued_at: datetime
    next_at: datetime
    sent_at: datetime | None
    last_error: str | None
    uncertain_at: datetime | None
    """When it was last noticed that it may arrive twice."""


async def deliveries(
    session: AsyncSession, *, status: Status | None = None, about_id: UUID | None = None, offset: int, limit: int
) -> Sequence[DeliveryRow]:
    """Deliveries, newest first."""
    found = (
        select(Delivery, Message, Recipient)
        .join(Message, col(Message.id) == col(Delivery.message_id))
        .join(Recipient, col(Recipient.person_id) == col(Message.recipient_id))
        .order_by(col(Delivery.queued_at).desc(), col(Delivery.id))
        .offset(offset)
        .limit(limit)
    )
    if status is not None:
        found = found.where(Delivery.status == status)
    if about_id is not None:
        found = found.where(Message.about_id == about_id)
    return [_row(*row) for row in await session.exec(found)]


def _row(delivery: Delivery, message: Message, recipient: Recipient) -> DeliveryRow:
    return DeliveryRow(
        id=delivery.id,
        message_id=message.id,
        recipient_id=message.recipient_id,
        recipient=f"{recipient.given_name} {recipient.family_name}".strip(),
        address=delivery.address or recipient.email,
        kind=message.kind,
        language=message.language,
        about_id=message.about_id,
        status=delivery.status,
        attempts=delivery.attempts,
        queued_at=delivery.queued_at,
        next_at=delivery.next_at,
        sent_at=delivery.sent_at,
        last_error=delivery.last_error,
        uncertain_at=delivery.uncertain_at,
    )


async def count_deliveries(session: AsyncSession, about_id: UUID | None = None) -> Mapping[Status, int]:
    """How many deliveries stand where."""
    counted = select(Delivery.status, func.count()).group_by(col(Delivery.status))
    if about_id is not None:
        joined = counted.join(Message, col(Message.id) == col(Delivery.message_id))
        counted = joined.where(Message.about_id == about_id)
    found = {Status(status): n for status, n in await session.exec(counted)}
    return {status: found.get(status, 0) for status in Status}
