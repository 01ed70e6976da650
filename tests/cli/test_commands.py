"""Commands, options, output and exit codes, in this process."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reconciler import __version__
from reconciler.cli import exits
from reconciler.cli.app import COMMANDS, run
from reconciler.cli.commands.emulate import command as emulate
from reconciler.cli.commands.status import PARTS
from reconciler.cli.interrupts import Interrupts
from reconciler.cli.settings import Settings
from reconciler.model.messages import MESSAGES, problem
from reconciler.model.outcome import Result
from reconciler.model.problems import Exit, Failure
from reconciler.model.status import Status
from reconciler.runtime.state import FORGETTABLE
from tests.cli.program import ALLOWED, Program
from tests.report.json_schema import parsed
from tests.report.plans import EMPTY, FULL

Capture = pytest.CaptureFixture[str]


def call(line: str, program: Program | None = None, env: Mapping[str, str] | None = None) -> int:
    behind = program or Program()
    return run(line.split(), env or {}, lambda: behind)


def codes(capture: Capture) -> list[str]:
    return [
        word
        for line in capture.readouterr().err.splitlines()
        if line.startswith("error ")
        for word in line.split()[1:2]
    ]


def test_plan_prints_the_plan_on_stdout_and_nothing_else(capsys: Capture) -> None:
    assert call("plan") == 0
    out, err = capsys.readouterr()
    assert out.startswith("reconciler.yaml   people.csv (1,000)")
    assert out.endswith("Next: reconciler apply\n")
    assert err == ""


@pytest.mark.parametrize(("plan", "code"), [(FULL, 2), (EMPTY, 0)])
def test_detailed_exitcode_tells_pending_changes(capsys: Capture, plan: Any, code: int) -> None:
    assert call("plan --detailed-exitcode", Program(plan)) == code
    assert call("plan", Program(plan)) == 0


def test_json_is_one_object_of_the_schema(capsys: Capture) -> None:
    assert call("plan --format json", Program(FULL)) == 0
    out, err = capsys.readouterr()
    assert parsed(out)["outcome"] == "changes"
    assert err == ""


@pytest.mark.parametrize(
    ("result", "code"),
    [
        (Result.NONE, 0),
        (Result.APPLIED, 0),
        (Result.REFUSED, 3),
        (Result.PARTIAL, 6),
        (Result.INTERRUPTED, 130),
        (Result.DECLINED, 1),
    ],
)
@pytest.mark.parametrize("form", ["text", "json"])
def test_apply_exits_by_its_outcome(capsys: Capture, result: Result, code: int, form: str) -> None:
    assert call(f"apply --auto-approve --format {form}", Program(result=result)) == code
    out = capsys.readouterr().out
    assert out if form == "text" else parsed(out)["result"] == result.value


def test_every_way_to_end_has_an_exit_code() -> None:
    assert set(exits.OF_RESULT) == set(Result)
    assert set(exits.OF_FAILURE) == set(Exit)


@pytest.mark.parametrize(
    ("exit", "code"),
    [(Exit.ERROR, 1), (Exit.REFUSED, 3), (Exit.AUTHENTICATION, 4), (Exit.STALE, 5), (Exit.PARTIAL, 6)],
)
@pytest.mark.parametrize("command", ["plan", "apply --auto-approve"])
def test_a_failure_prints_all_problems_and_exits_by_its_kind(
    capsys: Capture, exit: Exit, code: int, command: str
) -> None:
    failure = Failure([problem("E905"), problem("E906")], exit)
    assert call(command, Program(raises=failure)) == code
    assert codes(capsys) == ["E905", "E906"]
    assert call(f"{command} --format json", Program(raises=failure)) == code
    document = parsed(capsys.readouterr().out)
    ended = {("apply", Exit.STALE): "stale", ("apply", Exit.REFUSED): "refused"}
    mode = command.split()[0]
    assert (document["outcome"], document["mode"]) == (ended.get((mode, exit), "error"), mode)
    assert [p["code"] for p in document["problems"]] == ["E905", "E906"]


def test_an_apply_that_was_shown_ends_with_what_was_written(capsys: Capture) -> None:
    assert call("apply --auto-approve") == 0
    out = capsys.readouterr().out
    assert out.count("Inventory") == 1
    assert "Next: reconciler apply" not in out
    assert out.endswith("Applied (run r-1).   Next: reconciler plan, which has nothing left to do\n")


def test_a_refused_apply_prints_the_plan_and_its_limits(capsys: Capture) -> None:
    assert call("apply --auto-approve", Program(FULL, Result.REFUSED)) == 3
    out = capsys.readouterr().out
    assert "Limits     update_percent: 34 planned, 30 allowed" in out
    assert out.endswith("Refused, nothing was written: see Limits.\n")


def test_why_an_apply_is_refused_is_said_once(capsys: Capture) -> None:
    exceeded = problem("E514", "update_percent: 34 planned, 30 allowed")
    assert call("apply --auto-approve", Program(FULL, Result.REFUSED, problems=(exceeded,))) == 3
    out, err = capsys.readouterr()
    assert out.count("34 planned") == 1
    assert "E514" not in out + err
    assert call("apply --auto-approve --format json", Program(FULL, Result.REFUSED, problems=(exceeded,))) == 3
    assert [p["code"] for p in parsed(capsys.readouterr().out)["problems"]] == ["E514"]


def test_an_apply_with_nothing_to_do_says_so_once(capsys: Capture) -> None:
    assert call("apply --auto-approve", Program(EMPTY, Result.NONE)) == 0
    assert capsys.readouterr().out.count("Nothing to do") == 1


@pytest.mark.parametrize("env", [{}, {"CI": "true"}])
def test_apply_without_a_terminal_needs_approval_and_asks_nothing(capsys: Capture, env: Mapping[str, str]) -> None:
    program = Program()
    assert call("apply", program, env) == 1
    assert codes(capsys) == ["E905"]
    assert program.requests == []


GLOBAL = [
    ("-f north.yaml", "file", Path("north.yaml")),
    ("--file=north.yaml", "file", Path("north.yaml")),
    ("--state here", "state_dir", Path("here")),
]


@pytest.mark.parametrize(("option", "name", "value"), GLOBAL)
@pytest.mark.parametrize("line", ["{option} plan", "plan {option}"])
def test_global_options_stand_before_or_after_the_command(option: str, name: str, value: Any, line: str) -> None:
    program = Program()
    assert call(line.format(option=option), program) == 0
    assert program.requests[0][name] == value


def test_directory_is_entered_for_the_command_and_left_again(tmp_path: Path) -> None:
    before = Path.cwd()
    seen: list[Path] = []

    class Looks(Program):
        def plan(self, request: Any) -> Any:
            seen.append(Path.cwd())
            return super().plan(request)

    assert run(["plan", "-C", str(tmp_path)], {}, Looks) == 0
    assert seen == [tmp_path.resolve()]
    assert Path.cwd() == before


def test_options_become_a_request() -> None:
    program = Program()
    line = (
        "apply --auto-approve --person 7 --person 8 --target field.* --exclude tag* --now 2026-11-22T10:00:00+02:00 "
        "--allow create=5000 --allow untag=3 --max-calls 200"
    )
    assert call(line, program, {"TOKEN": "t"}) == 0
    asked = program.requests[0]
    assert asked["persons"] == frozenset({"7", "8"})
    assert (asked["target"], asked["exclude"]) == (("field.*",), ("tag*",))
    assert asked["now"] == datetime(2026, 11, 22, 8, tzinfo=UTC)
    assert asked["allow"] == {"create": 5000, "untag": 3}
    assert (asked["max_calls"], asked["show_values"], asked["refresh"]) == (200, False, None)
    assert asked["env"] == {"TOKEN": "t"}


@pytest.mark.parametrize(
    ("line", "relink"),
    [
        ("plan", ""),
        ("plan --relink", "anew"),
        ("apply --relink --auto-approve", "anew"),
        ("plan --relink=renamed", "renamed"),
    ],
)
def test_links_are_made_anew_only_where_that_is_asked_for(line: str, relink: str) -> None:
    program = Program()
    assert call(line, program) == 0
    assert program.requests[0]["relink"] == relink


def test_a_date_is_its_start_in_utc() -> None:
    program = Program()
    assert call("plan --now 2026-11-22", program) == 0
    assert program.requests[0]["now"] == datetime(2026, 11, 22, tzinfo=UTC)


WRONG = [
    ("plna", "E901", "`plna`; did you mean `plan`?"),
    ("plan --formt json", "E902", "did you mean `--format`"),
    ("--nope plan", "E902", "`--nope`"),
    ("plan --format xml", "E903", "`--format` takes text, json, markdown, html, sarif or github"),
    ("plan --now", "E903", "`--now` needs a value"),
    ("plan --now 3rd-of-may", "E903", "`--now` takes a date or a time"),
    ("apply --auto-approve=yes", "E903", "`--auto-approve` takes no value"),
    ("apply --auto-approve --max-calls many", "E903", "`--max-calls` takes a whole number"),
    ("plan --allow updates=3", "E903", "`--allow updates`: there is no such limit"),
    ("plan --allow create=-3", "E903", "N is a whole number"),
    ("plan --show-values", "E906", "at a terminal only"),
    ("plan --refresh sometimes", "E903", "`--refresh` takes full or incremental"),
    ("plan extra", "E904", "more arguments"),
    ("-C no/such/folder plan", "E903", "-C names no folder"),
    ("explain E95", "E907", "did you mean"),
    ("plan --now 0001-01-01T00:00:00+23:00", "E903", "`--now` takes a date or a time"),
    ("plan --now 9999-12-31T23:00:00-23:00", "E903", "`--now` takes a date or a time"),
    ("plan --state=", "E903", "`--state` is empty"),
    ("plan --directory=", "E903", "`--directory` is empty"),
    ("plan --file=", "E903", "`--file` is empty"),
    ("plan --person=", "E903", "`--person` is empty"),
    ("plan --target= --exclude=x", "E903", "`--target` is empty"),
    ("plan --det", "E902", "did you mean `--detailed-exitcode`?"),
    ("plan --allow crate=1", "E903", "did you mean `create`?"),
    ("plan --allow nothing=1", "E903", "limits are clear, create, create_without_state"),
    ("apply --auto-approve --max-calls 0", "E903", "`--max-calls` takes a whole number from 1 on"),
    ("status --forget nonsense", "E903", "`--forget` takes all, links, tags, rewrites, fields, runs or snapshot"),
    ("schema plam", "E903", "config, plan, validation, status, discovery, adapters, doctor, runs, drift, tests or why"),
    ("validate --format xml", "E903", "`--format` takes text, json, markdown, sarif or github"),
]


@pytest.mark.parametrize(("line", "code", "words"), WRONG)
def test_wrong_usage_is_exit_1_with_a_code_and_a_way_out(capsys: Capture, line: str, code: str, words: str) -> None:
    program = Program()
    assert call(line, program) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"error {code}  {MESSAGES[code].summary}\n")
    assert words in err
    assert "\n  fix: " in err
    assert program.requests == []


@pytest.mark.parametrize("form", ["--format json", "--format=json"])
@pytest.mark.parametrize(
    "line", ["plan {} --nope", "plan --nope {}", "apply {}", "plan {} --allow x=1", "validate {} x"]
)
def test_wrong_usage_is_json_where_json_was_asked_for(capsys: Capture, line: str, form: str) -> None:
    assert call(line.format(form)) == 1
    assert parsed(capsys.readouterr().out)["outcome"] == "error"


def test_all_wrong_options_are_told_at_once(capsys: Capture) -> None:
    assert call("plan --allow x=1 --allow create=y --now z --show-values") == 1
    assert codes(capsys) == ["E903", "E903", "E903", "E906"]


@pytest.mark.parametrize("verbose", ["", " -v"])
def test_the_unexpected_is_one_code_without_the_error_s_text(capsys: Capture, verbose: str) -> None:
    program = Program(raises=ValueError("anna@example.com is not a number"))
    assert call(f"plan{verbose}", program) == 1
    err = capsys.readouterr().err
    assert err.startswith("error E999  ")
    assert "ValueError at reconciler." in err
    assert "anna" not in err
    assert "Traceback" not in err
    assert ("tests.cli.program" in err) is bool(verbose)


def test_an_interruption_of_a_plan_is_130(capsys: Capture) -> None:
    assert call("plan", Program(raises=KeyboardInterrupt())) == 130
    assert codes(capsys) == ["E908"]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_summary_and_examples(capsys: Capture, name: str) -> None:
    assert call("--help") == 0
    overview = capsys.readouterr().out
    assert call(f"{name} --help") == 0
    own = capsys.readouterr().out
    assert name in overview
    assert "Examples:" in own
    assert f"  reconciler {name}" in own
    assert "-f FILE, -C DIR" in own


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "emulate"])
def test_the_examples_of_the_help_are_command_lines_that_can_be_read(
    capsys: Capture, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # some write reports
    assert call(f"{name} --help") == 0
    lines = [line.strip() for line in capsys.readouterr().out.splitlines() if line.strip().startswith("reconciler ")]
    assert lines
    for line in lines:
        run(shlex.split(line.partition(" > ")[0])[1:], {}, Program)
        assert not {"E901", "E902", "E903", "E904", "E907", "E909"} & set(codes(capsys)), line


def test_the_examples_of_a_command_that_serves_can_be_read(capsys: Capture) -> None:
    assert call("emulate --help") == 0
    lines = [line.strip() for line in capsys.readouterr().out.splitlines() if line.strip().startswith("reconciler ")]
    assert len(lines) == 3
    for line in lines:
        known = Settings({}, Program, Interrupts())
        emulate.make_context("emulate", shlex.split(line)[2:], obj=known)


def test_no_command_is_answered_with_the_help(capsys: Capture) -> None:
    assert call("") == 0
    assert "Commands:" in capsys.readouterr().out


def test_explain_prints_one_code_or_all(capsys: Capture) -> None:
    assert call("explain e905") == 0
    assert "there is no terminal to ask at" in capsys.readouterr().out
    assert call("explain") == 0
    assert len(capsys.readouterr().out.splitlines()) == len(MESSAGES)


@pytest.mark.parametrize("flag", ["--version", "-q --version"])
def test_the_version_is_printed(capsys: Capture, flag: str) -> None:
    assert call(flag) == 0
    assert capsys.readouterr().out == f"reconciler {__version__}\n"


def test_a_plan_for_another_file_names_it_in_the_next_step(capsys: Capture) -> None:
    assert call("plan -f north.yaml", Program(replace(ALLOWED, file="north.yaml"))) == 0
    assert capsys.readouterr().out.endswith("Next: reconciler -f north.yaml apply\n")


@pytest.mark.parametrize(
    ("typed", "following"),
    [
        ("plan -C . --state 'my state'", "reconciler -C . --state 'my state' apply"),
        ("plan --person 7", "reconciler apply with the same options"),
        ("plan --target field.*", "reconciler apply with the same options"),
        ("plan --allow create=5", "reconciler apply with the same options"),
        ("plan --relink", "reconciler apply with the same options"),
    ],
)
def test_the_next_step_does_what_the_plan_shows(capsys: Capture, typed: str, following: str) -> None:
    assert run(shlex.split(typed), {}, Program) == 0
    assert capsys.readouterr().out.endswith(f"Next: {following}\n")


def test_a_global_option_without_a_command_is_wrong_usage(capsys: Capture) -> None:
    assert call("-f plan") == 1  # `plan` was meant as the command, and is the value of -f
    assert codes(capsys) == ["E904"]


@pytest.mark.parametrize("format", ["json", "text"])
def test_a_status_is_text_or_one_object(capsys: Capture, format: str) -> None:
    assert call(f"status --format {format}") == 0
    out = capsys.readouterr().out
    if format == "text":
        assert out.startswith("north.yaml   .reconciler/north")
    else:
        document = parsed(out)
        assert (document["outcome"], document["counts"]["links"]) == ("known", 12345)
        assert (document["apply"]["run"], document["unfinished"]) == ("a-1", None)


def test_a_status_without_memory_says_so(capsys: Capture) -> None:
    program = Program(remembered=Status("reconciler.yaml", ".reconciler/reconciler"))
    assert call("status --format json", program) == 0
    document = parsed(capsys.readouterr().out)
    assert (document["outcome"], document["plan"], document["counts"]) == ("nothing", None, {})


def test_forgetting_names_its_part_and_knows_them_all(capsys: Capture) -> None:
    program = Program()
    assert call("status --forget links", program) == 0
    assert call("status --forget", program) == 0
    assert program.forgotten == ["links", "all"]
    assert set(PARTS) == set(FORGETTABLE)


@pytest.mark.parametrize("line", ["status --forget x --format json", "status --format json x"])
def test_a_status_that_fails_is_one_object_too(capsys: Capture, line: str) -> None:
    assert call(line) == 1
    document = parsed(capsys.readouterr().out)
    assert (document["format"], document["outcome"]) == ("reconciler-status/1", "error")
    assert document["problems"]


def test_a_rule_that_cannot_be_lowered_is_not_explained_as_if_it_could(capsys: Capture) -> None:
    assert call("explain email-mapped") == 0
    assert "cannot be lowered" in capsys.readouterr().out
    assert call("explain raw-empties") == 0
    assert "{raw-empties: error | warning | off}" in capsys.readouterr().out
