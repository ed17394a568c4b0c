"""A partner whose programs take no new referrals: what lies with them stays, and everybody whom it concerns hears."""

from datetime import datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.referrals.commands.case import NO_DEADLINES, SYSTEM, fetch, publish, tell
from services.referrals.models import Attempt
from services.referrals.rules import LIVE
from shared.events.referrals import ProgramHalted


async def tell_programs_halted(session: AsyncSession, organization_id: UUID, halt: str, *, now: datetime) -> int:
    """Publish for each referral that the partner has in hand that its program takes no new ones; how many."""
    open_there = select(Attempt.referral_id).where(
        Attempt.organization_id == organization_id, col(Attempt.state).in_(LIVE)
    )
    told = 0
    for referral_id in (await session.exec(open_there.order_by(col(Attempt.referral_id)))).all():
        case = await fetch(session, referral_id, actor=SYSTEM, now=now, calendar=NO_DEADLINES)
        # Asked again under the lock: somebody may have moved it between the look and the lock.
        if case and case.live and case.live.organization_id == organization_id:
            tell(case, ProgramHalted(**case.about_attempt(case.live), halt=halt), actor=SYSTEM)
            await publish(session, case)
            told += 1
    return told
