"""Spans: off they cost nothing and hand on what came; on they are told to the collector."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from shared.observability.spans import export_spans, span, tracing
from tests.journeys.system import until
from tests.support.collector import Collector, Span

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    yield collector
    export_spans("", "")
    collector.close()


def test_without_a_collector_the_trace_is_handed_on_as_it_came() -> None:
    with span("something", "SERVER", PARENT) as opened:
        opened.rename("something better")

    assert not tracing()
    assert opened.traceparent == PARENT


async def test_a_span_belongs_to_the_trace_of_its_parent_and_goes_by_its_best_name(collector: Collector) -> None:
    export_spans("people-web", collector.address)
    name = f"GET {uuid4()}"

    with span("GET", "SERVER", PARENT) as opened:
        opened.rename(name)

    async def told() -> bool:
        return bool(collector.of(name))

    await until(told, "the span")
    assert collector.traces["4bf92f3577b34da6a3ce929d0e0e4736"] == {Span("crosswalk-people-web", "SERVER", name)}
    assert opened.traceparent is not None
    assert opened.traceparent.split("-")[1] == PARENT.split("-")[1]
    assert opened.traceparent.split("-")[2] != PARENT.split("-")[2]


async def test_a_request_without_a_parent_begins_a_trace(collector: Collector) -> None:
    export_spans("people-web", collector.address)

    with span("GET", "SERVER", None) as first, span("GET", "SERVER", None) as second:
        pass

    assert first.traceparent
    assert second.traceparent
