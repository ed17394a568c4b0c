"""Logs, and the thread that ties a request to the facts, messages and log lines it caused."""

from shared.observability.logs import configure_logging
from shared.observability.trace import Trace, current_trace, traced

__all__ = ["Trace", "configure_logging", "current_trace", "traced"]
