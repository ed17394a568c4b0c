"""Consuming: each event takes effect once, in order, or is parked where people can see it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.db import Database
from shared.events import people
from shared.messaging.consume import Consumer, Policy
from shared.messaging.handlers import Event, Handlers, NotYet
from shared.messaging.parked import release, replay
from tests.support.builders import a_person, a_school
from tests.support.events import a_record

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
QUICK = Policy(pauses=(0.0, 0.0))


async def note(session: AsyncSession, what: str) -> None:
    await session.execute(text("INSERT INTO effects (what) VALUES (:what)"), {"what": what})


async def effects(db: Database) -> list[str]:
    async with db.transaction() as session:
        return list((await session.execute(text("SELECT what FROM effects ORDER BY id"))).scalars())


async def parked(db: Database) -> list[Any]:
    async with db.transaction() as session:
        rows = await session.execute(text("SELECT * FROM parked WHERE settled_at IS NULL ORDER BY id"))
        return list(rows.mappings())


def noting_handlers(*, failing: set[str] | None = None, not_yet: set[str] | None = None) -> Handlers:
    on = Handlers("tests")

    @on(people.SchoolChanged)
    async def keep(session: AsyncSession, event: Event[people.SchoolChanged]) -> None:
        await note(session, event.fact.name)
        if event.fact.name in (failing or set()):
            raise ValueError("this school cannot be kept")
        if event.fact.name in (not_yet or set()):
            raise NotYet("its district is not known")

    return on


async def test_an_event_that_arrives_twice_takes_effect_once(db_core: Database) -> None:
    record = a_record(a_school(name="Elm"))

    consumer = Consumer(db_core, noting_handlers())
    await consumer.take([record, record])
    await consumer.take([record])

    assert await effects(db_core) == ["Elm"]


async def test_a_run_of_events_reaches_a_projection_together_and_in_order(db_core: Database) -> None:
    on = Handlers("tests")
    runs: list[list[str]] = []

    @on.many(people.PersonChanged)
    async def keep(session: AsyncSession, events: Sequence[Event[people.PersonChanged]]) -> None:
        runs.append([event.fact.given_name for event in events])

    await Consumer(db_core, on).take([a_record(a_person(given_name=n)) for n in ("Ann", "Bo", "Cy")])

    assert [name for run in runs for name in run] == ["Ann", "Bo", "Cy"]


async def test_an_event_of_unknown_type_is_left_alone(db_core: Database) -> None:
    record = a_record(a_school())
    record.headers = [(k, b"school.painted.v9" if k == "ce_type" else v) for k, v in record.headers]

    await Consumer(db_core, noting_handlers()).take([record])

    assert await effects(db_core) == []
    assert await parked(db_core) == []


async def test_a_bad_event_is_parked_whole_and_the_others_flow_on(db_core: Database) -> None:
    bad = a_record(a_school(name="Bad"))

    consumer = Consumer(db_core, noting_handlers(failing={"Bad"}), policy=QUICK)
    await consumer.take([a_record(a_school(name="Elm")), bad, a_record(a_school(name="Oak"))])

    assert await effects(db_core) == ["Elm", "Oak"]
    (row,) = await parked(db_core)
    assert (row["reason"], row["attempts"]) == ("ValueError", 3)
    assert (bytes(row["value"]), bytes(row["key"])) == (bad.value, bad.key)


async def test_later_events_of_a_parked_key_wait_behind_it(db_core: Database) -> None:
    school = a_school(name="Bad")
    other = a_school(name="Oak")
    later = school.model_copy(update={"name": "Better"})

    consumer = Consumer(db_core, noting_handlers(failing={"Bad"}), policy=QUICK)
    await consumer.take([a_record(school)])
    await consumer.take([a_record(later), a_record(other)])

    assert await effects(db_core) == ["Oak"]
    assert [row["reason"] for row in await parked(db_core)] == ["ValueError", "behind"]


async def test_a_replayed_event_takes_effect_once_and_lets_those_behind_it_follow(db_core: Database) -> None:
    school = a_school(name="Bad")
    later = school.model_copy(update={"name": "Better"})
    await Consumer(db_core, noting_handlers(failing={"Bad"}), policy=QUICK).take([a_record(school), a_record(later)])
    (first, _) = await parked(db_core)

    for _ in range(2):
        await replay(db_core, noting_handlers(), first["id"], by="person:1", now=NOW)
    while await release(db_core, noting_handlers(), NOW):
        pass

    assert await effects(db_core) == ["Bad", "Better"]
    assert await parked(db_core) == []


async def test_an_event_that_came_too_early_takes_effect_by_itself_once_it_can(db_core: Database) -> None:
    early = a_record(a_school(name="Early"))
    await Consumer(db_core, noting_handlers(not_yet={"Early"}), policy=QUICK).take([early])

    still_early = await release(db_core, noting_handlers(not_yet={"Early"}), NOW)
    in_time = await release(db_core, noting_handlers(), NOW)

    assert (still_early, in_time) == (0, 1)
    assert await effects(db_core) == ["Early"]


async def test_a_record_that_is_no_event_is_parked_and_blocks_nobody(db_core: Database) -> None:
    school = a_school(name="Elm")
    garbage = a_record(school)
    garbage.headers, garbage.value = [("ce_id", b"\xff\xfe")], b"\x00"

    await Consumer(db_core, noting_handlers(), policy=QUICK).take([garbage, a_record(school)])

    assert await effects(db_core) == ["Elm"]
    assert [row["reason"] for row in await parked(db_core)] == ["unreadable"]


async def test_a_database_that_is_away_is_waited_for(db_core: Database) -> None:
    naps: list[float] = []

    async def nap(seconds: float) -> None:
        naps.append(seconds)

    on = Handlers("tests")
    failures = iter([ConnectionRefusedError(), ConnectionRefusedError()])

    @on(people.SchoolChanged)
    async def keep(session: AsyncSession, event: Event[people.SchoolChanged]) -> None:
        if error := next(failures, None):
            raise error
        await note(session, event.fact.name)

    await Consumer(db_core, on, sleep=nap).take([a_record(a_school(name="Elm"))])

    assert await effects(db_core) == ["Elm"]
    assert naps == [0.1, 0.3]
