"""The relay and a consumer on Apache Kafka and PostgreSQL with fsync, against bare clients that do the same work."""

import asyncio
import json
import subprocess
import tempfile
import venv
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from bench.figures import Figure, p50
from bench.roster import database
from bench.running import free_port
from deploy.kafka.server import KafkaServer
from shared.clock import new_id, utc_now
from shared.db import Database
from shared.events.people import SCHOOLS, SchoolChanged
from shared.identity import system
from shared.messaging import Event, Handlers, emit_many, topics
from shared.messaging.relay import Relay
from shared.messaging.tables import core
from shared.messaging.topics import ClusterWatch
from shared.messaging.worker import Worker
from shared.settings import ServiceSettings

EVENTS, THINGS, NAIVE_EVENTS, ROUNDS, BATCH = 20_000, 500, 1_000, 5, 500
TIMES, PART_OF_NAIVE = 2.0, 0.2
PEER, PEER_ROUNDS, TIMES_PEER, PEER_PATIENCE = "faststream-outbox[asyncpg]==0.19.0", 5, 8.0, 300
ENVELOPE = {"enable_idempotence": True, "acks": "all", "max_batch_size": 128 * 1024}
NAME = "x" * 360
"""Makes an event as long as most of ours."""

_EFFECTS = """
    CREATE TABLE effects (event_id uuid, name text, at timestamptz NOT NULL DEFAULT clock_timestamp(),
                          place bigint GENERATED ALWAYS AS IDENTITY)
"""
KEEP = "INSERT INTO effects (event_id, name) SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:names AS text[]))"
_BARE_INBOX = "INSERT INTO inbox (consumer, event_id) SELECT 'bare', unnest($1::uuid[]) ON CONFLICT DO NOTHING"
_BARE_KEEP = "INSERT INTO effects (event_id, name) SELECT * FROM unnest($1::uuid[], $2::text[])"
_INVERSIONS = """
    WITH told AS (
        SELECT split_part(name, ' ', 1)::bigint AS number, split_part(name, ' ', 2) AS thing, place FROM effects
    ), beside AS (
        SELECT number, lag(number) OVER (PARTITION BY thing ORDER BY place) AS before FROM told
    ) SELECT count(*) FROM beside WHERE number < before
"""
_TOOK = "SELECT count(*), extract(epoch FROM max(at) - min(at))::float8 FROM effects"


@dataclass(frozen=True, slots=True)
class Parts:
    """A server of each kind."""

    url: str
    kafka: str
    folder: Path

    async def service(self, name: str) -> ServiceSettings:
        """A service with an empty database of its own."""
        admin = await asyncpg.connect(self.url.replace("{service}", "postgres"))
        await admin.execute(f'CREATE DATABASE "{name}"')
        await admin.close()
        db = Database(self.url.replace("{service}", name))
        async with db.engine.begin() as connection:
            await connection.run_sync(core.create_all)
            await connection.exec_driver_sql(_EFFECTS)
        await db.close()
        return ServiceSettings(
            service=name, database_url=db.dsn, data_dir=self.folder, kafka_bootstrap_servers=self.kafka,
            kafka_partitions=4,
        )  # fmt: skip

    async def size(self, name: str) -> int:
        """Bytes of a service's database on disk."""
        connection = await asyncpg.connect(self.url.replace("{service}", name))
        try:
            return int(await connection.fetchval("SELECT pg_database_size($1)", name))
        finally:
            await connection.close()

    async def inversions(self, name: str) -> int:
        """Effects that came after a later one of the same thing."""
        connection = await asyncpg.connect(self.url.replace("{service}", name))
        try:
            return int(await connection.fetchval(_INVERSIONS))
        finally:
            await connection.close()


@asynccontextmanager
async def parts() -> AsyncIterator[Parts]:
    """PostgreSQL and Apache Kafka, both empty."""
    with tempfile.TemporaryDirectory() as folder:
        kafka = KafkaServer(Path(folder) / "kafka", free_port())
        async with database(Path(folder) / "data") as url:
            try:
                await asyncio.to_thread(kafka.start)
                yield Parts(url, kafka.address, Path(folder))
            finally:
                await asyncio.to_thread(kafka.stop)


