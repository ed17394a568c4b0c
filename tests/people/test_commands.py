"""Persons entered by hand, roles given and taken away, and erasing somebody."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.people import commands
from services.people.models import ErasedPerson, Origin, Person, RoleHeld, School, Session, SignIn
from shared.clock import new_id
from shared.db import Database
from shared.events import people
from shared.events.base import Role
from shared.events.vocabulary import RoleName
from shared.refusals import Kind, Refusal
from tests.people.persons import NOW, OFFICE, a_stored_person, stored
from tests.support.events import outbox

LATER = NOW + timedelta(hours=12)
DISTRICT = Role(name=RoleName.DISTRICT_OFFICE)


async def add(session: AsyncSession, **changes: Any) -> Person:
    values: dict[str, Any] = {
        "id": new_id(),
        "given_name": "Lee",
        "family_name": "Tran",
        "email": "lee@example.org",
        "role": DISTRICT,
    }
    return await commands.add_person(session, **(values | changes), actor=OFFICE, now=NOW)


async def a_school(session: AsyncSession) -> School:
    school = School(id=new_id(), name="North Elementary")
    session.add(school)
    await session.flush()
    return school


async def refusal_of(attempt: Any) -> Refusal:
    with pytest.raises(Refusal) as refused:
        await attempt
    return refused.value


async def test_a_person_entered_by_hand_is_published_with_the_role(session_people: AsyncSession) -> None:
    person = await add(session_people, given_name=" Lee ", phone="617 555 0123")

    state, granted = await outbox(session_people)
    assert isinstance(state, people.PersonChanged)
    assert (state.given_name, state.phone, state.roles) == ("Lee", "+16175550123", (DISTRICT,))
    assert granted == people.RoleGranted(person_id=person.id, role=DISTRICT)


async def test_a_form_sent_twice_enters_one_person(session_people: AsyncSession) -> None:
    id = new_id()

    await add(session_people, id=id)
    await add(session_people, id=id)

    assert len((await session_people.exec(select(Person))).all()) == 1
    assert len(await outbox(session_people)) == 2


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"given_name": "  "}, "given_name"),
        ({"family_name": ""}, "family_name"),
        ({"email": "lee"}, "email"),
        ({"phone": "12"}, "phone"),
        ({"role": Role(name="school_staff", scope_id=new_id())}, "scope_id"),
        ({"role": Role(name="student", scope_id=new_id())}, "role"),
    ],
)
async def test_what_is_wrong_with_a_new_person_is_said_at_its_field(
    session_people: AsyncSession, changes: dict[str, Any], field: str
) -> None:
    refused = await refusal_of(add(session_people, **changes))

    assert (refused.kind, list(refused.fields)) == (Kind.INVALID, [field])


async def test_an_address_that_somebody_has_is_not_entered_again(session_people: AsyncSession) -> None:
    await stored(session_people, email="LEE@example.org")

    refused = await refusal_of(add(session_people))

    assert refused.kind is Kind.CONFLICT
    assert "Dana Okafor has this address" in refused.fields["email"]


async def test_a_role_is_given_once_however_often_it_is_given(session_people: AsyncSession) -> None:
    person = await stored(session_people, RoleName.GUARDIAN, new_id())
    role = Role(name=RoleName.SCHOOL_STAFF, scope_id=(await a_school(session_people)).id)

    for _ in range(2):
        await commands.grant_role(session_people, person.id, role, actor=OFFICE, now=NOW)

    granted, state = await outbox(session_people)
    assert granted == people.RoleGranted(person_id=person.id, role=role)
    assert isinstance(state, people.PersonChanged)
    assert role in state.roles


async def test_a_role_taken_away_leaves_an_unlisted_person_inactive(session_people: AsyncSession) -> None:
    await stored(session_people, email="other@example.org")
    person = await stored(session_people)

    await commands.revoke_role(session_people, person.id, DISTRICT, actor=OFFICE, now=NOW)

    revoked, state = await outbox(session_people)
    assert revoked == people.RoleRevoked(person_id=person.id, role=DISTRICT)
    assert isinstance(state, people.PersonChanged)
    assert (state.roles, state.active) == ((), False)


async def test_somebody_of_the_roster_stays_active_without_the_extra_role(session_people: AsyncSession) -> None:
    await stored(session_people, email="other@example.org")
    teacher = await stored(session_people, RoleName.SCHOOL_STAFF, new_id(), origin=Origin.ROSTER)
    await commands.grant_role(session_people, teacher.id, DISTRICT, actor=OFFICE, now=NOW)

    await commands.revoke_role(session_people, teacher.id, DISTRICT, actor=OFFICE, now=NOW)

    assert teacher.active


async def test_a_role_that_is_gone_already_cannot_be_taken_away(session_people: AsyncSession) -> None:
    person = await stored(session_people, RoleName.GUARDIAN, new_id())

    refused = await refusal_of(commands.revoke_role(session_people, person.id, DISTRICT, actor=OFFICE, now=NOW))

    assert (refused.kind, refused.code) == (Kind.CONFLICT, "role_not_held")


async def test_the_district_office_is_never_left_empty(session_people: AsyncSession) -> None:
    person = await stored(session_people)

    revoked = await refusal_of(commands.revoke_role(session_people, person.id, DISTRICT, actor=OFFICE, now=NOW))
    erased = await refusal_of(commands.erase_person(session_people, person.id, actor=OFFICE, now=NOW))

    assert revoked.code == erased.code == "last_district_office"


async def test_nobody_is_changed_who_does_not_exist(session_people: AsyncSession) -> None:
    refused = await refusal_of(commands.grant_role(session_people, new_id(), DISTRICT, actor=OFFICE, now=NOW))

    assert refused.kind is Kind.NOT_FOUND


# Erasing


async def a_family(session: AsyncSession) -> tuple[Person, Person]:
    """A mother and her child, as a roster brings them."""
    child = await stored(
        session, RoleName.STUDENT, new_id(), origin=Origin.ROSTER, kind="student", source_id="jean", email=None,
        given_name="Jean",
    )  # fmt: skip
    mother = await stored(
        session, RoleName.GUARDIAN, child.id, origin=Origin.ROSTER, kind="guardian", source_id="mother",
        email="marie@example.org", given_name="Marie",
    )  # fmt: skip
    return mother, child


async def erase(session: AsyncSession, person_id: UUID) -> None:
    await commands.erase_person(session, person_id, actor=OFFICE, now=NOW)


async def test_erasing_publishes_a_tombstone_and_scrubs_the_outbox(session_people: AsyncSession) -> None:
    person = await add(session_people)
    await stored(session_people, email="other@example.org")

    await erase(session_people, person.id)

    facts = await outbox(session_people)
    assert facts[-1] == people.PersonErased(person_id=person.id)
    assert not [fact for fact in facts if isinstance(fact, people.PersonChanged)]


async def test_nothing_in_the_database_names_an_erased_person(db_people: Database) -> None:
    async with db_people.transaction() as session:
        mother, _ = await a_family(session)
        session.add(
            Session(id=new_id(), person_id=mother.id, method="code", roles=[], started_at=NOW, expires_at=LATER)
        )
        session.add(SignIn(id=new_id(), email="marie@example.org", asked_at=NOW, expires_at=NOW))

    async with db_people.transaction() as session:
        await erase(session, mother.id)

    async with db_people.transaction() as session:
        connection = await session.connection()
        tables = (
            await connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        ).scalars()
        for table in tables.all():
            found = await connection.execute(text(f"SELECT count(*) FROM {table} t WHERE t::text ILIKE '%marie%'"))
            assert (table, found.scalar()) == (table, 0)
        assert await session.get(ErasedPerson, mother.id) is not None


async def test_the_children_of_an_erased_guardian_are_published_without_her(session_people: AsyncSession) -> None:
    mother, child = await a_family(session_people)

    await erase(session_people, mother.id)

    (state,) = [fact for fact in await outbox(session_people) if isinstance(fact, people.PersonChanged)]
    assert (state.person_id, state.guardian_ids) == (child.id, ())


async def test_the_guardians_of_an_erased_student_lose_the_role(session_people: AsyncSession) -> None:
    mother, child = await a_family(session_people)

    await erase(session_people, child.id)

    (state,) = [fact for fact in await outbox(session_people) if isinstance(fact, people.PersonChanged)]
    assert (state.person_id, state.roles) == (mother.id, ())
    assert (await session_people.exec(select(RoleHeld))).all() == []


async def test_the_sessions_of_an_erased_person_end(session_people: AsyncSession) -> None:
    mother, _ = await a_family(session_people)
    row = Session(id=new_id(), person_id=mother.id, method="code", roles=[], started_at=NOW, expires_at=LATER)
    session_people.add(row)

    await erase(session_people, mother.id)

    (ended,) = [fact for fact in await outbox(session_people) if isinstance(fact, people.SessionsEnded)]
    assert (ended.session_ids, ended.reason) == ((row.id,), "erased")


async def test_two_people_of_the_office_cannot_remove_each_other_at_once(db_people: Database) -> None:
    one = await a_stored_person(db_people)
    two = await a_stored_person(db_people, email="lee@example.org")

    async def revoke(id: UUID) -> str:
        try:
            async with db_people.transaction() as session:
                await commands.revoke_role(session, id, DISTRICT, actor=OFFICE, now=NOW)
        except Refusal as refusal:
            return refusal.code
        return "revoked"

    outcomes = await asyncio.gather(revoke(one.id), revoke(two.id))

    assert sorted(outcomes) == ["last_district_office", "revoked"]
