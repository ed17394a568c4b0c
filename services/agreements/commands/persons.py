"""What is kept of people who work for schools, partners and the district."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.commands.agreements.contacts import look_for_leavers
from services.agreements.models import Person
from shared.events.people import PersonChanged
from shared.events.vocabulary import RoleName

NO_WORK = {"school_ids": [], "organization_ids": [], "is_district": False}


async def keep_persons(session: AsyncSession, facts: Sequence[PersonChanged], *, now: datetime) -> None:
    """Keep the newest state of everybody with work here; who has none any more keeps the name that records show.

    Where somebody who left was the contact of an agreement, another one is waited for.
    """
    newest = {fact.person_id: _person(fact) for fact in facts}
    at_work = [row for row in newest.values() if any(row[name] for name in NO_WORK)]
    without = newest.keys() - {row["id"] for row in at_work}
    known = {row["id"] for row in at_work}
    if without:
        left = update(Person).where(col(Person.id).in_(without)).values(NO_WORK).returning(col(Person.id))
        known |= set((await session.execute(left)).scalars())
    if at_work:
        upsert = insert(Person)
        changed = {name: upsert.excluded[name] for name in at_work[0] if name != "id"}
        await session.execute(upsert.on_conflict_do_update(index_elements=["id"], set_=changed), at_work)
    await look_for_leavers(session, known, now=now)


def _person(fact: PersonChanged) -> dict[str, Any]:
    return {
        "id": fact.person_id,
        "given_name": fact.given_name,
        "family_name": fact.family_name,
        "email": fact.email,
        "language": fact.language,
        "school_ids": _scopes(fact, RoleName.SCHOOL_STAFF),
        "organization_ids": _scopes(fact, RoleName.PARTNER_STAFF),
        "is_district": any(role.name == RoleName.DISTRICT_OFFICE for role in fact.roles),
        "active": fact.active,
    }


def _scopes(fact: PersonChanged, name: RoleName) -> list[UUID]:
    return [role.scope_id for role in fact.roles if role.name == name and role.scope_id is not None]


async def erase_person(session: AsyncSession, person_id: UUID, *, now: datetime) -> None:
    """Forget the name and the address; the row stays, because records may still name the id."""
    gone = {"given_name": "", "family_name": "", "email": None, "active": False, **NO_WORK}
    await session.execute(update(Person).where(col(Person.id) == person_id).values(gone))
    await look_for_leavers(session, [person_id], now=now)
