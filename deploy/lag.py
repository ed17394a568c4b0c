"""How far each service is behind what the topics hold: records, and the age of the oldest that was not heard yet."""

import asyncio
import time
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from deploy.trouble import Trouble
from shared.events import TOPICS
from shared.messaging.connection import client_arguments
from shared.messaging.supervise import within
from shared.settings import ServiceSettings

LOOK = 5.0
"""Seconds that the broker gets to show the oldest records."""


@dataclass(frozen=True, slots=True)
class Behind:
    """One topic as one service hears it."""

    service: str
    """Also the name of its consumer group."""
    topic: str
    records: int
    """Not heard yet."""
    age: float
    """Of the oldest of them in seconds; 0 where there is none."""


async def survey(settings: ServiceSettings, services: Sequence[str]) -> list[Behind]:
    """How far behind each service is, by topic. Raises `Trouble` where the broker does not answer."""
    return [one for service in services for one in await _of_service(settings, service)]


async def held_records(settings: ServiceSettings) -> int:
    """How many records our topics hold, read or not."""
    async with _consumer(settings, None) as consumer:
        places = await _places(settings, TOPICS)
        if not places:
            return 0
        first, end = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
        return sum(end[place] - first[place] for place in places)


async def _of_service(settings: ServiceSettings, service: str) -> list[Behind]:
    topics: tuple[str, ...] = import_module(f"services.{service}.consumers").on.topics
    async with _consumer(settings, service) as consumer:
        places = await _places(settings, topics)
        settled = await _settled(consumer, places)
        consumer.assign(places)
        for place, offset in settled.items():
            consumer.seek(place, offset)
        ends = await consumer.end_offsets(places) if places else {}
        oldest = await _oldest(consumer, ends, settled, to_the_end=not settings.kafka_wakes)
        lag = {place: max(0, ends[place], consumer.highwater(place) or 0) - settled[place] for place in places}
    now = time.time()
    return [
        Behind(
            service,
            topic,
            sum(records for place, records in lag.items() if place.topic == topic),
            max((now - at for place, at in oldest.items() if place.topic == topic and lag[place] > 0), default=0.0),
        )
        for topic in topics
    ]


async def _places(settings: ServiceSettings, topics: Collection[str]) -> list[TopicPartition]:
    """The partitions of those topics that there are."""
    admin = AIOKafkaAdminClient(**client_arguments(settings), request_timeout_ms=10_000)
    try:
        await admin.start()
        described = await admin.describe_topics(list(topics))
    finally:
        await within(2, admin.close(), "admin client")
    return [TopicPartition(one["topic"], place["partition"]) for one in described for place in one["partitions"]]


async def _settled(consumer: AIOKafkaConsumer, places: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
    """Up to where the group is done; a group that never came begins at the beginning."""
    committed = {place: await consumer.committed(place) for place in places}
    first = await consumer.beginning_offsets(places) if places else {}
    # What was deleted meanwhile cannot be heard any more.
    return {place: max(committed[place] or 0, first[place]) for place in places}


async def _oldest(
    consumer: AIOKafkaConsumer,
    ends: dict[TopicPartition, int],
    settled: Mapping[TopicPartition, int],
    *,
    to_the_end: bool,
) -> dict[TopicPartition, float]:
    """When the oldest record that waits was said (Unix time), by partition.

    `to_the_end`: the embedded broker says where a partition ends only with what it delivers, so `ends` move.
    """
    oldest: dict[TopicPartition, float] = {}
    until = asyncio.get_running_loop().time() + LOOK

    def waits(place: TopicPartition) -> bool:
        high = consumer.highwater(place)
        return place not in oldest and (high is None or max(high, ends[place]) > settled[place])

    came = True
    while (any(map(waits, ends)) or (came and to_the_end)) and asyncio.get_running_loop().time() < until:
        found = await consumer.getmany(timeout_ms=1000)
        for place, records in found.items():
            oldest.setdefault(place, records[0].timestamp / 1000)
            ends[place] = max(ends[place], records[-1].offset + 1)
        came = bool(found)
    return oldest


@asynccontextmanager
async def _consumer(settings: ServiceSettings, group: str | None) -> AsyncIterator[AIOKafkaConsumer]:
    """One that takes part in no group and settles nothing."""
    consumer = AIOKafkaConsumer(
        **client_arguments(settings),
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=settings.kafka_fetch_wait_ms,
        max_partition_fetch_bytes=64 * 1024,
        request_timeout_ms=10_000,
    )
    try:
        async with asyncio.timeout(30):
            await consumer.start()
        yield consumer
    except (KafkaError, OSError, TimeoutError) as error:
        raise Trouble(f"The broker at {settings.kafka_bootstrap_servers} does not answer: {error!r}.") from None
    finally:
        await within(3, consumer.stop(), "consumer")
