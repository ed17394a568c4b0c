"""The notifications service's worker: consumers, relay and the sending of mail."""

from services.notifications import consumers, jobs
from services.notifications.invariants import INVARIANTS
from services.notifications.queries.figures import figures
from services.notifications.settings import Settings
from shared.messaging.worker import Worker


def worker(settings: Settings | None = None) -> Worker:
    """The process that tells people."""
    return Worker(settings or Settings(), handlers=consumers.on, jobs=jobs.jobs, figures=figures, invariants=INVARIANTS)
