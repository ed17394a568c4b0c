"""The brake: a topic of which everything fails is held and tried again, not set aside event by event."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text

from shared.db import Database
from shared.messaging.brake import IN_A_ROW, Brake
from shared.messaging.consume import Consumer
from shared.messaging.park import Policy
from tests.shared.test_consume import effects, noting_handlers, parked
from tests.support.builders import a_person, a_school
from tests.support.events import KafkaRecord, a_record

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
POLICY = Policy(pauses=(0.0,), brake=(5.0, 60.0))


class Watch:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def schools(count: int, start: int = 0) -> list[KafkaRecord]:
    return [a_record(a_school(name=f"School {n}"), offset=n) for n in range(start, start + count)]


def garbage(offset: int) -> KafkaRecord:
    record = a_record(a_school(), offset=offset)
    record.headers, record.value = [], b"\x00\xff"
    return record


def names(count: int, start: int = 0) -> list[str]:
    return [f"School {n}" for n in range(start, start + count)]


async def brakes(db: Database) -> list[Any]:
    async with db.transaction() as session:
        return list((await session.execute(text("SELECT * FROM brakes"))).mappings())


def test_failures_among_many_that_work_apply_no_brake() -> None:
    brake = Brake()

    for n in range(1000):
        if n % 5 == 0:
            brake.failed(NOON)
        else:
            brake.worked()

    assert not brake.holds(NOON)


def test_more_than_a_fifth_of_the_last_hundred_applies_it() -> None:
    brake = Brake()

    for n in range(100):
        if n % 4 == 0:
            brake.failed(NOON)
        else:
            brake.worked()

    assert brake.failed(NOON)
    assert brake.holds(NOON)


async def test_a_broken_handler_holds_the_topic_instead_of_parking_it(db_core: Database) -> None:
    clock = Watch()
    consumer = Consumer(db_core, noting_handlers(failing=set(names(500))), policy=POLICY, clock=clock)

    held = await consumer.take(schools(500))

    assert [record.offset for record in held] == list(range(IN_A_ROW - 1, 500))
    assert len(await parked(db_core)) == IN_A_ROW - 1
    (brake,) = await brakes(db_core)
    assert (brake["topic"], brake["offset"], brake["reason"]) == ("people.schools.v1", IN_A_ROW - 1, "ValueError")


async def test_a_batch_that_comes_again_is_no_row_of_failures(db_core: Database) -> None:
    records = [record for n in range(30) for record in (*schools(15, start=n * 100), garbage(n * 100 + 50))]
    await Consumer(db_core, noting_handlers()).take(records)

    held = await Consumer(db_core, noting_handlers()).take(records)

    assert held == []
    assert await brakes(db_core) == []
    assert len(await effects(db_core)) == 30 * 15


async def test_a_held_topic_is_left_alone_until_its_pause_is_over_and_then_one_event_is_tried(
    db_core: Database,
) -> None:
    clock = Watch()
    broken = set(names(500))
    consumer = Consumer(db_core, noting_handlers(failing=broken), policy=POLICY, clock=clock)
    held = await consumer.take(schools(500))

    too_early = await consumer.take(held)
    clock.pass_(5)
    still_broken = await consumer.take(held)

    assert len(too_early) == len(still_broken) == len(held)
    assert len(await parked(db_core)) == IN_A_ROW - 1
    (brake,) = await brakes(db_core)
    assert brake["next_try_at"] == clock.now + timedelta(seconds=60)


class Racing(Watch):
    """A clock on which two seconds pass between any two looks."""

    def __call__(self) -> datetime:
        self.pass_(2)
        return self.now


async def test_what_follows_in_a_batch_does_not_overtake_what_is_held_when_the_pause_ends_meanwhile(
    db_core: Database,
) -> None:
    # given a handler that only the first ten events break, and a pause that is over at the next look
    policy = Policy(pauses=(0.0,), brake=(1.0,))
    consumer = Consumer(db_core, noting_handlers(failing=set(names(IN_A_ROW))), policy=policy, clock=Racing())

    held = await consumer.take(schools(16))

    assert [record.offset for record in held] == list(range(IN_A_ROW - 1, 16))
    assert await effects(db_core) == []


async def test_a_brake_of_a_process_that_is_gone_is_forgotten_by_who_reads_on(db_core: Database) -> None:
    clock = Watch()
    gone = Consumer(db_core, noting_handlers(failing=set(names(500))), policy=POLICY, clock=clock)
    other = Consumer(db_core, noting_handlers(), policy=POLICY, clock=clock)
    await other.take(schools(1, start=1000))
    await gone.take(schools(500))

    await other.look_at_brakes()
    in_time = len(await brakes(db_core))
    clock.pass_(5 + 181)
    await other.look_at_brakes()

    assert in_time == 1
    assert await brakes(db_core) == []


async def test_who_stands_where_another_was_held_goes_on_when_it_works_there(db_core: Database) -> None:
    clock, broken = Watch(), set(names(500))
    holder = Consumer(db_core, noting_handlers(failing=broken), policy=POLICY, clock=clock)
    held = await holder.take(schools(500))
    successor = Consumer(db_core, noting_handlers(), policy=POLICY, clock=clock)
    await successor.look_at_brakes()
    stood = successor.brakes["people.schools.v1"].until

    broken.clear()
    clock.pass_(5)
    await holder.take(held)
    clock.pass_(1)
    await successor.look_at_brakes()

    assert stood is not None
    assert successor.brakes["people.schools.v1"].until is None


async def test_a_held_topic_goes_on_by_itself_when_the_cause_has_gone(db_core: Database) -> None:
    clock = Watch()
    broken = set(names(500))
    consumer = Consumer(db_core, noting_handlers(failing=broken), policy=POLICY, clock=clock)
    held = await consumer.take(schools(500))

    broken.clear()
    clock.pass_(5)
    left = await consumer.take(held)

    assert left == []
    assert consumer.brakes["people.schools.v1"].until is None
    assert await effects(db_core) == names(500 - IN_A_ROW + 1, IN_A_ROW - 1)
    assert await brakes(db_core) == []


async def test_a_poisoned_topic_is_held_and_the_other_topics_flow_on(db_core: Database) -> None:
    consumer = Consumer(db_core, noting_handlers(), policy=POLICY, clock=Watch())
    persons = [a_record(a_person()) for _ in range(50)]

    held = await consumer.take([garbage(n) for n in range(300)] + persons)

    assert {record.topic for record in held} == {"people.schools.v1"}
    assert len(await parked(db_core)) == IN_A_ROW - 1


async def test_a_person_lets_a_poisoned_topic_go_on_and_what_is_bad_is_parked(db_core: Database) -> None:
    clock = Watch()
    consumer = Consumer(db_core, noting_handlers(), policy=POLICY, clock=clock)
    held = await consumer.take([*(garbage(n) for n in range(50)), *schools(1, start=50)])

    async with db_core.transaction() as session:
        await session.execute(text("UPDATE brakes SET let_go_at = now()"))
    await consumer.look_at_brakes()
    left = await consumer.take(held)

    assert left == []
    assert len(await parked(db_core)) == 50
    assert await effects(db_core) == ["School 50"]
    assert await brakes(db_core) == []


async def test_a_process_started_again_stands_where_the_one_before_it_was_held(db_core: Database) -> None:
    clock = Watch()
    broken = noting_handlers(failing=set(names(500)))
    held = await Consumer(db_core, broken, policy=POLICY, clock=clock).take(schools(500))

    successor = Consumer(db_core, broken, policy=POLICY, clock=clock)
    await successor.look_at_brakes()
    left = await successor.take(held)

    assert left == held
    assert len(await parked(db_core)) == IN_A_ROW - 1
