"""Erasing a person: the rows go, everyone else is told to delete, and no roster brings the person back."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.people import rules
from services.people.commands.persons import locked, others_in_district_office
from services.people.commands.publish import publish_persons
from services.people.commands.sessions import end_all_sessions
from services.people.models import ErasedPerson, ImportProblem, RoleHeld, SignIn
from shared.events.base import Role
from shared.events.people import PERSONS, PersonErased
from shared.events.vocabulary import RoleName
from shared.identity import Actor
from shared.messaging import emit, scrub

DISTRICT = Role(name=RoleName.DISTRICT_OFFICE)


async def erase_person(session: AsyncSession, person_id: UUID, *, actor: Actor, now: datetime) -> None:
    """Erase a person for good: tombstone, outbox, rows, guardianships, and reports that may quote the roster."""
    others = await others_in_district_office(session, person_id)
    person = await locked(session, person_id)
    if await _is_in_district_office(session, person_id):
        rules.check_revocable(DISTRICT, others_in_district_office=others, by_hand=True)
    await end_all_sessions(session, person_id, reason="erased", actor=actor, now=now)
    family = await _family(session, person_id)
    await session.exec(
        delete(RoleHeld).where(or_(col(RoleHeld.person_id) == person_id, col(RoleHeld.scope_id) == person_id))
    )
    if person.email:
        await session.exec(delete(SignIn).where(col(SignIn.email) == person.email.lower()))
    if person.source_id is not None:
        # A report quotes cells without saying whose they are.
        await session.exec(delete(ImportProblem))
        session.add(ErasedPerson(id=person_id, erased_at=now))
    await session.delete(person)
    await publish_persons(session, family, actor=actor, now=now)
    await scrub(session, PERSONS, str(person_id))
    await emit(session, PersonErased(person_id=person_id), actor=actor, now=now)


async def _family(session: AsyncSession, person_id: UUID) -> list[UUID]:
    """Those whose published state names the person: a guardian's students, a student's guardians."""
    guardian = col(RoleHeld.name) == RoleName.GUARDIAN
    of_guardian = select(RoleHeld.scope_id).where(guardian, RoleHeld.person_id == person_id)
    of_student = select(RoleHeld.person_id).where(guardian, RoleHeld.scope_id == person_id)
    found = [*(await session.exec(of_guardian)).all(), *(await session.exec(of_student)).all()]
    return [id for id in found if id is not None]


async def _is_in_district_office(session: AsyncSession, person_id: UUID) -> bool:
    query = select(RoleHeld.id).where(RoleHeld.person_id == person_id, RoleHeld.name == RoleName.DISTRICT_OFFICE)
    return (await session.exec(query.limit(1))).first() is not None
