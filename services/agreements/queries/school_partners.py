"""What is asked about a school: who works with it."""

from itertools import groupby
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import select as columns
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.models import Listing, School
from services.agreements.queries.directory import Fits, count_of, programs_of
from services.agreements.queries.partners import SchoolView
from services.agreements.queries.programs import ProgramView
from services.agreements.rules import not_found


class SchoolPartner(BaseModel):
    """A partner with its open programs for a school."""

    id: UUID
    name: str
    programs: list[ProgramView]


class SchoolWithPartners(BaseModel):
    """Who works with a school."""

    school: SchoolView
    partners: list[SchoolPartner]
    """Those with open programs that name the school, by name."""
    for_every_school: int
    """Open programs of all partners that are for every school."""


async def school_with_partners(session: AsyncSession, school_id: UUID) -> SchoolWithPartners:
    """A school with the partners that named it."""
    school = await session.get(School, school_id)
    if school is None or not school.active:
        raise not_found("school")
    fits = Fits(f"'status:open' & 'school:{school_id}'")
    order = [col(Listing.partner_key), col(Listing.sinks), col(Listing.name_key)]
    ids = (await session.execute(columns(col(Listing.program_id)).where(*fits.where).order_by(*order))).scalars()
    programs = await programs_of(session, dict.fromkeys(ids))
    partners = [
        SchoolPartner(id=id, name=name, programs=list(theirs))
        for (id, name), theirs in groupby(programs, key=lambda one: (one.organization_id, one.organization_name))
    ]
    everywhere = await count_of(session, Fits("'status:open' & 'school:any'"))
    return SchoolWithPartners(
        school=SchoolView(id=school.id, name=school.name), partners=partners, for_every_school=everywhere
    )
