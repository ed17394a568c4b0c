"""The relay: takes facts from the outbox to Kafka, in order; one per service works, the others stand by."""

import asyncio
import contextlib
import json
from collections.abc import Sequence
from typing import Any

import asyncpg
import structlog
from aiokafka import AIOKafkaProducer, TopicPartition

from shared.db import THROUGH_ALL
from shared.events import COMPACTED
from shared.failpoints import hit
from shared.messaging import topics
from shared.messaging.connection import client_arguments
from shared.messaging.patience import tell_published
from shared.messaging.supervise import within
from shared.messaging.topics import ClusterWatch
from shared.observability.spans import span, tracing
from shared.settings import ServiceSettings

log = structlog.get_logger()

LOCK = 0x_C055_0001
"""Advisory lock of the working relay; each service has a database of its own, so one number serves all."""

BATCH = 500
PUBLISH_DEADLINE = 10.0
"""Seconds for a batch; aiokafka's idempotent producer would wait for ever."""
POLL = 1.0
"""Seconds between two looks where nobody wakes the relay."""

_MARK = """
    UPDATE outbox SET published_at = now() FROM unnest($1::bigint[], $2::xid[]) AS sent (id, version)
    WHERE outbox.id = sent.id AND outbox.xmin = sent.version
"""
_ASKED_FOR = "SELECT EXISTS (SELECT FROM outbox WHERE id = ANY($1::bigint[]) AND published_at IS NULL)"
_NEXT = """
    SELECT id, xmin AS version, topic, key, headers, value FROM outbox
    WHERE published_at IS NULL AND id <> ALL($1::bigint[]) ORDER BY id LIMIT $2
"""
"""All that waits but what is on its way. A cursor would pass over what is committed late, and publish what follows."""

_LAZY = {"synchronous_commit": "off"}
"""A mark that a crash of the database forgets is made again: the fact is published twice, and inboxes absorb it.
So nobody's commit has to wait for the disk because of it."""

_REPUBLISH = "UPDATE outbox SET published_at = NULL WHERE published_at IS NOT NULL"

_CLEAN = """
    DELETE FROM outbox AS old
    WHERE published_at < now() - make_interval(days => $1)
      AND NOT (topic = ANY($2) AND NOT EXISTS (
          SELECT FROM outbox AS newer WHERE newer.topic = old.topic AND newer.key = old.key AND newer.id > old.id))
"""


class AskedForAgain(Exception):
    """Facts were to be published again while they were on their way: what is older goes before them, so begin anew."""


