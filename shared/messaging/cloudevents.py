"""CloudEvents 1.0 on Kafka (the Kafka protocol binding): written in binary mode, read in binary and structured mode."""

import json
import re
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Protocol
from uuid import NAMESPACE_URL, UUID, uuid5

from shared.events.base import Erasure, Fact
from shared.identity.actor import Actor
from shared.observability.trace import Trace

PREFIX = "ce_"
CONTENT_TYPE = "content-type"
STRUCTURED = "application/cloudevents"
JSON_FORMAT = re.compile(r"application/cloudevents\+json\s*(;|$)", re.IGNORECASE)
NAME = re.compile("[a-z0-9]+")
TEXTS = frozenset({"specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema"})
"""Attributes that are text; extensions may also be whole numbers and truth values."""
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dt\d\d:\d\d:\d\d(\.\d+)?(z|[+-]\d\d:\d\d)", re.IGNORECASE | re.ASCII)
NOT_ALLOWED = re.compile("[\0-\x1f\x7f-\x9f\ud800-\udfff]")


class Record(Protocol):
    """What a Kafka record offers."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes]]: ...


class Unreadable(Exception):
    """A record that is no event; `args[0]` says why."""


@dataclass(frozen=True, slots=True)
class RawEvent:
    """An event as it came: its attributes, its value as bytes of JSON (None: a tombstone), and where it stood."""

    id: UUID
    type: str
    source: str
    subject: str
    time: datetime
    actor: str
    correlation_id: UUID | None
    causation_id: UUID | None
    traceparent: str | None
    value: bytes | None
    topic: str
    partition: int
    offset: int
    received_at: datetime

    def data(self) -> dict[str, Any]:
        """The value, parsed; empty for a tombstone. Raises `Unreadable`."""
        if not self.value:
            return {}
        return _json(self.value, "the value")


def headers_of(fact: Fact, *, id: UUID, time: datetime, actor: Actor, trace: Trace) -> dict[str, str]:
    """The Kafka headers of a fact in binary mode."""
    headers = {
        "ce_specversion": "1.0",
        "ce_id": str(id),
        "ce_source": fact.source,
        "ce_type": fact.type,
        "ce_subject": fact.subject,
        "ce_time": time.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "ce_actor": str(actor),
        "ce_correlationid": str(trace.correlation_id),
    }
    if trace.causation_id:
        headers["ce_causationid"] = str(trace.causation_id)
    if trace.traceparent:
        headers["ce_traceparent"] = trace.traceparent
    if not isinstance(fact, Erasure):
        headers["content-type"] = "application/json"
    return headers


def value_of(fact: Fact) -> bytes | None:
    """The Kafka value of a fact; None is a tombstone."""
    return None if isinstance(fact, Erasure) else fact.model_dump_json().encode()


def read(record: Record, *, received_at: datetime) -> RawEvent:
    """A record as an event. Raises `Unreadable` where it is none."""
    attributes, value = envelope(record)
    return _event(attributes, value, record, received_at)


def envelope(record: Record) -> tuple[dict[str, str], bytes | None]:
    """A record's CloudEvents attributes by name and its data as bytes, from either mode. Raises `Unreadable`."""
    attributes, value = _headers(record.headers), record.value or None
    content_type = attributes.pop(CONTENT_TYPE, "")
    if content_type.lower().startswith(STRUCTURED):
        attributes, value = _structured(content_type, record.value)
    elif content_type:
        attributes["datacontenttype"] = content_type
    _check(attributes)
    return attributes, value


def _headers(headers: Sequence[tuple[str, bytes]]) -> dict[str, str]:
    """The headers that are ours to read, by `_ours`; others may carry whatever they like."""
    ours: dict[str, str] = {}
    for header, value in headers:
        if (name := _ours(header)) is not None:
            try:
                ours[name] = (value or b"").decode()
            except UnicodeDecodeError:
                raise Unreadable(f"the header {header!a} is not UTF-8") from None
    return ours


