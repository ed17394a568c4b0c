"""A projection that learnt something is filled for what was projected before, from what the owner keeps."""

from uuid import UUID

from sqlalchemy import select, text
from sqlmodel import select as sqlmodel_select

from services.agreements.consumers import on as agreements
from services.agreements.models import Person
from shared.clock import new_id, utc_now
from shared.db import Database
from shared.events import people
from shared.events.vocabulary import RoleName
from shared.identity import system
from shared.messaging import Handlers, emit
from shared.messaging.consume import Consumer
from shared.messaging.editions import note, outdated, project_again
from shared.messaging.outbox import scrub
from shared.messaging.tables import outbox
from tests.support.builders import a_person
from tests.support.events import KafkaRecord

TOPIC = people.PERSONS


async def publish(owner: Database) -> list[KafkaRecord]:
    """What the relay would publish now."""
    async with owner.transaction() as session:
        rows = (
            await session.execute(select(outbox).where(outbox.c.published_at.is_(None)).order_by(outbox.c.id))
        ).all()
        await session.execute(text("UPDATE outbox SET published_at = now()"))
    return [
        KafkaRecord(row.topic, row.key.encode(), row.value, [(k, v.encode()) for k, v in row.headers.items()], offset=n)
        for n, row in enumerate(rows)
    ]


async def emails(db: Database) -> dict[UUID, str | None]:
    async with db.transaction() as session:
        return {person.id: person.email for person in (await session.exec(sqlmodel_select(Person))).all()}


async def test_what_an_older_release_projected_is_projected_once_more(
    db_people: Database, db_agreements: Database
) -> None:
    staff = a_person(RoleName.SCHOOL_STAFF, new_id(), email="old@example.org")
    moved = staff.model_copy(update={"email": "dana@example.org"})
    async with db_people.transaction() as session:
        await emit(session, staff, actor=system("people"), now=utc_now())
        await emit(session, moved, actor=system("people"), now=utc_now())
    await Consumer(db_agreements, agreements).take(await publish(db_people))
    async with db_agreements.transaction() as session:
        # As a release left it that did not keep addresses yet.
        await session.execute(text("UPDATE person SET email = NULL"))

    assert TOPIC in await outdated(db_agreements, agreements)
    assert await project_again(TOPIC, db_people, [(db_agreements, agreements)]) == 1
    again = await publish(db_people)
    await Consumer(db_agreements, agreements).take(again)

    assert len(again) == 1
    assert await emails(db_agreements) == {staff.person_id: "dana@example.org"}
    assert TOPIC not in await outdated(db_agreements, agreements)


async def test_who_was_erased_stays_erased(db_people: Database, db_agreements: Database) -> None:
    staff = a_person(RoleName.SCHOOL_STAFF, new_id(), email="dana@example.org")
    async with db_people.transaction() as session:
        await emit(session, staff, actor=system("people"), now=utc_now())
    await Consumer(db_agreements, agreements).take(await publish(db_people))
    async with db_people.transaction() as session:
        await scrub(session, TOPIC, str(staff.person_id))
        await emit(session, people.PersonErased(person_id=staff.person_id), actor=system("people"), now=utc_now())
    await Consumer(db_agreements, agreements).take(await publish(db_people))

    await project_again(TOPIC, db_people, [(db_agreements, agreements)])
    await Consumer(db_agreements, agreements).take(await publish(db_people))

    assert await emails(db_agreements) == {staff.person_id: None}


async def test_who_did_not_ask_takes_nothing_twice(db_people: Database, db_agreements: Database) -> None:
    heard: list[object] = []
    other = Handlers("another")

    @other(people.PersonChanged)
    async def hear(session: object, event: object) -> None:
        heard.append(event)

    async with db_people.transaction() as session:
        await emit(session, a_person(), actor=system("people"), now=utc_now())
    await Consumer(db_agreements, other).take(await publish(db_people))

    await project_again(TOPIC, db_people, [(db_agreements, agreements)])
    await Consumer(db_agreements, other).take(await publish(db_people))

    assert len(heard) == 1


async def test_an_edition_that_is_noted_is_not_outdated(db_agreements: Database) -> None:
    await note(db_agreements, dict(agreements.editions))

    assert await outdated(db_agreements, agreements) == {}
