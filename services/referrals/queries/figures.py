"""How referring and reminding do, in figures."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.referrals.models import PlannedReminder, Referral
from services.referrals.rules import ReferralState
from shared.observability.figures import Figure

LATE = timedelta(minutes=1)
"""How long a reminder may be due before somebody should look."""
HOUR = timedelta(hours=1)
OPEN = (
    ReferralState.AWAITING_CONSENT,
    ReferralState.OPEN,
    ReferralState.WAITLISTED,
    ReferralState.ACCEPTED,
    ReferralState.RETURNED,
)
"""Those that somebody still works on; the others only grow."""


async def figures(session: AsyncSession, now: datetime) -> list[Figure]:
    """Referrals that are open, those of the last hour, and reminders that are due and were neither sent nor let go."""
    due = col(PlannedReminder.settled_at).is_(None) & (col(PlannedReminder.due_at) < now - LATE)
    late = (await session.execute(select(func.count()).select_from(PlannedReminder).where(due))).scalar_one()
    to_do = "See whether the worker of referrals runs; then they go out by themselves, or are let go on the record."
    return [
        *await _referrals(session, now),
        Figure("reminders_late", late, "Reminders due for a minute and not sent", f"{late:,}", late == 0, to_do),
    ]


async def _referrals(session: AsyncSession, now: datetime) -> list[Figure]:
    state = col(Referral.state)
    found = await session.execute(select(state, func.count()).where(state.in_(OPEN)).group_by(state))
    by_state: dict[ReferralState, int] = {row[0]: row[1] for row in found}
    submitted = select(func.count()).where(state.in_(list(ReferralState)), col(Referral.submitted_at) > now - HOUR)
    return [
        *(
            Figure("referrals_open", by_state.get(one, 0), "Referrals that are not closed", labels={"state": one.value})
            for one in OPEN
        ),
        Figure("referrals_last_hour", (await session.execute(submitted)).scalar_one(), "Referrals of the last hour"),
    ]
