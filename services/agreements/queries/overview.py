"""The district's picture: agreements, goals, needs that nobody serves, partners without an agreement."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import func
from sqlalchemy import select as columns
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.models import Agreement, Goal, Organization, Program, ReferralNeed, School
from services.agreements.queries.common import Blank
from services.agreements.queries.evidence import is_met, newest_measurement
from services.agreements.queries.partnerships import in_year, midnight
from services.agreements.rules import ProgramStatus
from services.agreements.rules.agreements import ENDED, IN_FORCE, AgreementState
from services.agreements.rules.school_years import SchoolCalendar
from services.agreements.rules.vetting import LISTED
from shared.events.vocabulary import Need

SOON = timedelta(days=90)
"""How far the list of agreements that end looks ahead."""


class NeedSearch(BaseModel):
    """Which schools of the map are shown."""

    q: Annotated[str | None, Blank] = Field(default=None, max_length=200, description="Words of the school's name")
    need: Annotated[Need | None, Blank] = Field(default=None, description="Only schools without a partner for it")


class EndingLine(BaseModel):
    """An agreement in force that ends soon."""

    id: UUID
    title: str
    partner: str
    school: str | None
    """None: the district office agreed."""
    state: AgreementState
    ends_on: date


class PartnerLine(BaseModel):
    """A partner that no agreement covers."""

    id: UUID
    name: str
    open_programs: int


class NeedCell(BaseModel):
    """One need at one school."""

    partners: int
    """Partners with an open program for it that an agreement in force covers there."""
    asked: int
    """Referrals of the school year that asked for it."""


class SchoolNeeds(BaseModel):
    """One school of the map."""

    school_id: UUID
    school: str
    cells: dict[Need, NeedCell]

    @property
    def gaps(self) -> list[Need]:
        """Needs for which no partner works there."""
        return [need for need, cell in self.cells.items() if not cell.partners]


class Overview(BaseModel):
    """The district's partnerships as they stand."""

    year: int
    by_state: dict[AgreementState, int]
    """Agreements that have not ended, by state."""
    ending: list[EndingLine]
    """In force, and over within 90 days; the nearest end first."""
    partners_without: list[PartnerLine]
    goals: int
    """Goals of agreements that held in the school year."""
    goals_measured: int
    goals_met: int
    needs: list[SchoolNeeds]
    """The part of the map that was asked for."""
    schools: int
    """Schools that fit what was asked for."""

    @property
    def in_force(self) -> int:
        """Agreements that hold today."""
        return sum(self.by_state.get(state, 0) for state in IN_FORCE)


async def partnerships_overview(
    session: AsyncSession,
    search: NeedSearch,
    *,
    calendar: SchoolCalendar,
    today: date,
    offset: int = 0,
    limit: int | None = None,
) -> Overview:
    """The whole picture, with a part of the map of needs."""
    year = calendar.year_of(today)
    map_ = [one for one in await _map(session, calendar, year) if _fits(one, search)]
    return Overview(
        year=year,
        by_state=await _by_state(session),
        ending=await _ending(session, today),
        partners_without=await _partners_without(session),
        **await _goals(session, calendar, year),
        needs=map_[offset : offset + limit] if limit else map_[offset:],
        schools=len(map_),
    )


async def _by_state(session: AsyncSession) -> dict[AgreementState, int]:
    rows = await session.exec(
        select(Agreement.state, func.count()).where(col(Agreement.state).not_in(ENDED)).group_by(col(Agreement.state))
    )
    found = dict(rows.all())
    return {state: found[state] for state in AgreementState if state in found}


async def _ending(session: AsyncSession, today: date) -> list[EndingLine]:
    rows = await session.execute(
        columns(
            *(col(c) for c in (Agreement.id, Agreement.title, Agreement.state, Agreement.ends_on)),
            col(Organization.name).label("partner"),
            col(School.name).label("school"),
        )
        .select_from(Agreement)
        .join(Organization, col(Organization.id) == col(Agreement.organization_id))
        .outerjoin(School, col(School.id) == col(Agreement.school_id))
        .where(col(Agreement.state).in_(IN_FORCE), col(Agreement.ends_on) <= today + SOON)
        .order_by(col(Agreement.ends_on), col(Organization.name_key))
    )
    return [EndingLine(**row) for row in rows.mappings()]


