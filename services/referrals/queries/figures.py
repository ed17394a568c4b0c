"""How reminding does, in figures."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.referrals.models import PlannedReminder
from shared.observability.figures import Figure

LATE = timedelta(minutes=1)
"""How long a reminder may be due before somebody should look."""


async def figures(session: AsyncSession, now: datetime) -> list[Figure]:
    """Reminders that are due and were neither sent nor let go."""
    due = col(PlannedReminder.settled_at).is_(None) & (col(PlannedReminder.due_at) < now - LATE)
    late = (await session.execute(select(func.count()).select_from(PlannedReminder).where(due))).scalar_one()
    to_do = "See whether the worker of referrals runs; then they go out by themselves, or are let go on the record."
    return [Figure("reminders_late", late, "Reminders due for a minute and not sent", f"{late:,}", late == 0, to_do)]
