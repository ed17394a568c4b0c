"""A service's worker: its consumer, its relay and its jobs in one process."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import asyncpg
import structlog
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from shared.clock import new_id, utc_now
from shared.db import Database
from shared.failpoints import hit
from shared.messaging.cloudevents import Record
from shared.messaging.connection import client_arguments
from shared.messaging.consume import Consumer
from shared.messaging.figures import More
from shared.messaging.handlers import Handlers
from shared.messaging.invariants import Invariant, watch
from shared.messaging.jobs import Clockwork, Jobs
from shared.messaging.park import reason_of
from shared.messaging.parked import ahead, release
from shared.messaging.patience import PatientConsumer
from shared.messaging.progress import Progress, Stalled
from shared.messaging.relay import Relay
from shared.messaging.state import State, forget_worker, say_state
from shared.messaging.supervise import forever, quiet, within
from shared.messaging.tables import consumed_cluster, outbox, relay
from shared.messaging.topics import ClusterWatch
from shared.settings import ServiceSettings

log = structlog.get_logger()

MAX_RECORDS = 500
LOOK = 1.0
"""Seconds between two looks at the broker, the brakes, and what is due."""
START = 20.0
"""Seconds that a consumer gets to come up, besides the time in which its group waits for members that are gone."""
PING = 15.0
"""Seconds between two questions to a database that says nothing by itself."""
SAY = 2.5
"""Seconds between two times that a worker writes down how it is."""


class Worker:
    """Everything of a service that runs without a request."""

    def __init__(
        self,
        settings: ServiceSettings,
        *,
        handlers: Handlers,
        jobs: Jobs | None = None,
        figures: More | None = None,
        invariants: Sequence[Invariant] = (),
    ) -> None:
        self.settings, self.handlers, self.figures, self.invariants = settings, handlers, figures, invariants
        self.db = Database(settings.dsn, pool_size=4, notify=settings.notify)
        self.watch = ClusterWatch(settings)
        self.relay = Relay(settings, self.watch)
        self.clockwork = Clockwork(jobs or Jobs(), self.db, settings)
        self.consumer = Consumer(self.db, handlers)
        self.progress = Progress()
        self.restarts: Counter[str] = Counter()
        """How often each part failed and was started again."""
        self.started_at = utc_now()
        self._id = new_id()
        self._kafka: Any = None
        self._braked: set[TopicPartition] = set()
        self._taking = asyncio.Lock()
        self._batch: asyncio.Task[list[Record]] | None = None
        self._parts: list[asyncio.Task[None]] = []

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, then end everything within a few seconds, whatever is dead."""
        scheduler = AsyncIOScheduler()
        scheduler.add_job(self._tick, "interval", seconds=1, max_instances=1, coalesce=True, misfire_grace_time=None)
        scheduler.start()
        parts = {
            "cluster watch": self.watch.run,
            "relay": self.relay.run,
            "consumer": self._consume,
            "retries": self._retry,
            "housekeeping": self._keep_house,
            "invariants": self._watch_invariants,
        }
        if self.settings.notify:
            parts["listener"] = self._listen
        self._parts = [asyncio.create_task(forever(name, part, failed=self._count)) for name, part in parts.items()]
        try:
            await stop.wait()
        finally:
            scheduler.shutdown(wait=False)
            await self._end()

    async def _tick(self) -> None:
        self.clockwork.tick()

    def _count(self, part: str) -> None:
        self.restarts[part] += 1

    async def _end(self) -> None:
        for part in self._parts:
            part.cancel()
        await asyncio.gather(
            *(within(6, quiet(part), "worker part") for part in self._parts), within(5, self.clockwork.stop(), "jobs")
        )
        await within(1, self._say_goodbye(), "goodbye")
        await within(1, self.db.close(), "database pool")

    async def _listen(self) -> None:
        """Hear what transactions announce: facts for the relay, work for the jobs."""
        connection = await asyncpg.connect(self.settings.dsn, timeout=5)
        lost = asyncio.Event()
        connection.add_termination_listener(lambda *_: lost.set())
        try:
            await connection.add_listener("outbox", lambda *_: self.relay.woken.set())
            await connection.add_listener("jobs", lambda *_: self.clockwork.wake())
            self.relay.woken.set()
            self.clockwork.wake()
            while not lost.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(lost.wait(), PING)
                # A line that went dead without a word looks like one on which nothing is said.
                await connection.execute("SELECT 1", timeout=PING / 3)
        finally:
            await within(2, connection.close(), "listener connection")

    async def _retry(self) -> None:
        """Parked events are tried again as they become due."""
        while True:
            self.consumer.parked.clear()
            now = utc_now()
            due, next_at = await ahead(self.db, now)
            if due:
                # While all of a topic fails, what was set aside before that was noticed keeps its tries.
                while await release(self.db, self.handlers, now, self.consumer.policy, self.held()):
                    pass
                _, next_at = await ahead(self.db, now)
            pause = (next_at - utc_now()).total_seconds() if next_at else LOOK
            with suppress(TimeoutError):
                await asyncio.wait_for(self.consumer.parked.wait(), min(max(pause, 0.01), LOOK))

    async def _keep_house(self) -> None:
        """Say how it goes; hear what people decided about brakes; old rows go."""
        loop = asyncio.get_running_loop()
        cleaned = said = float("-inf")
        while True:
            await self.consumer.look_at_brakes()
            if loop.time() - said > SAY:
                await say_state(self.db, self._id, self.started_at, self.state(), utc_now())
                said = loop.time()
            if loop.time() - cleaned > 3600:
                await self.relay.clean()
                cleaned = loop.time()
            await asyncio.sleep(LOOK)

    async def _watch_invariants(self) -> None:
        await watch(self.db, self.invariants)

    async def _say_goodbye(self) -> None:
        await forget_worker(self.db, self._id)

    def held(self) -> list[str]:
        """Topics that a brake holds now."""
        return [topic for topic, brake in self.consumer.brakes.items() if brake.until is not None]

    def still_for(self) -> float:
        """Seconds for which the consumer has had work before it and has not moved."""
        return self.progress.still_for(asyncio.get_running_loop().time())

    def state(self) -> State:
        """What this process says of itself."""
        return State(
            consuming=self._kafka is not None,
            kafka=self.watch.fresh,
            lag=sum(self.progress.lag.values()),
            still_for=round(self.still_for(), 1),
            stalled=self.still_for() >= self.settings.stall_flag_s,
            held=self.held(),
            restarts=dict(self.restarts),
        )

    async def _consume(self) -> None:
        """Consume until the broker belongs to another cluster, then begin again from its beginning."""
        cluster = await self.watch.known()
        await self.consumer.look_at_brakes()
        broker = KafkaBroker(
            self.settings.kafka_bootstrap_servers,
            allow_auto_create_topics=False,
            consumer_only=True,
            logger=None,
            graceful_timeout=3,
        )
        subscriber = self._subscribe(broker)
        try:
            # The group waits for a member that was killed as long as for one that is slow. Who gives up sooner becomes
            # such a member itself, for which the next try waits, and so on.
            await asyncio.wait_for(self._start(broker), START + 2 * self.settings.kafka_session_timeout_ms / 1000)
            self._kafka = subscriber.consumer
            assert isinstance(self._kafka, PatientConsumer)
            self.progress.begin()
            await self._begin_on(cluster)
            while self.watch.id == cluster:
                await asyncio.sleep(LOOK)
                self._resume()
                await self._look_at_progress()
            log.warning("cluster_changed", service=self.settings.service)
        finally:
            self._kafka = None
            self._drop_batch()
            await within(4, broker.stop(), "consumer")

    async def _start(self, broker: KafkaBroker) -> None:
        await broker.connect()
        config = broker.config.broker_config
        options: Any = config.builder
        patient = partial(PatientConsumer, rests=not self.settings.kafka_wakes, lingers=self.settings.kafka_linger_s)
        config.builder = partial(patient, **(options.keywords | client_arguments(self.settings)))
        await broker.start()

    async def _look_at_progress(self) -> None:
        now = asyncio.get_running_loop().time()
        with suppress(KafkaError, TimeoutError):
            await self.progress.look(self._kafka, self.held(), now)
        still_for = self.still_for()
        if still_for >= self.settings.stall_flag_s:
            log.error("consumer_stalled", service=self.settings.service, still_for_s=round(still_for))
        if still_for >= self.settings.stall_rebuild_s and self.watch.fresh:
            raise Stalled(f"not moved for {still_for:.0f} s")

    def _drop_batch(self) -> None:
        """Whatever a batch hangs in, the next consumer does not wait for it; nothing of it is committed."""
        if self._batch is not None:
            self._batch.cancel()
        self._batch, self._taking = None, asyncio.Lock()

    def _resume(self) -> None:
        """Read on where the pause of a brake is over."""
        now = utc_now()
        brakes = self.consumer.brakes
        for place in self._braked & self._kafka.paused():
            if not brakes[place.topic].holds(now):
                self._braked.discard(place)
                self._kafka.resume(place)

    def _subscribe(self, broker: KafkaBroker) -> Any:
        subscriber = broker.subscriber(
            *self.handlers.topics,
            group_id=self.settings.service,
            batch=True,
            ack_policy=AckPolicy.MANUAL,
            auto_offset_reset="earliest",
            max_records=MAX_RECORDS,
            batch_timeout_ms=2 * self.settings.kafka_fetch_wait_ms,
            fetch_max_wait_ms=self.settings.kafka_fetch_wait_ms,
            session_timeout_ms=self.settings.kafka_session_timeout_ms,
            heartbeat_interval_ms=self.settings.kafka_session_timeout_ms // 6,
            parser=_parse,
            decoder=_decode,
        )
        subscriber(self._take)
        return subscriber

    async def _take(self, message: KafkaMessage) -> None:
        records: Sequence[ConsumerRecord[bytes, bytes]] = message.raw_message  # type: ignore[assignment]
        firsts: dict[TopicPartition, int] = {}
        ends: dict[TopicPartition, int] = {}
        for record in records:
            place = TopicPartition(record.topic, record.partition)
            firsts.setdefault(place, record.offset)
            ends[place] = record.offset + 1
        async with self._taking:
            if await self._still_ours(ends):
                await self._settle(records, firsts, ends)

    async def _settle(
        self, records: Sequence[Record], firsts: dict[TopicPartition, int], ends: dict[TopicPartition, int]
    ) -> None:
        hit("consume.received")
        kafka = self._kafka
        # A task of its own, so that a rebuilt consumer need not wait for one that hangs.
        self._batch = asyncio.create_task(self.consumer.take(records))
        try:
            held = await self._batch
        except Exception as error:
            log.error("batch_not_taken", service=self.settings.service, reason=reason_of(error)[0], exc_info=error)
            # FastStream would move on and the next commit would skip what did not take effect.
            for place, offset in firsts.items():
                kafka.seek(place, offset)
            await asyncio.sleep(1)
            return
        if self._kafka is not kafka:
            return
        for record in reversed(held):
            place = TopicPartition(record.topic, record.partition)
            ends[place] = record.offset
            kafka.pause(place)
            self._braked.add(place)
            kafka.seek(place, record.offset)
        self.progress.settle(ends)
        hit("consume.committed")
        await self._commit(ends)
        hit("consume.offsets")

    async def _still_ours(self, ends: dict[TopicPartition, int]) -> bool:
        """Whether the position stands just behind this batch; if not, it was rewound or reassigned meanwhile."""
        try:
            return all([await self._kafka.position(place) == end for place, end in ends.items()])
        except (KafkaError, AttributeError):
            return False

    async def _commit(self, ends: dict[TopicPartition, int]) -> None:
        try:
            await asyncio.wait_for(self._kafka.commit(ends), 10)
        except (KafkaError, TimeoutError) as error:
            # What took effect comes again, and the inbox knows it.
            log.warning("offsets_not_committed", service=self.settings.service, error=repr(error))

    async def _begin_on(self, cluster: str) -> None:
        """On a cluster not met before, everything is read from the beginning; the inbox knows what it has seen."""
        async with self.db.transaction() as session:
            known = (await session.execute(select(consumed_cluster.c.cluster_id))).scalar()
        if known == cluster:
            return
        async with self._taking:
            await self._rewind()
        async with self.db.transaction() as session:
            met = insert(consumed_cluster).values(cluster_id=cluster)
            await session.execute(met.on_conflict_do_update(index_elements=["only"], set_={"cluster_id": cluster}))

    async def _rewind(self) -> None:
        while not (partitions := self._kafka.assignment()):
            await asyncio.sleep(0.02)
        await self._kafka.seek_to_beginning(*partitions)
        # Committed, too: what an earlier consumer left there may be a place in the lost log.
        await self._kafka.commit({p: await self._kafka.position(p) for p in partitions})

    async def idle(self, published: Mapping[TopicPartition, int] | None = None) -> bool:
        """Whether nothing waits here: no job, no fact in the outbox, no record before these offsets (or our own)."""
        if self._kafka is None or any(job.busy for job in self.clockwork.jobs):
            return False
        async with self.db.transaction() as session:
            waiting = await session.execute(select(outbox.c.id).where(outbox.c.published_at.is_(None)).limit(1))
            if waiting.first() is not None:
                return False
        return await self._caught_up(self.relay.published if published is None else published)

    async def _caught_up(self, published: Mapping[TopicPartition, int]) -> bool:
        # The embedded broker's answer to "where does it end" is wrong, and what it says with each fetch may be old.
        places = self._kafka.assignment()
        ends = {place: self._kafka.highwater(place) for place in places}
        read = [
            end is not None and await self._kafka.position(place) >= max(end, published.get(place, 0))
            for place, end in ends.items()
        ]
        return bool(read) and all(read) and not self._taking.locked()

    async def note_drained(self) -> None:
        """Note that everyone heard all that this service said, so that a new broker need not hear it again."""
        async with self.db.transaction() as session:
            await session.execute(update(relay).values(drained_at=func.now()))


async def _parse(message: Any) -> KafkaMessage:
    # Headers are decoded by us, one by one: one bad header must not take the whole batch with it.
    return KafkaMessage(body=b"", raw_message=message, headers={}, consumer=None)  # type: ignore[arg-type]


async def _decode(message: KafkaMessage) -> Any:
    return message.body
