"""A collector of spans, as OpenTelemetry's is seen from a process: OTLP over HTTP, in memory."""

from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import NamedTuple

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Told


class Span(NamedTuple):
    """What a test asks of a span."""

    process: str
    kind: str
    name: str


class Collector:
    """Takes spans on a port of its own until it is closed."""

    def __init__(self) -> None:
        self.traces: defaultdict[str, set[Span]] = defaultdict(set)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def of(self, name: str) -> list[set[Span]]:
        """The traces that have a span of that name."""
        return [spans for spans in list(self.traces.values()) if name in {span.name for span in set(spans)}]

    def close(self) -> None:
        """Take no more."""
        self._server.shutdown()
        self._server.server_close()

    def _take(self, body: bytes) -> None:
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            process = next(one.value.string_value for one in resource.resource.attributes if one.key == "service.name")
            for scope in resource.scope_spans:
                for span in scope.spans:
                    kind = Told.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_")
                    self.traces[span.trace_id.hex()].add(Span(process, kind, span.name))

    def _handler(collector) -> type[BaseHTTPRequestHandler]:  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                collector._take(self.rfile.read(int(self.headers["content-length"])))
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler
