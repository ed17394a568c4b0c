"""Scheduled verbs: reminders, and what closed programs leave unanswered. Any number of schedulers may look at once."""

from datetime import datetime

from services.referrals import commands
from services.referrals.settings import Settings
from shared.db import Database
from shared.messaging import Jobs

jobs = Jobs()


@jobs.every(seconds=1)
async def remind(db: Database, settings: Settings, now: datetime) -> int:
    """Settle the reminders that are due; how many there were."""
    async with db.transaction() as session:
        return await commands.settle_due(session, now=now)


@jobs.every(seconds=1)
async def leave_closed(db: Database, settings: Settings, now: datetime) -> int:
    """Move on what lies unanswered at programs that closed; how many referrals were looked at."""
    async with db.transaction() as session:
        return await commands.leave_closed(session, now=now, calendar=settings.calendar)


@jobs.every(seconds=300)
async def plan_missing(db: Database, settings: Settings, now: datetime) -> int:
    """Plan the reminders of what was sent or asked before there were reminders."""
    async with db.transaction() as session:
        await commands.plan_missing(session, settings.calendar)
    return 0
