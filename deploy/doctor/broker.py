"""The broker: does it answer, which version is it, are the topics as they must be, does its clock agree."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from uuid import uuid4

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError
from aiokafka.protocol.admin import ApiVersionRequest

from deploy import acls
from deploy.doctor.databases import clocks
from deploy.doctor.finding import Finding, careful
from deploy.topics import survey
from deploy.trouble import Trouble
from shared.messaging.connection import client_arguments
from shared.messaging.supervise import within
from shared.settings import ServiceSettings

FETCH = 1
LOOK = "See the broker's log."


async def broker(settings: ServiceSettings, *, embedded: bool) -> AsyncIterator[Finding]:
    """All findings."""
    address = settings.kafka_bootstrap_servers
    try:
        standing = await survey(settings)
    except Trouble as trouble:
        yield Finding("Broker", False, f"{address} does not answer", str(trouble))
        return
    yield Finding("Broker", True, f"{address}, {len(standing)} topics")
    for topic in standing:
        for words in topic.wrong:
            what, _, to_do = words.partition(". ")
            yield Finding("Topic", False, f"{topic.name} {what}", f"{to_do}.")
    if embedded:
        return
    if settings.kafka_security_protocol.startswith("SASL"):
        yield await careful("Rights", lambda: _rights(settings), "crosswalk acls says who may do what.")
    yield await careful("Kafka", lambda: _version(settings), LOOK)
    yield await careful("Clocks", lambda: _clock(settings), LOOK)


async def _rights(settings: ServiceSettings) -> Finding:
    return Finding("Rights", *await acls.examine(settings))


async def _version(settings: ServiceSettings) -> Finding:
    """Kafka does not say its version; from 4.0 on it no longer answers the first four forms of a fetch (KIP-896)."""
    client = AIOKafkaClient(**client_arguments(settings))
    try:
        await client.bootstrap()
        answer = await client.send(client.get_random_node(), ApiVersionRequest())
    finally:
        await within(2, client.close(), "client")
    oldest = next(least for key, least, _ in answer.api_versions if key == FETCH)
    words = "version 4 or newer" if oldest >= 4 else "older than version 4"
    return Finding("Kafka", oldest >= 4, words, "Use Apache Kafka 4: that is tested.")


async def _clock(settings: ServiceSettings) -> Finding:
    """Kafka tells the time only by what it writes into a record: into one of a topic made for that."""
    name = f"crosswalk.clock.{uuid4().hex}"
    admin = AIOKafkaAdminClient(**client_arguments(settings), request_timeout_ms=5000)
    try:
        await admin.start()
        made = await admin.create_topics(
            [NewTopic(name, 1, 1, topic_configs={"message.timestamp.type": "LogAppendTime"})]
        )
        if made.topic_errors[0][1]:  # type: ignore[attr-defined]
            return Finding("Clocks", True, "that of Kafka is not known: this account may make no topic to ask with")
        before = time.time()
        theirs = await _stamp(settings, name)
        return clocks("Kafka", theirs, before, time.time())
    finally:
        with suppress(KafkaError, OSError, TimeoutError):
            await admin.delete_topics([name])
        await within(2, admin.close(), "admin client")


async def _stamp(settings: ServiceSettings, topic: str) -> float:
    producer = AIOKafkaProducer(**client_arguments(settings), acks=1, request_timeout_ms=5000)
    try:
        async with asyncio.timeout(10):
            await producer.start()
            return float((await producer.send_and_wait(topic, b"what time is it?")).timestamp) / 1000
    finally:
        await within(2, producer.stop(), "producer")
