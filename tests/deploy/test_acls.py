"""Kafka with TLS, passwords and lists: each service can do its work, and nothing else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    KafkaError,
    TopicAuthorizationFailedError,
)
from pydantic import ValidationError
from sqlalchemy import select
from typer.testing import CliRunner

from deploy.acls import OPERATOR, SCALER, USERS, Operation, Resource, Right, examine, rights_of
from deploy.cli import app
from deploy.lag import held_records
from deploy.topics import KEPT, survey
from deploy.trouble import Trouble
from services.audit.models import entries
from services.audit.worker import worker as audit_worker
from services.people.worker import worker as people_worker
from shared.clock import utc_now
from shared.db import Database
from shared.events import TOPICS, agreements, notifications, operations, people, referrals
from shared.identity.actor import system
from shared.messaging import topics
from shared.messaging.connection import client_arguments
from shared.messaging.outbox import emit
from shared.messaging.worker import Worker
from shared.migrations import SERVICES
from shared.settings import ServiceSettings
from tests.shared.test_worker import until
from tests.support.builders import a_school
from tests.support.databases import settings_of
from tests.support.secured import ADMIN, STRANGER, Secured, secured

__all__ = ["secured"]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def granted(secured: Secured) -> Secured:
    """The same after the operator gave everybody their rights and made the topics."""
    done = await crosswalk(secured, ADMIN, "acls", "--apply")
    assert done.exit_code == 0, done.output
    await topics.create(ServiceSettings(service="operator", **secured.entry(ADMIN)))
    return secured


async def crosswalk(kafka: Secured, user: str, *arguments: str, **changes: Any) -> Any:
    """The command line, as somebody who comes as this user."""
    return await asyncio.to_thread(lambda: CliRunner().invoke(app, arguments, env=kafka.environment(user, **changes)))


def come(kafka: Secured, user: str, **changes: Any) -> dict[str, Any]:
    """The arguments of a client that comes as this user."""
    return client_arguments(ServiceSettings(service="tests", **kafka.entry(user, **changes)))


@asynccontextmanager
async def consuming(*names: str, **arguments: Any) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(*names, auto_offset_reset="earliest", **arguments)
    try:
        await consumer.start()
        yield consumer
    finally:
        await consumer.stop()


async def send(topic: str, **arguments: Any) -> None:
    producer = AIOKafkaProducer(acks="all", request_timeout_ms=5000, **arguments)
    try:
        await producer.start()
        await producer.send_and_wait(topic, b"{}", key=b"1")
    finally:
        await producer.stop()


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_may_write_what_it_says_and_read_what_it_hears(service: str) -> None:
    rights = rights_of(service)

    written = {right.name for right in rights if right.operation is Operation.WRITE}
    groups = {right.name for right in rights if right.resource is Resource.GROUP}
    assert {topic for topic in written if topic != operations.EVENTS} == {
        topic for topic in TOPICS if topic.startswith(f"{service}.")
    }
    assert groups == {service}
    assert not {right for right in rights if right.prefixed or right.operation is Operation.ALL}


def test_only_those_who_project_people_may_read_their_names() -> None:
    readers = {
        user for user in USERS if Right(Resource.TOPIC, people.PERSONS, Operation.READ) in rights_of(user)
    }  # fmt: skip

    assert readers == {"agreements", "audit", "notifications", "referrals"}
    assert {right.operation for right in rights_of(SCALER)} == {Operation.DESCRIBE}


async def test_of_a_user_without_rights_the_list_says_what_lacks_and_a_worker_what_to_do(granted: Secured) -> None:
    checked = await crosswalk(granted, ADMIN, "acls", "people", "--check", "--principal", "User:new-{user}")
    with pytest.raises(TimeoutError) as refused:
        await topics.create(ServiceSettings(service="people", **granted.entry(STRANGER)), deadline=3)

    assert checked.exit_code == 1
    assert f"User:new-people lacks {len(rights_of('people'))} rights:" in checked.output
    assert "may use none of the topics" in str(refused.value)
    assert "crosswalk acls --apply" in str(refused.value)


async def test_a_service_that_may_not_make_topics_waits_for_those_of_the_operator(granted: Secured) -> None:
    await topics.create(ServiceSettings(service="people", **granted.entry("people")), deadline=10)

    checked = await crosswalk(granted, ADMIN, "acls", "--check")
    well, words, _ = await examine(ServiceSettings(service="operator", **granted.entry(ADMIN)))

    assert (checked.exit_code, well, words) == (0, True, "6 users have what they need")
    assert checked.output.count("has just what it needs") == len(USERS)


async def test_users_are_looked_for_by_the_name_that_the_brokers_call_them(granted: Secured) -> None:
    called = {"kafka_principal": "User:city-{user}"}
    settings = ServiceSettings(service="operator", **granted.entry(ADMIN, **called))

    before, words, to_do = await examine(settings)
    given = await crosswalk(granted, ADMIN, "acls", "--apply", **called)
    after, *_ = await examine(settings)

    assert (before, given.exit_code, after) == (False, 0, True)
    assert f"User:city-people lacks {len(rights_of('people'))}" in words
    assert "CROSSWALK_KAFKA_PRINCIPAL" in to_do


async def test_with_the_rights_of_an_operator_everything_can_be_looked_at_and_nothing_changed(granted: Secured) -> None:
    given = await crosswalk(granted, ADMIN, "acls", OPERATOR, "--apply")
    settings = ServiceSettings(service="operator", **granted.entry(OPERATOR))

    lag = await crosswalk(granted, OPERATOR, "lag")
    well, *_ = await examine(settings)
    standings = await survey(settings)

    assert (given.exit_code, lag.exit_code, well) == (0, 0, True), given.output + lag.output
    assert all(len(standing.config) == len(KEPT) for standing in standings)
    assert await held_records(settings) >= 0
    assert {right.operation for right in rights_of(OPERATOR)} == {
        Operation.READ, Operation.DESCRIBE, Operation.DESCRIBE_CONFIGS,
    }  # fmt: skip


async def test_with_just_its_own_rights_a_service_publishes_and_another_hears_it(
    granted: Secured, postgres: str, data_dir: Path, db_people: Database, db_audit: Database
) -> None:
    school = a_school()
    workers = [
        people_worker(settings_of("people", postgres, data_dir, **granted.entry("people"))),  # type: ignore[arg-type]
        audit_worker(settings_of("audit", postgres, data_dir, **granted.entry("audit"))),  # type: ignore[arg-type]
    ]
    async with db_people.transaction() as session:
        await emit(session, school, actor=system("people"), now=utc_now())

    async with _working(*workers):
        await until(lambda: _logged(db_audit, school.subject))
        await until(lambda: _committed(granted, "audit", people.SCHOOLS))

    assert not workers[0].restarts
    assert not workers[1].restarts


@asynccontextmanager
async def _working(*workers: Worker) -> AsyncIterator[None]:
    stop = asyncio.Event()
    running = [asyncio.create_task(worker.run(stop)) for worker in workers]
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(asyncio.gather(*running), 20)


async def _logged(db: Database, subject: str) -> bool:
    async with db.transaction() as session:
        found = await session.execute(select(entries.c.subject).where(entries.c.subject == subject))
        return found.first() is not None


async def _committed(kafka: Secured, group: str, topic: str) -> bool:
    admin = AIOKafkaAdminClient(**come(kafka, ADMIN))
    await admin.start()
    try:
        offsets = await admin.list_consumer_group_offsets(group)
        return any(place.topic == topic and known.offset > 0 for place, known in offsets.items())
    finally:
        await admin.close()


@pytest.mark.parametrize(
    ("user", "topic"),
    [
        (OPERATOR, people.EVENTS),
        ("people", referrals.EVENTS),
        ("people", notifications.EVENTS),
        ("referrals", people.PERSONS),
        ("audit", people.EVENTS),
        (SCALER, people.EVENTS),
    ],
)
async def test_nobody_speaks_for_another_service(granted: Secured, user: str, topic: str) -> None:
    for idempotent in (False, True):
        with pytest.raises((TopicAuthorizationFailedError, ClusterAuthorizationFailedError)):
            await asyncio.wait_for(send(topic, enable_idempotence=idempotent, **come(granted, user)), 10)


@pytest.mark.parametrize("user", ["people", SCALER])
async def test_who_may_look_at_a_topic_may_not_therefore_read_it(granted: Secured, user: str) -> None:
    assert Right(Resource.TOPIC, people.PERSONS, Operation.READ) not in rights_of(user)
    async with consuming(**come(granted, user)) as consumer:
        consumer.assign([TopicPartition(people.PERSONS, 0)])

        with pytest.raises(TopicAuthorizationFailedError):
            await asyncio.wait_for(consumer.getone(), 20)


@pytest.mark.parametrize("user", SERVICES)
async def test_topics_that_a_service_neither_says_nor_hears_are_hidden_from_it(granted: Secured, user: str) -> None:
    known = {right.name for right in rights_of(user) if right.resource is Resource.TOPIC}
    admin = AIOKafkaAdminClient(**come(granted, user))
    await admin.start()
    try:
        described = {topic["topic"]: topic["error_code"] for topic in await admin.describe_topics(list(TOPICS))}
    finally:
        await admin.close()

    assert described == {topic: 0 if topic in known else TopicAuthorizationFailedError.errno for topic in TOPICS}


async def test_nobody_takes_part_in_another_services_group(granted: Secured) -> None:
    with pytest.raises(GroupAuthorizationFailedError):
        async with asyncio.timeout(10), consuming(agreements.PROGRAMS, group_id="audit", **come(granted, "people")):
            pass


@pytest.mark.parametrize(
    "changes",
    [
        {"kafka_password_file": None, "kafka_password": "wrong"},
        {"kafka_ca_file": None},
        {"kafka_security_protocol": "PLAINTEXT"},
        {"kafka_security_protocol": "SASL_PLAINTEXT"},
    ],
    ids=["wrong password", "unknown authority", "no TLS", "no TLS with a password"],
)
async def test_without_password_or_tls_nobody_comes_in(granted: Secured, changes: dict[str, Any]) -> None:
    admin = AIOKafkaAdminClient(**come(granted, ADMIN, **changes), request_timeout_ms=2000)

    with pytest.raises(KafkaError):
        await admin.start()

    await admin.close()


async def test_brokers_that_ask_for_a_certificate_are_shown_one(granted: Secured) -> None:
    entry = {
        "kafka_bootstrap_servers": granted.mutual,
        "kafka_security_protocol": "SSL",
        "kafka_ca_file": granted.folder / "ca.pem",
    }
    with_one = client_arguments(
        ServiceSettings(service="tests", **entry, kafka_cert_file=granted.folder / "client.pem")  # type: ignore[arg-type]
    )
    without = client_arguments(ServiceSettings(service="tests", **entry))  # type: ignore[arg-type]

    admin = AIOKafkaAdminClient(**with_one)
    await admin.start()
    described = await admin.describe_cluster()
    await admin.close()
    with pytest.raises(KafkaError):
        await AIOKafkaAdminClient(**without, request_timeout_ms=2000).start()

    assert described["cluster_id"]


async def test_a_service_cannot_give_itself_rights(granted: Secured) -> None:
    asked = await crosswalk(granted, "people", "acls", "--apply")

    assert asked.exit_code == 1
    assert isinstance(asked.exception, Trouble)
    assert "Come as an operator" in str(asked.exception)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"kafka_security_protocol": "SASL_SSL"}, "CROSSWALK_KAFKA_PASSWORD_FILE"),
        ({"kafka_ca_file": "/nowhere.pem"}, "kafka_ca_file"),
        (
            {
                "kafka_security_protocol": "SASL_PLAINTEXT",
                "kafka_sasl_mechanism": "PLAIN",
                "kafka_password": "known to all",
            },
            "SASL_SSL",
        ),
    ],
)
def test_settings_that_cannot_work_are_refused_at_the_start(settings: dict[str, str], words: str) -> None:
    with pytest.raises(ValidationError, match=words) as refused:
        ServiceSettings(service="people", **settings)  # type: ignore[arg-type]

    assert "known to all" not in str(refused.value)


def test_the_password_is_not_shown_with_the_settings() -> None:
    settings = ServiceSettings(service="people", kafka_security_protocol="SASL_SSL", kafka_password="secret")

    assert "secret" not in repr(settings)