async def relay() -> list[Figure]:
    """Rounds of: an outbox full of facts is published and marked; the same bytes are sent bare."""
    async with parts() as servers:
        settings = await servers.service("bench_relay")
        await topics.create(settings)
        relayed, bare = [], []
        for _ in range(ROUNDS):
            relayed.append(await fill(settings))
            bare.append(await _send(settings))
    _say("relay", EVENTS, p50(relayed), "bare producer", p50(bare))
    return [Figure("relay", p50(relayed), "s", p50(bare), TIMES, by_ratio=True)]


async def peer() -> list[Figure]:
    """The same rows, relayed by us and by faststream-outbox, which is installed for this only."""
    async with parts() as servers:
        python = await asyncio.to_thread(_environment, servers.folder / "peer")
        settings = await servers.service("bench_peer")
        await topics.create(settings)
        relayed, theirs = [], []
        for _ in range(PEER_ROUNDS):
            relayed.append(await fill(settings))
            theirs.append(await asyncio.to_thread(_relayed_by_peer, python, settings))
    _say("relay", EVENTS, p50(relayed), PEER, p50(theirs))
    return [Figure("relay against peer", p50(relayed), "s", p50(theirs), 1 / TIMES_PEER, by_ratio=True)]


def _environment(folder: Path) -> Path:
    """Its Python."""
    print(f"Installing {PEER} in an environment of its own", flush=True)
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", PEER, "faststream[kafka]"], check=True)
    return python


def _relayed_by_peer(python: Path, settings: ServiceSettings) -> float:
    dsn, kafka, (topic,) = settings.dsn, settings.kafka_bootstrap_servers, {SchoolChanged.topic}
    command = [str(python), str(Path(__file__).with_name("peer_relay.py")), dsn, kafka, topic, str(EVENTS)]
    return float(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=PEER_PATIENCE).stdout)


async def fill(settings: ServiceSettings) -> float:
    """Seconds until `EVENTS` facts more went from an outbox to their topic, and are marked."""
    db, watch = Database(settings.dsn), ClusterWatch(settings)
    working = Relay(settings, watch)
    tasks = [asyncio.create_task(watch.run()), asyncio.create_task(working.run())]
    connection = await asyncpg.connect(settings.dsn)
    try:
        while working.cluster is None:
            await asyncio.sleep(0.05)
        async with db.transaction() as session:
            await emit_many(session, _facts(), actor=system("bench"), now=utc_now())
        began = perf_counter()
        working.woken.set()
        while await connection.fetchval("SELECT EXISTS (SELECT FROM outbox WHERE published_at IS NULL)"):
            await asyncio.sleep(0.01)
        return perf_counter() - began
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await connection.close()
        await db.close()


def _facts() -> Iterator[SchoolChanged]:
    things = [new_id() for _ in range(THINGS)]
    # The name says how the facts of a thing follow each other.
    numbered = ((n, things[n % THINGS]) for n in range(EVENTS))
    return (SchoolChanged(school_id=thing, name=f"{n} {thing} {NAME}", active=True) for n, thing in numbered)


async def _send(settings: ServiceSettings) -> float:
    """Seconds to send what the outbox holds, from memory."""
    connection = await asyncpg.connect(settings.dsn)
    rows = await connection.fetch("SELECT * FROM outbox ORDER BY id DESC LIMIT $1", EVENTS)
    await connection.close()
    ready = [
        (
            row["topic"],
            row["value"],
            row["key"].encode(),
            [(k, v.encode()) for k, v in json.loads(row["headers"]).items()],
        )
        for row in rows
    ]
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka_bootstrap_servers, **ENVELOPE)
    await producer.start()
    began = perf_counter()
    sent = [await producer.send(topic, value, key=key, headers=headers) for topic, value, key, headers in ready]
    await asyncio.gather(*sent)
    seconds = perf_counter() - began
    await producer.stop()
    return seconds


def _headers(kept: str) -> list[tuple[str, bytes]]:
    return [(name, value.encode()) for name, value in json.loads(kept).items()]


