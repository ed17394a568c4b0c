"""The official CloudEvents scenarios of the Kafka binding, against our own reader and writer."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from pytest_bdd import given, scenarios, then, when

from shared.messaging.cloudevents import RawEvent, envelope, read
from tests.support.events import KafkaRecord

FEATURE = Path(__file__).parent / "cloudevents" / "kafka-protocol-binding.feature"
DIGEST = "a3e6f08bde13e4b219f13036ef4da168f2e797e525c05f244c80767939251865"

scenarios(str(FEATURE))


@dataclass
class Parsed:
    """What a scenario builds up and looks at."""

    record: KafkaRecord = field(default_factory=lambda: KafkaRecord("others.events.v1", None, None, []))
    attributes: dict[str, str] = field(default_factory=dict)
    event: RawEvent | None = None


@pytest.fixture
def parsed() -> Parsed:
    return Parsed()


def rows(datatable: list[list[str]]) -> dict[str, str]:
    """A table of keys and values, without its head."""
    return {key: value for key, value in datatable[1:]}  # noqa: C416


@given("Kafka Protocol Binding is supported")
def supported() -> None:
    assert callable(read)


@given("a Kafka message with payload:")
def payload(parsed: Parsed, docstring: str) -> None:
    parsed.record.value = docstring.encode()


@given("Kafka headers:")
def headers(parsed: Parsed, datatable: list[list[str]]) -> None:
    parsed.record.headers = [(name, value.encode()) for name, value in rows(datatable).items()]


@when("parsed as Kafka message")
def parse(parsed: Parsed) -> None:
    parsed.attributes, _ = envelope(parsed.record)
    parsed.event = read(parsed.record, received_at=datetime.now(UTC))


@then("the attributes are:")
def the_attributes_are(parsed: Parsed, datatable: list[list[str]]) -> None:
    assert parsed.attributes == rows(datatable)
    assert parsed.event is not None
    assert (parsed.event.type, parsed.event.source) == ("com.example.someevent", "/mycontext/subcontext")
    assert parsed.event.time == datetime.fromisoformat(parsed.attributes["time"])


@then("the data is equal to the following JSON:")
def the_data_is(parsed: Parsed, docstring: str) -> None:
    assert parsed.event is not None
    assert parsed.event.data() == json.loads(docstring)


def test_the_scenarios_are_the_official_ones_unchanged() -> None:
    assert sha256(FEATURE.read_bytes()).hexdigest() == DIGEST
