"""What is asked about partner organizations and schools."""

from collections.abc import Collection, Sequence
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import ColumnElement, RowMapping, and_, func, or_
from sqlalchemy import select as columns
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.models import Organization, Program, School
from services.agreements.queries.common import words_in
from services.agreements.rules import ProgramStatus, not_found
from services.agreements.rules.partners import hears_why
from services.agreements.rules.standing import Halt
from services.agreements.rules.vetting import LISTED, PartnerStatus, Review, Standing
from shared.identity.actor import Actor


class PartnerFilter(StrEnum):
    """Where partners stand, as the district looks for them."""

    REVIEW = "review"
    REGISTERING = "registering"
    APPROVED = "approved"
    HALTED = "halted"
    SUSPENDED = "suspended"
    DECLINED = "declined"
    MERGED = "merged"


class OrganizationView(BaseModel):
    """A partner organization as it is read."""

    id: UUID
    name: str
    version: int
    status: PartnerStatus
    review: Review
    halted: bool
    """Its programs take no new referrals."""
    halt: Halt | None
    """Why so; only schools, the district and the partner itself are told."""
    merged_into: UUID | None
    programs: int
    """Programs that are not closed."""
    open_programs: int

    @property
    def standing(self) -> Standing:
        """Status and review together."""
        return Standing(self.status, self.review)


class SchoolView(BaseModel):
    """A school that a program may serve."""

    id: UUID
    name: str


async def find_organizations(
    session: AsyncSession,
    q: str = "",
    *,
    offset: int = 0,
    limit: int | None = None,
    only: Sequence[UUID] | None = None,
    stand: PartnerFilter | None = None,
    seen_by: Actor | None = None,
) -> tuple[list[OrganizationView], int]:
    """Partner organizations by words of their names, a part of them, and how many there are in all.

    `only` narrows them to these ids, `stand` to where they stand, `seen_by` to those that this person may know of.
    """
    fits = words_in(q, Organization.name) + ([col(Organization.id).in_(only)] if only is not None else [])
    fits += [_FILTERS[stand]] if stand else []
    fits += _known_to(seen_by, stand) if seen_by else []
    rows = await session.execute(
        columns(
            *(col(getattr(Organization, name)) for name in _OWN),
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
    return [_view(row, seen_by) for row in rows.mappings()], (await session.exec(count)).one()


def _view(row: RowMapping, seen_by: Actor | None) -> OrganizationView:
    view = OrganizationView(**row, halted=row["halt"] is not None)
    tell = seen_by is None or hears_why(seen_by, view.id)
    return view if tell else view.model_copy(update={"halt": None})


_OWN = ("id", "name", "version", "status", "review", "halt", "merged_into")

_FILTERS: dict[PartnerFilter, ColumnElement[bool]] = {
    PartnerFilter.REVIEW: col(Organization.review) == Review.WAITING,
    PartnerFilter.REGISTERING: col(Organization.status) == PartnerStatus.REGISTERING,
    PartnerFilter.APPROVED: col(Organization.status).in_([PartnerStatus.APPROVED, PartnerStatus.CONDITIONAL]),
    PartnerFilter.HALTED: and_(col(Organization.halt).is_not(None), col(Organization.status).in_(LISTED)),
    PartnerFilter.SUSPENDED: col(Organization.status) == PartnerStatus.SUSPENDED,
    PartnerFilter.DECLINED: col(Organization.status) == PartnerStatus.DECLINED,
    PartnerFilter.MERGED: col(Organization.status) == PartnerStatus.MERGED,
}


def _known_to(actor: Actor, stand: PartnerFilter | None) -> list[ColumnElement[bool]]:
    """The district knows all, the merged ones where it asks for them; everybody else the approved and their own."""
    if actor.is_district:
        return [] if stand is PartnerFilter.MERGED else [col(Organization.status) != PartnerStatus.MERGED]
    own = col(Organization.id).in_(actor.organization_ids), col(Organization.registrant_id) == actor.person_id
    return [or_(col(Organization.status).in_(LISTED), *own)]


async def may_know(session: AsyncSession, organization_id: UUID, actor: Actor) -> bool:
    """Whether there is this partner, not merged, and the actor may know of it."""
    found = select(Organization.id).where(Organization.id == organization_id, *_known_to(actor, None))
    return (await session.exec(found)).first() is not None


async def organization_view(
    session: AsyncSession, organization_id: UUID, seen_by: Actor | None = None
) -> OrganizationView:
    """One partner organization; only where `seen_by` may know of it, or it was merged and leads to another one."""
    found, _ = await find_organizations(session, only=[organization_id])
    if seen_by is not None and found and found[0].status is not PartnerStatus.MERGED:
        found, _ = await find_organizations(session, only=[organization_id], seen_by=seen_by)
    if not found:
        raise not_found("organization")
    return found[0]


async def statuses_of(session: AsyncSession, ids: Collection[UUID]) -> list[PartnerStatus]:
    """What the district says of these organizations, in no order."""
    rows = await session.exec(select(Organization.status).where(col(Organization.id).in_(ids)))
    return [PartnerStatus(status) for status in rows]


async def schools(session: AsyncSession) -> list[SchoolView]:
    """The schools that a program may serve, by name."""
    rows = await session.exec(select(School.id, School.name).where(School.active).order_by(School.name))
    return [SchoolView(id=id_, name=name) for id_, name in rows]


async def schools_named(session: AsyncSession, ids: Sequence[UUID]) -> list[SchoolView]:
    """These schools, by name; one that is not known yet is left out."""
    rows = await session.exec(select(School).where(col(School.id).in_(ids)).order_by(School.name))
    return [SchoolView(id=school.id, name=school.name) for school in rows]
