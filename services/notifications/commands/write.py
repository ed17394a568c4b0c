"""Writing messages: into inboxes at once, and on to the queue for e-mail."""

import json
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from services.notifications.models import Delivery, Message, Status
from services.notifications.rules import Email, Planned
from shared.clock import new_id
from shared.events.base import Fact
from shared.events.notifications import MessageUndeliverable, MessageWritten
from shared.identity import system
from shared.messaging.outbox import INSERT_FACTS, emit_with
from shared.observability import current_trace

SYSTEM = system("notifications")


_WRITE = text(f"""
    WITH written AS (
        INSERT INTO message SELECT * FROM jsonb_populate_recordset(NULL::message, CAST(:messages AS jsonb))
    ), queued AS (
        INSERT INTO delivery SELECT * FROM jsonb_populate_recordset(NULL::delivery, CAST(:deliveries AS jsonb))
    ), told AS ({INSERT_FACTS})
    SELECT CASE WHEN :notify AND :wake THEN pg_notify('jobs', '') END, (SELECT count(*) FROM told)
""")  # noqa: S608
"""All in one statement: whoever waits for the mail waits for it."""


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
    await emit_with(
        session, _WRITE, [(facts, SYSTEM)], now=now,
        messages=_json(messages), deliveries=_json(deliveries), wake=bool(deliveries),
    )  # fmt: skip


def _json(rows: Sequence[SQLModel]) -> str:
    return json.dumps([row.model_dump(mode="json") for row in rows])


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
        traceparent=current_trace().traceparent,
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
