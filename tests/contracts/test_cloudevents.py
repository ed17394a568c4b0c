"""Events in both modes of the Kafka binding: what is written is read, what is bad is refused with a reason."""

import json
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import pytest
from sqlalchemy import select

from shared.db import Database
from shared.events import FACTS, people
from shared.messaging.cloudevents import Unreadable, read
from shared.messaging.consume import Consumer
from shared.messaging.handlers import Handlers
from shared.messaging.tables import parked
from tests.contracts.examples import example_of
from tests.support.builders import an_actor
from tests.support.events import KafkaRecord, a_record

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TOPIC = "others.events.v1"
STRUCTURED = b"application/cloudevents+json; charset=utf-8"
LEAST = {"specversion": "1.0", "id": "7", "source": "/elsewhere", "type": "school.painted.v3"}


def binary(value: bytes | None = b"{}", **attributes: bytes) -> KafkaRecord:
    """A record in binary mode; `attributes` replace or add to the least there is."""
    whole = {name: text.encode() for name, text in LEAST.items()} | attributes
    headers = [(f"ce_{name}", text) for name, text in whole.items()]
    return KafkaRecord(TOPIC, b"the gym", value, [*headers, ("content-type", b"application/json")])


def structured(event: Any, content_type: bytes = STRUCTURED) -> KafkaRecord:
    """A record in structured mode; what is not bytes yet is written as JSON."""
    value = event if isinstance(event, bytes) else json.dumps(event).encode()
    return KafkaRecord(TOPIC, b"the gym", value, [("Content-Type", content_type)])


def in_structured_mode(record: KafkaRecord) -> KafkaRecord:
    """The same event in the other mode."""
    attributes = {name.removeprefix("ce_"): text.decode() for name, text in record.headers if name.startswith("ce_")}
    data = {} if record.value is None else {"data": json.loads(record.value)}
    return KafkaRecord(record.topic, record.key, json.dumps(attributes | data).encode(), [("content-type", STRUCTURED)])


@pytest.mark.parametrize("type_", FACTS)
def test_every_fact_reads_the_same_in_both_modes(type_: str) -> None:
    fact, actor = example_of(FACTS[type_]), an_actor()
    record = a_record(fact, actor=actor, now=NOW)

    one, other = (read(r, received_at=NOW) for r in (record, in_structured_mode(record)))

    for event in (one, other):
        assert (event.type, event.source, event.subject) == (type_, fact.source, fact.subject)
        assert (event.time, event.actor, str(event.id)) == (NOW, str(actor), dict(record.headers)["ce_id"].decode())
        assert event.data() == (json.loads(record.value) if record.value else {})
    assert one.correlation_id == other.correlation_id is not None


def test_an_event_with_the_least_there_may_be_is_read() -> None:
    for record in (binary(), structured(LEAST)):
        event = read(record, received_at=NOW)

        assert (event.type, event.subject, event.time) == ("school.painted.v3", "the gym", NOW)
        assert event.id == uuid5(NAMESPACE_URL, "/elsewhere#7")


def test_an_id_that_is_a_uuid_stays_as_it_is() -> None:
    id = "0199aa00-0000-7000-8000-000000000001"

    assert read(binary(id=id.encode()), received_at=NOW).id == UUID(id)


def test_headers_of_others_and_extensions_of_every_kind_do_no_harm() -> None:
    record = binary(colour="grün".encode())
    record.headers.append(("x-signature", b"\xff\xfe\x00"))

    assert read(record, received_at=NOW).type == "school.painted.v3"
    event = structured(LEAST | {"sampled": True, "rank": 7, "colour": "grün", "nothing": None})
    assert read(event, received_at=NOW).type == "school.painted.v3"


def test_binary_data_in_structured_mode_is_read() -> None:
    data = b64encode(b'{"color": "green"}').decode()

    event = read(structured(LEAST | {"data_base64": data}), received_at=NOW)

    assert event.data() == {"color": "green"}


@pytest.mark.parametrize("time", ["2018-04-05T03:56:24Z", "2018-04-05t05:56:24.0000004+02:00", "2018-04-05T03:56:24z"])
def test_times_are_read_as_rfc_3339_writes_them(time: str) -> None:
    event = read(binary(time=time.encode()), received_at=NOW)

    assert event.time == datetime(2018, 4, 5, 3, 56, 24, tzinfo=UTC)


