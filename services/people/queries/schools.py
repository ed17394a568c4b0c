"""Schools, with how many people they have."""

from collections.abc import Collection, Sequence
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import ScalarSelect, func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.people import rules
from services.people.models import RoleHeld, School
from shared.events.vocabulary import RoleName


class SchoolOut(BaseModel):
    """A school."""

    id: UUID
    name: str
    active: bool
    students: int
    staff: int


async def find_schools(session: AsyncSession, *, q: str, offset: int, limit: int) -> tuple[int, list[SchoolOut]]:
    """Schools by a part of their name; how many there are, and one page of them."""
    wanted = col(School.name).icontains(rules.plain(q), autoescape=True)
    total = (await session.exec(select(func.count()).select_from(School).where(wanted))).one()
    query = (
        select(School, _how_many(RoleName.STUDENT), _how_many(RoleName.SCHOOL_STAFF))
        .where(wanted)
        .order_by(col(School.active).desc(), School.name)
    )
    rows = (await session.exec(query.offset(offset).limit(limit))).all()
    return total, [
        SchoolOut(id=school.id, name=school.name, active=school.active, students=students, staff=staff)
        for school, students, staff in rows
    ]


def _how_many(role: RoleName) -> ScalarSelect[int]:
    counted = select(func.count()).where(col(RoleHeld.scope_id) == School.id, RoleHeld.name == role)
    return counted.correlate(School).scalar_subquery()


async def schools(session: AsyncSession, ids: Collection[UUID] | None = None) -> Sequence[School]:
    """Active schools by name: these, or all."""
    query = select(School).where(School.active).order_by(School.name)
    return (await session.exec(query if ids is None else query.where(col(School.id).in_(ids)))).all()
