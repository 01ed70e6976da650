"""Problems as workflow commands and as SARIF."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.model.messages import MESSAGES, problem
from reconciler.model.problems import Level, Place, Problem
from reconciler.report.annotations import Seen, sarif, workflow_commands
from tests.report.sarif_schema import results_of

HERE = Seen("/repo", "", "north.yaml")
UNKNOWN = problem("E111", "`fields.x.lable` is unknown", Place("north.yaml", 30, 5), "did you mean `label`?")
WARNED = problem("R107", "`engagement`", Place("north.yaml", 9), level=Level.WARNING)
NOWHERE = problem("E501", "/state")


def unescaped(text: str) -> str:
    """As the reader of a log undoes it."""
    for written, sign in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        text = text.replace(written, sign)
    return text


def understood(line: str) -> tuple[str, dict[str, str], str]:
    """A workflow command as the reader of a log takes it apart: kind, properties, message."""
    found = re.fullmatch(r"::([a-z]+) ([^:]*)::(.*)", line)
    assert found is not None
    pairs = (pair.partition("=") for pair in found.group(2).split(","))
    return found.group(1), {name: unescaped(value) for name, _, value in pairs}, unescaped(found.group(3))


def test_a_problem_is_one_command_with_its_place_its_title_and_its_way_out() -> None:
    assert workflow_commands([UNKNOWN], HERE) == (
        "::error file=north.yaml,line=30,col=5,title=E111 an unknown key::"
        "`fields.x.lable` is unknown. did you mean `label`?\n"
    )


def test_warnings_are_warnings_errors_come_first_and_what_is_off_is_silent() -> None:
    off = Problem("R106", Level.OFF, "no score is mapped")
    kinds = [understood(line)[0] for line in workflow_commands([WARNED, off, UNKNOWN], HERE).splitlines()]
    assert kinds == ["error", "warning"]


def test_nothing_wrong_is_nothing_said() -> None:
    assert workflow_commands([], HERE) == ""
    assert results_of(sarif([], HERE)) == []


def test_a_problem_without_a_place_names_no_file_and_one_without_details_its_summary() -> None:
    kind, properties, message = understood(workflow_commands([Problem("E501", Level.ERROR, "sum")], HERE).strip())
    assert (kind, properties, message) == ("error", {"title": "E501 sum"}, "sum")


NASTY = [
    "100 %, a: b",
    "%0A::add-mask::x",
    "x\n::stop-commands::token",
    "x\r\n::error::forged",
    "::set-env name=PATH::/tmp",
    "##[add-path]/tmp",
    "a,line=1::forged",
    "\x1b[31m\u202e\x85",
]


@pytest.mark.parametrize("nasty", NASTY)
def test_names_that_others_wrote_can_begin_no_command_and_add_no_property(nasty: str) -> None:
    said = Problem("E111", Level.ERROR, "an unknown key", f"`{nasty}`", nasty, Place(f"{nasty}.yaml", 3, 1))
    (line,) = workflow_commands([said], HERE).splitlines()
    kind, properties, message = understood(line)
    assert (kind, sorted(properties)) == ("error", ["col", "file", "line", "title"])
    assert line.isprintable()
    if nasty.isprintable():
        assert (properties["file"], message) == (f"{nasty}.yaml", f"`{nasty}`. {nasty}")


def test_every_problem_is_a_result_with_its_rule_and_a_line() -> None:
    results = results_of(sarif([UNKNOWN, WARNED, NOWHERE], HERE))
    assert [(r["ruleId"], r["level"]) for r in results] == [("E111", "error"), ("E501", "error"), ("R107", "warning")]
    places = [result["locations"][0]["physicalLocation"] for result in results]
    assert [p["artifactLocation"]["uri"] for p in places] == ["north.yaml"] * 3
    assert [p["region"] for p in places] == [{"startLine": 30, "startColumn": 5}, {"startLine": 1}, {"startLine": 9}]
    assert results[0]["message"]["text"] == ("an unknown key: `fields.x.lable` is unknown. did you mean `label`?")


def test_the_rules_are_all_our_messages_with_reason_way_out_and_level() -> None:
    log = sarif([], HERE)
    results_of(log)
    rules = {rule["id"]: rule for rule in log["runs"][0]["tool"]["driver"]["rules"]}
    assert list(rules) == list(MESSAGES)
    for code, row in MESSAGES.items():
        assert rules[code]["shortDescription"]["text"] == row.summary
        assert row.fix in rules[code]["help"]["text"]
        level = rules[code]["defaultConfiguration"].get("level", "off")
        assert level == row.level.value


def marks(*problems: Problem, seen: Seen = HERE) -> list[Any]:
    return [result["partialFingerprints"] for result in results_of(sarif(problems, seen))]


def test_a_fingerprint_stays_when_lines_move_and_counts_change() -> None:
    twice = problem("E106", "`x` stands in line 3 already", Place("north.yaml", 7, 3))
    moved = problem("E106", "`x` stands in line 13 already", Place("north.yaml", 17, 5))
    assert marks(twice) == marks(moved)
    assert marks(UNKNOWN) == marks(replace(UNKNOWN, where=Place("north.yaml", 1)))


def test_fingerprints_differ_by_code_file_name_and_number_of_times() -> None:
    others = [
        UNKNOWN,
        replace(UNKNOWN, code="E112"),
        replace(UNKNOWN, detail="`fields.y.lable` is unknown"),
        replace(UNKNOWN, where=Place("south.yaml", 30, 5)),
    ]
    alone = [str(marks(other)) for other in others]
    assert len(set(alone)) == len(alone)
    assert len({str(mark) for mark in marks(UNKNOWN, UNKNOWN)}) == 2


@pytest.mark.parametrize(
    ("folder", "file", "path", "uri"),
    [
        ("", "a.yaml", "a.yaml", "a.yaml"),
        ("sub", "a.yaml", "sub/a.yaml", "sub/a.yaml"),
        ("sub/deep", "../b c.yaml", "sub/b c.yaml", "sub/b%20c.yaml"),
        ("/repo/sub", "a.yaml", "sub/a.yaml", "sub/a.yaml"),
        ("", "/repo/sub/ä.yaml", "sub/ä.yaml", "sub/%C3%A4.yaml"),
        ("", "/else/a.yaml", "/else/a.yaml", "file:///else/a.yaml"),
        ("/else", "a.yaml", "/else/a.yaml", "file:///else/a.yaml"),
        ("", "../a.yaml", "../a.yaml", "../a.yaml"),
    ],
)
def test_files_are_named_as_seen_from_where_the_program_was_started(
    folder: str, file: str, path: str, uri: str
) -> None:
    seen = Seen("/repo", folder, "north.yaml")
    assert (seen.path(Place(file)), seen.uri(Place(file))) == (path, uri)


def test_a_folder_that_is_gone_leaves_the_names_as_they_are() -> None:
    assert Seen("", "sub", "a.yaml").path(None) == str(Path("sub/a.yaml"))