async def consumer() -> list[Figure]:
    """Rounds of: a worker hears a topic; a bare loop reads it and writes the same rows; a naive handler hears some."""
    async with parts() as servers:
        first = await servers.service("bench_source")
        await topics.create(first)
        await fill(first)
        heard, bare, naive = [], [], []
        for turn in range(ROUNDS):
            heard.append(await _hear(await servers.service(f"bench_heard_{turn}")))
            bare.append(await _read(await servers.service(f"bench_bare_{turn}")))
            naive.append(await _naive(await servers.service(f"bench_naive_{turn}")) * EVENTS / NAIVE_EVENTS)
    _say("consumer", EVENTS, p50(heard), "bare loop", p50(bare))
    _say("consumer", EVENTS, p50(heard), "naive handler", p50(naive))
    return [
        Figure("consumer", p50(heard), "s", p50(bare), TIMES, by_ratio=True),
        Figure("consumer against naive", p50(heard), "s", p50(naive), PART_OF_NAIVE, by_ratio=True),
    ]


async def _hear(settings: ServiceSettings) -> float:
    """Our worker."""
    on = Handlers(settings.service)

    @on.many(SchoolChanged)
    async def keep(session: AsyncSession, events: Sequence[Event[SchoolChanged]]) -> None:
        rows = {"ids": [event.id for event in events], "names": [event.fact.name for event in events]}
        await session.execute(text(KEEP), rows)

    stop = asyncio.Event()
    running = asyncio.create_task(Worker(settings, handlers=on).run(stop))
    try:
        return await effects(settings, EVENTS)
    finally:
        stop.set()
        await running


async def effects(settings: ServiceSettings, count: int) -> float:
    """Seconds from the first effect to the last of so many."""
    connection = await asyncpg.connect(settings.dsn)
    try:
        while True:
            there, seconds = await connection.fetchrow(_TOOK)
            if there >= count:
                return float(seconds)
            await asyncio.sleep(0.05)
    finally:
        await connection.close()


async def _read(settings: ServiceSettings) -> float:
    """A bare loop over the clients."""
    connection = await asyncpg.connect(settings.dsn)
    kafka = AIOKafkaConsumer(
        SCHOOLS, bootstrap_servers=settings.kafka_bootstrap_servers, group_id=settings.service,
        auto_offset_reset="earliest", enable_auto_commit=False,
    )  # fmt: skip
    await kafka.start()
    heard = 0
    while heard < EVENTS:
        found: dict[Any, list[Any]] = await kafka.getmany(timeout_ms=1000, max_records=BATCH)
        records = [record for some in found.values() for record in some]
        ids = [dict(record.headers)["ce_id"].decode() for record in records]
        async with connection.transaction():
            await connection.execute(_BARE_INBOX, ids)
            await connection.execute(_BARE_KEEP, ids, [json.loads(record.value)["name"] for record in records])
        await kafka.commit()
        heard += len(records)
    await kafka.stop()
    await connection.close()
    return await effects(settings, EVENTS)


async def _naive(settings: ServiceSettings) -> float:
    """A handler for each message with a transaction for each; seconds for `NAIVE_EVENTS`."""
    db, broker = Database(settings.dsn), KafkaBroker(settings.kafka_bootstrap_servers, logger=None)
    subscriber = broker.subscriber(
        SCHOOLS, group_id=settings.service, auto_offset_reset="earliest", ack_policy=AckPolicy.ACK
    )

    @subscriber
    async def keep(fact: SchoolChanged, message: KafkaMessage) -> None:
        id = message.headers["ce_id"]
        async with db.transaction() as session:
            await session.execute(text("INSERT INTO inbox VALUES ('naive', CAST(:id AS uuid))"), {"id": id})
            await session.execute(text(KEEP), {"ids": [id], "names": [fact.name]})

    await broker.start()
    try:
        return await effects(settings, NAIVE_EVENTS)
    finally:
        await broker.stop()
        await db.close()


def _say(name: str, count: int, seconds: float, other: str, others: float) -> None:
    print(f"{name:<24} {count / seconds:,.0f} events/s, {other} {count / others:,.0f} events/s", flush=True)
