"""Events as one trace and as metrics, handed over once, when the command ends. Only here are OpenTelemetry's packages.

The exporters read endpoint, headers and certificates from the variables of the process themselves, as in every program
that uses them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from threading import Lock, Thread
from time import monotonic

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import Counter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, MetricExportResult
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import Span, Status, StatusCode, set_span_in_context

from reconciler import __version__
from reconciler.model.events import Event, Fact
from reconciler.model.messages import problem
from reconciler.model.problems import Problem
from reconciler.telemetry import Signals

PATIENCE = 3.0
"""Seconds that the collector has to take what is handed over."""
_NAME = "reconciler"
_WELL = (0, 2)
"""Exit codes of a command that did what it was asked for."""
_ON_ROOT = frozenset({Event.BEGIN, Event.PLAN, Event.RUN, Event.OUTCOME, Event.END})
_COUNTED = ("contacts", "values", "memberships", "inventory")
"""Groups of a plan's counts that are changes."""
_PEOPLE = ("create", "update", "in_sync", "no_contact", "set_aside", "held", "conflict", "blocked", "out_of_scope")

COUNTERS: Mapping[str, tuple[str, str]] = {
    "people": ("{person}", "people of a plan, by what it does about them"),
    "changes": ("{change}", "changes of a plan, by kind and action"),
    "written": ("{item}", "what an apply wrote, by kind"),
    "failed": ("{item}", "items that the CRM or the source refused"),
    "calls": ("{call}", "calls to the CRM, by endpoint"),
    "retries": ("{call}", "calls that were repeated, by endpoint and reason"),
    "waiting": ("s", "seconds that calls waited, for the rate and before repetitions"),
    "problems": ("{problem}", "what went wrong, by code"),
}
"""The metrics beside `duration`, by name: unit, and what they count."""


class _Ids(IdGenerator):
    """Ids from the run's own randomness."""

    def __init__(self, token_bytes: Callable[[int], bytes]) -> None:
        self._token_bytes = token_bytes

    def generate_span_id(self) -> int:
        return int.from_bytes(self._token_bytes(8)) or 1

    def generate_trace_id(self) -> int:
        return int.from_bytes(self._token_bytes(16)) or 1


class _Kept(SpanProcessor):
    """Keeps spans until the end: there are few, and nothing runs beside the command."""

    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []

    def on_end(self, span: ReadableSpan) -> None:
        self.spans.append(span)


class Collector:
    """Hears the events of one command. `close` hands them over."""

    def __init__(self, signals: Signals, now: Callable[[], datetime], token_bytes: Callable[[int], bytes]) -> None:
        named = Resource({SERVICE_NAME: _NAME, SERVICE_VERSION: __version__})
        resource = named.merge(OTELResourceDetector().detect())  # no other detector: they look at the command line
        self._now = now
        self._lock = Lock()
        self._kept = _Kept()
        traces = TracerProvider(ALWAYS_ON, resource, id_generator=_Ids(token_bytes), shutdown_on_exit=False)
        traces.add_span_processor(self._kept)
        self._tracer = traces.get_tracer(_NAME, __version__)
        self._spans = OTLPSpanExporter(timeout=PATIENCE) if signals.traces else None
        self._metrics = OTLPMetricExporter(timeout=PATIENCE) if signals.metrics else None
        # The exporter knows what the variables prefer, and says so in no public way.
        self._reader = InMemoryMetricReader(
            getattr(self._metrics, "_preferred_temporality", None),
            getattr(self._metrics, "_preferred_aggregation", None),
        )
        meter = MeterProvider([self._reader], resource, shutdown_on_exit=False).get_meter(_NAME, __version__)
        self._counters: dict[str, Counter] = {
            name: meter.create_counter(f"{_NAME}.{name}", unit, what) for name, (unit, what) in COUNTERS.items()
        }
        self._duration = meter.create_histogram(f"{_NAME}.duration", "s", "how long commands took, by outcome")
        self._command: dict[str, str] = {}
        self._root: Span | None = None
        self._stage: Span | None = None

    def tell(self, event: Event, facts: Mapping[str, Fact]) -> None:
        """Threads may tell at once."""
        with self._lock:
            if event in _ON_ROOT:
                self._on_root(event, facts)
            elif event in (Event.STAGE, Event.STAGE_DONE):
                self._end_stage(facts)
                if event is Event.STAGE and self._root is not None:
                    name, within = str(facts["stage"]), set_span_in_context(self._root)
                    self._stage = self._tracer.start_span(name, within, start_time=self._at())
            for name, count, attributes in _measured(event, facts):
                self._counters[name].add(count, {**self._command, **attributes})

    def _on_root(self, event: Event, facts: Mapping[str, Fact]) -> None:
        if event is Event.BEGIN:
            self._command = {f"{_NAME}.command": str(facts["command"])}
            self._root = self._tracer.start_span(f"{_NAME} {facts['command']}", start_time=self._at())
        if self._root is None:
            return
        for name, fact in facts.items():
            for key, value in _flat(name, fact):
                self._root.set_attribute(f"{_NAME}.{key}", value)
        if event is Event.END:
            self._end_stage({})
            well = facts["exit"] in _WELL
            self._root.set_status(Status(StatusCode.OK if well else StatusCode.ERROR))
            self._root.end(self._at())
            outcome = {f"{_NAME}.outcome": str(facts["outcome"])}
            self._duration.record(_number(facts["seconds"]), {**self._command, **outcome})

    def _end_stage(self, facts: Mapping[str, Fact]) -> None:
        if self._stage is not None:
            if count := facts.get("count"):
                self._stage.set_attribute(f"{_NAME}.count", _number(count))
            self._stage.end(self._at())
        self._stage = None

    def _at(self) -> int:
        """Now, as nanoseconds."""
        return int(self._now().timestamp() * 1_000_000) * 1_000

    def close(self) -> tuple[Problem, ...]:
        """Hand over what was heard; a warning where the collector did not take it. Never takes longer than PATIENCE,
        and a bit."""
        failed: list[str] = []
        ways: dict[str, Callable[[], bool]] = {}
        if self._spans is not None:
            ways["traces"] = partial(_sent_spans, self._spans, self._kept.spans)
        if self._metrics is not None:
            ways["metrics"] = partial(_sent_metrics, self._metrics, self._reader)
        threads = [Thread(target=_try, args=(name, send, failed), daemon=True) for name, send in ways.items()]
        for thread in threads:
            thread.start()
        until = monotonic() + PATIENCE + 0.5
        for thread in threads:
            thread.join(max(0.0, until - monotonic()))
        late = [name for name, thread in zip(ways, threads, strict=True) if thread.is_alive()]
        lost = sorted({*failed, *late})
        return (problem("E577", f"{' and '.join(lost)} of this run"),) if lost else ()


