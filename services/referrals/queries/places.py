"""Where people work, by name."""

from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.referrals.models import Program, School
from shared.identity import Actor


async def place_of(session: AsyncSession, actor: Actor) -> str | None:
    """The school or the partner that somebody works for; None for everyone else."""
    if actor.is_district:
        return None
    if actor.school_ids:
        names = select(School.name).where(col(School.id).in_(actor.school_ids)).order_by(col(School.name))
    elif actor.organization_ids:
        of_ours = col(Program.organization_id).in_(actor.organization_ids)
        names = select(Program.organization_name).where(of_ours)
    else:
        return None
    return (await session.exec(names.limit(1))).first()


async def all_schools(session: AsyncSession) -> list[tuple[UUID, str]]:
    """Every school by name: for the district's filter."""
    return list(await session.exec(select(School.id, School.name).where(School.active).order_by(col(School.name))))
