"""AsyncAPI 3 documents made from the code: what a service says and hears on which topic, and who else does."""

import ast
import inspect
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from shared.events import COMPACTED, FACTS, Erasure, Fact, Role, agreements
from shared.messaging.handlers import Handlers
from shared.migrations import SERVICES

VERSION = "3.0.0"
REF = "#/components/schemas/"
HEADERS = "CloudEventHeaders"
TOMBSTONE = {"type": "null", "description": "No value: the end of this key."}


@dataclass(frozen=True, slots=True)
class Contract:
    """One type of event with its producers and its consumers (names of services)."""

    fact: type[Fact]
    producers: tuple[str, ...]
    """Its owner alone, or every service where no single one owns it."""
    consumers: tuple[str, ...]

    @property
    def meaning(self) -> str:
        """What the event says, in one paragraph."""
        return inspect.cleandoc(self.fact.__doc__ or "")


@cache
def contracts() -> tuple[Contract, ...]:
    """Every event of this release, by topic and type."""
    hearing: dict[str, Handlers] = {s: import_module(f"services.{s}.consumers").on for s in SERVICES}
    found = sorted(FACTS.values(), key=lambda fact: (fact.topic, fact.type))
    return tuple(Contract(fact, says(fact), tuple(s for s in SERVICES if hears(hearing[s], fact))) for fact in found)


def says(fact: type[Fact]) -> tuple[str, ...]:
    """The services that say this."""
    owner = fact.source.rpartition("/")[2]
    return (owner,) if owner in SERVICES else SERVICES


def hears(handlers: Handlers, fact: type[Fact]) -> bool:
    """Whether a service does something about this event."""
    return fact.type in handlers.types or fact.topic in handlers.whole_topics


@cache
def document(service: str) -> Mapping[str, Any]:
    """The AsyncAPI document of a service: the events that it says and hears."""
    sent = [contract for contract in contracts() if service in contract.producers]
    heard = [contract for contract in contracts() if service in contract.consumers]
    known = {contract.fact.type: contract for contract in (*sent, *heard)}.values()
    schemas, payloads = _schemas(contract.fact for contract in known)
    return {
        "asyncapi": VERSION,
        "id": f"urn:crosswalk:{service}",
        "info": _info(service),
        "defaultContentType": "application/json",
        "channels": _channels(known),
        "operations": _operations(service, "send", sent) | _operations(service, "receive", heard),
        "components": {
            "messages": {contract.fact.type: _message(contract, payloads) for contract in known},
            "schemas": schemas | {HEADERS: _headers()},
        },
    }


def _info(service: str) -> dict[str, Any]:
    about = import_module(f"services.{service}").__doc__ or ""
    return {
        "title": f"Crosswalk {service}",
        "version": "1",
        "description": (
            f"{inspect.cleandoc(about)}\n\nEvents are CloudEvents 1.0 in Kafka's binary mode: attributes in headers "
            "that begin with ce_, data as JSON in the value. Within a version only optional fields are added; "
            "leave alone the types and fields that you do not know. An event may arrive more than once, with the "
            "same ce_id; events with the same key arrive in order."
        ),
        "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
    }


def _channels(known: Iterable[Contract]) -> dict[str, Any]:
    channels: dict[str, Any] = {}
    for contract in known:
        fact = contract.fact
        channel = channels.setdefault(fact.topic, _channel(fact.topic, contract.producers))
        channel["messages"][fact.type] = {"$ref": f"#/components/messages/{fact.type}"}
    return channels


def _channel(topic: str, producers: Sequence[str]) -> dict[str, Any]:
    compacted = topic in COMPACTED
    kept = "The newest state of each thing, kept for ever." if compacted else "What happened, in order for each thing."
    policy = {"cleanup.policy": ["compact" if compacted else "delete"]}
    return {
        "address": topic,
        "description": f"{kept} Written by {', '.join(producers)}.",
        "messages": {},
        "bindings": {"kafka": {"topicConfiguration": policy, "bindingVersion": "0.5.0"}},
    }


