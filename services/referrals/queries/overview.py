"""The district's picture of referrals: this month by state, answers, schools, families not reached."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import func, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.referrals.models import Attempt, Referral, School
from services.referrals.queries.lines import UNDER_WAY, UNREACHED, overdue_at
from services.referrals.rules import ReferralState
from shared.events.vocabulary import Need


class SchoolCount(BaseModel):
    """One school's referrals of the month."""

    school_id: UUID
    school: str
    submitted: int
    taken: int
    """Accepted or completed."""
    returned: int


class Overview(BaseModel):
    """Referrals since the beginning of the month; what is open counts whenever it was sent."""

    model_config = ConfigDict(frozen=True)

    since: datetime
    submitted: int
    by_state: dict[ReferralState, int]
    by_need: dict[Need, int]
    median_answer: timedelta | None
    """From sending to accepting, declining or putting on the waiting list."""
    answered: int
    answered_in_time: int
    overdue: int
    returned: int
    unreached: int
    schools: list[SchoolCount]


async def overview(session: AsyncSession, *, since: datetime, now: datetime) -> Overview:
    """The picture since a moment."""
    in_month = col(Referral.submitted_at) >= since
    by_state = await _counts(session, col(Referral.state), in_month)
    answered, in_time, median = await _answers(session, since)
    return Overview(
        since=since,
        submitted=sum(by_state.values()),
        by_state=by_state,
        by_need=await _counts(session, col(Referral.need), in_month),
        median_answer=median,
        answered=answered,
        answered_in_time=in_time,
        overdue=await _overdue(session, now),
        returned=(await _counts(session, col(Referral.state), UNDER_WAY)).get(ReferralState.RETURNED, 0),
        unreached=await _unreached(session),
        schools=await _schools(session, in_month),
    )


async def _counts(session: AsyncSession, column: Any, condition: Any) -> dict[Any, int]:
    rows = await session.execute(select(column, func.count()).where(condition).group_by(column))
    return dict(rows.all())


async def _answers(session: AsyncSession, since: datetime) -> tuple[int, int, timedelta | None]:
    took = col(Attempt.answered_at) - col(Attempt.sent_at)
    in_time = func.count().filter(col(Attempt.answered_at) <= col(Attempt.answer_by))
    median = func.percentile_cont(0.5).within_group(took)
    row = (await session.execute(select(func.count(), in_time, median).where(col(Attempt.answered_at) >= since))).one()
    return row[0], row[1], row[2]


async def _overdue(session: AsyncSession, now: datetime) -> int:
    return int((await session.execute(select(func.count()).select_from(Attempt).where(overdue_at(now)))).scalar_one())


async def _unreached(session: AsyncSession) -> int:
    counted = select(func.count()).select_from(Referral).where(UNDER_WAY, UNREACHED)
    return int((await session.execute(counted)).scalar_one())


async def _schools(session: AsyncSession, condition: Any) -> list[SchoolCount]:
    taken = col(Referral.state).in_((ReferralState.ACCEPTED, ReferralState.COMPLETED))
    rows = await session.execute(
        select(
            col(Referral.school_id),
            func.coalesce(func.min(col(School.name)), "").label("name"),
            func.count(),
            func.count().filter(taken),
            func.count().filter(col(Referral.state) == ReferralState.RETURNED),
        )
        .outerjoin(School, col(School.id) == col(Referral.school_id))
        .where(condition)
        .group_by(col(Referral.school_id))
        .order_by(func.count().desc(), "name")
    )
    return [
        SchoolCount(school_id=id, school=name, submitted=submitted, taken=taken_, returned=returned)
        for id, name, submitted, taken_, returned in rows
    ]
