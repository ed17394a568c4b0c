"""What is asked about the people who work together."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.models import Person


def at_work() -> ColumnElement[bool]:
    """Who works for anybody here (still)."""
    places = (col(Person.school_ids) != [], col(Person.organization_ids) != [], col(Person.is_district))
    return and_(col(Person.active), or_(*places))


async def people_of(
    session: AsyncSession, *, school_id: UUID | None = None, organization_id: UUID | None = None, district: bool = False
) -> Sequence[Person]:
    """Everybody who works at this school, for this partner, or (neither named) in the district office."""
    found = select(Person).where(col(Person.active)).order_by(col(Person.family_name), col(Person.given_name))
    if school_id is not None:
        found = found.where(col(Person.school_ids).contains([school_id]))
    if organization_id is not None:
        found = found.where(col(Person.organization_ids).contains([organization_id]))
    if district:
        found = found.where(col(Person.is_district))
    return (await session.exec(found)).all()


async def person_names(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, str]:
    """Names of these people; "Somebody who left" for whom none is known any more."""
    rows = await session.exec(select(Person).where(col(Person.id).in_(ids))) if ids else ()
    known = {person.id: person.name for person in rows}
    return {id: known.get(id) or "Somebody who left" for id in ids}
