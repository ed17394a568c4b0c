"""Consuming: each event takes effect once, in order, or is parked where people can see it."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.clock import utc_now
from shared.db import Database
from shared.events import people
from shared.messaging.consume import Consumer
from shared.messaging.handlers import Event, Handlers, NotYet
from shared.messaging.park import Policy
from shared.messaging.parked import ahead, release
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


async def tried_until_nothing_is_due(db: Database, on: Handlers, policy: Policy) -> None:
    """Let time pass until every parked event took effect or waits for a person."""
    now = utc_now()
    while any(await ahead(db, now - timedelta(seconds=1))):
        await release(db, on, now, policy)
        now += timedelta(seconds=1)


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
    assert (row["reason"], row["attempts"]) == ("ValueError", 1)
    assert (bytes(row["value"]), bytes(row["key"])) == (bad.value, bad.key)


@pytest.mark.parametrize("pauses", [(), (0.0,), (0.0, 0.5, 2.0)])
async def test_an_event_that_never_works_is_tried_as_often_as_the_policy_says(
    db_core: Database, pauses: tuple[float, ...]
) -> None:
    tries: list[str] = []
    on = Handlers("tests")

    @on(people.SchoolChanged)
    async def keep(session: AsyncSession, event: Event[people.SchoolChanged]) -> None:
        tries.append(event.fact.name)
        raise ValueError("this school cannot be kept")

    policy = Policy(pauses=pauses)
    await Consumer(db_core, on, policy=policy).take([a_record(a_school(name="Bad"))])
    await tried_until_nothing_is_due(db_core, on, policy)

    (row,) = await parked(db_core)
    assert tries == ["Bad"] * policy.attempts
    assert (row["attempts"], row["next_try_at"]) == (policy.attempts, None)


async def test_replicas_that_come_upon_the_same_parked_event_spend_one_try(db_core: Database) -> None:
    on, policy = noting_handlers(failing={"Bad"}), Policy(pauses=(0.0, 60.0, 60.0))
    await Consumer(db_core, on, policy=policy).take([a_record(a_school(name="Bad"))])
    now = utc_now()

    await asyncio.gather(*(release(db_core, on, now, policy) for _ in range(4)))

    (row,) = await parked(db_core)
    assert row["attempts"] == 2
    assert row["next_try_at"] > now


async def test_an_event_that_fails_for_a_while_takes_effect_without_a_person(db_core: Database) -> None:
    failing = {"Shy"}
    on = noting_handlers(failing=failing)
    policy = Policy(pauses=(0.0, 0.5, 2.0))

    await Consumer(db_core, on, policy=policy).take([a_record(a_school(name=n)) for n in ("Shy", "Elm")])
    failing.clear()
    await tried_until_nothing_is_due(db_core, on, policy)

    assert await effects(db_core) == ["Elm", "Shy"]
    assert await parked(db_core) == []


async def test_one_bad_event_among_many_costs_few_transactions(db_core: Database) -> None:
    names = [f"School {n}" for n in range(500)]
    begun: list[int] = []
    consumer = Consumer(db_core, noting_handlers(failing={"School 321"}), policy=QUICK)
    together = consumer._together

    async def counted(received: Sequence[Any]) -> Any:
        begun.append(len(received))
        return await together(received)

    consumer._together = counted  # type: ignore[method-assign]
    await consumer.take([a_record(a_school(name=name)) for name in names])

    assert await effects(db_core) == [name for name in names if name != "School 321"]
    assert len(begun) <= 20


async def test_an_event_of_the_wrong_shape_holds_back_later_ones_of_its_key(db_core: Database) -> None:
    school = a_school(name="Elm")
    wrong = a_record(school)
    wrong.value = b'{"school_id": 7}'

    await Consumer(db_core, noting_handlers(), policy=QUICK).take([wrong, a_record(school)])

    assert await effects(db_core) == []
    assert [row["reason"] for row in await parked(db_core)] == ["unreadable", "behind"]


async def test_what_the_database_said_is_kept_without_the_values(db_core: Database) -> None:
    on = Handlers("tests")

    @on(people.SchoolChanged)
    async def keep(session: AsyncSession, event: Event[people.SchoolChanged]) -> None:
        await session.execute(text("SELECT CAST(:name AS uuid)"), {"name": event.fact.name})

    await Consumer(db_core, on, policy=QUICK).take([a_record(a_school(name="Marie Joseph"))])

    (row,) = await parked(db_core)
    assert "Marie" not in row["detail"]
    assert row["detail"].startswith("The database refused it")


async def test_an_erasure_takes_effect_at_once_and_empties_what_is_parked_of_the_person(db_core: Database) -> None:
    on = Handlers("tests")

    @on(people.PersonChanged)
    async def keep(session: AsyncSession, event: Event[people.PersonChanged]) -> None:
        raise ValueError("this person cannot be kept")

    @on(people.PersonErased)
    async def forget(session: AsyncSession, event: Event[people.PersonErased]) -> None:
        await note(session, "erased")

    person = a_person(given_name="Marie")
    consumer = Consumer(db_core, on, policy=QUICK)
    await consumer.take([a_record(person), a_record(person)])
    await consumer.take([a_record(people.PersonErased(person_id=person.person_id))])

    assert await effects(db_core) == ["erased"]
    assert await parked(db_core) == []
    async with db_core.transaction() as session:
        kept = await session.execute(text("SELECT count(*) FROM parked WHERE value IS NOT NULL"))
        assert kept.scalar_one() == 0


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

    while await asyncio.gather(*(release(db_core, noting_handlers(), utc_now()) for _ in range(2))) != [0, 0]:
        pass

    assert await effects(db_core) == ["Bad", "Better"]
    assert await parked(db_core) == []


async def test_an_event_that_came_too_early_takes_effect_by_itself_once_it_can(db_core: Database) -> None:
    early = a_record(a_school(name="Early"))
    await Consumer(db_core, noting_handlers(not_yet={"Early"}), policy=QUICK).take([early])

    now = utc_now() + timedelta(seconds=1)
    still_early = await release(db_core, noting_handlers(not_yet={"Early"}), now)
    in_time = await release(db_core, noting_handlers(), now + timedelta(seconds=1))

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
