"""The log hears everything that any service says, once and in order."""

import json
from typing import Any

import pytest
from sqlalchemy import select

from services.audit.consumers import on
from services.audit.verify import verify
from shared.clock import new_id
from shared.db import Database
from shared.events import FACTS, TOPICS, notifications, people, referrals
from shared.identity import Actor
from shared.messaging.consume import Consumer
from shared.messaging.tables import parked
from tests.audit.support import a_submission, entries
from tests.support.builders import a_person, a_program, a_school, a_student, an_actor
from tests.support.events import KafkaRecord, a_record, deliver

DANA: Actor = an_actor()


def test_every_topic_of_every_service_is_heard() -> None:
    assert set(on.topics) == set(TOPICS) == {fact.topic for fact in FACTS.values()}


async def test_every_event_becomes_an_entry(db_audit: Database) -> None:
    said = [a_school(), a_person(), a_program(), a_submission()]

    await deliver(db_audit, on, *said, actor=DANA)

    async with db_audit.transaction() as session:
        log = await entries(session)
    assert [(entry.type, entry.subject) for entry in log] == [(fact.type, fact.subject) for fact in said]
    assert {entry.actor for entry in log} == {str(DANA)}


async def test_an_event_delivered_twice_is_one_entry(db_audit: Database) -> None:
    await deliver(db_audit, on, a_submission(), a_person(), twice=True)

    async with db_audit.transaction() as session:
        assert len(await entries(session)) == 2


async def test_an_event_published_again_to_a_new_broker_long_after_is_one_entry(db_audit: Database) -> None:
    record = a_record(a_submission())
    await Consumer(db_audit, on).take([record])

    async with db_audit.transaction() as session:
        await (await session.connection()).exec_driver_sql("TRUNCATE inbox")
    record.offset = 700
    await Consumer(db_audit, on).take([record])

    async with db_audit.transaction() as session:
        [entry] = await entries(session)
    assert entry.offset == 0


async def test_events_about_one_thing_stay_in_order(db_audit: Database) -> None:
    first, second = a_submission(), a_submission()
    life = [_step(fact, step) for step in ("sent", "acknowledged", "accepted") for fact in (first, second)]

    await deliver(db_audit, on, first, second, *life[:4])
    await deliver(db_audit, on, *life[4:])

    async with db_audit.transaction() as session:
        log = await entries(session)
    for fact in (first, second):
        own = [entry.type for entry in log if entry.subject == fact.subject]
        steps = ("submitted", "sent", "acknowledged", "accepted")
        assert own == [f"referral.{step}.v1" for step in steps]


def _step(about: referrals.ReferralSubmitted, step: str) -> Any:
    attempt = {"attempt_id": new_id(), "program_id": new_id(), "organization_id": new_id()}
    more = {"answer_by": "2026-11-24T17:00:00Z"} if step == "sent" else {}
    return FACTS[f"referral.{step}.v1"].model_validate(about.data() | attempt | more)


async def test_an_event_of_a_type_that_nobody_knows_is_logged(db_audit: Database) -> None:
    record = a_record(a_school())
    record.headers = [(name, b"school.painted.v3" if name == "ce_type" else value) for name, value in record.headers]

    await Consumer(db_audit, on).take([record])

    async with db_audit.transaction() as session:
        assert [entry.type for entry in await entries(session)] == ["school.painted.v3"]


async def test_an_event_in_structured_mode_is_logged(db_audit: Database) -> None:
    event = {
        "specversion": "1.0",
        "id": str(new_id()),
        "source": "/elsewhere",
        "type": "school.painted.v3",
        "subject": "the gym",
        "time": "2026-11-21T12:00:00Z",
        "data": {"color": "green"},
    }
    headers = [("content-type", b"application/cloudevents+json; charset=utf-8")]
    record = KafkaRecord(people.SCHOOLS, b"gym", json.dumps(event).encode(), headers)

    await Consumer(db_audit, on).take([record])

    async with db_audit.transaction() as session:
        [entry] = await entries(session)
    assert (entry.source, entry.subject, entry.data) == ("/elsewhere", "the gym", '{"color": "green"}')


@pytest.mark.parametrize("value", [b"\xff\xfe", b'{"a": "\x00"}'])
async def test_what_is_no_text_is_parked_and_the_log_goes_on(db_audit: Database, value: bytes) -> None:
    bad, good = a_record(a_school()), a_record(a_school(), offset=1)
    bad.value = value

    await Consumer(db_audit, on).take([bad, good])

    async with db_audit.transaction() as session:
        log = await entries(session)
        reasons = (await session.execute(select(parked.c.reason))).scalars().all()
    assert [entry.subject.encode() for entry in log] == [good.key]
    assert reasons == ["unreadable"]


async def test_an_erased_person_stands_in_the_log_as_an_end_without_content(db_audit: Database) -> None:
    student = a_student()

    await deliver(db_audit, on, student, people.PersonErased(person_id=student.person_id))

    async with db_audit.transaction() as session:
        log = await entries(session)
    assert [(entry.type, entry.data, entry.digest is None) for entry in log] == [
        ("person.changed.v1", None, False),
        ("person.erased.v1", None, True),
    ]


async def test_a_mixed_batch_makes_a_log_that_fits(db_audit: Database) -> None:
    def message() -> notifications.MessageSent:
        ids = {"message_id": new_id(), "recipient_id": new_id(), "about_id": new_id()}
        return notifications.MessageSent(**ids, kind="family_referral_accepted", language="ht", channel="email")

    await deliver(db_audit, on, *[fact() for _ in range(20) for fact in (a_person, a_submission, message, a_school)])

    verdict = await verify(db_audit)
    assert (verdict.fits, verdict.entries) == (True, 80)
