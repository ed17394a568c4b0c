"""The agreements service's worker: consumer, relay and jobs."""

from services.agreements import consumers, jobs
from services.agreements.invariants import INVARIANTS
from services.agreements.settings import Settings
from shared.messaging.worker import Worker


def worker(settings: Settings | None = None) -> Worker:
    """Everything of the service that runs without a request."""
    return Worker(settings or Settings(), handlers=consumers.on, jobs=jobs.jobs, invariants=INVARIANTS)