async def _partners_without(session: AsyncSession) -> list[PartnerLine]:
    covered = select(Agreement.organization_id).where(col(Agreement.state).in_(IN_FORCE))
    rows = await session.execute(
        columns(
            col(Organization.id),
            col(Organization.name),
            func.count(col(Program.id)).filter(col(Program.status) == ProgramStatus.OPEN).label("open_programs"),
        )
        .select_from(Organization)
        .outerjoin(Program, col(Program.organization_id) == col(Organization.id))
        .where(col(Organization.status).in_(LISTED), col(Organization.id).not_in(covered))
        .group_by(col(Organization.id))
        .order_by(col(Organization.name_key))
    )
    return [PartnerLine(**row) for row in rows.mappings()]


async def _goals(session: AsyncSession, calendar: SchoolCalendar, year: int) -> dict[str, int]:
    newest = newest_measurement(calendar, year)
    found = (
        columns(
            func.count().label("goals"),
            func.count(newest.c.value).label("goals_measured"),
            func.count().filter(is_met(newest.c.value)).label("goals_met"),
        )
        .select_from(Goal)
        .join(Agreement, col(Agreement.id) == col(Goal.agreement_id))
        .outerjoin(newest, newest.c.goal_id == col(Goal.id))
        .where(in_year(calendar, year), col(Goal.dropped_at).is_(None))
    )
    return dict((await session.execute(found)).mappings().one())


async def _map(session: AsyncSession, calendar: SchoolCalendar, year: int) -> list[SchoolNeeds]:
    """Every school with every need: how many partners, and how often it was asked for."""
    schools = (await session.exec(select(School).where(School.active).order_by(School.name))).all()
    partners = await _partners(session, {school.id for school in schools})
    asked = await _asked(session, calendar, year)
    return [
        SchoolNeeds(
            school_id=school.id,
            school=school.name,
            cells={
                need: NeedCell(partners=partners[school.id, need], asked=asked.get((school.id, need), 0))
                for need in Need
            },
        )
        for school in schools
    ]


async def _partners(session: AsyncSession, schools: Collection[UUID]) -> Counter[tuple[UUID, str]]:
    """By school and need, the partners that serve it there under an agreement in force."""
    covered = await _covered(session, schools)
    need = func.unnest(col(Program.needs)).label("need")
    rows = await session.execute(
        columns(col(Program.organization_id), need, col(Program.school_ids))
        .where(col(Program.status) == ProgramStatus.OPEN, col(Program.organization_id).in_(covered))
        .distinct()
    )
    serves: dict[tuple[UUID, str], set[UUID]] = defaultdict(set)
    for organization_id, need_, school_ids in rows:
        serves[organization_id, need_] |= covered[organization_id].intersection(school_ids or schools)
    return Counter((school, need_) for (_, need_), there in serves.items() for school in there)


async def _covered(session: AsyncSession, schools: Collection[UUID]) -> dict[UUID, set[UUID]]:
    rows = await session.exec(
        select(Agreement.organization_id, Agreement.school_id, Agreement.school_ids).where(
            col(Agreement.state).in_(IN_FORCE)
        )
    )
    covered: dict[UUID, set[UUID]] = defaultdict(set)
    for organization_id, school_id, school_ids in rows:
        own: Sequence[UUID] = [school_id] if school_id else []
        covered[organization_id] |= set([*own, *school_ids] or schools)
    return covered


async def _asked(session: AsyncSession, calendar: SchoolCalendar, year: int) -> dict[tuple[UUID, Need], int]:
    rows = await session.execute(
        columns(col(ReferralNeed.school_id), col(ReferralNeed.need), func.count())
        .where(col(ReferralNeed.submitted_at) >= midnight(calendar, year))
        .group_by(col(ReferralNeed.school_id), col(ReferralNeed.need))
    )
    return {(school_id, need): count for school_id, need, count in rows}


def _fits(one: SchoolNeeds, search: NeedSearch) -> bool:
    words = (search.q or "").casefold().split()
    return all(word in one.school.casefold() for word in words) and (search.need is None or search.need in one.gaps)
