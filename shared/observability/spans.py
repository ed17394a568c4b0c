"""Spans of what a process does, told to a collector by OTLP (OpenTelemetry); off unless one is named.

A span is a stretch of a trace (W3C Trace Context). Its `traceparent` travels from the page into the fact, with that
through outbox and Kafka to the consumers, and with a message to its e-mail: one trace shows all that came of one click.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["SERVER", "PRODUCER", "CONSUMER", "CLIENT"]
EXPORT_DEADLINE = 2.0
"""Seconds for handing spans over; a collector that is away must not keep a process from ending."""


@dataclass(frozen=True, slots=True)
class Span:
    """A span that is open; `traceparent` is for whatever follows from it."""

    traceparent: str | None
    rename: Callable[[str], None] = lambda name: None
    """A better name, where it is known only later."""


Opener = Callable[[str, Kind, str | None, Mapping[str, str]], AbstractContextManager[Span]]
_open: Opener | None = None


def tracing() -> bool:
    """Whether spans are told to anybody."""
    return _open is not None


@contextmanager
def span(name: str, kind: Kind, parent: str | None, **attributes: str) -> Iterator[Span]:
    """A span in the block, under `parent`; where spans are off, nothing but the parent handed on."""
    if _open is None:
        yield Span(parent)
        return
    with _open(name, kind, parent, attributes) as opened:
        yield opened


def export_spans(name: str, endpoint: str) -> None:
    """From now on tell spans of this process, `crosswalk-<name>`, to the collector at `endpoint`; "": tell nobody."""
    global _open
    _open = _opener(name, endpoint) if endpoint else None


def _opener(name: str, endpoint: str) -> Opener:
    # Brought in only where it is wanted: it takes a third of a second.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.trace import SpanKind, set_span_in_context
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    provider = TracerProvider(resource=Resource.create({"service.name": f"crosswalk-{name}"}))
    exporter = OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces", timeout=EXPORT_DEADLINE)
    provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=1000))
    tracer, propagator = provider.get_tracer("crosswalk"), TraceContextTextMapPropagator()

    @contextmanager
    def opened(name: str, kind: Kind, parent: str | None, attributes: Mapping[str, str]) -> Iterator[Span]:
        above: Any = propagator.extract({"traceparent": parent} if parent else {})
        with tracer.start_as_current_span(name, above, SpanKind[kind], attributes=dict(attributes)) as under:
            carrier: dict[str, str] = {}
            propagator.inject(carrier, set_span_in_context(under))
            yield Span(carrier.get("traceparent"), under.update_name)

    return opened
