"""Events out (outbox, relay) and in (inbox, handlers), and the jobs of a service."""

from shared.messaging.cloudevents import RawEvent, Unreadable
from shared.messaging.handlers import Event, Handlers, NotYet
from shared.messaging.jobs import Jobs
from shared.messaging.outbox import emit, emit_many, scrub, wake

__all__ = [
    "Event",
    "Handlers",
    "Jobs",
    "NotYet",
    "RawEvent",
    "Unreadable",
    "emit",
    "emit_many",
    "scrub",
    "wake",
]
