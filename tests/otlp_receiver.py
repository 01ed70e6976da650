"""A collector of traces and metrics on the loopback: OTLP over HTTP, decoded with the protocol's own messages."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass
class Receiver:
    """What came. `answer`: the status of every answer; None: none comes until the receiver goes."""

    answer: int | None = 200
    url: str = ""
    bodies: list[bytes] = field(default_factory=list)
    spans: list[Any] = field(default_factory=list)
    metrics: list[Any] = field(default_factory=list)
    resources: list[dict[str, Any]] = field(default_factory=list)
    gone: Event = field(default_factory=Event)

    def take(self, path: str, body: bytes) -> None:
        self.bodies.append(body)
        if path.endswith("/v1/traces"):
            for sent in ExportTraceServiceRequest.FromString(body).resource_spans:
                self.resources.append(attributes(sent.resource))
                self.spans += [span for scope in sent.scope_spans for span in scope.spans]
        elif path.endswith("/v1/metrics"):
            for measured in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                self.resources.append(attributes(measured.resource))
                self.metrics += [metric for scope in measured.scope_metrics for metric in scope.metrics]
        else:
            raise AssertionError(path)

    def span(self, name: str) -> Any:
        (found,) = [span for span in self.spans if span.name == name]
        return found

    def sums(self, name: str) -> dict[tuple[str, ...], float]:
        """The points of a counter, by the values of their attributes but for the command's, in the order of names."""
        (found,) = [metric for metric in self.metrics if metric.name == name]
        points: dict[tuple[str, ...], float] = {}
        for point in found.sum.data_points:
            by = attributes(point)
            by.pop("reconciler.command")
            points[tuple(by[key] for key in sorted(by))] = point.as_int or point.as_double
        return points


def attributes(of: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in of.attributes}


@contextmanager
def receiving(answer: int | None = 200) -> Iterator[Receiver]:
    receiver = Receiver(answer)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.take(self.path, gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body)
            if receiver.answer is None:
                receiver.gone.wait()
                return
            self.send_response(receiver.answer)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.gone.set()
        server.shutdown()
        thread.join()
        server.server_close()
