"""Correlation: what set a chain of facts off, and what caused the next one."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from shared.clock import new_id


@dataclass(frozen=True, slots=True)
class Trace:
    """`correlation_id` is the same for all that follows from one act; `causation_id` is the event handled right now."""

    correlation_id: UUID = field(default_factory=new_id)
    causation_id: UUID | None = None
    traceparent: str | None = None
    """W3C Trace Context, handed on as it came."""


_current: ContextVar[Trace | None] = ContextVar("trace", default=None)


def current_trace() -> Trace:
    """The trace of this request, event or job; a fresh one outside of any."""
    return _current.get() or Trace()


@contextmanager
def traced(trace: Trace) -> Iterator[Trace]:
    """Everything inside belongs to this trace, its log lines too."""
    token = _current.set(trace)
    with structlog.contextvars.bound_contextvars(correlation_id=str(trace.correlation_id)):
        try:
            yield trace
        finally:
            _current.reset(token)
