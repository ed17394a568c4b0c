"""Stored persons to test with."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.people.models import Organization, Origin, Person, RoleHeld, School
from services.people.rules import search_words
from shared.clock import new_id
from shared.db import Database
from shared.events.vocabulary import RoleName
from shared.identity import Actor
from tests.support.builders import an_actor

NOW = datetime(2026, 11, 21, 15, tzinfo=UTC)
OFFICE = an_actor(RoleName.DISTRICT_OFFICE)


async def stored(
    session: AsyncSession,
    role: RoleName | None = RoleName.DISTRICT_OFFICE,
    scope_id: UUID | None = None,
    *,
    origin: Origin = Origin.GRANTED,
    **changes: Any,
) -> Person:
    """A person in the database, with one role."""
    values: dict[str, Any] = {
        "id": new_id(),
        "given_name": "Dana",
        "family_name": "Okafor",
        "email": "dana@example.org",
        "listed": origin is Origin.ROSTER,
    } | changes
    person = Person(**values, search=search_words(values["given_name"], values["family_name"], values["email"]))
    session.add(person)
    await session.flush()
    if role is not None:
        session.add(RoleHeld(person_id=person.id, name=role, scope_id=scope_id, origin=origin))
        await session.flush()
    return person


async def a_stored_person(db: Database, *args: Any, **changes: Any) -> Person:
    """The same, committed."""
    async with db.transaction() as session:
        return await stored(session, *args, **changes)


async def a_stored_school(db: Database, name: str = "North Elementary") -> School:
    """A school in the database."""
    async with db.transaction() as session:
        school = School(id=new_id(), name=name)
        session.add(school)
    return school


async def a_stored_organization(db: Database, name: str = "City Steps") -> Organization:
    """An organization in the database."""
    async with db.transaction() as session:
        organization = Organization(id=new_id(), name=name)
        session.add(organization)
    return organization


def acting(person: Person, actor: Actor = OFFICE) -> Actor:
    """An actor who is this person."""
    return an_actor(RoleName.DISTRICT_OFFICE, person_id=person.id, name=person.given_name)
