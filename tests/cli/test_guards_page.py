"""`docs/guards.md` shows what the program prints."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reconciler.cli.app import run

PAGE = (Path(__file__).parents[2] / "docs" / "guards.md").read_text(encoding="utf-8")
FILE, ALLOW, CASES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
REFUSED, PERMITTED = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"{n},p{n}@example.org,X{n}\n" for n in range(900))
    Path("people.csv").write_text("id,email,iban\n" + rows)


@pytest.mark.parametrize(("file", "shown"), [(FILE, REFUSED), (FILE + ALLOW, PERMITTED)])
def test_the_page_shows_limits_and_checks_as_they_are_printed(
    capsys: pytest.CaptureFixture[str], file: str, shown: str
) -> None:
    Path("reconciler.yaml").write_text(file.replace("2026-12-01", "2999-12-01"))
    assert run(["plan"], {}) == 0
    said = capsys.readouterr().out.replace("2999-12-01", "2026-12-01")
    assert shown in said
    assert run(["apply", "--auto-approve"], {}) == 3


def test_the_tests_of_the_page_pass(capsys: pytest.CaptureFixture[str]) -> None:
    Path("reconciler.yaml").write_text(FILE.replace("  iban: {from: iban, group: Finance}\n", ""))
    Path("plans").mkdir()
    assert run(["--quiet", "plan", "--format", "json", "--target", "field.*"], {}) == 0
    Path("plans/october.json").write_text(capsys.readouterr().out)
    Path("reconciler.test.yaml").write_text(CASES)
    code = run(["test"], {})
    out, err = capsys.readouterr()
    assert (code, err) == (0, "")
    assert out.count("ok  ") == 3
