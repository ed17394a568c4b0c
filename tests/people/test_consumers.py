"""A program's contact becomes a person who may answer for the organization."""

from typing import Any
from uuid import UUID

import pytest
from sqlmodel import select

from services.people.consumers import on
from services.people.models import Organization, Origin, Person, RoleHeld
from shared.clock import new_id
from shared.db import Database
from shared.events import Fact, people
from shared.events.agreements import Contact, OrganizationRegistered, OrganizationRenamed, ProgramChanged
from shared.events.base import Role
from shared.events.vocabulary import RoleName
from tests.people.persons import a_stored_person
from tests.support.builders import a_program
from tests.support.events import deliver, outbox

ORGANIZATION = new_id()


def with_contact(name: str, email: str | None, **changes: Any) -> ProgramChanged:
    return a_program(organization_id=ORGANIZATION, contact=Contact(name=name, email=email), **changes)


async def persons(db: Database) -> list[Person]:
    async with db.transaction() as session:
        return list((await session.exec(select(Person).order_by(Person.email))).all())


async def roles(db: Database, person_id: UUID) -> list[tuple[str, UUID | None, Origin]]:
    async with db.transaction() as session:
        rows = (await session.exec(select(RoleHeld).where(RoleHeld.person_id == person_id))).all()
        return sorted((row.name, row.scope_id, row.origin) for row in rows)


async def facts(db: Database, kind: type[Fact]) -> list[Any]:
    async with db.transaction() as session:
        return [fact for fact in await outbox(session) if isinstance(fact, kind)]


@pytest.mark.parametrize("twice", [False, True])
async def test_a_new_contact_becomes_partner_staff_of_the_organization(db_people: Database, twice: bool) -> None:
    await deliver(db_people, on, with_contact("Ana Maria Reis", "ana@steps.example.org"), twice=twice)

    (person,) = await persons(db_people)
    role = Role(name=RoleName.PARTNER_STAFF, scope_id=ORGANIZATION)
    (state,) = await facts(db_people, people.PersonChanged)
    assert (state.given_name, state.family_name, state.roles) == ("Ana Maria", "Reis", (role,))
    assert await facts(db_people, people.RoleGranted) == [people.RoleGranted(person_id=person.id, role=role)]


async def test_the_same_address_is_the_same_person_whatever_its_case(db_people: Database) -> None:
    known = await a_stored_person(db_people, RoleName.GUARDIAN, new_id(), email="Ana@Steps.example.org")

    await deliver(db_people, on, with_contact("A. Reis", "ana@steps.EXAMPLE.org"))

    assert [person.id for person in await persons(db_people)] == [known.id]
    assert {name for name, _, _ in await roles(db_people, known.id)} == {
        RoleName.GUARDIAN,
        RoleName.PARTNER_STAFF,
    }


async def test_a_contact_without_a_usable_address_is_nobody(db_people: Database) -> None:
    await deliver(db_people, on, with_contact("Ana", None), with_contact("Ana", "call us"), a_program(contact=None))

    assert await persons(db_people) == []


async def test_a_program_that_changes_otherwise_changes_no_person(db_people: Database) -> None:
    program = with_contact("Ana Reis", "ana@steps.example.org")

    await deliver(db_people, on, program, program.model_copy(update={"capacity": 3}))

    assert len(await facts(db_people, people.PersonChanged)) == 1


async def test_whoever_is_no_longer_the_contact_loses_the_role(db_people: Database) -> None:
    program = with_contact("Ana Reis", "ana@steps.example.org")
    next_one = program.model_copy(update={"contact": Contact(name="Bo Lee", email="bo@steps.example.org")})

    await deliver(db_people, on, program, next_one)

    ana, bo = await persons(db_people)
    assert (await roles(db_people, ana.id), ana.active) == ([], False)
    assert len(await roles(db_people, bo.id)) == 1
    (revoked,) = await facts(db_people, people.RoleRevoked)
    assert revoked.person_id == ana.id


async def test_the_contact_of_two_programs_keeps_the_role_of_the_other(db_people: Database) -> None:
    one, two = (with_contact("Ana Reis", "ana@steps.example.org") for _ in range(2))

    await deliver(db_people, on, one, two, one.model_copy(update={"contact": None}))

    (ana,) = await persons(db_people)
    assert (len(await roles(db_people, ana.id)), ana.active) == (1, True)
    assert await facts(db_people, people.RoleRevoked) == []


async def test_a_closed_program_keeps_its_contact(db_people: Database) -> None:
    program = with_contact("Ana Reis", "ana@steps.example.org")

    await deliver(db_people, on, program, program.model_copy(update={"status": "closed"}))

    (ana,) = await persons(db_people)
    assert len(await roles(db_people, ana.id)) == 1


async def test_organizations_are_known_by_their_newest_name(db_people: Database) -> None:
    id = new_id()

    await deliver(
        db_people,
        on,
        OrganizationRegistered(organization_id=id, name="City Steps"),
        OrganizationRenamed(organization_id=id, name="City Leaps"),
        twice=True,
    )

    async with db_people.transaction() as session:
        assert (await session.exec(select(Organization.name))).all() == ["City Leaps"]
