"""Every fact has an owner who emits it and a place where it is heard; every subscription is a safe one."""

import ast
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest
from faststream import AckPolicy
from faststream.kafka import KafkaBroker

from shared.events import COMPACTED, FACTS, TOPICS, Fact, operations
from shared.messaging.handlers import Handlers
from shared.messaging.worker import Worker
from shared.migrations import SERVICES
from shared.settings import ServiceSettings

ROOT = Path(__file__).parents[2]


def handlers_of(service: str) -> Handlers:
    on: Handlers = import_module(f"services.{service}.consumers").on
    return on


@cache
def names_used_in(folder: Path) -> set[str]:
    names: set[str] = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Name):
                names.add(node.id)
            elif isinstance(node, ast.Attribute):
                names.add(node.attr)
    return names


@pytest.mark.parametrize("fact", FACTS.values(), ids=FACTS)
def test_a_fact_is_documented_and_emitted_by_its_owner(fact: type[Fact]) -> None:
    owner = fact.source.removeprefix("/services/")
    folder = "shared/messaging" if owner == "operations" else f"services/{owner}"

    assert (fact.__doc__ or "").strip()
    assert fact.__name__ in names_used_in(ROOT / folder)


def test_every_topic_has_a_consumer_besides_the_log() -> None:
    heard = {topic for service in SERVICES if service != "audit" for topic in handlers_of(service).topics}

    assert set(TOPICS) - heard == {operations.EVENTS}


def test_the_log_hears_every_topic() -> None:
    assert set(handlers_of("audit").topics) == set(TOPICS)


@pytest.mark.parametrize("service", SERVICES)
def test_only_states_that_a_service_hears_have_editions(service: str) -> None:
    handlers = handlers_of(service)

    assert set(handlers.editions) <= COMPACTED & set(handlers.topics)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_hears_when_sessions_end(service: str) -> None:
    assert "session.ended.v1" in handlers_of(service).types


@pytest.mark.parametrize("service", SERVICES)
def test_a_subscriber_begins_at_the_beginning_and_commits_only_by_hand(service: str) -> None:
    settings = ServiceSettings(service=service)
    worker = Worker(settings, handlers=handlers_of(service))

    subscriber = worker._subscribe(KafkaBroker())

    arguments = subscriber._connection_args
    assert arguments["auto_offset_reset"] == "earliest"
    assert arguments["enable_auto_commit"] is False
    assert subscriber.ack_policy is AckPolicy.MANUAL
    assert subscriber.group_id == service
