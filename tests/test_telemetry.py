"""Traces and metrics as a collector gets them, and that neither they nor the log hold anybody's data."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from otlp_receiver import Receiver, attributes, receiving
from processes import NOW, Ended, reconciler
from test_canary import ALLOWED, WORD, canaries, folder, quiet

from reconciler.model.problems import Failure
from reconciler.telemetry import Signals, wanted
from reconciler.telemetry.collector import PATIENCE

__all__ = ["folder"]
ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
PEOPLE = """\
version: 1
crm: {type: local, path: crm.db}
source: {type: csv, path: people.csv}
identity: {person: id, match: email}
fields: {email: email, city: city}
tags: {Finn: {when: 'city == "Oulu"'}}
contacts: {create: true}
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    (tmp_path / "reconciler.yaml").write_text(PEOPLE)
    (tmp_path / "people.csv").write_text("id,email,city\n1,a@example.org,Oulu\n2,b@example.org,Brno\n3,,Brno\n")
    return tmp_path


def traced(receiver: Receiver, folder: Path, *arguments: str, **env: str) -> Ended:
    return reconciler(folder, *arguments, env={ENDPOINT: receiver.url, **env})


def test_an_apply_is_one_trace_with_a_span_for_each_stage(small: Path) -> None:
    with receiving() as receiver:
        ended = traced(receiver, small, "apply", "--auto-approve", OTEL_SERVICE_NAME="crm-sync")
    assert (ended.code, ended.err) == (0, "")
    root = receiver.span("reconciler apply")
    said = attributes(root)
    assert {name: said[f"reconciler.{name}"] for name in ("command", "file", "crm", "outcome", "exit")} == {
        "command": "apply",
        "file": "reconciler.yaml",
        "crm": "local",
        "outcome": "applied",
        "exit": 0,
    }
    assert said["reconciler.run"]
    assert said["reconciler.written.created"] == 2
    assert root.status.code == 1
    stages = [span for span in receiver.spans if span is not root]
    assert {"reading people", "reading contacts", "pairing", "contacts"} <= {span.name for span in stages}
    for span in stages:
        assert (span.trace_id, span.parent_span_id) == (root.trace_id, root.span_id)
        assert root.start_time_unix_nano <= span.start_time_unix_nano <= span.end_time_unix_nano
        assert span.end_time_unix_nano <= root.end_time_unix_nano
    assert attributes(receiver.span("reading people"))["reconciler.count"] == 3
    assert {resource["service.name"] for resource in receiver.resources} == {"crm-sync"}


def test_an_apply_is_measured(small: Path) -> None:
    with receiving() as receiver:
        traced(receiver, small, "apply", "--auto-approve")
    people = receiver.sums("reconciler.people")
    assert {key: count for key, count in people.items() if count} == {("create",): 2, ("set_aside",): 1}
    assert receiver.sums("reconciler.changes")["set", "values"] == 4
    assert receiver.sums("reconciler.changes")["apply", "memberships"] == 1
    assert receiver.sums("reconciler.written")["created",] == 2
    assert receiver.sums("reconciler.failed") == {(): 0}
    assert receiver.sums("reconciler.calls")["contacts/batch/create", "true"] == 1
    (duration,) = [metric for metric in receiver.metrics if metric.name == "reconciler.duration"]
    (point,) = duration.histogram.data_points
    assert attributes(point) == {"reconciler.command": "apply", "reconciler.outcome": "applied"}
    assert 0 < point.sum < 300