def _try(name: str, send: Callable[[], bool], failed: list[str]) -> None:
    try:
        sent = send()
    except Exception:  # of the network, or of the packages: none of it may end a run
        sent = False
    if not sent:
        failed.append(name)


def _sent_spans(exporter: OTLPSpanExporter, spans: list[ReadableSpan]) -> bool:
    return exporter.export(spans) is SpanExportResult.SUCCESS


def _sent_metrics(exporter: OTLPMetricExporter, reader: InMemoryMetricReader) -> bool:
    found = reader.get_metrics_data()
    return found is None or exporter.export(found) is MetricExportResult.SUCCESS


def _measured(event: Event, facts: Mapping[str, Fact]) -> Iterator[tuple[str, float, dict[str, str]]]:
    """What an event counts: the counter, how much, and by which attributes."""
    match event:
        case Event.PLAN:
            contacts = _counts(facts["contacts"])
            for fate in _PEOPLE:
                yield "people", contacts.get(fate, 0), _by(fate=fate)
            for kind in _COUNTED:
                for action, count in _counts(facts[kind]).items():
                    if kind != "contacts" or action in ("create", "update"):
                        yield "changes", count, _by(kind=kind, action=action)
        case Event.OUTCOME:
            written = _counts(facts["written"])
            yield "failed", written.pop("failed", 0), {}
            for kind, count in written.items():
                yield "written", count, _by(kind=kind)
        case Event.CALLS:
            yield "calls", _number(facts["calls"]), _by(endpoint=facts["endpoint"], write=facts["write"])
        case Event.RETRY:
            yield "retries", 1, _by(endpoint=facts["endpoint"], code=facts["code"])
        case Event.WAITED:
            yield "waiting", _number(facts["seconds"]), {}
        case Event.PROBLEM:
            yield "problems", 1, _by(code=facts["code"], level=facts["level"])


def _by(**attributes: Fact) -> dict[str, str]:
    return {
        f"{_NAME}.{name}": str(fact).lower() if isinstance(fact, bool) else str(fact)
        for name, fact in attributes.items()
    }


def _flat(name: str, fact: Fact) -> Iterator[tuple[str, str | int | float | bool]]:
    if isinstance(fact, Mapping):
        yield from ((f"{name}.{part}", count) for part, count in fact.items())
    else:
        yield name, fact


def _counts(fact: Fact) -> dict[str, int]:
    return dict(fact) if isinstance(fact, Mapping) else {}


def _number(fact: Fact) -> float:
    return fact if isinstance(fact, (int, float)) else 0
