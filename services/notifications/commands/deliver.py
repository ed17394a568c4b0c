"""Delivering: claim what is due under a lease, and record what became of it. The mail server is called in between."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import JSON, Integer, Text, Uuid, exists, literal_column, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.notifications.commands.write import SYSTEM, told, write_messages
from services.notifications.letters import Known
from services.notifications.models import Delivery, Message, Preference, Recipient, SentBefore, Status
from services.notifications.queries import NAMES, known_of, referrer_of
from services.notifications.rules import LEASE, Audience, alarm, next_try
from shared.clock import new_id
from shared.events.notifications import MessageQueuedAgain, MessageSent, MessageUndeliverable
from shared.identity import Actor
from shared.mail import Permanent, Retryable, message_id
from shared.messaging import emit, wake
from shared.refusals import Kind, Refusal

log = structlog.get_logger()

EMAIL = "email"


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that is ours until the lease ends, with all that is needed to write the mail."""

    delivery_id: UUID
    token: UUID
    attempts: int
    """Tries, this one included."""
    smtp_message_id: str
    message: Message
    recipient: Recipient
    known: Known
    time_zone: str | None = None
    """Of the recipient's clock, where one was chosen."""
    sent_before: bool = False
    """The mail server has it: it was sent before this database was restored from a backup."""

    @property
    def again(self) -> bool:
        """Whether it was tried before."""
        return self.attempts > 1

    @property
    def awaited(self) -> bool:
        """Whether a family's wait begins with this mail: it asks a partner for an answer."""
        return self.message.kind.audience is Audience.PARTNER


_CLAIMED = (
    text("""
        WITH first AS (
            SELECT id FROM delivery WHERE status IN ('queued', 'uncertain') AND next_at <= :now AND NOT (attempts > 0)
            ORDER BY next_at LIMIT :first FOR UPDATE SKIP LOCKED
        ), again AS (
            SELECT id FROM delivery WHERE status IN ('queued', 'uncertain') AND next_at <= :now AND (attempts > 0)
            ORDER BY next_at LIMIT :again FOR UPDATE SKIP LOCKED
        )
        UPDATE delivery SET status = 'sending', attempts = attempts + 1, lease_until = :until, lease_token = :token
        WHERE id IN (SELECT id FROM first UNION ALL SELECT id FROM again)
        RETURNING id, message_id, attempts, smtp_message_id
    """)
    .columns(id=Uuid(), message_id=Uuid(), attempts=Integer(), smtp_message_id=Text())
    .cte("claimed")
)
_SAID = select(col(Message.params)).join(_CLAIMED, _CLAIMED.c.message_id == col(Message.id)).cte("said")
_CLAIM: Any = (
    select(  # type: ignore[call-overload]
        _CLAIMED,
        Message,
        Recipient,
        col(Preference.time_zone),
        exists(select(SentBefore)).label("restored"),
        literal_column(NAMES, JSON()).label("names"),
    )
    .add_cte(_SAID)
    .join(Message, col(Message.id) == _CLAIMED.c.message_id)
    .join(Recipient, col(Recipient.person_id) == col(Message.recipient_id))
    .outerjoin(Preference, col(Preference.person_id) == col(Message.recipient_id))
)
"""Claimed and read in one statement: whoever waits for the mail waits for it."""


async def claim(
    session: AsyncSession, *, now: datetime, sender: str, first: int = 1, again: int = 1
) -> Sequence[Claim]:
    """Take what is due, the longest due first: at most `first` that were never tried, and `again` that were."""
    token = new_id()
    due = {"now": now, "until": now + LEASE, "token": token, "first": first, "again": again}
    rows = (await session.execute(_CLAIM, due)).all()
    if not rows:
        return []
    known = known_of(rows[0].names)
    mails = {row.id: row.smtp_message_id or smtp_id(row.Message, sender) for row in rows}
    before = await _sent_before(session, mails.values()) if rows[0].restored else set()
    return [
        Claim(row.id, token, row.attempts, mails[row.id], row.Message, row.Recipient, known, row.time_zone,
              sent_before=mails[row.id] in before)
        for row in rows
    ]  # fmt: skip


def smtp_id(message: Message, sender: str) -> str:
    """The Message-ID of a message's mail: the same at every try, and it tells nothing.

    It follows from what makes the message the one that it is, so that one that is written anew from the same event,
    after a restore, bears it again.
    """
    made_of = message.event_id.bytes + message.recipient_id.bytes + message.kind.value.encode()
    return message_id(sha256(made_of).hexdigest()[:32], sender)


async def _sent_before(session: AsyncSession, mails: Collection[str]) -> set[str]:
    found = await session.exec(select(SentBefore.smtp_message_id).where(col(SentBefore.smtp_message_id).in_(mails)))
    return set(found)


async def note_sent_before(session: AsyncSession, mails: Collection[str]) -> None:
    """Keep the Message-IDs that the mail server has: a restored database does not know that it sent them."""
    rows = [{"smtp_message_id": mail} for mail in sorted(mails)]
    for first in range(0, len(rows), 10_000):
        await session.execute(insert(SentBefore).on_conflict_do_nothing(), rows[first : first + 10_000])


