"""Parked events in people's hands: replayed into the one consumer that failed, or given up; on the record."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.clock import utc_now
from shared.db import Database
from shared.events import operations, people
from shared.events.vocabulary import RoleName
from shared.identity.actor import Actor
from shared.messaging.consume import Consumer
from shared.messaging.handlers import Event, Handlers
from shared.messaging.park import Policy
from shared.messaging.parked import ask_replay, discard, release
from shared.messaging.parked_list import Standing, counts
from shared.refusals import Refusal
from shared.settings import ServiceSettings
from shared.web import create_app
from tests.shared.test_consume import effects, noting_handlers, parked
from tests.support.builders import a_person, a_school, an_actor
from tests.support.clients import client_for
from tests.support.events import KafkaRecord, a_record, outbox

OFFICE = an_actor(RoleName.DISTRICT_OFFICE)
ONCE = Policy(pauses=(), brake=(0.0,))


def broken_handlers() -> Handlers:
    on = noting_handlers(failing={"Bad"})

    @on(people.PersonChanged)
    async def keep(session: AsyncSession, event: Event[people.PersonChanged]) -> None:
        raise ValueError("this person cannot be kept")

    return on


async def park(db: Database, *records: KafkaRecord) -> list[int]:
    """Park these, each because of its own failure; their numbers."""
    for record in records:
        await Consumer(db, broken_handlers(), policy=ONCE).take([record])
    return [row["id"] for row in await parked(db)]


async def ask(db: Database, ids: list[int] | None, **how: Any) -> list[int]:
    async with db.transaction() as session:
        why = operations.WhyReplay.MENDED
        return await ask_replay(session, ids, actor=OFFICE, why=why, now=utc_now(), **how)


async def said(db: Database) -> list[Any]:
    async with db.transaction() as session:
        return list(await outbox(session))


async def test_a_replay_takes_effect_and_the_record_says_who_and_why(db_core: Database) -> None:
    record = a_record(a_school(name="Bad"), offset=7)
    ids = await park(db_core, record)

    asked = await ask(db_core, ids, note="Mrs. Joseph called")
    await release(db_core, noting_handlers(), utc_now())

    assert asked == ids
    assert await effects(db_core) == ["Bad"]
    (fact,) = await said(db_core)
    assert isinstance(fact, operations.ParkedReplayed)
    assert (fact.parked, fact.event_type, fact.offset, fact.why) == (
        f"tests/{ids[0]}",
        "school.changed.v1",
        7,
        "mended",
    )
    assert "Joseph" not in fact.model_dump_json()
    async with db_core.transaction() as session:
        actor = (await session.execute(text("SELECT headers ->> 'ce_actor' FROM outbox"))).scalar_one()
    assert actor == str(OFFICE)


async def test_a_replay_that_fails_again_waits_for_a_person_again(db_core: Database) -> None:
    ids = await park(db_core, a_record(a_school(name="Bad")))

    await ask(db_core, ids)
    await release(db_core, noting_handlers(failing={"Bad"}), utc_now())

    (row,) = await parked(db_core)
    assert (row["attempts"], row["asked_at"], row["next_try_at"]) == (2, None, None)
    assert await said(db_core) == []


async def test_what_waits_behind_another_is_not_replayed_before_it(db_core: Database) -> None:
    school = a_school(name="Bad")
    _, behind = await park(db_core, a_record(school), a_record(school.model_copy(update={"name": "Better"})))

    asked = await ask(db_core, [behind])
    await release(db_core, noting_handlers(), utc_now())

    assert asked == []
    assert await effects(db_core) == []


async def test_a_discarded_event_never_takes_effect_even_if_it_comes_again(db_core: Database) -> None:
    school = a_school(name="Bad")
    bad, later = a_record(school), a_record(school.model_copy(update={"name": "Better"}))
    first, _ = await park(db_core, bad, later)

    async with db_core.transaction() as session:
        await discard(session, first, actor=OFFICE, why=operations.WhyDiscard.OUTDATED, now=utc_now())
    await release(db_core, noting_handlers(), utc_now())
    await Consumer(db_core, noting_handlers()).take([bad])

    assert await effects(db_core) == ["Better"]
    assert await parked(db_core) == []
    (fact,) = await said(db_core)
    assert isinstance(fact, operations.ParkedDiscarded)
    assert fact.why == "outdated"


async def test_nobody_discards_twice(db_core: Database) -> None:
    (id,) = await park(db_core, a_record(a_school(name="Bad")))

    async def give_up() -> None:
        async with db_core.transaction() as session:
            await discard(session, id, actor=OFFICE, why=operations.WhyDiscard.NOT_OURS, now=utc_now())

    await give_up()

    with pytest.raises(Refusal, match="not parked any more"):
        await give_up()


async def park_many(db: Database, count: int) -> list[str]:
    """Events parked by a handler that was broken: two of each thing, the second behind the first."""
    names = []
    consumer = Consumer(db, noting_handlers(failing={f"{n} first" for n in range(count)}), policy=ONCE)
    for n in range(count // 2):
        school = a_school(name=f"{n} first")
        second = school.model_copy(update={"name": f"{n} second"})
        names += [school.name, second.name]
        consumer.brakes.clear()
        await consumer.take([a_record(school), a_record(second)])
    return names


async def test_a_thousand_replayed_with_two_kills_in_the_middle_take_effect_once_each(db_core: Database) -> None:
    names = await park_many(db_core, 1000)
    await ask(db_core, None)

    for settled in (200, 500):
        with replaying(db_core) as process:
            await until_settled(db_core, settled)
            process.kill()
            process.wait()
        assert len(await effects(db_core)) < 1000
    still = await ask(db_core, None)
    with replaying(db_core):
        await until_settled(db_core, 1000)

    done = await effects(db_core)
    assert sorted(done) == sorted(names)
    assert all(done.index(f"{n} first") < done.index(f"{n} second") for n in range(500))
    assert len(await said(db_core)) == 500
    assert still == []


@contextmanager
def replaying(db: Database) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-m", "tests.shared.replayer", db.dsn], stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def until_settled(db: Database, count: int) -> None:
    async with asyncio.timeout(60):
        while True:
            async with db.transaction() as session:
                settled = text("SELECT count(*) FROM parked WHERE settled_at IS NOT NULL")
                if (await session.execute(settled)).scalar_one() >= count:
                    return
            await asyncio.sleep(0.01)


@pytest.fixture
def app(db_core: Database, data_dir: Path) -> FastAPI:
    settings = ServiceSettings(service="people", data_dir=data_dir, database_url=db_core.dsn)
    made = create_app(service="people", settings=settings, routers=[])
    made.state.db = db_core
    return made


def client(app: FastAPI, actor: Actor = OFFICE) -> httpx.AsyncClient:
    return client_for(app, actor)


async def test_the_page_and_the_api_show_what_is_parked_and_what_to_do(db_core: Database, app: FastAPI) -> None:
    (id,) = await park(db_core, a_record(a_school(name="Bad")))

    async with client(app) as office:
        listed = await office.get("/people/system/parked")
        shown = await office.get(f"/people/system/parked/{id}")
        as_json = (await office.get("/people/api/v1/parked")).json()

    assert (listed.status_code, shown.status_code) == (200, 200)
    assert "School changed" in listed.text
    assert "this school cannot be kept" in shown.text
    assert '"name":"Bad"' in shown.text.replace("&#34;", '"')
    assert as_json["counts"]["person"] == 1
    assert as_json["events"][0]["id"] == id


async def test_with_nothing_parked_the_page_says_that_there_is_nothing_to_do(app: FastAPI) -> None:
    async with client(app) as office:
        listed = await office.get("/people/system/parked")

    assert "Nothing is parked" in listed.text


@pytest.mark.parametrize("kind", ["a person's state", "a record that is no event"])
async def test_bytes_that_may_name_people_are_on_no_page_and_in_no_answer(
    db_core: Database, app: FastAPI, kind: str
) -> None:
    record = a_record(a_person(given_name="Marisol", family_name="Quintanilla"))
    if kind == "a record that is no event":
        record.headers, record.key = [], b"Marisol"
    (id,) = await park(db_core, record)

    async with client(app) as office:
        answers = [
            await office.get(path)
            for path in (
                "/people/system/parked", f"/people/system/parked/{id}",
                "/people/api/v1/parked", f"/people/api/v1/parked/{id}",
            )
        ]  # fmt: skip

    assert [answer.status_code for answer in answers] == [200] * 4
    assert not any("Marisol" in answer.text or "Quintanilla" in answer.text for answer in answers)


async def test_a_person_replays_and_discards_on_the_page(db_core: Database, app: FastAPI) -> None:
    first, second = await park(db_core, a_record(a_school(name="Bad")), a_record(a_school(name="Bad")))

    async with client(app) as office:
        unsaid = await office.post(f"/people/system/parked/{first}/replay")
        replayed = await office.post(f"/people/system/parked/{first}/replay", data={"why": "mended"})
        given_up = await office.post(f"/people/system/parked/{second}/discard", data={"why": "not_ours", "note": "?"})
        again = await office.post(f"/people/system/parked/{second}/discard", data={"why": "not_ours"})

    assert [answer.status_code for answer in (unsaid, replayed, given_up, again)] == [422, 303, 303, 409]
    async with db_core.transaction() as session:
        found = await counts(session)
    assert (found[Standing.ASKED], found[Standing.PERSON]) == (1, 0)


async def test_all_that_wait_for_a_person_are_asked_for_at_once(db_core: Database, app: FastAPI) -> None:
    await park(db_core, *(a_record(a_school(name="Bad")) for _ in range(3)))

    async with client(app) as office:
        answer = await office.post("/people/api/v1/parked/replay", json={"why": "mended"})
    done = await release(db_core, noting_handlers(), utc_now())

    assert (answer.status_code, answer.json()) == (202, {"asked": 3})
    assert done == 3


async def test_settled_events_are_forgotten_after_the_retention(db_core: Database) -> None:
    from shared.messaging.relay import Relay
    from shared.messaging.topics import ClusterWatch

    (id,) = await park(db_core, a_record(a_school(name="Bad")))
    settings = ServiceSettings(service="tests", database_url=db_core.dsn)
    async with db_core.transaction() as session:
        old = utc_now() - timedelta(days=settings.outbox_retention_days + 1)
        await session.execute(text("UPDATE parked SET settled_at = :old"), {"old": old})
    await park(db_core, a_record(a_school(name="Bad")))

    await Relay(settings, ClusterWatch(settings)).clean()

    async with db_core.transaction() as session:
        kept = (await session.execute(text("SELECT id FROM parked"))).scalars().all()
    assert len(kept) == 1
    assert id not in kept
