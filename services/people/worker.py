"""The people service's worker: it hears of programs, sends sign-in mail, and imports rosters."""

from services.people import consumers, jobs
from services.people.invariants import INVARIANTS
from services.people.settings import Settings
from shared.messaging.worker import Worker


def worker(settings: Settings | None = None) -> Worker:
    """The process that works without a request."""
    return Worker(settings or Settings(), handlers=consumers.on, jobs=jobs.jobs, invariants=INVARIANTS)
