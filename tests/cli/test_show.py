"""`show` at the command line: the same page and the same object once more."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.cli.app import run
from tests.cli.test_story import FILE, PEOPLE
from tests.report.json_schema import parsed

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("reconciler.yaml").write_text(FILE)
    Path("people.csv").write_text(PEOPLE)


def printed(capsys: Capture, line: str, code: int = 0) -> str:
    assert run(line.split(), {}) == code
    out, err = capsys.readouterr()
    assert (err == "") is (code == 0)
    return out


def test_the_last_plan_is_printed_as_it_was(capsys: Capture) -> None:
    text = printed(capsys, "plan")
    assert printed(capsys, "show") == printed(capsys, "show plan") == text
    narrowed = printed(capsys, "plan --target field.*")
    assert narrowed.endswith("Next: reconciler apply with the same options\n")
    assert printed(capsys, "show") == narrowed
    object = printed(capsys, "plan --format json")
    assert printed(capsys, "show --format json") == object


def test_a_run_is_printed_as_it_was(capsys: Capture) -> None:
    text = printed(capsys, "apply --auto-approve")
    assert printed(capsys, "show last") == text
    document = parsed(printed(capsys, "show last --format json"))
    assert (document["mode"], document["outcome"]) == ("apply", "applied")
    assert printed(capsys, f"show {document['run'][:12]}") == text
    assert "Next: reconciler apply" not in printed(capsys, "show")


def test_runs_are_listed_with_time_result_and_counts(capsys: Capture) -> None:
    assert "no run is remembered" in printed(capsys, "show --list")
    printed(capsys, "apply --auto-approve")
    out = printed(capsys, "show --list")
    assert "applied  3 created, 4 values, 2 tags applied" in out
    document = parsed(printed(capsys, "show --list --format json"))
    (row,) = document["runs"]
    assert (row["result"], row["created"], row["kept"]) == ("applied", 3, True)
    assert out.endswith(f"Next: reconciler show {row['run']}\n")
    assert "Kept       last plan, 1 run: reconciler show --list" in printed(capsys, "status")


def test_what_is_not_kept_is_a_problem_in_text_and_json(capsys: Capture) -> None:
    for line, form in (("show", "reconciler-plan/1"), ("show --list x", "reconciler-runs/1")):
        assert printed(capsys, line, 1) == ""
        document = parsed(printed(capsys, f"{line} --format json", 1))
        assert (document["format"], document["outcome"]) == (form, "error")
