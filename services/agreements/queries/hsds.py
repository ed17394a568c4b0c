"""What the HSDS API asks of the directory: services, organizations and places by its filters, every one counted."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import ColumnElement, func, or_
from sqlalchemy import select as columns
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.models import Listing, Organization, Program
from services.agreements.queries.common import words_in
from services.agreements.queries.directory import Fits, programs_of
from services.agreements.queries.places import around
from services.agreements.queries.programs import ProgramView
from services.agreements.queries.search import ProgramSearch, words_query
from services.agreements.rules import not_found
from services.agreements.rules.vetting import LISTED

BATCH = 200
"""Programs that are read at once."""


class Filters(BaseModel):
    """What is asked for; everything that is given must fit. `facets` are queries of full text."""

    search: str = ""
    facets: tuple[str, ...] = ()
    organization_id: UUID | None = None
    modified_after: datetime | None = None
    postcode: str = ""
    proximity: int | None = None
    """Metres around the middle of the postcode; None: in the postcode itself."""
    placed: bool = False
    """Only what has a place."""


async def fitting(session: AsyncSession, filters: Filters) -> list[ColumnElement[bool]] | None:
    """The conditions on listings; None where nothing can fit, because the postcode is not known."""
    said = list(filters.facets)
    if filters.organization_id:
        said.append(f"'org:{filters.organization_id}'")
    circle = None
    if filters.postcode and filters.proximity is not None:
        circle = await around(session, filters.postcode, filters.proximity)
        if circle is None:
            return None
    elif filters.postcode:
        said.append("'zip:" + "".join(filter(str.isalnum, filters.postcode)) + "'")
    words = await words_query(session, ProgramSearch(q=filters.search[:200] or None))
    conditions = Fits(" & ".join(said), words, circle, filters.modified_after).where
    if filters.placed:
        placed = select(Program.id).where(or_(col(Program.site) != "", col(Program.latitude).is_not(None)))
        conditions.append(col(Listing.program_id).in_(placed))
    return conditions


async def count(session: AsyncSession, conditions: list[ColumnElement[bool]]) -> int:
    """How many programs fit."""
    found = await session.execute(columns(func.count()).select_from(Listing).where(*conditions))
    return int(found.scalar_one())


async def part(
    session: AsyncSession, conditions: list[ColumnElement[bool]], *, offset: int, limit: int
) -> list[ProgramView]:
    """Some of the programs that fit, by id."""
    ids = columns(col(Listing.program_id)).where(*conditions).order_by(col(Listing.program_id))
    found = await session.execute(ids.offset(offset).limit(limit))
    return await programs_of(session, dict.fromkeys(found.scalars()))


async def after(
    session: AsyncSession, conditions: list[ColumnElement[bool]], last: UUID | None, limit: int = BATCH
) -> list[ProgramView]:
    """The next of the programs that fit, by id: those behind `last`, or the first ones."""
    behind = [] if last is None else [col(Listing.program_id) > last]
    return await part(session, [*conditions, *behind], offset=0, limit=limit)


async def of_partners(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, list[ProgramView]]:
    """All programs of each of these organizations, by id."""
    listed = columns(col(Listing.program_id)).where(col(Listing.organization_id).in_(ids))
    found = await session.execute(listed.order_by(col(Listing.program_id)))
    programs: dict[UUID, list[ProgramView]] = {id: [] for id in ids}
    for program in await programs_of(session, dict.fromkeys(found.scalars())):
        programs[program.organization_id].append(program)
    return programs


async def partners(session: AsyncSession, ids: Iterable[UUID]) -> dict[UUID, Organization]:
    """These organizations."""
    rows = await session.exec(select(Organization).where(col(Organization.id).in_(set(ids))))
    return {row.id: row for row in rows}


def listed(search: str, facets: Sequence[str]) -> list[ColumnElement[bool]]:
    """The conditions on partners that everybody may know of; `facets` are what one of their programs must fit."""
    fits = [col(Organization.status).in_(LISTED), *words_in(search, Organization.name)]
    if facets:
        offer = columns(col(Listing.organization_id)).where(*Fits(" & ".join(facets)).where)
        fits.append(col(Organization.id).in_(offer))
    return fits


async def organizations(
    session: AsyncSession, fits: Sequence[ColumnElement[bool]], *, offset: int = 0, limit: int
) -> Sequence[Organization]:
    """Partners that fit, some of them, by id."""
    rows = select(Organization).where(*fits).order_by(col(Organization.id))
    return (await session.exec(rows.offset(offset).limit(limit))).all()


async def count_organizations(session: AsyncSession, fits: Sequence[ColumnElement[bool]]) -> int:
    """How many partners fit."""
    return (await session.exec(select(func.count()).select_from(Organization).where(*fits))).one()


async def organization(session: AsyncSession, id: UUID) -> Organization:
    """One partner that everybody may know of."""
    found = await session.get(Organization, id)
    if found is None or found.status not in LISTED:
        raise not_found("organization")
    return found
