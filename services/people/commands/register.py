"""People who register a partner organization: nobody yet, then somebody without a role, then one of its people."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.people import rules
from services.people.commands.publish import publish_persons
from services.people.commands.sessions import end_stale_sessions
from services.people.models import Organization, Origin, Person, RoleHeld, SignIn
from shared.clock import new_id
from shared.events.base import Role
from shared.events.people import RoleGranted, RoleRevoked
from shared.events.vocabulary import RoleName
from shared.identity import Actor, system
from shared.messaging import emit

US = system("people")


async def person_to_be(session: AsyncSession, row: SignIn, *, now: datetime) -> Person | None:
    """Whoever proved an address in order to register: the one who did so before, else somebody new; None for nobody."""
    if row.email is None or not row.given_name:
        return None
    has_role = select(RoleHeld.id).where(col(RoleHeld.person_id) == col(Person.id)).exists()
    before = select(Person).where(func.lower(Person.email) == row.email, Person.active, Person.kind == "", ~has_role)
    found = (await session.exec(before.order_by(col(Person.id)).limit(1))).first()
    if found is not None:
        return found
    person = Person(
        id=new_id(),
        given_name=row.given_name,
        family_name=row.family_name,
        email=row.email,
        language=row.language,
        search=rules.search_words(row.given_name, row.family_name, row.email),
    )
    session.add(person)
    await publish_persons(session, [person.id], actor=US, now=now)
    return person


async def let_act_for(
    session: AsyncSession, person_id: UUID, organization_id: UUID, *, actor: Actor, now: datetime
) -> None:
    """Give a person the role at the organization that this person registers.

    Sessions go on: one that carries less than its person holds harms nobody, and the form is not interrupted.
    """
    person = await session.get(Person, person_id, with_for_update=True)
    if person is None or await _holds(session, person_id, organization_id):
        return
    session.add(_role(person_id, organization_id))
    fact = RoleGranted(person_id=person_id, role=Role(name=RoleName.PARTNER_STAFF, scope_id=organization_id))
    await publish_persons(session, [person_id], actor=actor, now=now)
    await emit(session, fact, actor=actor, now=now)


async def move_roles(
    session: AsyncSession, organization_id: UUID, into_id: UUID, *, actor: Actor, now: datetime
) -> None:
    """Whoever was given a role at an organization by hand has it at the one that took it over.

    Roles of programs' contacts follow with the programs.
    """
    held = select(RoleHeld).where(RoleHeld.scope_id == organization_id, RoleHeld.name == RoleName.PARTNER_STAFF)
    rows = (await session.exec(held.where(RoleHeld.origin == Origin.GRANTED).with_for_update())).all()
    for row in rows:
        await session.delete(row)
        if not await _holds(session, row.person_id, into_id):
            session.add(_role(row.person_id, into_id))
        gone, new = (Role(name=RoleName.PARTNER_STAFF, scope_id=id) for id in (organization_id, into_id))
        facts = RoleRevoked(person_id=row.person_id, role=gone), RoleGranted(person_id=row.person_id, role=new)
        await emit(session, *facts, actor=actor, now=now)
    await session.exec(delete(Organization).where(col(Organization.id) == organization_id))
    people = [row.person_id for row in rows]
    await publish_persons(session, people, actor=actor, now=now)
    await end_stale_sessions(session, people, actor=actor, now=now)


async def _holds(session: AsyncSession, person_id: UUID, organization_id: UUID) -> bool:
    given = select(RoleHeld.id).where(
        RoleHeld.person_id == person_id,
        RoleHeld.name == RoleName.PARTNER_STAFF,
        RoleHeld.scope_id == organization_id,
        RoleHeld.origin == Origin.GRANTED,
    )
    return (await session.exec(given)).first() is not None


def _role(person_id: UUID, organization_id: UUID) -> RoleHeld:
    return RoleHeld(person_id=person_id, name=RoleName.PARTNER_STAFF, scope_id=organization_id, origin=Origin.GRANTED)