Result = Permanent | Retryable | None
"""What became of a try; None: the server took the mail."""


async def record(session: AsyncSession, claimed: Claim, result: Result, *, now: datetime, jitter: float) -> None:
    """Record a try. Whoever lost the lease meanwhile records nothing: the new holder will."""
    values = _after(claimed, result, now, jitter)
    ours = await session.execute(
        update(Delivery)
        .where(col(Delivery.id) == claimed.delivery_id, col(Delivery.lease_token) == claimed.token)
        .values(
            **values,
            address=claimed.recipient.email,
            smtp_message_id=claimed.smtp_message_id,
            lease_token=None,
            lease_until=None,
        )
        .returning(col(Delivery.uncertain_at))
    )
    recorded = ours.first()
    if recorded is None:
        log.warning("lease_lost", delivery_id=str(claimed.delivery_id))
    elif values["status"] is Status.SENT:
        how = {"channel": EMAIL, "maybe_twice": recorded.uncertain_at is not None}
        sent = MessageSent.model_validate(told(claimed.message) | how)
        await emit(session, sent, actor=SYSTEM, now=now)
    elif values["status"] is Status.FAILED:
        await _undeliverable(session, claimed.message, _reason(result), now)


def _after(claimed: Claim, result: Result, now: datetime, jitter: float) -> dict[str, object]:
    if result is None:
        return {"status": Status.SENT, "sent_at": now, "last_error": None}
    uncertain = isinstance(result, Retryable) and result.maybe_taken
    known: dict[str, object] = {"last_error": result.reason} | ({"uncertain_at": now} if uncertain else {})
    again = next_try(claimed.attempts, now, jitter) if isinstance(result, Retryable) else None
    if again is None:
        return known | {"status": Status.FAILED}
    return known | {"status": Status.UNCERTAIN if uncertain else Status.QUEUED, "next_at": again}


def _reason(result: Result) -> str:
    if isinstance(result, Retryable):
        return "exhausted"
    return "no_address" if isinstance(result, Permanent) and result.reason == "no_address" else "refused"


async def _undeliverable(session: AsyncSession, message: Message, reason: str, now: datetime) -> None:
    """Say so; and where none of those whom the message was for could be reached, the referrer hears it."""
    fact = MessageUndeliverable.model_validate(told(message) | {"channel": EMAIL, "reason": reason})
    await emit(session, fact, actor=SYSTEM, now=now)
    if await _somebody_reached(session, message):
        return
    planned = alarm(message.kind, message.params, await referrer_of(session, message))
    await write_messages(session, planned, about_id=message.about_id, event_id=message.event_id, now=now)


async def _somebody_reached(session: AsyncSession, message: Message) -> bool:
    """Whether this message reached, or may yet reach, another of those it was for; in the app counts where wished."""
    same = (Message.event_id == message.event_id, Message.kind == message.kind)
    # Locked in one order, so that of two that fail at one instant the second sees the first.
    await session.exec(select(Message.id).where(*same).order_by(col(Message.id)).with_for_update())
    hopeful = await session.exec(
        select(Message.id)
        .outerjoin(Delivery, col(Delivery.message_id) == col(Message.id))
        .where(*same, col(Delivery.status).is_distinct_from(Status.FAILED))
        .limit(1)
    )
    return hopeful.first() is not None


async def give_up_lost(session: AsyncSession, *, now: datetime) -> int:
    """Mark tries whose lease ran out without a record as uncertain, to be made again at once; how many there were."""
    lost = await session.execute(
        update(Delivery)
        .where(col(Delivery.status) == Status.SENDING, col(Delivery.lease_until) < now)
        .values(
            status=Status.UNCERTAIN,
            uncertain_at=now,
            next_at=now,
            lease_token=None,
            lease_until=None,
            last_error="lease_over",
        )
        .returning(col(Delivery.id))
    )
    ids = lost.scalars().all()
    for id in ids:
        log.warning("delivery_uncertain", delivery_id=str(id))
    if ids:
        await wake(session, "jobs")
    return len(ids)


async def send_again(session: AsyncSession, delivery_id: UUID, *, actor: Actor, now: datetime) -> None:
    """Queue a failed delivery once more: somebody mended what stood in the way."""
    delivery = await session.get(Delivery, delivery_id, with_for_update=True)
    if delivery is None:
        raise Refusal(Kind.NOT_FOUND, "no_such_delivery", "There is no such delivery.")
    if delivery.status is not Status.FAILED:
        raise Refusal(Kind.CONFLICT, "not_failed", "This message is on its way already, or it has arrived.")
    message = await session.get_one(Message, delivery.message_id)
    recipient = await session.get_one(Recipient, message.recipient_id)
    if not recipient.email:
        raise Refusal(Kind.CONFLICT, "no_address", "This person still has no e-mail address. Enter one first.")
    delivery.status, delivery.attempts, delivery.next_at = Status.QUEUED, 0, now
    session.add(delivery)
    await session.flush()
    fact = MessageQueuedAgain.model_validate(told(message) | {"channel": EMAIL})
    await emit(session, fact, actor=actor, now=now)
    await wake(session, "jobs")