def _operations(service: str, action: str, of: Iterable[Contract]) -> dict[str, Any]:
    by_topic: dict[str, list[str]] = {}
    for contract in of:
        by_topic.setdefault(contract.fact.topic, []).append(contract.fact.type)
    binding = {"groupId": {"type": "string", "enum": [service]}} if action == "receive" else {}
    return {
        f"{action}.{topic}": {
            "action": action,
            "channel": {"$ref": f"#/channels/{topic}"},
            "messages": [{"$ref": f"#/channels/{topic}/messages/{type_}"} for type_ in types],
            "bindings": {"kafka": binding | {"bindingVersion": "0.5.0"}},
        }
        for topic, types in by_topic.items()
    }


def _message(contract: Contract, payloads: Mapping[type[Fact], dict[str, Any]]) -> dict[str, Any]:
    fact = contract.fact
    sources = sorted({fact.source, *(f"/services/{service}" for service in contract.producers)})
    this = {"type": "object", "properties": {"ce_type": {"const": fact.type}, "ce_source": {"enum": sources}}}
    return {
        "name": fact.type,
        "title": fact.__name__,
        "summary": contract.meaning.split("\n\n")[0],
        "description": contract.meaning,
        "contentType": "application/json",
        "headers": {"allOf": [{"$ref": REF + HEADERS}, this]},
        "payload": payloads.get(fact, TOMBSTONE),
        "correlationId": {"location": "$message.header#/ce_correlationid"},
        "bindings": {"kafka": {"key": {"type": "string", "description": fact.key}, "bindingVersion": "0.5.0"}},
        "x-produced-by": list(contract.producers),
        "x-consumed-by": list(contract.consumers),
    }


def _schemas(facts: Iterable[type[Fact]]) -> tuple[dict[str, Any], dict[type[Fact], dict[str, Any]]]:
    """The named schemas, and for each fact that has a value the schema of it."""
    with_value = [fact for fact in facts if not issubclass(fact, Erasure)]
    by_model, whole = models_json_schema([(f, "serialization") for f in with_value], ref_template=REF + "{model}")
    named: dict[str, Any] = whole.get("$defs", {})
    parts: tuple[type[BaseModel], ...] = (*with_value, Role, agreements.Contact)
    models = {model.__name__: model for model in parts}
    for name in models.keys() & named.keys():
        _describe(named[name], models[name])
    return named, {fact: dict(by_model[(fact, "serialization")]) for fact in with_value}


def _describe(schema: dict[str, Any], model: type[BaseModel]) -> None:
    """Give the fields of a schema the words that stand under them in the class."""
    for base in reversed(model.__mro__):
        if issubclass(base, BaseModel) and base is not BaseModel:
            for name, words in _words_of(base).items():
                if name in schema.get("properties", {}):
                    schema["properties"][name].setdefault("description", words)


def _words_of(model: type[BaseModel]) -> dict[str, str]:
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(model))).body
    assert isinstance(tree, ast.ClassDef)
    return {
        field.target.id: inspect.cleandoc(words.value.value)
        for field, words in zip(tree.body, tree.body[1:], strict=False)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(words, ast.Expr)
        and isinstance(words.value, ast.Constant)
        and isinstance(words.value.value, str)
    }


def _headers() -> dict[str, Any]:
    """What stands in the headers of every event."""
    text, uuid = {"type": "string", "minLength": 1}, {"type": "string", "format": "uuid"}
    return {
        "type": "object",
        "description": "CloudEvents 1.0 attributes of the Kafka binding's binary mode.",
        "required": ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_subject", "ce_time", "ce_actor"],
        "properties": {
            "ce_specversion": {"const": "1.0"},
            "ce_id": uuid | {"description": "UUIDv7; the same however often the event arrives."},
            "ce_source": text | {"description": "The service that says it."},
            "ce_type": text | {"description": "What happened, with the version of the contract."},
            "ce_subject": text | {"description": "The id of the thing it happened to; also the Kafka key."},
            "ce_time": {"type": "string", "format": "date-time", "description": "When it happened, in UTC."},
            "ce_actor": text | {"description": "Who did it: person:<id>, system:<service>, or who else."},
            "ce_correlationid": uuid | {"description": "The same for all that one request set off."},
            "ce_causationid": uuid | {"description": "The event that caused this one."},
            "ce_traceparent": text | {"description": "W3C Trace Context."},
            "content-type": {"const": "application/json"},
        },
    }
