"""Topics are made on purpose, before use: the broker must never invent one by accident."""

import asyncio
from collections.abc import Sequence

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError

from shared.events import COMPACTED, TOPICS
from shared.messaging.connection import client_arguments
from shared.messaging.supervise import within
from shared.settings import ServiceSettings

ALREADY_EXISTS = 36
DAY_MS = 86_400_000
NOT_ALLOWED = (29, 31)
"""The broker's answers to a user who may not make this topic, or any."""
UNKNOWN = 3
FRESH = 5.0
"""Seconds without an answer after which a broker counts as away."""


class NotMade(TimeoutError):
    """Topics that we need, that are not there yet, and that only somebody else may make."""


async def create(settings: ServiceSettings, *, deadline: float = 30.0) -> None:
    """Make the topics that are missing; where only an operator may, wait until those that we may use are there.

    Raises `TimeoutError` where no broker answers in time (seconds), `NotMade` where something is still missing.
    """
    why = TimeoutError(f"No broker answers at {settings.kafka_bootstrap_servers}.")
    try:
        async with asyncio.timeout(deadline):
            while True:
                try:
                    return await _create(settings)
                except NotMade as error:
                    why = error
                    await asyncio.sleep(0.5)
                except (KafkaError, OSError):
                    await asyncio.sleep(0.05)
    except TimeoutError:
        raise why from None


async def _create(settings: ServiceSettings) -> None:
    admin = AIOKafkaAdminClient(**client_arguments(settings), request_timeout_ms=5000)
    await admin.start()
    try:
        answer = await admin.create_topics([_topic(name, settings) for name in TOPICS])
        errors: list[tuple[str, int, str]] = answer.topic_errors  # type: ignore[attr-defined]
        for name, code, message in errors:
            if code not in (0, ALREADY_EXISTS, *NOT_ALLOWED):
                raise RuntimeError(f"topic {name} could not be made: {message or code}")
        await _demand(admin, [name for name, code, _ in errors if code in NOT_ALLOWED])
    finally:
        await admin.close()


async def _demand(admin: AIOKafkaAdminClient, names: Sequence[str]) -> None:
    """Topics that we may not make must be there. Those that we may not even see are none of our business."""
    described = await admin.describe_topics(list(names)) if names else []
    missing = sorted(topic["topic"] for topic in described if topic["error_code"] == UNKNOWN)
    if missing:
        raise NotMade(f"The topics {', '.join(missing)} are missing, and this user may not make them.")
    if described and all(topic["error_code"] in NOT_ALLOWED for topic in described):
        raise NotMade("This user may use none of the topics. Give it its rights: crosswalk acls --apply.")


def _topic(name: str, settings: ServiceSettings) -> NewTopic:
    return NewTopic(
        name, settings.kafka_partitions, settings.kafka_replication, topic_configs=wanted_config(name, settings)
    )


def wanted_config(name: str, settings: ServiceSettings) -> dict[str, str]:
    """What a topic is made with: state is kept by key, facts for as long as outboxes keep them, copies in step."""
    config = {"cleanup.policy": "compact" if name in COMPACTED else "delete"}
    if name not in COMPACTED:
        config["retention.ms"] = str(settings.outbox_retention_days * DAY_MS)
    if settings.kafka_replication >= 3:
        config["min.insync.replicas"] = "2"
    return config


class ClusterWatch:
    """Knows which cluster the broker belongs to; one that lost its disk comes back with another id."""

    def __init__(self, settings: ServiceSettings) -> None:
        self.settings = settings
        self.id: str | None = None
        self._first = asyncio.Event()
        self._seen = float("-inf")

    @property
    def fresh(self) -> bool:
        """Whether the broker answered within the last seconds."""
        return asyncio.get_running_loop().time() - self._seen < FRESH

    async def run(self) -> None:
        """Look once a second until the broker goes away."""
        admin = AIOKafkaAdminClient(**client_arguments(self.settings), request_timeout_ms=5000)
        try:
            await asyncio.wait_for(admin.start(), 10)
            while True:
                described = await asyncio.wait_for(admin.describe_cluster(), 10)
                self.id = str(described["cluster_id"])
                self._seen = asyncio.get_running_loop().time()
                self._first.set()
                await asyncio.sleep(1)
        finally:
            await within(2, admin.close(), "cluster watch")

    async def known(self) -> str:
        """The id, as soon as one was seen."""
        await self._first.wait()
        assert self.id is not None
        return self.id
