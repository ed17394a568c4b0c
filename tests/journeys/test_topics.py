"""What is on the topics of a running system is what the AsyncAPI documents say."""

import json
from typing import Any

from aiokafka import AIOKafkaConsumer

from shared.events import TOPICS
from tests.journeys.actors import Actors
from tests.journeys.system import RunningSystem
from tests.journeys.test_main_job import SENT, a_child
from tests.support.asyncapi import disagreements

Records = list[tuple[str, dict[str, str], Any]]


async def everything_on(bootstrap_servers: str) -> Records:
    """Every record of every topic: its topic, its headers, and its value as JSON (None: a tombstone)."""
    consumer = AIOKafkaConsumer(
        *TOPICS, bootstrap_servers=bootstrap_servers, auto_offset_reset="earliest", fetch_max_wait_ms=20
    )
    records: Records = []
    await consumer.start()
    try:
        while not await read_to_the_end(consumer):
            for batch in (await consumer.getmany(timeout_ms=100)).values():
                records += [(one.topic, texts(one.headers), one.value and json.loads(one.value)) for one in batch]
        return records
    finally:
        await consumer.stop()


async def read_to_the_end(consumer: AIOKafkaConsumer) -> bool:
    places = consumer.assignment()
    ends = {place: consumer.highwater(place) for place in places}
    return bool(places) and all([e is not None and await consumer.position(p) >= e for p, e in ends.items()])


def texts(headers: Any) -> dict[str, str]:
    return {name: value.decode() for name, value in headers}


async def test_every_event_of_a_running_system_is_as_its_document_says(system: RunningSystem, actors: Actors) -> None:
    referral = await actors.refer(a_child("es", 1), "arts", "City Choir")
    await actors.answer("City Choir", referral, "accept")
    await actors.wait_logged(referral, *SENT, "acknowledged", "accepted")

    records = await everything_on(system.state()["kafka"])

    assert [wrong for record in records for wrong in disagreements(*record)] == []
    said = {headers["ce_type"] for _, headers, _ in records if headers["ce_subject"] == referral}
    assert said == {f"referral.{step}.v1" for step in (*SENT, "acknowledged", "accepted")}
    assert {topic for topic, _, _ in records} >= {"people.persons.v1", "agreements.programs.v1", "people.schools.v1"}
