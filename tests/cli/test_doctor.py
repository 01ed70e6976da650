"""`doctor` at the command line: exit codes, text and JSON."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.cli.app import run
from reconciler.model.checks import Check, Verdict
from reconciler.report.checks import checks_text, doctor_document
from reconciler.report.document import to_json
from reconciler.report.layout import Page, columns
from tests.cli.program import Program
from tests.cli.test_story import FILE, PEOPLE
from tests.report.json_schema import parsed

CHECKS = (
    Check("program", Verdict.OK, "Python 3.13.0, reconciler 1.0.0, and many a package " * 3),
    Check("terminal", Verdict.WARN, "the locale is not UTF-8", "set LANG=C.UTF-8"),
    Check("CRM", Verdict.FAIL, "reconciler.yaml:2: the CRM refused the credentials", "check the token", "E301", True),
    Check("inventory", Verdict.SKIP, "needs what `CRM` looks at"),
)


class Ailing(Program):
    checks: tuple[Check, ...] = CHECKS

    def examine(self, request: object, terminal: bool) -> tuple[Check, ...]:
        assert not terminal
        return self.checks


def test_a_healthy_folder_is_exit_0_in_text_and_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("reconciler.yaml").write_text(FILE)
    Path("people.csv").write_text(PEOPLE)
    assert run(["doctor"], {}) == 0
    out, err = capsys.readouterr()
    assert (out.endswith("\n16 ok.\n"), err) == (True, "")
    assert run(["doctor", "--format", "json"], {}) == 0
    document = parsed(capsys.readouterr().out)
    assert (document["outcome"], {check["verdict"] for check in document["checks"]}) == ("ok", {"ok"})
    assert run(["-f", "none.yaml", "doctor", "--format", "json"], {}) == 1
    document = parsed(capsys.readouterr().out)
    assert (document["outcome"], document["file"]) == ("failed", "none.yaml")


@pytest.mark.parametrize(
    ("count", "code"), [(1, 0), (2, 0), (4, 4)], ids=["all ok", "a warning", "credentials refused"]
)
def test_the_exit_code_says_what_failed(capsys: pytest.CaptureFixture[str], count: int, code: int) -> None:
    class Some(Ailing):
        checks = CHECKS[:count]

    assert run(["doctor"], {}, Some) == code
    assert run(["doctor", "--format", "json"], {}, Some) == code
    assert capsys.readouterr().err == ""


def test_wrong_usage_is_one_object_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--format", "json", "--nope"], {}) == 1
    document = parsed(capsys.readouterr().out)
    assert (document["outcome"], [p["code"] for p in document["problems"]]) == ("error", ["E902"])


@pytest.mark.parametrize("width", [60, 80, 112])
def test_each_check_has_its_sentence_and_its_way_out_within_the_page(width: int) -> None:
    text = checks_text(CHECKS, Page(width))
    assert max(map(columns, text.splitlines())) <= width
    assert f"\n{'fail':<6}{'CRM':<18}reconciler.yaml:2: " in text
    assert text.count("fix: ") == 2
    assert text.endswith("\n1 ok, 1 warning, 1 failed, 1 skipped.\n")


def test_json_holds_every_check() -> None:
    document = parsed(to_json(doctor_document("a.yaml", CHECKS)))
    assert document["outcome"] == "failed"
    assert [(c["name"], c["verdict"], c["code"]) for c in document["checks"]][2] == ("CRM", "fail", "E301")
