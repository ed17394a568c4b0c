"""What is asked about a school: who works with it."""

from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import or_
from sqlalchemy import select as columns
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.models import Agreement, Listing, Organization, School
from services.agreements.queries.directory import Fits, count_of, programs_of
from services.agreements.queries.partners import SchoolView
from services.agreements.queries.programs import ProgramView
from services.agreements.rules import not_found
from services.agreements.rules.agreements import IN_FORCE


class SchoolPartner(BaseModel):
    """A partner with its open programs for a school."""

    id: UUID
    name: str
    agreed: bool
    """Whether an agreement in force covers the school."""
    programs: list[ProgramView]
    """Those that name the school; where an agreement does, also those for every school."""


class SchoolWithPartners(BaseModel):
    """Who works with a school."""

    school: SchoolView
    partners: list[SchoolPartner]
    """Those with open programs or agreements in force that name the school, by name."""
    for_every_school: int
    """Further open programs, of all partners, that are for every school."""


async def school_with_partners(session: AsyncSession, school_id: UUID) -> SchoolWithPartners:
    """A school with the partners that named it, and those that an agreement in force binds to it."""
    school = await session.get(School, school_id)
    if school is None or not school.active:
        raise not_found("school")
    named, everywhere = await _covering(session, school_id)
    fits = Fits(f"'status:open' & ('school:{school_id}'" + "".join(map(_for_every_school, named)) + ")")
    order = [col(Listing.partner_key), col(Listing.sinks), col(Listing.name_key)]
    ids = (await session.execute(columns(col(Listing.program_id)).where(*fits.where).order_by(*order))).scalars()
    theirs: dict[UUID, list[ProgramView]] = {id: [] for id in named}
    for program in await programs_of(session, dict.fromkeys(ids)):
        theirs.setdefault(program.organization_id, []).append(program)
    wanted = select(Organization.id, Organization.name).where(col(Organization.id).in_(theirs))
    names = await session.exec(wanted.order_by(Organization.name_key))
    partners = [
        SchoolPartner(id=id, name=name, agreed=id in named or id in everywhere, programs=theirs[id])
        for id, name in names
    ]
    shown = sum(not program.school_ids for programs in theirs.values() for program in programs)
    return SchoolWithPartners(
        school=SchoolView(id=school.id, name=school.name),
        partners=partners,
        for_every_school=await count_of(session, Fits("'status:open' & 'school:any'")) - shown,
    )


def _for_every_school(organization_id: UUID) -> str:
    return f" | ('org:{organization_id}' & 'school:any')"


async def _covering(session: AsyncSession, school_id: UUID) -> tuple[set[UUID], set[UUID]]:
    """Partners with an agreement in force that names the school, and those with one for every school."""
    rows = await session.exec(
        select(Agreement.organization_id, Agreement.school_ids).where(
            col(Agreement.state).in_(IN_FORCE),
            or_(col(Agreement.school_ids) == [], col(Agreement.school_ids).contains([school_id])),
        )
    )
    covering = [(organization_id, bool(school_ids)) for organization_id, school_ids in rows]
    named = {id for id, is_named in covering if is_named}
    return named, {id for id, is_named in covering if not is_named}
