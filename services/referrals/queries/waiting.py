"""What waits for somebody: today's work of school staff, the inbox of a partner."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, case, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.referrals.models import Attempt, Referral
from services.referrals.queries.lines import (
    UNANSWERED,
    as_line,
    lines_of,
    overdue_at,
    page_of_lines,
    under_way,
    unreached,
)
from services.referrals.queries.shapes import Listed, ReferralLine, TodayLine
from services.referrals.rules import AttemptState, ReferralState
from shared.events.vocabulary import RoleName
from shared.identity import Actor


async def today_lines(
    session: AsyncSession, *, actor: Actor, now: datetime, offset: int, limit: int
) -> Listed[TodayLine]:
    """What waits for school staff, worst first: overdue, returned, families not reached, consents to ask."""
    actor = narrowed(actor, RoleName.SCHOOL_STAFF, RoleName.DISTRICT_OFFICE)
    rank = case(*((condition, place) for place, condition in enumerate(_reasons(now).values())))
    wanted = (
        lines_of(actor)
        .where(under_way(), rank.is_not(None))
        .order_by(rank, col(Attempt.answer_by).nulls_last(), col(Referral.changed_at), col(Referral.id))
    )
    total, rows = await page_of_lines(session, wanted, actor, offset, limit)
    lines = [as_line(row, actor, now) for row in rows]
    why = await _why(session, [line.id for line in lines], now)
    return Listed(total=total, items=[TodayLine(why=why[line.id], referral=line) for line in lines])


def _reasons(now: datetime) -> dict[str, ColumnElement[bool]]:
    """Why a referral waits for the school, worst first."""
    return {
        "overdue": overdue_at(now),
        "returned": col(Referral.state) == ReferralState.RETURNED,
        "unreached": unreached(),
        "consent": col(Referral.state) == ReferralState.AWAITING_CONSENT,
    }


async def _why(session: AsyncSession, ids: Sequence[UUID], now: datetime) -> dict[UUID, str]:
    why = case(*((condition, code) for code, condition in _reasons(now).items()))
    rows = await session.execute(
        select(col(Referral.id), why)
        .outerjoin(Attempt, col(Attempt.id) == col(Referral.attempt_id))
        .where(col(Referral.id).in_(ids))
    )
    return dict(rows.all())


async def inbox_lines(
    session: AsyncSession, *, actor: Actor, now: datetime, offset: int, limit: int
) -> Listed[ReferralLine]:
    """What waits for a partner's answer, the oldest promise first; who is on the waiting list comes last."""
    actor = narrowed(actor, RoleName.PARTNER_STAFF)
    waits = col(Attempt.state).in_((*UNANSWERED, AttemptState.WAITLISTED))
    listed_last = case((col(Attempt.state) == AttemptState.WAITLISTED, 1), else_=0)
    wanted = lines_of(actor).where(waits).order_by(listed_last, col(Attempt.answer_by), col(Attempt.id))
    total, rows = await page_of_lines(session, wanted, actor, offset, limit)
    return Listed(total=total, items=[as_line(row, actor, now) for row in rows])


def narrowed(actor: Actor, *names: RoleName) -> Actor:
    """Somebody with these roles only: who has several sees each page with the eyes that it is for."""
    return replace(actor, roles=tuple(role for role in actor.roles if role.name in names))
