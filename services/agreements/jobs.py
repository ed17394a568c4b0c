"""Scheduled verbs of the agreements service."""

import asyncio
from datetime import datetime, timedelta

from services.agreements import commands, documents
from services.agreements.commands import (
    ask_next,
    ask_to_confirm,
    close_rounds,
    forget_unapplied_imports,
    look_at_expiries,
    open_due_rounds,
    survey_places,
    unclaimed_files,
)
from services.agreements.commands.agreements import settle_agreements
from services.agreements.settings import Settings
from shared.db import Database
from shared.identity import system
from shared.messaging import Jobs

jobs = Jobs()
UNCLAIMED = timedelta(days=1)
"""How long a file that no document names is left alone: its transaction may still be under way."""


@jobs.every(seconds=600)
async def forget_uploads(db: Database, settings: Settings, now: datetime) -> int:
    """Delete uploaded files of programs that nobody applied in time."""
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


@jobs.every(seconds=30, woken=False)
async def look_at_partners(db: Database, settings: Settings, now: datetime) -> int:
    """Remind partners of what runs out, and stop referrals to those of whom it has."""
    async with db.transaction() as session:
        return await look_at_expiries(session, now=now, zone=settings.zone)


@jobs.every(seconds=3600, woken=False)
async def forget_documents(db: Database, settings: Settings, now: datetime) -> int:
    """Delete files of documents that were taken away, and of uploads that broke off."""
    folder, before = documents.folder_of(settings), now - UNCLAIMED
    names = await asyncio.to_thread(documents.older_than, folder, before)
    async with db.transaction() as session:
        unclaimed = await unclaimed_files(session, names)
    await asyncio.to_thread(documents.forget, folder, unclaimed, before)
    return 0


@jobs.every(seconds=60, woken=False)
async def find_places(db: Database, settings: Settings, now: datetime) -> int:
    """Find where neighborhoods and postal codes are, from the programs there."""
    async with db.transaction() as session:
        await survey_places(session)
    return 0


@jobs.every(seconds=60, woken=False)
async def ask_partners(db: Database, settings: Settings, now: datetime) -> int:
    """Ask partners about entries of the directory that nobody confirmed for long, a partner at a time."""
    good_for, ask = timedelta(days=settings.confirm_days), timedelta(days=settings.confirm_ask_days)
    async with db.transaction() as session:
        return await ask_to_confirm(
            session, good_for=good_for, ask=ask, zone=settings.zone, actor=system("agreements"), now=now
        )


@jobs.every(seconds=1)
async def remind_of_meetings(db: Database, settings: Settings, now: datetime) -> int:
    """Settle the reminders of meetings that are due; how many there were."""
    async with db.transaction() as session:
        return await commands.settle_meeting_reminders(session, now=now)


@jobs.every(seconds=1)
async def replan_reminders(db: Database, settings: Settings, now: datetime) -> int:
    """Plan reminders anew for who wants them at other times; how many people that were."""
    async with db.transaction() as session:
        return await commands.replan_wished(session, zone=settings.zone, now=now)


@jobs.every(seconds=10)
async def remind_of_tasks(db: Database, settings: Settings, now: datetime) -> int:
    """Remind the owners of tasks whose morning has come; how many there were."""
    async with db.transaction() as session:
        return await commands.remind_of_tasks(session, zone=settings.zone, now=now)


@jobs.every(seconds=10)
async def ask_for_minutes(db: Database, settings: Settings, now: datetime) -> int:
    """Have meetings that ended wait for their minutes; how many there were."""
    async with db.transaction() as session:
        return await commands.ask_for_minutes(session, now=now)


@jobs.every(seconds=30, woken=False)
async def let_answers_go(db: Database, settings: Settings, now: datetime) -> int:
    """Wait no more for answers to meetings that have begun; how many there were."""
    async with db.transaction() as session:
        return await commands.let_answers_go(session, now=now)
