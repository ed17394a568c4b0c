"""Facts as the worker would meet them, and facts as a command left them in the outbox."""

import json
import os
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.clock import new_id, utc_now
from shared.db import Database
from shared.events import FACTS, Fact
from shared.events.base import Erasure
from shared.identity.actor import Actor, system
from shared.messaging.cloudevents import headers_of, value_of
from shared.messaging.consume import Consumer
from shared.messaging.handlers import Handlers
from shared.messaging.park import Policy
from shared.messaging.tables import outbox as outbox_table
from shared.messaging.tables import parked
from shared.observability.trace import current_trace


@dataclass
class KafkaRecord:
    """A record as a consumer gets it."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]
    partition: int = 0
    offset: int = 0


def a_record(fact: Fact, *, actor: Actor | None = None, now: datetime | None = None, offset: int = 0) -> KafkaRecord:
    """A fact on its topic."""
    headers = headers_of(
        fact, id=new_id(), time=now or utc_now(), actor=actor or system("tests"), trace=current_trace()
    )
    encoded = [(name, value.encode()) for name, value in headers.items()]
    return KafkaRecord(fact.topic, fact.subject.encode(), value_of(fact), encoded, offset=offset)


async def deliver(
    db: Database,
    handlers: Handlers,
    *facts: Fact,
    actor: Actor | None = None,
    now: datetime | None = None,
    twice: bool = False,
    may_park: bool = False,
) -> None:
    """Let facts reach a service's handlers as its worker does, inbox and all; nothing may end up parked.

    With CROSSWALK_DELIVER_TWICE set the whole suite runs with every message delivered twice.
    """
    records = [a_record(fact, actor=actor, now=now, offset=place) for place, fact in enumerate(facts)]
    consumer = Consumer(db, handlers, policy=Policy(pauses=(0.0,)))
    for _ in range(2 if twice or "CROSSWALK_DELIVER_TWICE" in os.environ else 1):
        await consumer.take(records)
    if may_park:
        return
    async with db.transaction() as session:
        stuck = (await session.execute(select(parked.c.reason, parked.c.detail))).all()
    assert not stuck, f"parked: {stuck}"


async def outbox(session: AsyncSession) -> list[Fact]:
    """The facts that stand in the outbox, in order."""
    rows = await session.execute(
        select(outbox_table.c.headers, outbox_table.c.key, outbox_table.c.value).order_by(outbox_table.c.id)
    )
    return [_fact(headers["ce_type"], key, value) for headers, key, value in rows]


def _fact(type_: str, key: str, value: bytes | None) -> Fact:
    fact = FACTS[type_]
    data = {fact.key: key} if issubclass(fact, Erasure) else json.loads(value or b"{}")
    return fact.model_validate(data)
