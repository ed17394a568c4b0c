"""Who may do what at the brokers: a list per user, made from what the code of each service says and hears."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from aiokafka.protocol.admin import CreateAclsRequest, DescribeAclsRequest

from deploy.trouble import Trouble
from shared.asyncapi import contracts
from shared.events import TOPICS
from shared.messaging.connection import client_arguments
from shared.migrations import SERVICES
from shared.settings import ServiceSettings

SCALER = "scaler"
"""The user of who starts more workers where much waits: it may look at how far each service is, and at nothing else."""
OPERATOR = "operator"
"""Who looks by the command line (`doctor`, `lag`, `restore`) and changes nothing at the brokers."""
USERS = (*SERVICES, SCALER)
"""Whom a running system needs."""
CLUSTER_NAME = "kafka-cluster"

ANY = 1
LITERAL, PREFIXED = 3, 4
ALLOW = 3
NO_AUTHORIZER = 54
"""Numbers of Kafka's protocol."""


class Resource(IntEnum):
    """What a right is about; the numbers are those of Kafka's protocol."""

    TOPIC = 2
    GROUP = 3
    CLUSTER = 4
    TRANSACTIONAL_ID = 5
    DELEGATION_TOKEN = 6
    USER = 7


class Operation(IntEnum):
    """What may be done with it; the numbers are those of Kafka's protocol."""

    ALL = 2
    READ = 3
    WRITE = 4
    CREATE = 5
    DELETE = 6
    ALTER = 7
    DESCRIBE = 8
    CLUSTER_ACTION = 9
    DESCRIBE_CONFIGS = 10
    ALTER_CONFIGS = 11
    IDEMPOTENT_WRITE = 12
    CREATE_TOKENS = 13
    DESCRIBE_TOKENS = 14
    TWO_PHASE_COMMIT = 15


@dataclass(frozen=True, order=True, slots=True)
class Right:
    """One operation on one thing of a name (or on all whose names begin so)."""

    resource: Resource
    name: str
    operation: Operation
    prefixed: bool = False

    def __str__(self) -> str:
        begins = "*" if self.prefixed else ""
        return f"{self.operation.name:<16} {self.resource.name.lower()} {self.name}{begins}"


@dataclass(frozen=True, slots=True)
class Standing:
    """What a principal's rights at the brokers are, beside what it needs."""

    principal: str
    missing: tuple[Right, ...]
    beyond: tuple[Right, ...]
    """Rights that it has and does not need."""


def rights_of(user: str) -> tuple[Right, ...]:
    """The least that a service (or `SCALER`, `OPERATOR`) needs, sorted."""
    if user in (SCALER, OPERATOR):
        looks = {Right(Resource.GROUP, name, Operation.DESCRIBE) for name in SERVICES}
        looks |= _on_topics(TOPICS, Operation.DESCRIBE)
        if user == OPERATOR:
            # How old what waits is, stands in the records; who has which rights, the cluster tells.
            looks |= _on_topics(TOPICS, Operation.READ) | _on_topics(TOPICS, Operation.DESCRIBE_CONFIGS)
            looks |= {Right(Resource.CLUSTER, CLUSTER_NAME, Operation.DESCRIBE)}
        return tuple(sorted(looks))
    said = {contract.fact.topic for contract in contracts() if user in contract.producers}
    heard = {contract.fact.topic for contract in contracts() if user in contract.consumers}
    rights = (
        _on_topics(said, Operation.WRITE)
        | _on_topics(heard, Operation.READ)
        | _on_topics(said | heard, Operation.DESCRIBE)
        | {Right(Resource.GROUP, user, Operation.READ), Right(Resource.GROUP, user, Operation.DESCRIBE)}
        | {Right(Resource.CLUSTER, CLUSTER_NAME, Operation.IDEMPOTENT_WRITE)}
    )
    return tuple(sorted(rights))


def _on_topics(names: Iterable[str], operation: Operation) -> set[Right]:
    return {Right(Resource.TOPIC, name, operation) for name in names}


async def compare(settings: ServiceSettings, principals: Mapping[str, str]) -> list[Standing]:
    """How users (to the principals that brokers call them) stand. Raises `Trouble` where it cannot be seen."""
    async with _Admin(settings) as admin:
        granted = await admin.granted()
    found = []
    for user, principal in principals.items():
        has, needs = granted.get(principal, set()), set(rights_of(user))
        found.append(Standing(principal, tuple(sorted(needs - has)), tuple(sorted(has - needs))))
    return found


async def grant(settings: ServiceSettings, standings: Iterable[Standing]) -> None:
    """Give what is missing; nothing is taken away. Raises `Trouble` where that is not allowed."""
    async with _Admin(settings) as admin:
        for standing in standings:
            for right in standing.missing:
                await admin.allow(standing.principal, right)


async def examine(settings: ServiceSettings) -> tuple[bool, str, str]:
    """For `crosswalk doctor`: whether every user has its rights, in words, and what to do where one has not."""
    try:
        standings = await compare(settings, {user: settings.kafka_principal.replace("{user}", user) for user in USERS})
    except Trouble as trouble:
        return False, str(trouble), "crosswalk acls --help says how."
    lacking = [f"{s.principal} lacks {len(s.missing)}" for s in standings if s.missing]
    words = ", ".join(lacking) or f"{len(USERS)} users have what they need"
    to_do = "crosswalk acls --apply gives them; CROSSWALK_KAFKA_PRINCIPAL says what the brokers call them."
    return not lacking, words, to_do


class _Admin:
    """An operator at the brokers."""

    def __init__(self, settings: ServiceSettings) -> None:
        self.settings = settings
        self._client: Any = None

    async def __aenter__(self) -> "_Admin":
        self._client = AIOKafkaAdminClient(**client_arguments(self.settings), request_timeout_ms=10_000)
        try:
            await self._client.start()
        except (KafkaError, OSError, TimeoutError) as error:
            await self._client.close()
            raise Trouble(
                f"No broker at {self.settings.kafka_bootstrap_servers} lets us in ({error}). "
                "Set CROSSWALK_KAFKA_BOOTSTRAP_SERVERS, CROSSWALK_KAFKA_SECURITY_PROTOCOL and what belongs to it."
            ) from None
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self._client.close()

    async def granted(self) -> dict[str, set[Right]]:
        """All that is allowed to anybody, by principal."""
        answer = await self._client._send_request(DescribeAclsRequest(ANY, None, ANY, None, None, ANY, ANY))  # type: ignore[arg-type]
        _refuse(answer.error_code, answer.error_message)
        found: dict[str, set[Right]] = {}
        for resource, name, pattern, lists in answer.resources:
            for principal, _, operation, permission in lists:
                if permission == ALLOW:
                    right = Right(Resource(resource), name, Operation(operation), pattern == PREFIXED)
                    found.setdefault(principal, set()).add(right)
        return found

    async def allow(self, principal: str, right: Right) -> None:
        """Give one right, from every address."""
        request = CreateAclsRequest(right.resource, right.name, LITERAL, principal, "*", right.operation, ALLOW)
        answer = await self._client._send_request(request)
        for code, words in answer.creation_responses:
            _refuse(code, words)


def _refuse(code: int, words: str | None) -> None:
    if code == NO_AUTHORIZER:
        raise Trouble("The brokers keep no lists: everybody may do everything. Set authorizer.class.name there.")
    if code:
        raise Trouble(f"The brokers do not let this user see or change rights ({words or code}). Come as an operator.")
