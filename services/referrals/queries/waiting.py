"""What waits for somebody: today's work of school staff, the inbox of a partner."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import case
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.referrals.models import Attempt, Referral
from services.referrals.queries.lines import (
    UNANSWERED,
    UNDER_WAY,
    UNREACHED,
    as_line,
    lines_of,
    overdue_at,
    page_of_lines,
)
from services.referrals.queries.shapes import Listed, ReferralLine, TodayLine
from services.referrals.rules import AttemptState, ReferralState
from shared.events.vocabulary import RoleName
from shared.identity import Actor

WHY = ("overdue", "returned", "unreached", "consent")


async def today_lines(
    session: AsyncSession, *, actor: Actor, now: datetime, offset: int, limit: int
) -> Listed[TodayLine]:
    """What waits for school staff, worst first: overdue, returned, families not reached, consents to ask."""
    actor = narrowed(actor, RoleName.SCHOOL_STAFF, RoleName.DISTRICT_OFFICE)
    rank = case(
        (overdue_at(now), 0),
        (col(Referral.state) == ReferralState.RETURNED, 1),
        (UNREACHED, 2),
        (col(Referral.state) == ReferralState.AWAITING_CONSENT, 3),
    )
    wanted = (
        lines_of(actor)
        .where(UNDER_WAY, rank.is_not(None))
        .order_by(rank, col(Attempt.answer_by).nulls_last(), col(Referral.changed_at), col(Referral.id))
    )
    total, rows = await page_of_lines(session, wanted, actor, offset, limit, beside=rank)
    return Listed(
        total=total, items=[TodayLine(why=WHY[rank], referral=as_line(row, actor, now)) for row, rank in rows]
    )


async def inbox_lines(
    session: AsyncSession, *, actor: Actor, now: datetime, offset: int, limit: int
) -> Listed[ReferralLine]:
    """What waits for a partner's answer, the oldest promise first; who is on the waiting list comes last."""
    actor = narrowed(actor, RoleName.PARTNER_STAFF)
    waits = col(Attempt.state).in_((*UNANSWERED, AttemptState.WAITLISTED))
    listed_last = case((col(Attempt.state) == AttemptState.WAITLISTED, 1), else_=0)
    wanted = lines_of(actor).where(waits).order_by(listed_last, col(Attempt.answer_by), col(Attempt.id))
    total, rows = await page_of_lines(session, wanted, actor, offset, limit)
    return Listed(total=total, items=[as_line(row, actor, now) for row, _ in rows])


def narrowed(actor: Actor, *names: RoleName) -> Actor:
    """Somebody with these roles only: who has several sees each page with the eyes that it is for."""
    return replace(actor, roles=tuple(role for role in actor.roles if role.name in names))
