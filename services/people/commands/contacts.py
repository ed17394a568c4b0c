"""The contact of a program becomes a person who may answer for the organization, as long as it is the contact."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from services.people import rules
from services.people.commands.persons import activate
from services.people.commands.publish import publish_persons
from services.people.commands.sessions import end_stale_sessions
from services.people.models import Organization, Origin, Person, RoleHeld
from services.people.roster import values
from shared.clock import new_id
from shared.events.agreements import Contact, ProgramChanged
from shared.events.base import Role
from shared.events.people import RoleGranted, RoleRevoked
from shared.events.vocabulary import RoleName
from shared.identity import Actor
from shared.messaging import emit


async def keep_organization(session: AsyncSession, id: UUID, name: str) -> None:
    """Remember what an organization is called."""
    row = insert(Organization).values(id=id, name=name)
    await session.execute(row.on_conflict_do_update(index_elements=["id"], set_={"name": name}))


async def keep_contact(session: AsyncSession, program: ProgramChanged, *, actor: Actor, now: datetime) -> None:
    """Give the program's contact the role; whoever was its contact before loses what came from this program."""
    role = Role(name=RoleName.PARTNER_STAFF, scope_id=program.organization_id)
    person = await _person_of(session, program.contact, role)
    before = (await session.exec(_given_by(program.program_id))).all()
    again = await activate(session, person) if person else []
    kept = [row for row in before if person and (row.person_id, row.scope_id) == (person.id, role.scope_id)]
    gone = [row for row in before if row not in kept]
    for row in gone:
        await session.delete(row)
    if person is not None and not kept:
        session.add(_given(person.id, role, program.program_id))
    touched = dict.fromkeys([*(row.person_id for row in gone), *again])
    if person is not None and not kept:
        touched[person.id] = None
    await session.flush()
    for row in gone:
        await _tell_if_lost(session, row, actor, now)
    if person is not None and not kept:
        await emit(session, RoleGranted(person_id=person.id, role=role), actor=actor, now=now)
    await publish_persons(session, touched, actor=actor, now=now)
    await end_stale_sessions(session, list(touched), actor=actor, now=now)


async def _person_of(session: AsyncSession, contact: Contact | None, role: Role) -> Person | None:
    """The person with the contact's address, new where nobody has it; None where there is no usable address."""
    address = values.email(contact.email.strip()) if contact and contact.email else None
    if contact is None or address is None:
        return None
    works_there = select(RoleHeld.person_id).where(RoleHeld.name == role.name, RoleHeld.scope_id == role.scope_id)
    query = (
        select(Person)
        .where(func.lower(Person.email) == address.lower())
        .order_by(col(Person.id).in_(works_there).desc(), col(Person.active).desc(), col(Person.id))
        .with_for_update()
    )
    person = (await session.exec(query.limit(1))).first()
    return person or _new_person(session, contact, address)


def _new_person(session: AsyncSession, contact: Contact, address: str) -> Person:
    given, family = rules.contact_name(rules.plain(contact.name))
    person = Person(
        id=new_id(),
        given_name=given or address,
        family_name=family,
        email=address,
        phone=values.phone(contact.phone) if contact.phone else None,
        search=rules.search_words(given, family, address),
    )
    session.add(person)
    return person


def _given(person_id: UUID, role: Role, program_id: UUID) -> RoleHeld:
    return RoleHeld(
        person_id=person_id,
        name=RoleName(role.name),
        scope_id=role.scope_id,
        origin=Origin.PROGRAM,
        source_id=str(program_id),
    )


def _given_by(program_id: UUID) -> SelectOfScalar[RoleHeld]:
    return select(RoleHeld).where(RoleHeld.origin == Origin.PROGRAM, RoleHeld.source_id == str(program_id))


async def _tell_if_lost(session: AsyncSession, row: RoleHeld, actor: Actor, now: datetime) -> None:
    """The role may still be held by hand or through another program; else it is lost."""
    person = await session.get(Person, row.person_id, with_for_update=True, populate_existing=True)
    still = select(RoleHeld.id).where(RoleHeld.person_id == row.person_id)
    if (await session.exec(still.where(RoleHeld.name == row.name, RoleHeld.scope_id == row.scope_id))).first() is None:
        role = Role(name=row.name, scope_id=row.scope_id)
        await emit(session, RoleRevoked(person_id=row.person_id, role=role), actor=actor, now=now)
    if person is not None and not person.listed and (await session.exec(still)).first() is None:
        person.active = False
