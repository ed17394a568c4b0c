"""What a program that closed leaves unanswered: it goes the way of a decline."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from services.referrals.commands.answer import decline
from services.referrals.commands.case import SYSTEM, fetch, publish
from services.referrals.models import Program
from services.referrals.rules import AttemptState, BusinessCalendar, Mover, Standing, Verb, decide
from shared.events.vocabulary import DeclineReason

BATCH = 50
UNANSWERED = frozenset({AttemptState.SENT, AttemptState.ACKNOWLEDGED})

# A referral that somebody has in hand right now is left for the next look.
_LEFT = text("""
    SELECT referral.id
    FROM program
    JOIN attempt ON attempt.program_id = program.id AND attempt.state IN ('sent', 'acknowledged')
    JOIN referral ON referral.id = attempt.referral_id
    WHERE program.status = 'closed'
    LIMIT :limit
    FOR UPDATE OF referral SKIP LOCKED
""")


async def leave_closed(session: AsyncSession, *, now: datetime, calendar: BusinessCalendar) -> int:
    """Move on what lies unanswered at programs that closed; how many referrals were looked at."""
    left = (await session.execute(_LEFT, {"limit": BATCH})).scalars().all()
    for referral_id in left:
        await _leave(session, referral_id, now, calendar)
    return len(left)


async def _leave(session: AsyncSession, referral_id: UUID, now: datetime, calendar: BusinessCalendar) -> None:
    case = await fetch(session, referral_id, actor=SYSTEM, now=now, calendar=calendar)
    # Asked again under the lock: the partner may have answered between the look and the lock.
    if case is None or case.live is None or case.live.state not in UNANSWERED:
        return
    program = await session.get(Program, case.live.program_id)
    if program is None or program.status != "closed":
        return
    standing = Standing(case.referral.state, case.live.state)
    decision = decide(Verb.DECLINE, {Mover.SYSTEM: standing})
    case.referral.version += 1
    await decline(session, case, case.live, decision, DeclineReason.PROGRAM_CLOSED)
    await publish(session, case)
