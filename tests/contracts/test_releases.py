"""Two releases side by side: the older one hears what the newer one says, and neither stumbles."""

import json
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import pytest
from sqlalchemy import select

from shared.clock import new_id, utc_now
from shared.db import Database
from shared.events import FACTS, people
from shared.messaging.consume import Consumer
from shared.messaging.handlers import Handlers
from shared.messaging.tables import parked, revoked_sessions
from shared.migrations import SERVICES
from tests.contracts.examples import example_of
from tests.contracts.test_golden import GOLDEN
from tests.support.events import KafkaRecord, a_record

LATER = {"invented_later": {"deep": [1, {"er": None}]}}


@dataclass(frozen=True)
class Service:
    """A service's handlers on its database."""

    on: Handlers
    db: Database

    async def take(self, *records: KafkaRecord) -> None:
        await Consumer(self.db, self.on).take(records)

    async def reasons(self) -> set[str]:
        """Why events are parked."""
        async with self.db.transaction() as session:
            return set((await session.execute(select(parked.c.reason))).scalars())


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest) -> Service:
    name = request.param
    return Service(import_module(f"services.{name}.consumers").on, request.getfixturevalue(f"db_{name}"))


def from_a_later_release(path: Path, offset: int) -> KafkaRecord:
    """A golden example with fields and headers that this release does not know."""
    example = json.loads(path.read_text())
    record = a_record(example_of(FACTS[example["type"]]), offset=offset)
    record.headers += [("ce_inventedlater", b"7"), ("x-later", b"\xff")]
    if record.value is not None:
        record.value = json.dumps(example["data"] | LATER).encode()
    return record


async def test_every_golden_example_is_understood_with_whatever_a_later_release_adds(service: Service) -> None:
    examples = sorted(GOLDEN.glob("*.json"))

    await service.take(*(from_a_later_release(path, place) for place, path in enumerate(examples)))

    # What builds on others may have to wait for them, but all of it is understood.
    assert await service.reasons() <= {"not_yet", "behind"}


async def test_types_of_a_later_release_are_left_alone_and_hold_up_nobody(service: Service) -> None:
    later = [a_record(example_of(fact), offset=place) for place, fact in enumerate(FACTS.values())]
    for record in later:
        record.headers = [(k, v.replace(b".v1", b".v2") if k == "ce_type" else v) for k, v in record.headers]
    known = people.SessionsEnded(person_id=new_id(), session_ids=(new_id(),), reason="signed_out", expires_at=utc_now())

    await service.take(*later, a_record(known, offset=len(later)))

    assert await service.reasons() == set()
    async with service.db.transaction() as session:
        ended = (await session.execute(select(revoked_sessions.c.session_id))).scalars().all()
    assert ended == list(known.session_ids)