@lru_cache(maxsize=256)
def _ours(header: str) -> str | None:
    """The attribute that a header carries, or `CONTENT_TYPE`."""
    name = header.lower()
    if name == CONTENT_TYPE:
        return name
    return name.removeprefix(PREFIX) if name.startswith(PREFIX) and name != PREFIX + CONTENT_TYPE else None


def _structured(content_type: str, value: bytes | None) -> tuple[dict[str, str], bytes | None]:
    if not JSON_FORMAT.match(content_type):
        raise Unreadable(f"events are read as application/cloudevents+json, not as {content_type[:80]!a}")
    whole = _json(value or b"", "the structured event")
    data, binary = whole.pop("data", None), whole.pop("data_base64", None)
    attributes = {_name(name): _attribute(name, value) for name, value in whole.items() if value is not None}
    if binary is None:
        return attributes, None if data is None else json.dumps(data).encode()
    if data is not None:
        raise Unreadable("the structured event has both data and data_base64")
    return attributes, _base64(binary)


def _name(name: str) -> str:
    if not NAME.fullmatch(name):
        raise Unreadable(f"{name[:40]!a} is no name of an attribute")
    return name


def _attribute(name: str, value: object) -> str:
    if isinstance(value, str):
        return value
    if name in TEXTS or not isinstance(value, int):
        raise Unreadable(f"the attribute {name} has a value of the wrong kind")
    return str(value).lower()  # true and false as the standard spells them


def _base64(text: Any) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (ValueError, TypeError):
        raise Unreadable("data_base64 is no base64") from None


def _json(value: bytes, what: str) -> dict[str, Any]:
    try:
        parsed = _DECODER.decode(value.decode())
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"{what} is no JSON: {error}") from None
    if not isinstance(parsed, dict):
        raise Unreadable(f"{what} is no JSON object")
    return parsed


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


# Made once: the library makes one for each text that is read with anything of one's own.
_DECODER = json.JSONDecoder(parse_constant=_no_constant)


def _check(attributes: Mapping[str, str]) -> None:
    missing = [name for name in ("specversion", "id", "source", "type") if not attributes.get(name)]
    if missing:
        raise Unreadable(f"not a CloudEvent: {', '.join(missing)} missing")
    if attributes["specversion"] != "1.0":
        raise Unreadable(f"CloudEvents {attributes['specversion'][:20]!a} is not read, only 1.0")
    if empty := [name for name, text in attributes.items() if not text and name in TEXTS]:
        raise Unreadable(f"the attribute {empty[0]} is empty")
    if NOT_ALLOWED.search("".join(attributes.values())):
        raise Unreadable("an attribute holds a character that CloudEvents does not allow")


def _event(attributes: Mapping[str, str], value: bytes | None, record: Record, received_at: datetime) -> RawEvent:
    key = record.key.decode(errors="replace") if record.key else ""
    if NOT_ALLOWED.search(key):
        raise Unreadable("the key holds a character that CloudEvents does not allow in a subject")
    return RawEvent(
        id=_uuid(attributes["id"], attributes["source"]),
        type=attributes["type"],
        source=attributes["source"],
        subject=attributes.get("subject", key),
        time=_time(attributes.get("time"), received_at),
        actor=attributes.get("actor", ""),
        correlation_id=_uuid_or_none(attributes.get("correlationid")),
        causation_id=_uuid_or_none(attributes.get("causationid")),
        traceparent=attributes.get("traceparent"),
        value=value,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        received_at=received_at,
    )


def _uuid(id: str, source: str) -> UUID:
    # Events of others may carry any id; source and id together are unique.
    return _uuid_or_none(id) or uuid5(NAMESPACE_URL, f"{source}#{id}")


def _uuid_or_none(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def _time(text: str | None, otherwise: datetime) -> datetime:
    if not text:
        return otherwise
    try:
        if not RFC_3339.fullmatch(text):
            raise ValueError
        moment = datetime.fromisoformat(text.upper())
        # What lies outside the years 1 to 9999 in UTC cannot be stored.
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Unreadable(f"the time {text[:40]!a} is no RFC 3339 time") from None
