"""From a commit to Kafka, and to a reader's own commit, at 50 facts a second on Apache Kafka and PostgreSQL."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from statistics import quantiles
from time import perf_counter
from typing import Any
from uuid import UUID

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from bench.figures import Figure, p50, p99, spread
from bench.messaging import KEEP, NAME, Parts, parts
from shared.clock import new_id, utc_now
from shared.db import Database
from shared.events.people import SCHOOLS, SchoolChanged
from shared.identity import system
from shared.messaging import Event, Handlers, emit, topics
from shared.messaging.worker import Worker
from shared.settings import ServiceSettings

FACTS, WARM, A_SECOND, BARE_ROUNDS = 1_000, 100, 50, 300
TO_KAFKA_MS, TO_INBOX_MS, TIMES = 50.0, 300.0, 5.0
TOPIC = "bench.latency"
_SAY = "SELECT pg_notify('effects', id) FROM unnest(CAST(:ids AS text[])) AS id"


@dataclass(slots=True)
class Moments:
    """When each fact was committed, was read from Kafka, and had its effect; seconds of one clock."""

    committed: dict[UUID, float] = field(default_factory=dict)
    read: dict[UUID, float] = field(default_factory=dict)
    effective: dict[UUID, float] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether everything that was committed has arrived everywhere."""
        return self.committed.keys() <= self.read.keys() & self.effective.keys()

    def milliseconds(self, later: dict[UUID, float]) -> list[float]:
        """From the commit on, without the first ones."""
        return [(later[id] - at) * 1000 for id, at in list(self.committed.items())[WARM:]]


async def run() -> list[Figure]:
    """One source, one reader, each a worker as deployed; a bare client looks at the topic beside them."""
    async with parts() as servers:
        source, reader = await servers.service("bench_said"), await servers.service("bench_heard")
        await topics.create(source)
        moments = await _tell(source, reader)
        bare = await _bare(servers)
    to_kafka, to_inbox = moments.milliseconds(moments.read), moments.milliseconds(moments.effective)
    for name, values in (("commit to Kafka", to_kafka), ("commit to inbox", to_inbox), ("the same bare", bare)):
        print(spread(name, values), "ms", flush=True)
    p95 = quantiles(to_inbox, n=100, method="inclusive")[94]
    return [
        Figure("commit to Kafka p99", p99(to_kafka), "ms", None, TO_KAFKA_MS),
        Figure("commit to inbox p95", p95, "ms", None, TO_INBOX_MS),
        Figure("commit to inbox p50", p50(to_inbox), "ms", p50(bare), TIMES, by_ratio=True),
    ]


async def _tell(source: ServiceSettings, reader: ServiceSettings) -> Moments:
    moments, on = Moments(), Handlers(reader.service)

    @on.many(SchoolChanged)
    async def keep(session: AsyncSession, events: Sequence[Event[SchoolChanged]]) -> None:
        ids = [str(event.fact.school_id) for event in events]
        await session.execute(text(KEEP), {"ids": ids, "names": [event.fact.name for event in events]})
        await session.execute(text(_SAY), {"ids": ids})

    stop = asyncio.Event()
    workers = [
        asyncio.create_task(Worker(source, handlers=Handlers(source.service)).run(stop)),
        asyncio.create_task(Worker(reader, handlers=on).run(stop)),
    ]
    try:
        async with _watched(source, reader, moments):
            # Before the first fact has arrived nobody is ready yet.
            for count in (1, FACTS):
                await _say(source, moments, count)
                while not moments.complete:
                    await asyncio.sleep(0.05)
    finally:
        stop.set()
        await asyncio.gather(*workers)
    return moments


@asynccontextmanager
async def _watched(source: ServiceSettings, reader: ServiceSettings, moments: Moments) -> AsyncIterator[None]:
    """Note when a fact is in the topic, and when its effect is committed."""
    connection = await asyncpg.connect(reader.dsn)
    await connection.add_listener(
        "effects", lambda *said: moments.effective.setdefault(UUID(str(said[-1])), perf_counter())
    )
    consumer = AIOKafkaConsumer(SCHOOLS, bootstrap_servers=source.kafka_bootstrap_servers, auto_offset_reset="earliest")
    await consumer.start()
    reading = asyncio.create_task(_note(consumer, moments))
    try:
        yield
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        await consumer.stop()
        await connection.close()


async def _note(consumer: AIOKafkaConsumer, moments: Moments) -> None:
    async for record in consumer:
        moments.read.setdefault(UUID(json.loads(record.value)["school_id"]), perf_counter())


async def _say(source: ServiceSettings, moments: Moments, count: int) -> None:
    """So many facts, `A_SECOND`, each about another thing."""
    db, actor = Database(source.dsn), system("bench")
    next_at = perf_counter()
    for _ in range(count):
        fact = SchoolChanged(school_id=new_id(), name=NAME, active=True)
        async with db.transaction() as session:
            await emit(session, fact, actor=actor, now=utc_now())
        moments.committed[fact.school_id] = perf_counter()
        next_at += 1 / A_SECOND
        await asyncio.sleep(max(0.0, next_at - perf_counter()))
    await db.close()


async def _bare(servers: Parts) -> list[float]:
    """Milliseconds of what cannot be spared: a fact through Kafka, and a commit of the same rows."""
    settings = await servers.service("bench_bare")
    admin = AIOKafkaAdminClient(bootstrap_servers=servers.kafka)
    await admin.start()
    await admin.create_topics([NewTopic(TOPIC, 1, 1)])
    await admin.close()
    producer = AIOKafkaProducer(bootstrap_servers=servers.kafka, acks="all", enable_idempotence=True)
    consumer = AIOKafkaConsumer(TOPIC, bootstrap_servers=servers.kafka, auto_offset_reset="earliest")
    connection = await asyncpg.connect(settings.dsn)
    await producer.start()
    await consumer.start()
    try:
        return [await _once(producer, consumer, connection) for _ in range(BARE_ROUNDS)][WARM:]
    finally:
        await connection.close()
        await consumer.stop()
        await producer.stop()


async def _once(producer: AIOKafkaProducer, consumer: Any, connection: asyncpg.Connection) -> float:
    began = perf_counter()
    await producer.send_and_wait(TOPIC, NAME.encode())
    record = await consumer.getone()
    async with connection.transaction():
        await connection.execute("INSERT INTO inbox (consumer, event_id) VALUES ('bare', $1)", new_id())
        await connection.execute(
            "INSERT INTO effects (event_id, name) VALUES ($1, $2)", new_id(), record.value.decode()
        )
    return (perf_counter() - began) * 1000