class Relay:
    """Publishes one service's outbox; `run` works until it fails, is cancelled, or meets another cluster."""

    def __init__(self, settings: ServiceSettings, watch: ClusterWatch) -> None:
        self.settings, self.watch = settings, watch
        self.woken = asyncio.Event()
        self.cluster: str | None = None
        self.published: dict[TopicPartition, int] = {}
        """The offset after the last fact that this process published, by partition."""

    async def run(self) -> None:
        """Wait for the lock, then publish for as long as database and broker are there."""
        connection = await asyncpg.connect(self.settings.dsn, timeout=5, command_timeout=60, server_settings=_LAZY)
        try:
            while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):
                await asyncio.sleep(POLL)
            await self._publish_for_ever(connection)
        finally:
            await within(2, connection.close(), "relay connection")

    async def _publish_for_ever(self, connection: asyncpg.Connection) -> None:
        await self._meet_cluster(connection)
        producer = AIOKafkaProducer(
            **client_arguments(self.settings),
            enable_idempotence=self.settings.kafka_idempotent,
            acks="all",
            request_timeout_ms=int(PUBLISH_DEADLINE * 1000),
            max_batch_size=128 * 1024,
            max_request_size=4 * 1024 * 1024,
        )
        try:
            await asyncio.wait_for(producer.start(), PUBLISH_DEADLINE)
            while self.watch.id == self.cluster:
                self.woken.clear()
                await self._publish(connection, producer)
                await self._pause()
        finally:
            await within(3, producer.stop(), "relay producer")

    async def _pause(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.woken.wait(), POLL)
            await asyncio.sleep(self.settings.publish_linger_s)

    async def _meet_cluster(self, connection: asyncpg.Connection) -> None:
        """A new cluster knows nothing: publish all that is kept once more, unless a clean stop says all was heard."""
        found = await self.watch.known()
        await self._make_topics()
        async with connection.transaction():
            # This one must last: forgotten, a clean stop before it would still seem to be the last thing that happened.
            await connection.execute("SET LOCAL synchronous_commit = on")
            known = await connection.fetchrow("SELECT cluster_id, drained_at FROM relay FOR UPDATE")
            if known is not None and known["cluster_id"] != found and known["drained_at"] is None:
                again = await connection.execute(_REPUBLISH, timeout=THROUGH_ALL)
                log.warning("published_again", cluster_id=found, rows=again.removeprefix("UPDATE "))
            await connection.execute(
                "INSERT INTO relay (cluster_id) VALUES ($1)"
                ' ON CONFLICT ("only") DO UPDATE SET cluster_id = $1, drained_at = NULL',
                found,
            )
            hit("relay.cluster")
        if found != self.cluster:
            self.published.clear()
        self.cluster = found

    async def _make_topics(self) -> None:
        """A new cluster has none; where only an operator may make them, theirs are waited for."""
        try:
            await topics.create(self.settings, deadline=PUBLISH_DEADLINE)
        except RuntimeError as error:
            log.error("topics_not_made", error=str(error))

    async def _publish(self, connection: asyncpg.Connection, producer: AIOKafkaProducer) -> None:
        """Publish all that waits. While a batch is on its way, the one before is marked and the next one is read."""
        rows: Sequence[Any] = await connection.fetch(_NEXT, [], BATCH)
        sent: Sequence[Any] = []
        while rows and self.watch.id == self.cluster:
            hit("relay.read")
            meanwhile = asyncio.create_task(self._mark_and_read(connection, sent, rows))
            try:
                await asyncio.wait_for(self._send(producer, rows), PUBLISH_DEADLINE)
                hit("relay.sent")
                sent, rows = rows, await meanwhile
            finally:
                await within(2, _ended(meanwhile), "outbox read ahead")
        await self._mark(connection, sent)

    async def _mark_and_read(
        self, connection: asyncpg.Connection, sent: Sequence[Any], sending: Sequence[Any]
    ) -> Sequence[Any]:
        """What waits besides `sending`."""
        await self._mark(connection, sent)
        if len(sending) < BATCH:
            return []
        rows: Sequence[Any] = await connection.fetch(_NEXT, [row["id"] for row in sending], BATCH)
        return rows

    async def _mark(self, connection: asyncpg.Connection, sent: Sequence[Any]) -> None:
        if not sent:
            return
        ids = [row["id"] for row in sent]
        marked = await connection.execute(_MARK, ids, [row["version"] for row in sent])
        hit("relay.marked")
        # Rows that an erasure took are no reason.
        if int(marked.removeprefix("UPDATE ")) < len(ids) and await connection.fetchval(_ASKED_FOR, ids):
            raise AskedForAgain

    async def _send(self, producer: AIOKafkaProducer, rows: Sequence[Any]) -> None:
        with contextlib.ExitStack() as spans:
            if tracing():
                _open_spans(spans, rows)
            pending = [
                await producer.send(
                    row["topic"],
                    row["value"],
                    key=row["key"].encode(),
                    headers=[(name, value.encode()) for name, value in json.loads(row["headers"]).items()],
                )
                for row in rows
            ]
            hit("relay.sending")
            ends = {sent.topic_partition: sent.offset + 1 for sent in await asyncio.gather(*pending)}
        self.published |= ends
        tell_published(ends)

    async def clean(self) -> None:
        """Forget what was published longer ago than the retention; the newest state of each key stays for ever."""
        connection = await asyncpg.connect(self.settings.dsn, timeout=5, command_timeout=THROUGH_ALL)
        try:
            await connection.execute(_CLEAN, self.settings.outbox_retention_days, list(COMPACTED))
            await connection.execute("DELETE FROM revoked_sessions WHERE expires_at < now()")
            await connection.execute(
                "DELETE FROM parked WHERE settled_at < now() - make_interval(days => $1)",
                self.settings.outbox_retention_days,
            )
        finally:
            await connection.close()


async def _ended(task: "asyncio.Task[Any]") -> None:
    """Cancel what may have ended, and hear what became of it."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _open_spans(spans: contextlib.ExitStack, rows: Sequence[Any]) -> None:
    """One for each fact that belongs to a trace, until the broker has it."""
    for row in rows:
        headers = json.loads(row["headers"])
        if parent := headers.get("ce_traceparent"):
            spans.enter_context(span(f"publish {headers['ce_type']}", "PRODUCER", parent, topic=row["topic"]))
