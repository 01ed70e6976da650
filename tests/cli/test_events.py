from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.cli.app import run
from reconciler.cli.events import Heard, JsonLines, Stages, Together
from reconciler.cli.interrupts import STOPPING, Interrupts
from reconciler.cli.progress import EVERY
from reconciler.cli.settings import Settings
from reconciler.model.events import EVENTS, Event, Fact
from reconciler.model.messages import problem
from reconciler.model.outcome import Result
from reconciler.model.problems import Exit, Failure, Place
from reconciler.model.progress import Silent
from tests.processes import Ended, reconciler

from .program import Program

FILE = """\
version: 1
crm: {type: local, path: crm.db}
source: {type: csv, path: people.csv}
identity: {person: id, match: email}
fields: {email: email, city: city}
contacts: {create: true}
"""
Capture = pytest.CaptureFixture[str]
Told = list[tuple[str, dict[str, Fact]]]


class Collected:
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.told: Told = []

    def tell(self, event: Event, facts: Mapping[str, Fact]) -> None:
        self.told.append((event.value, dict(facts)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "reconciler.yaml").write_text(FILE)
    (tmp_path / "people.csv").write_text("id,email,city\n1,a@example.org,Oulu\n2,b@example.org,Brno\n")
    return tmp_path


def log(text: str) -> list[dict[str, object]]:
    """The lines of a log; each has to be one object with the keys that all of them have."""
    lines = [json.loads(line) for line in text.splitlines()]
    for line in lines:
        assert list(line)[:3] == ["at", "level", "event"]
        assert datetime.fromisoformat(line["at"]).utcoffset() is not None
        assert line["level"] in ("info", "warning", "error")
        assert line["event"] in EVENTS
    return lines


def logged(ended: Ended) -> list[dict[str, object]]:
    return log(ended.err)


def only(lines: list[dict[str, object]], event: str) -> dict[str, object]:
    (line,) = [line for line in lines if line["event"] == event]
    return line


def test_an_apply_is_a_log_from_its_begin_to_its_end(folder: Path) -> None:
    ended = reconciler(folder, "apply", "--auto-approve", "--log-format", "json")
    lines = logged(ended)
    assert ended.out.startswith("reconciler.yaml")
    assert (lines[0]["event"], lines[0]["command"], lines[0]["file"]) == ("begin", "apply", "reconciler.yaml")
    assert only(lines, "plan")["contacts"]["create"] == 2  # type: ignore[index]  # counts
    outcome = only(lines, "outcome")
    assert (outcome["outcome"], outcome["run"]) == ("applied", only(lines, "run")["run"])
    assert outcome["written"]["created"] == 2  # type: ignore[index]  # counts
    begun = [line["stage"] for line in lines if line["event"] == "stage"]
    done = [line["stage"] for line in lines if line["event"] == "stage_done"]
    assert begun == done
    assert {"reading people", "reading contacts", "contacts"} <= set(done)
    created = [line for line in lines if line["event"] == "calls" and line["endpoint"] == "contacts/batch/create"]
    assert [(line["calls"], line["write"]) for line in created] == [(1, True)]
    assert {key: lines[-1][key] for key in ("event", "outcome", "exit")} == {
        "event": "end",
        "outcome": "applied",
        "exit": 0,
    }


def test_a_problem_has_its_place_its_reason_and_its_way_out(folder: Path) -> None:
    (folder / "reconciler.yaml").write_text(FILE.replace("type: csv", "type: cvs"))
    ended = reconciler(folder, "plan", "--format", "json", env={"RECONCILER_LOG_FORMAT": "json"})
    (document, lines) = json.loads(ended.out), logged(ended)
    (said,) = document["problems"]
    found = only(lines, "problem")
    assert {key: found[key] for key in ("code", "level", "summary", "detail", "fix", "where")} == said
    assert (lines[-1]["outcome"], lines[-1]["exit"]) == ("error", 1) == ("error", ended.code)


@pytest.mark.parametrize(
    "line", ["plan --bogus --log-format json", "--log-format=json nonsense", "--log-format json -x"]
)
def test_wrong_usage_is_a_line_of_the_log_too(capsys: Capture, line: str) -> None:
    assert run(line.split(), {}, Program) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert only(log(err), "problem")["level"] == "error"


def test_the_option_is_stronger_than_the_variable(capsys: Capture) -> None:
    env = {"RECONCILER_LOG_FORMAT": "json"}
    assert run(["plan", "--log-format", "text"], env, Program) == 0
    assert capsys.readouterr().err == ""
    assert run(["plan"], env, Program) == 0
    assert [line["event"] for line in log(capsys.readouterr().err)] == ["begin", "stage", "stage_done", "plan", "end"]


def test_a_format_that_there_is_not_is_refused(capsys: Capture) -> None:
    assert run(["plan"], {"RECONCILER_LOG_FORMAT": "xml"}, Program) == 1
    assert "`RECONCILER_LOG_FORMAT` takes text or json" in capsys.readouterr().err


def test_the_end_says_how_it_ended(capsys: Capture) -> None:
    for result, code in ((Result.PARTIAL, 6), (Result.REFUSED, 3), (Result.NONE, 0)):
        program = Program(result=result, problems=(problem("E517", "3 contacts left"),))
        assert run(["apply", "--auto-approve", "--log-format", "json"], {}, lambda p=program: p) == code  # type: ignore[misc]
        lines = log(capsys.readouterr().err)
        assert (lines[-1]["outcome"], lines[-1]["exit"]) == (result.value, code)
        assert [line["code"] for line in lines if line["event"] == "problem"] == ["E517"]


def test_a_failure_in_the_middle_ends_the_log_as_well(capsys: Capture) -> None:
    failing = Program(raises=Failure(problem("E301"), Exit.AUTHENTICATION))
    assert run(["plan", "--log-format", "json"], {}, lambda: failing) == 4
    lines = log(capsys.readouterr().err)
    assert (lines[-1]["event"], lines[-1]["outcome"], lines[-1]["exit"]) == ("end", "authentication", 4)
    unexpected = Program(raises=ValueError("Ada's value"))
    assert run(["plan", "--log-format", "json"], {}, lambda: unexpected) == 1
    err = capsys.readouterr().err
    assert only(log(err), "problem")["code"] == "E999"
    assert "Ada" not in err


def test_quiet_leaves_out_the_stages(folder: Path) -> None:
    lines = logged(reconciler(folder, "plan", "-q", "--log-format", "json"))
    assert {line["event"] for line in lines} == {"begin", "calls", "plan", "end"}


def test_what_else_is_told_on_stderr_is_a_line_for_each_line(folder: Path) -> None:
    lines = logged(reconciler(folder, "plan", "--timings", "--log-format", "json"))
    assert "Timings" in [line.get("text") for line in lines]


def test_a_line_is_one_line_whatever_is_in_it() -> None:
    written: list[str] = []
    now = datetime(2026, 11, 27, 9, 0, 0, 123456, UTC)
    JsonLines(written.append, lambda: now).tell(Event.TEXT, {"text": "a\n\u2028\u0085\x1b[31m é"})
    (line,) = written
    assert line.endswith("\n")
    assert line[:-1].isprintable()
    assert line[:-1].isascii()
    assert json.loads(line) == {
        "at": "2026-11-27T09:00:00.123Z",
        "level": "info",
        "event": "text",
        "text": "a\n\u2028\u0085\x1b[31m é",
    }


def test_a_long_stage_is_told_now_and_then() -> None:
    heard, time = Collected(), iter([0.0, 1.0, EVERY, EVERY + 1, EVERY + 2])
    stages = Together(Silent(), Stages(heard, lambda: next(time)))
    stages.stage("contacts", 30)
    for _ in range(3):
        stages.advance(10)
    stages.done()
    stages.done()
    assert heard.told == [
        ("stage", {"stage": "contacts", "total": 30}),
        ("progress", {"stage": "contacts", "count": 20, "total": 30, "seconds": EVERY}),
        ("stage_done", {"stage": "contacts", "count": 30, "seconds": EVERY + 2}),
    ]


def test_a_problem_without_a_place_has_none() -> None:
    collected = Collected()
    Heard([collected]).problem(problem("E504"))
    Heard([collected]).problem(problem("E504", where=Place("a.yaml", 3, 1)))
    assert ["where" in facts for _, facts in collected.told] == [False, True]


def test_the_page_about_operation_names_every_event() -> None:
    page = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
    for event, tells in EVENTS.items():
        assert f"| `{event}` | {tells} |" in page


def test_what_a_signal_says_is_a_line_too(capsys: Capture) -> None:
    settings = Settings({"RECONCILER_LOG_FORMAT": "json"}, Program, Interrupts(), command="apply")
    assert settings.events.listened
    capsys.readouterr()
    (line,) = log(settings.interrupts.said())
    assert (line["event"], line["text"]) == ("text", STOPPING)
