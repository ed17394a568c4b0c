"""Scheduled verbs of the agreements service."""

from datetime import datetime, timedelta

from services.agreements.commands import ask_next, close_rounds, forget_unapplied_imports, open_due_rounds
from services.agreements.commands.agreements import settle_agreements
from services.agreements.settings import Settings
from shared.db import Database
from shared.messaging import Jobs

jobs = Jobs()


@jobs.every(seconds=600)
async def forget_uploads(db: Database, settings: Settings, now: datetime) -> int:
    """Delete uploaded files that nobody applied in time."""
    async with db.transaction() as session:
        return await forget_unapplied_imports(
            session, older_than=timedelta(hours=settings.programs_upload_hours), now=now
        )


@jobs.every(seconds=60)
async def ask_for_reviews(db: Database, settings: Settings, now: datetime) -> int:
    """In spring, ask everybody who works together to rate the partnership, and later to look back on the year."""
    calendar = settings.school_calendar
    async with db.transaction() as session:
        await open_due_rounds(session, calendar=calendar, now=now)
        return await ask_next(session, calendar=calendar, now=now)


@jobs.every(seconds=3600, woken=False)
async def close_review_rounds(db: Database, settings: Settings, now: datetime) -> int:
    """Take back what still waits of a school year that is over for good."""
    async with db.transaction() as session:
        return await close_rounds(session, calendar=settings.school_calendar, now=now)


@jobs.every(seconds=1)
async def agreements_due(db: Database, settings: Settings, now: datetime) -> int:
    """Let agreements begin, fall due for renewal and expire, and remind of their ends."""
    async with db.transaction() as session:
        return await settle_agreements(session, now=now, zone=settings.zone)
