"""The worker composition root: consumers, jobs and relay."""

from services.referrals import consumers, jobs
from services.referrals.invariants import INVARIANTS
from services.referrals.queries.figures import figures
from services.referrals.settings import Settings
from shared.messaging.worker import Worker


def worker(settings: Settings | None = None) -> Worker:
    """Everything of referrals that runs without a request."""
    return Worker(settings or Settings(), handlers=consumers.on, jobs=jobs.jobs, figures=figures, invariants=INVARIANTS)
