"""`--format` and `--report`: every view of plan, apply, drift and validate, written whole, of failures too."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.cli.app import run
from reconciler.model.messages import problem
from reconciler.model.outcome import Result
from reconciler.model.plan import Action, InventoryChange, TagCount
from reconciler.model.problems import Exit, Failure
from reconciler.report.formats import FORMATS, PLAN, formats_of
from tests.cli.program import Program
from tests.report.json_schema import parsed
from tests.report.plans import EMPTY, FULL, at
from tests.report.sarif_schema import results_of

Capture = pytest.CaptureFixture[str]
DRAWN = formats_of(PLAN)
BEGINS = {
    "text": "reconciler.yaml   people.csv",
    "json": '{\n  "format": "reconciler-plan/1"',
    "markdown": "<!-- reconciler: reconciler.yaml -->\n",
    "html": "<!doctype html>",
    "sarif": '{\n  "$schema"',
    "github": "::error file=reconciler.yaml,line=44,title=E514 ",
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(line: str, program: Program | None = None, env: Mapping[str, str] | None = None) -> int:
    behind = program or Program(FULL)
    return run(line.split(), env or {}, lambda: behind)


@pytest.mark.parametrize("name", DRAWN)
def test_stdout_gets_the_format_that_was_asked_for_and_nothing_else(capsys: Capture, name: str) -> None:
    assert call(f"plan --format {name}") == 0
    out, err = capsys.readouterr()
    assert out.startswith(BEGINS[name])
    assert err == ""


@pytest.mark.parametrize("name", DRAWN)
def test_a_report_is_what_stdout_would_have_got(capsys: Capture, folder: Path, name: str) -> None:
    assert call(f"plan --format {name}") == 0
    expected = capsys.readouterr().out
    file = f"plan{FORMATS[name].suffix}"
    assert call(f"plan --report {name}={file}") == 0
    assert capsys.readouterr().out.startswith(BEGINS["text"])
    assert (folder / file).read_text() == expected


def test_several_reports_are_written_by_one_run_and_nothing_beside_them(folder: Path) -> None:
    (folder / "plan.md").write_text("of the run before")
    program = Program(FULL)
    typed = " ".join(f"--report {name}=plan{FORMATS[name].suffix}" for name in DRAWN)
    assert call(f"plan {typed}", program) == 0
    assert len(program.requests) == 1
    assert {path.name for path in folder.iterdir()} == {f"plan{FORMATS[name].suffix}" for name in DRAWN}
    assert (folder / "plan.md").read_text().startswith("<!-- reconciler")


def test_a_report_has_the_permissions_of_any_new_file(folder: Path) -> None:
    before = os.umask(0o027)
    try:
        call("plan --report markdown=plan.md")
    finally:
        os.umask(before)
    assert stat.S_IMODE((folder / "plan.md").stat().st_mode) == 0o640


def test_a_report_goes_into_a_pipe_as_it_comes(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    reader = os.open(folder / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert call("plan --report markdown=pipe") == 0
        assert os.read(reader, 100).startswith(b"<!-- reconciler")
    finally:
        os.close(reader)
    assert stat.S_ISFIFO((folder / "pipe").stat().st_mode)


def test_paths_are_relative_to_the_folder_that_was_named(folder: Path) -> None:
    (folder / "crm").mkdir()
    assert call("-C crm plan --report markdown=plan.md") == 0
    assert (folder / "crm" / "plan.md").read_text().startswith("<!-- reconciler: crm/reconciler.yaml -->")
    failing = Program(raises=Failure(problem("E501")))
    assert call("-C crm plan --report json=plan.json", failing) == 1
    assert parsed((folder / "crm" / "plan.json").read_text())["outcome"] == "error"


@pytest.mark.parametrize(("exit", "code"), [(Exit.ERROR, 1), (Exit.REFUSED, 3), (Exit.STALE, 5)])
@pytest.mark.parametrize("command", ["plan", "apply --auto-approve"])
def test_the_reports_of_a_failure_say_why(capsys: Capture, folder: Path, command: str, exit: Exit, code: int) -> None:
    failing = Program(raises=Failure(problem("E501", "/state"), exit))
    typed = " ".join(f"--report {name}=r{FORMATS[name].suffix}" for name in DRAWN)
    assert call(f"{command} {typed}", failing) == code
    assert capsys.readouterr().err.startswith("error E501  the state folder cannot be used")
    for name in DRAWN:
        assert "E501" in (folder / f"r{FORMATS[name].suffix}").read_text(), name
    assert [r["ruleId"] for r in results_of(json.loads((folder / "r.sarif").read_text()))] == ["E501"]


def test_wrong_usage_is_reported_where_reports_were_asked_for(capsys: Capture, folder: Path) -> None:
    program = Program(FULL)
    assert call("plan --report markdown=r.md --nope", program) == 1
    assert call("plan --report=json=r.json --allow what=1", program) == 1
    assert "E902" in (folder / "r.md").read_text()
    assert parsed((folder / "r.json").read_text())["problems"][0]["code"] == "E903"
    assert program.requests == []


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("--report markdwn=x.md", "`--report markdwn`: there is no such format here"),
        ("--report markdown", "`--report markdown` needs a file"),
        ("--report markdown=", "`--report markdown` needs a file"),
        ("--report markdown=x.md --report json=./x.md", "`./x.md` is named twice"),
        ("--report text=reconciler.yaml", "`--report` names the file to reconcile"),
        ("-C . --report text=../{here}/reconciler.yaml", "`--report` names the file to reconcile"),
    ],
)
def test_a_report_that_cannot_be_meant_is_refused_before_anything_happens(
    capsys: Capture, folder: Path, typed: str, said: str
) -> None:
    program = Program(FULL)
    assert call(f"plan {typed.format(here=folder.name)}", program) == 1
    err = capsys.readouterr().err
    assert err.startswith("error E903")
    assert said in " ".join(err.split())
    assert program.requests == []


@pytest.mark.parametrize(
    "typed",
    [
        "--report text=north.yaml -f north.yaml",
        "-f north.yaml --report text=./north.yaml",
        "--report text=north.yaml --nope -f north.yaml",
        "--report text=north.yaml --nope -fnorth.yaml",
        "--report text=north.yaml --nope --file=north.yaml",
        "--report=text=north.yaml --nope -f ./north.yaml",
        "-C .. --report text={here}/north.yaml --nope -f {here}/north.yaml",
        "--report text=reconciler.yaml --nope",
    ],
)
def test_no_report_takes_the_place_of_the_file(folder: Path, typed: str) -> None:
    for name in ("north.yaml", "reconciler.yaml"):
        (folder / name).write_text("version: 1\n")
    assert call(f"plan {typed.format(here=folder.name)}") == 1
    assert {path.read_text() for path in folder.iterdir()} == {"version: 1\n"}


def test_a_folder_that_is_gone_is_no_traceback(capsys: Capture, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "gone").mkdir()
    monkeypatch.chdir(folder / "gone")
    (folder / "gone").rmdir()
    failing = Program(raises=Failure(problem("E501")))
    assert call("plan --report markdown=r.md", failing) == 1
    err = capsys.readouterr().err
    assert "error E501" in err
    assert "error E950" in err
    monkeypatch.chdir(folder)


def test_a_list_of_runs_is_text_or_json(capsys: Capture) -> None:
    for typed in ("--format markdown", "--report html=x.html"):
        assert call(f"show --list {typed}") == 1
        assert "E904" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "result", "code"),
    [
        ("plan", Result.APPLIED, 1),
        ("plan --detailed-exitcode", Result.APPLIED, 1),
        ("apply --auto-approve", Result.APPLIED, 1),
        ("apply --auto-approve", Result.PARTIAL, 6),
        ("apply --auto-approve", Result.REFUSED, 3),
    ],
)
def test_a_report_that_cannot_be_written_changes_nothing_but_the_exit_code(
    capsys: Capture, folder: Path, line: str, result: Result, code: int
) -> None:
    assert call(f"{line} --report markdown=gone/r.md --report text=r.txt", Program(FULL, result)) == code
    out, err = capsys.readouterr()
    assert out.startswith(BEGINS["text"])
    assert "E950" not in out
    assert err.startswith("error E950  a report cannot be written\n  `--report markdown=gone/r.md`\n")
    assert (folder / "r.txt").read_text().startswith(BEGINS["text"])


def test_json_says_that_a_report_is_missing(capsys: Capture) -> None:
    assert call("plan --format json --report markdown=gone/r.md") == 1
    document = parsed(capsys.readouterr().out)
    assert (document["outcome"], [p["code"] for p in document["problems"]]) == ("changes", ["E950"])
    failing = Program(raises=Failure(problem("E501")))
    assert call("plan --format json --report markdown=gone/r.md", failing) == 1
    out, err = capsys.readouterr()
    assert [p["code"] for p in parsed(out)["problems"]] == ["E501", "E950"]
    assert "E501" in err
    assert "E950" in err


def test_values_go_into_no_report(capsys: Capture, folder: Path) -> None:
    assert call("plan --show-values --report text=r.txt") == 1
    assert "E906" in capsys.readouterr().err
    assert "E906" in (folder / "r.txt").read_text()


# GitHub Actions


@pytest.fixture
def step(folder: Path) -> dict[str, str]:
    """The environment of a step, and the files of the steps before it."""
    (folder / "output").write_text("before=1\n")
    (folder / "summary").write_text("# before\n")
    return {
        "GITHUB_ACTIONS": "true",
        "CI": "true",
        "GITHUB_OUTPUT": str(folder / "output"),
        "GITHUB_STEP_SUMMARY": str(folder / "summary"),
    }


def outputs(folder: Path) -> dict[str, str]:
    """As a runner reads them."""
    before, *lines = (folder / "output").read_text().splitlines()
    assert before == "before=1"
    read = {}
    while lines:
        name, _, delimiter = lines.pop(0).partition("<<")
        end = lines.index(delimiter)
        read[name] = "\n".join(lines[:end])
        del lines[: end + 1]
    return read


def commands(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.lstrip().startswith("::") or "##[" in line]


def test_a_step_gets_annotations_outputs_and_a_summary(capsys: Capture, folder: Path, step: dict[str, str]) -> None:
    assert call("plan --report github", env=step) == 0
    out, err = capsys.readouterr()
    assert commands(out) == []
    assert [line.split(",title")[0] for line in commands(err)] == [
        "::error file=reconciler.yaml,line=44",
        "::warning file=reconciler.yaml,line=28",
        "::warning file=reconciler.yaml,line=33",
    ]
    said = outputs(folder)
    assert (said["outcome"], said["pending"], said["refused"]) == ("changes", "true", "true")
    assert said["summary"].startswith("An apply would create 1 field and 3 contacts, update 40 contacts")
    assert (said["contacts_create"], said["values_set"], said["fields_blocked"]) == ("3", "61", "1")
    assert (said["errors"], said["warnings"], said["findings"]) == ("0", "1", "1")
    before, _, summary = (folder / "summary").read_text().partition("\n")
    assert before == "# before"
    assert summary.startswith("<!-- reconciler: reconciler.yaml -->\n\n### reconciler plan: `reconciler.yaml`")


def test_every_step_has_a_delimiter_of_its_own(folder: Path, step: dict[str, str]) -> None:
    seen = set()
    for _ in range(2):
        (folder / "output").write_text("before=1\n")
        call("plan --report github", env=step)
        seen.add((folder / "output").read_text().splitlines()[1])
    assert len(seen) == 2


def test_outside_of_a_step_there_are_annotations_alone(capsys: Capture, folder: Path) -> None:
    assert call("plan --report github") == 0
    assert commands(capsys.readouterr().err)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("result", "pending"),
    [(Result.APPLIED, "false"), (Result.PARTIAL, "true"), (Result.REFUSED, "true"), (Result.NONE, "false")],
)
def test_what_an_apply_leaves_to_do_is_pending(
    folder: Path, step: dict[str, str], result: Result, pending: str
) -> None:
    call("apply --auto-approve --report github", Program(FULL, result), step)
    assert outputs(folder)["pending"] == pending


def test_a_failure_is_annotated_and_handed_on(capsys: Capture, folder: Path, step: dict[str, str]) -> None:
    failing = Program(raises=Failure(problem("E101", "`x`", at(7))))
    assert call("plan --report github", failing, step) == 1
    assert commands(capsys.readouterr().err)[0].startswith("::error file=reconciler.yaml,line=7,col=3,title=E101 ")
    assert outputs(folder)["outcome"] == "error"
    assert outputs(folder)["summary"] == "There is no plan: 1 error."
    assert "**error E101**" in (folder / "summary").read_text()


def test_annotations_are_said_once(capsys: Capture, step: dict[str, str]) -> None:
    call("plan --format github --report github", env=step)
    out, err = capsys.readouterr()
    assert len(commands(out)) == 3
    assert err == ""


def test_a_summary_takes_no_more_room_than_is_left(folder: Path, step: dict[str, str]) -> None:
    whole = 1024 * 1024
    crowd = tuple(
        InventoryChange(f"field.{n}", "field", f"f{n} ü", Action.CREATE, at(n + 1), reason="") for n in range(9_000)
    )
    (folder / "summary").write_text("ü" * (whole // 2 - 10_000))
    assert call("plan --report github", Program(replace(EMPTY, inventory=crowd)), step) == 0
    assert whole - 20_000 < (folder / "summary").stat().st_size <= whole
    assert "not shown here" in (folder / "summary").read_text()


def test_a_file_that_the_runner_named_and_cannot_be_written_is_a_problem(capsys: Capture, step: dict[str, str]) -> None:
    assert call("plan --report github", env={**step, "GITHUB_OUTPUT": "/nowhere/output"}) == 1
    assert "error E950" in capsys.readouterr().err


NASTY = "x ::add-mask::y ##[error]z " + "long words " * 12 + "::error::forged"


@pytest.mark.parametrize("name", DRAWN)
def test_no_name_is_a_command_in_the_log_of_a_step(capsys: Capture, step: dict[str, str], name: str) -> None:
    nasty = replace(
        FULL,
        source_label="::error::x",
        tags=(TagCount(NASTY, at(3), apply=1, cause=FULL.fields[0].cause),),
        inventory=(InventoryChange("field.x", "field", "x", Action.BLOCKED, at(1), reason=NASTY, by_hand=NASTY),),
    )
    assert call(f"plan --format {name}", Program(nasty), step) == 0
    out, err = capsys.readouterr()
    ours = {"::error file=reconciler.yaml,line=44", "::warning file=reconciler.yaml,line=28"}
    ours |= {"::warning file=reconciler.yaml,line=1"}
    assert {line.split(",title")[0] for line in commands(out + err)} == (ours if name == "github" else set())
    failing = Program(raises=Failure(problem("E501", NASTY, fix=NASTY)))
    assert call("plan", failing, step) == 1
    assert commands("".join(capsys.readouterr())) == []
