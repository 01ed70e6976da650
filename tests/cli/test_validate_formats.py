"""`validate` for reviews: workflow commands and SARIF, of good files, of wrong ones, and of wrong usage."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.cli.app import run
from tests.report.sarif_schema import results_of

GOOD = """\
version: 1
crm: {type: local, path: crm.db}
source: {type: csv, path: people.csv}
identity: {person: id, match: email}
fields:
  email: email
"""
WRONG = GOOD + "  born: {from: born, lable: Born}\n  level: {from: level, type: chekbox}\n"
WARNED = GOOD + "  notes: {from: notes, type: raw}\n"
CANARY = "canary-7f3a"

Validated = Callable[..., tuple[int, str, str]]


@pytest.fixture
def validated(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Validated:
    """Exit code, stdout and stderr of `validate --offline` on a text in crm/north.yaml, started one folder above."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "crm").mkdir()

    def call(text: str, form: str, *more: str) -> tuple[int, str, str]:
        (tmp_path / "crm" / "north.yaml").write_text(text, encoding="utf-8")
        line = ["-C", "crm", "-f", "north.yaml", "validate", "--offline", "--format", form, *more]
        code = run(line, {"SECRET": CANARY})
        out, err = capsys.readouterr()
        return code, out, err

    return call


def test_a_good_file_has_no_annotation_and_no_result(validated: Validated) -> None:
    assert validated(GOOD, "github") == (0, "", "")
    code, out, err = validated(GOOD, "sarif")
    assert (code, results_of(json.loads(out)), err) == (0, [], "")


def test_every_error_of_the_file_is_an_annotation_beside_its_line_and_is_said_once(validated: Validated) -> None:
    code, out, err = validated(WRONG, "github")
    assert (code, err) == (1, "")
    assert [line.partition(",title")[0] for line in out.splitlines()] == [
        "::error file=crm/north.yaml,line=7,col=22",
        "::error file=crm/north.yaml,line=8,col=24",
    ]


def test_every_error_of_the_file_is_a_result_and_stderr_has_the_text(validated: Validated) -> None:
    code, out, err = validated(WRONG, "sarif")
    results = results_of(json.loads(out))
    assert (code, [result["ruleId"] for result in results]) == (1, ["E111", "E125"])
    assert {r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in results} == {"crm/north.yaml"}
    assert err.startswith("error E111  north.yaml:7:22")


def test_a_warning_is_told_and_is_no_failure(validated: Validated) -> None:
    code, out, err = validated(WARNED, "github")
    assert (code, out.startswith("::warning file=crm/north.yaml,line=7"), err) == (0, True, "")
    code, out, err = validated(WARNED, "sarif")
    assert (code, [r["level"] for r in results_of(json.loads(out))], err) == (0, ["warning"], "")


def test_wrong_usage_comes_in_the_format_that_was_asked_for(validated: Validated) -> None:
    code, out, _ = validated(GOOD, "github", "--nope")
    assert (code, out.startswith("::error title=E902 no such option::")) == (1, True)
    code, out, _ = validated(GOOD, "sarif", "--nope")
    assert (code, [r["ruleId"] for r in results_of(json.loads(out))]) == (1, ["E902"])


def test_the_last_format_that_was_asked_for_counts(validated: Validated) -> None:
    code, out, err = validated(WRONG, "github", "--format=text")
    assert (code, out) == (1, "")
    assert err.startswith("error E111")


@pytest.mark.parametrize("form", ["github", "sarif"])
def test_what_came_from_the_environment_stands_in_no_annotation(validated: Validated, form: str) -> None:
    code, out, err = validated(WRONG.replace("chekbox", "'${env:SECRET}'"), form)
    assert code == 1
    assert "`fields.level.type`" in out
    assert CANARY not in out + err