BAD_TIMES = (
    "lunchtime", "2018-04-05", "20180405T035624Z", "2018-04-05T18:31Z", "2018-04-05T18:31:00", "2018-W01-1",
    "2018-04-05T18:31:00+05", "2018-04-05T18:31:00+25:00", "2018-13-05T18:31:00Z", "0001-01-01T00:00:00+23:59",
)  # fmt: skip

BAD: dict[str, tuple[KafkaRecord, str]] = {
    "no headers at all": (KafkaRecord(TOPIC, None, b"{}", []), "specversion, id, source, type missing"),
    "no id": (binary(id=b""), "id missing"),
    "another version": (binary(specversion=b"0.3"), "'0.3' is not read"),
    "a header that is no text": (binary(type=b"\xff\xfe"), "'ce_type' is not UTF-8"),
    "a NUL in an attribute": (binary(subject=b"a\0b"), "does not allow"),
    "a line break in an attribute": (binary(actor=b"a\nb"), "does not allow"),
    "an empty subject": (binary(subject=b""), "subject is empty"),
    "a NUL in the key": (KafkaRecord(TOPIC, b"a\0", b"{}", binary().headers), "the key"),
    "no JSON": (structured(b"\xff{"), "is no JSON"),
    "cut off": (structured(json.dumps(LEAST).encode()[:-5]), "is no JSON"),
    "nothing": (structured(b""), "is no JSON"),
    "no object": (structured([LEAST]), "no JSON object"),
    "nested too deep": (structured(b'{"data":' * 100_000), "is no JSON"),
    "a number that is none": (structured(b'{"rank": NaN}'), "NaN"),
    "an endless number": (structured(b'{"rank": ' + b"1" * 5000 + b"}"), "is no JSON"),
    "a batch": (structured([LEAST], b"application/cloudevents-batch+json"), "not as"),
    "another format": (structured(b"\0\1", b"application/cloudevents+avro"), "not as"),
    "an id that is a number": (structured(LEAST | {"id": 25}), "the attribute id"),
    "an extension that is a fraction": (structured(LEAST | {"rank": 1.5}), "the attribute rank"),
    "an extension that is an object": (structured(LEAST | {"place": {}}), "the attribute place"),
    "a name in capitals": (structured(LEAST | {"MyExtension": "x"}), "no name of an attribute"),
    "half a character": (structured(LEAST | {"subject": "\ud800"}), "does not allow"),
    "data twice": (structured(LEAST | {"data": 1, "data_base64": "e30="}), "both"),
    "data that is no base64": (structured(LEAST | {"data_base64": "!"}), "no base64"),
    "binary data that is a number": (structured(LEAST | {"data_base64": 5}), "no base64"),
    **{f"the time {text}": (binary(time=text.encode()), "RFC 3339") for text in BAD_TIMES},
}


@pytest.mark.parametrize(("record", "reason"), BAD.values(), ids=BAD)
def test_what_is_no_event_is_refused_with_a_reason(record: KafkaRecord, reason: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read(record, received_at=NOW)

    assert reason in refused.value.args[0]
    assert refused.value.args[0].isprintable()


@pytest.mark.parametrize("value", [b"[1]", b'"text"', b"7", b"\xff", b'{"a": Infinity}', b"[" * 100_000])
def test_data_that_is_no_json_object_is_refused_with_a_reason(value: bytes) -> None:
    event = read(binary(value), received_at=NOW)

    with pytest.raises(Unreadable, match="the value is no JSON"):
        event.data()


async def test_bad_records_are_parked_with_their_reasons_and_hold_up_nobody(db_core: Database) -> None:
    heard: list[str] = []
    on = Handlers("tests")

    @on(people.SchoolChanged)
    async def keep(session: Any, event: Any) -> None:
        heard.append(event.fact.name)

    bad = [KafkaRecord(TOPIC, b.key, b.value, b.headers, 0, place) for place, (b, _) in enumerate(BAD.values())]
    good = a_record(people.SchoolChanged(school_id=UUID(int=1), name="Elm"), offset=len(bad))

    for record in (*bad, good):
        # Each by a consumer of its own: so many in a row would apply the brake.
        await Consumer(db_core, on).take([record])

    assert heard == ["Elm"]
    async with db_core.transaction() as session:
        reasons = (await session.execute(select(parked.c.reason))).scalars().all()
    assert reasons == ["unreadable"] * len(bad)
