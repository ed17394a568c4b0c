"""The audit service's worker: it only listens."""

from services.audit import consumers
from services.audit.invariants import INVARIANTS
from services.audit.settings import Settings
from shared.messaging.worker import Worker


def worker(settings: Settings | None = None) -> Worker:
    """The process that logs events."""
    return Worker(settings or Settings(), handlers=consumers.on, invariants=INVARIANTS)
