"""The AsyncAPI documents: valid by the official schema, and the same as what is said and heard."""

import json
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from shared.asyncapi import contracts, document, says
from shared.clock import utc_now
from shared.events import FACTS, TOPICS, Erasure, Fact
from shared.migrations import SERVICES
from tests.contracts.examples import example_of
from tests.contracts.test_golden import GOLDEN
from tests.support.asyncapi import disagreements
from tests.support.builders import an_actor
from tests.support.clients import Client
from tests.support.events import a_record

SCHEMA = Path(__file__).parent / "asyncapi" / "3.0.0.json"
DIGEST = "abe96881dbfaad495ccbb6bd8d3fb43ca18a13b9d7564849ccb66f39d5e5b20f"


@pytest.fixture(scope="module")
def official() -> Draft7Validator:
    """The schema of the standard."""
    return Draft7Validator(json.loads(SCHEMA.read_text()))


def as_json(service: str) -> Any:
    return json.loads(json.dumps(document(service)))


@pytest.mark.parametrize("service", SERVICES)
def test_a_document_is_valid_by_the_official_schema(service: str, official: Draft7Validator) -> None:
    errors = [f"{list(error.path)}: {error.message[:200]}" for error in official.iter_errors(as_json(service))]

    assert errors == []


def test_the_official_schema_would_find_a_mistake(official: Draft7Validator) -> None:
    broken = as_json("people")
    next(iter(broken["operations"].values()))["action"] = "try it out"

    assert not official.is_valid(broken)


def test_the_schema_is_the_official_one_unchanged() -> None:
    assert sha256(SCHEMA.read_bytes()).hexdigest() == DIGEST


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda p: p.stem)
def test_every_golden_example_agrees_with_the_document_of_its_producer(path: Path) -> None:
    example = json.loads(path.read_text())
    fact = FACTS[example["type"]]
    headers = headers_of_record(fact)

    value = None if issubclass(fact, Erasure) else example["data"]

    assert disagreements(example["topic"], headers, value) == []


def headers_of_record(fact: type[Fact]) -> dict[str, str]:
    record = a_record(example_of(fact), actor=an_actor(), now=utc_now())
    return {name: value.decode() for name, value in record.headers}


def test_what_is_not_as_the_document_says_is_found() -> None:
    fact = FACTS["referral.sent.v1"]
    headers, value = headers_of_record(fact), example_of(fact).data()

    assert disagreements(fact.topic, headers, value) == []
    assert len(disagreements("people.events.v1", headers | {"ce_id": "7"}, value | {"need": "a yacht"})) == 3
    assert disagreements(fact.topic, headers, {k: v for k, v in value.items() if k != "answer_by"}) != []


@pytest.mark.parametrize("service", SERVICES)
def test_a_document_names_what_the_service_says_and_hears(service: str) -> None:
    operations = document(service)["operations"].values()
    on = import_module(f"services.{service}.consumers").on

    def types(action: str) -> set[str]:
        named = (m["$ref"] for o in operations if o["action"] == action for m in o["messages"])
        return {reference.rpartition("/")[2] for reference in named}

    assert types("send") == {type_ for type_, fact in FACTS.items() if service in says(fact)}
    assert types("receive") == (set(FACTS) if service == "audit" else set(on.types))


def test_each_event_names_its_producer_and_its_consumers() -> None:
    sent = next(contract for contract in contracts() if contract.fact.type == "referral.sent.v1")
    ended = next(contract for contract in contracts() if contract.fact.type == "session.ended.v1")

    assert (sent.producers, sent.consumers) == (("referrals",), ("agreements", "notifications", "audit"))
    assert (ended.producers, ended.consumers) == (("people",), SERVICES)


def test_every_topic_and_every_meaning_is_in_the_log_s_document() -> None:
    whole = document("audit")

    assert {channel["address"] for channel in whole["channels"].values()} == set(TOPICS)
    assert all(message["summary"] for message in whole["components"]["messages"].values())
    answer_by = whole["components"]["schemas"]["ReferralSent"]["properties"]["answer_by"]
    assert answer_by["description"] == "When an answer is due: business days of the district's calendar."


async def test_the_document_and_a_page_of_it_are_served_to_everyone(client_referrals: Client) -> None:
    served = await client_referrals(None).get("/referrals/asyncapi.json")
    shown = await client_referrals(None).get("/referrals/asyncapi")

    assert served.json() == as_json("referrals")
    assert shown.text.count("<h1") == 1
    assert [type_ for type_ in served.json()["components"]["messages"] if f">{type_}<" not in shown.text] == []
    assert "<script" not in shown.text.replace('<script src="/static', "")
