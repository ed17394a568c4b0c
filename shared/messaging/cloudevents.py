"""CloudEvents 1.0 on Kafka (the Kafka protocol binding): written in binary mode, read in binary and structured mode."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import NAMESPACE_URL, UUID, uuid5

from shared.events.base import Erasure, Fact
from shared.identity.actor import Actor
from shared.observability.trace import Trace

PREFIX = "ce_"
STRUCTURED = "application/cloudevents"


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
        try:
            parsed = json.loads(self.value)
        except (ValueError, RecursionError) as error:
            raise Unreadable(f"the value is no JSON: {error}") from None
        if not isinstance(parsed, dict):
            raise Unreadable("the value is no JSON object")
        return parsed


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
    headers = _decoded(record.headers)
    if headers.get("content-type", "").lower().startswith(STRUCTURED):
        attributes, value = _structured(record.value)
    else:
        attributes = {k.removeprefix(PREFIX): v for k, v in headers.items() if k.startswith(PREFIX)}
        value = record.value or None
    return _event(attributes, value, record, received_at)


def _decoded(headers: Sequence[tuple[str, bytes]]) -> dict[str, str]:
    try:
        return {name.lower(): (value or b"").decode() for name, value in headers}
    except UnicodeDecodeError:
        raise Unreadable("a header is not UTF-8") from None


def _structured(value: bytes | None) -> tuple[dict[str, str], bytes | None]:
    try:
        whole = json.loads(value or b"")
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"the structured event is no JSON: {error}") from None
    if not isinstance(whole, dict):
        raise Unreadable("the structured event is no JSON object")
    data = whole.pop("data", None)
    attributes = {k: str(v) for k, v in whole.items() if isinstance(v, str | int | bool)}
    return attributes, None if data is None else json.dumps(data).encode()


def _event(attributes: Mapping[str, str], value: bytes | None, record: Record, received_at: datetime) -> RawEvent:
    missing = [name for name in ("specversion", "id", "source", "type") if not attributes.get(name)]
    if missing:
        raise Unreadable(f"not a CloudEvent: {', '.join(missing)} missing")
    key = record.key.decode(errors="replace") if record.key else ""
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
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Unreadable(f"ce_time {text!r} is no RFC 3339 time") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
