"""What is asked about partner organizations and schools."""

from collections.abc import Sequence
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import func
from sqlalchemy import select as columns
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.models import Organization, Program, School
from services.agreements.queries.common import words_in
from services.agreements.rules import ProgramStatus, not_found


class OrganizationView(BaseModel):
    """A partner organization as it is read."""

    id: UUID
    name: str
    version: int
    programs: int
    """Programs that are not closed."""
    open_programs: int


class SchoolView(BaseModel):
    """A school that a program may serve."""

    id: UUID
    name: str


async def find_organizations(
    session: AsyncSession, q: str = "", *, offset: int = 0, limit: int | None = None, only: Sequence[UUID] | None = None
) -> tuple[list[OrganizationView], int]:
    """Partner organizations by words of their names, a part of them, and how many there are in all.

    `only` narrows them to these ids.
    """
    fits = words_in(q, Organization.name) + ([col(Organization.id).in_(only)] if only is not None else [])
    rows = await session.execute(
        columns(
            *(col(column) for column in (Organization.id, Organization.name, Organization.version)),
            func.count(col(Program.id)).filter(col(Program.status) != ProgramStatus.CLOSED).label("programs"),
            func.count(col(Program.id)).filter(col(Program.status) == ProgramStatus.OPEN).label("open_programs"),
        )
        .outerjoin_from(Organization, Program)
        .where(*fits)
        .group_by(col(Organization.id))
        .order_by(col(Organization.name_key))
        .offset(offset)
        .limit(limit)
    )
    count = select(func.count()).select_from(Organization).where(*fits)
    return [OrganizationView(**row) for row in rows.mappings()], (await session.exec(count)).one()


async def organization_view(session: AsyncSession, organization_id: UUID) -> OrganizationView:
    """One partner organization."""
    found, _ = await find_organizations(session, only=[organization_id])
    if not found:
        raise not_found("organization")
    return found[0]


async def schools(session: AsyncSession) -> list[SchoolView]:
    """The schools that a program may serve, by name."""
    rows = await session.exec(select(School.id, School.name).where(School.active).order_by(School.name))
    return [SchoolView(id=id_, name=name) for id_, name in rows]


async def school_names(session: AsyncSession, ids: Sequence[UUID]) -> list[str]:
    """Names of these schools, in order; one that is not known yet is left out."""
    rows = await session.exec(select(School.name).where(col(School.id).in_(ids)).order_by(School.name))
    return list(rows)
