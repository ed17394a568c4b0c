"""Scheduled verbs of the agreements service."""

from datetime import datetime, timedelta

from services.agreements.commands import forget_unapplied_imports
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