def test_counts_add_up_here_or_at_the_collector_as_the_variable_prefers(small: Path) -> None:
    preference = {"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "delta", "OTEL_TRACES_EXPORTER": "none"}
    for env, temporality in (({}, 2), (preference, 1)):
        with receiving() as receiver:
            traced(receiver, small, "plan", **env)
        (calls,) = [metric for metric in receiver.metrics if metric.name == "reconciler.calls"]
        assert calls.sum.aggregation_temporality == temporality
        assert bool(receiver.spans) is (not env)


def test_a_failure_is_a_trace_too(small: Path) -> None:
    (small / "people.csv").unlink()
    with receiving() as receiver:
        ended = traced(receiver, small, "plan")
    said = attributes(receiver.span("reconciler plan"))
    assert (said["reconciler.outcome"], said["reconciler.exit"]) == ("error", 1) == ("error", ended.code)
    assert receiver.span("reconciler plan").status.code == 2
    (code, level) = next(iter(receiver.sums("reconciler.problems")))
    assert code in ended.err
    assert level == "error"


def test_a_call_that_is_repeated_is_counted(small: Path) -> None:
    (small / "reconciler.yaml").write_text(PEOPLE.replace("crm.db", "crm.db, quirks: {unavailable: [2]}"))
    with receiving() as receiver:
        ended = traced(receiver, small, "plan", "--log-format", "json")
    retries = [line for line in map(json.loads, ended.err.splitlines()) if line["event"] == "retry"]
    assert [(line["level"], line["attempt"]) for line in retries] == [("warning", 1)]
    assert receiver.sums("reconciler.retries") == {(retries[0]["code"], retries[0]["endpoint"]): 1}
    assert receiver.sums("reconciler.waiting")[()] >= retries[0]["seconds"]


def test_nothing_that_is_handed_over_or_logged_is_anybodys(folder: Path) -> None:
    with receiving() as receiver:
        env = {ENDPOINT: receiver.url, "RECONCILER_LOG_FORMAT": "json"}
        for line in (
            ("validate",),
            ("plan", "--person", f"{WORD}.id0@example.org"),
            ("plan",),
            ("apply", "--auto-approve"),
            ("apply", "--auto-approve", *ALLOWED),
            ("drift",),
            ("doctor",),
            ("discover",),
        ):
            ended = quiet(
                folder, reconciler(folder, *line, *(["--now", NOW] if line[0] in ("plan", "apply") else []), env=env)
            )
            assert [json.loads(said)["event"] for said in ended.err.splitlines()][-1] == "end"
    assert len(receiver.bodies) >= 16
    for body in receiver.bodies:
        assert canaries(body) == []


OFF = [
    {},
    {ENDPOINT: ""},
    {ENDPOINT: "URL", "OTEL_SDK_DISABLED": "TRUE"},
    {ENDPOINT: "URL", "OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "console"},
]


@pytest.mark.parametrize("env", OFF)
def test_nothing_is_sent_that_nobody_asked_for(small: Path, env: dict[str, str]) -> None:
    with receiving() as receiver:
        asked = {name: value.replace("URL", receiver.url) for name, value in env.items()}
        assert reconciler(small, "plan", env=asked).code == 0
    assert receiver.bodies == []


def test_each_signal_can_be_asked_for_alone() -> None:
    assert wanted({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://x"}) == Signals(traces=True)
    assert wanted({ENDPOINT: "http://x", "OTEL_TRACES_EXPORTER": "none"}) == Signals(metrics=True)
    assert wanted({ENDPOINT: "http://x", "OTEL_METRICS_EXPORTER": "console, otlp"}) == Signals(True, True)


def test_another_protocol_is_told_and_spoils_nothing(small: Path) -> None:
    with pytest.raises(Failure):
        wanted({ENDPOINT: "http://x", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"})
    with receiving() as receiver:
        ended = traced(receiver, small, "plan", OTEL_EXPORTER_OTLP_TRACES_PROTOCOL="http/json")
    assert ended.code == 0
    assert ended.err.startswith("warning E578")
    assert receiver.bodies == []


def closed() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


@pytest.mark.parametrize("answer", [400, 503, None, "closed", "no address"])
def test_a_collector_that_is_of_no_use_costs_a_warning_and_little_time(small: Path, answer: int | str | None) -> None:
    reconciler(small, "apply", "--auto-approve")
    reconciler(small, "plan")
    with receiving(answer if not isinstance(answer, str) else 200) as receiver:
        url = {"closed": closed(), "no address": "nonsense"}.get(str(answer), receiver.url)
        began = time.monotonic()
        plain = reconciler(small, "plan")
        alone = time.monotonic() - began
        ended = reconciler(small, "plan", env={ENDPOINT: url})
        spent = time.monotonic() - began - alone
    assert (ended.code, ended.out) == (plain.code, plain.out)
    assert ended.err.startswith("warning E577  traces and metrics were not handed over")
    assert "Traceback" not in ended.err
    assert spent < 3 * alone + PATIENCE + 8  # and the packages have to be loaded


def test_the_warning_comes_before_the_end_of_a_log(small: Path) -> None:
    ended = reconciler(small, "plan", env={ENDPOINT: closed(), "RECONCILER_LOG_FORMAT": "json"})
    *_, warning, end = map(json.loads, ended.err.splitlines())
    assert (warning["code"], warning["level"], end["event"], end["exit"]) == ("E577", "warning", "end", 0)


def test_without_the_extra_who_asks_is_told(small: Path) -> None:
    """A folder on the path in which `opentelemetry` is nothing."""
    (small / "lacking").mkdir()
    (small / "lacking" / "opentelemetry.py").write_text("raise ModuleNotFoundError('opentelemetry')\n")
    ended = reconciler(small, "plan", env={ENDPOINT: closed(), "PYTHONPATH": str(small / "lacking")})
    assert ended.code == 0
    assert ended.err.startswith("warning E576  traces and metrics are asked for, and cannot be made")
    assert "pip install 'crm-reconciler[otel]'" in ended.err


def test_a_command_that_nobody_traces_loads_nothing_of_it(small: Path) -> None:
    code = (
        "import os, sys; from reconciler.cli.app import run; run(['plan'], os.environ);"
        "print([m for m in sys.modules if m.split('.')[0] in ('opentelemetry', 'requests', 'google')], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=small, capture_output=True, check=True)
    assert done.stderr.strip() == b"[]"
