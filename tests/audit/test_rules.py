"""What a leaf commits to, and what an entry is about."""

from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest

from services.audit.rules import Content, canonical, keeps_its_data, leaf, open_digest, sealed_digest, things

DATA = '{"referral_id": "019a0000-0000-7000-8000-00000000000a", "words": "é"}'
CONTENT = Content(
    event_id=UUID("019a0000-0000-7000-8000-000000000001"),
    type="referral.submitted.v1",
    source="/services/referrals",
    subject="019a0000-0000-7000-8000-00000000000a",
    topic="referrals.events.v1",
    partition=2,
    offset=41,
    time=datetime(2026, 11, 21, 12, 4, 5, tzinfo=timezone(timedelta(hours=-5))),
    received_at=datetime(2026, 11, 21, 17, 4, 5, 1500, tzinfo=UTC),
    actor="person:019a0000-0000-7000-8000-0000000000aa",
    correlation_id=UUID("019a0000-0000-7000-8000-0000000000c0"),
    causation_id=None,
    digest=open_digest(DATA.encode()),
    data=DATA,
)


def test_a_leaf_has_the_documented_form() -> None:
    form = (
        '{"actor":"person:019a0000-0000-7000-8000-0000000000aa","causation":null,'
        '"correlation":"019a0000-0000-7000-8000-0000000000c0",'
        '"digest":"' + sha256(DATA.encode()).hexdigest() + '",'
        '"id":"019a0000-0000-7000-8000-000000000001","offset":41,"partition":2,'
        '"received":"2026-11-21T17:04:05.001500Z","seq":7,"source":"/services/referrals",'
        '"subject":"019a0000-0000-7000-8000-00000000000a","time":"2026-11-21T17:04:05.000000Z",'
        '"topic":"referrals.events.v1","type":"referral.submitted.v1","v":1}'
    ).encode()

    assert canonical(7, CONTENT) == form
    assert leaf(7, CONTENT) == sha256(b"\x00" + form).digest()


CHANGES: dict[str, Any] = {
    "event_id": UUID(int=1),
    "type": "referral.accepted.v1",
    "source": "/services/people",
    "subject": "another",
    "topic": "people.events.v1",
    "partition": 3,
    "offset": 42,
    "time": CONTENT.time + timedelta(microseconds=1),
    "received_at": CONTENT.received_at + timedelta(microseconds=1),
    "actor": "system:referrals",
    "correlation_id": None,
    "causation_id": UUID(int=2),
    "digest": None,
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_leaf_changes_with_every_attribute(name: str) -> None:
    changed = CONTENT._replace(**{name: CHANGES[name]})

    assert leaf(7, changed) != leaf(7, CONTENT)


def test_a_leaf_changes_with_its_place() -> None:
    assert leaf(7, CONTENT) != leaf(8, CONTENT)


def test_every_attribute_but_the_data_is_tried_above() -> None:
    assert set(Content._fields) == {*CHANGES, "data"}


def test_odd_characters_are_written_as_the_canonical_form_says() -> None:
    odd = CONTENT._replace(subject='a"b\\c\u0007\n\u20ac\U0001f600')

    assert '"subject":"a\\"b\\\\c\\u0007\\n\u20ac\U0001f600"'.encode() in canonical(0, odd)


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({}, True),
        ({"data": DATA + " "}, False),
        ({"data": None}, False),
        ({"data": None, "digest": None}, True),
        ({"digest": None}, False),
        ({"topic": "people.persons.v1"}, False),
        ({"topic": "people.persons.v1", "data": None}, True),
    ],
)
def test_data_stand_where_they_must_and_fit_their_digest(changes: dict[str, Any], kept: bool) -> None:
    assert keeps_its_data(CONTENT._replace(**changes)) is kept


def test_a_sealed_digest_differs_with_the_salt() -> None:
    assert sealed_digest(b"a" * 16, b"{}") != sealed_digest(b"b" * 16, b"{}")
    assert sealed_digest(b"a" * 16, b"{}") == sha256(b"a" * 16 + b"{}").digest()


def test_an_entry_is_about_its_subject_and_every_id_in_its_data() -> None:
    first, second = UUID(int=2**100 + 1), UUID(int=2**100 + 2)
    content = CONTENT._replace(data=f'{{"a": "{first}", "many": ["{second}", "{first}"], "n": 1}}')

    assert things(content) == [UUID(CONTENT.subject), first, second]


def test_a_sealed_entry_is_about_its_subject_only() -> None:
    assert things(CONTENT._replace(data=None)) == [UUID(CONTENT.subject)]
