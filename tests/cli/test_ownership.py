"""Two files on one CRM, and drift, through the installed command: what is printed, and the exit codes."""

from __future__ import annotations

import subprocess
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reconciler.localcrm import LocalCrm
from reconciler.model.clock import Clock
from tests.cli.test_process import SCRIPT, finished
from tests.report.json_schema import parsed

FILE = """\
version: 1
crm: {type: local, path: crm.db}
source: {type: csv, path: people.csv}
identity: {person: id, match: email}
fields:
  email: email
  city: {from: city, type: text}
contacts: {create: true}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """shop.yaml is applied; news.yaml wants the same."""
    (tmp_path / "people.csv").write_text("id,email,city\n1,ada@canary.example,Canary\n2,bo@canary.example,Canary\n")
    for name in ("shop.yaml", "news.yaml"):
        (tmp_path / name).write_text(FILE)
    assert said(tmp_path, "-f", "shop.yaml", "apply", "--auto-approve").returncode == 0
    return tmp_path


def said(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return finished(str(SCRIPT), "-C", str(folder), *arguments)


def document(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    read: dict[str, Any] = parsed(done.stdout)
    return read


def test_a_plan_of_the_second_file_succeeds_and_names_the_first_with_its_line(folder: Path) -> None:
    done = said(folder, "-f", "news.yaml", "plan")
    assert (done.returncode, done.stderr) == (0, "")
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "Findings error R320 `city`: shop.yaml:7 fills it too news.yaml:7" in lines
    assert "warning R321 `email`: shop.yaml:6 fills it too news.yaml:6" in lines


def test_an_apply_of_the_second_file_is_refused_with_exit_3(folder: Path) -> None:
    done = said(folder, "-f", "news.yaml", "apply", "--auto-approve")
    assert done.returncode == 3
    assert done.stdout.endswith("Refused, nothing was written: see the errors above.\n")
    told = document(said(folder, "-f", "news.yaml", "apply", "--auto-approve", "--format", "json"))
    assert told["outcome"] == "refused"
    assert [(f["code"], f["level"], f["where"]) for f in told["findings"]] == [
        ("R320", "error", "news.yaml:7"),
        ("R321", "warning", "news.yaml:6"),
    ]
    refused = next(p for p in told["problems"] if p["code"] == "E515")
    assert "`reconciler -f shop.yaml status --forget fields`" in refused["fix"]


def test_the_second_file_goes_on_once_the_first_has_let_go(folder: Path) -> None:
    (folder / "shop.yaml").write_text(FILE.replace("  city: {from: city, type: text}\n", ""))
    assert said(folder, "-f", "shop.yaml", "apply", "--auto-approve").returncode == 0
    assert said(folder, "-f", "news.yaml", "apply", "--auto-approve").returncode == 0
    assert said(folder, "-f", "shop.yaml", "plan", "--detailed-exitcode").returncode == 0


def test_no_value_of_a_person_stands_in_what_is_kept_and_said_of_owning(folder: Path) -> None:
    done = said(folder, "-f", "news.yaml", "apply", "--auto-approve", "-v")
    state = next(folder.glob(".reconciler/shop/accounts/*/state.db")).read_bytes()
    assert b"city" in state
    assert b"anary" not in state
    assert "anary" not in done.stdout + done.stderr


def test_drift_is_exit_2_and_says_what_the_next_apply_does(folder: Path) -> None:
    assert said(folder, "-f", "shop.yaml", "drift").returncode == 0
    with closing(LocalCrm(folder / "crm.db", Clock.fixed(datetime(2026, 11, 22, tzinfo=UTC)))) as crm:
        crm.update([("1", {"city": "Elsewhere"})])
    done = said(folder, "-f", "shop.yaml", "drift", "--refresh", "full")
    assert done.returncode == 2
    assert [" ".join(line.split()) for line in done.stdout.splitlines()][2:4] == [
        "Moved",
        "~ city 1 moved next apply: 1 set back shop.yaml:7",
    ]
    told = document(said(folder, "-f", "shop.yaml", "drift", "--refresh", "full", "--format", "json"))
    nothing = {"clears": 0, "keeps": 0, "pulls": 0, "conflicts": 0}
    assert told["fields"] == [{"key": "city", "where": "shop.yaml:7", "moved": 1, "overwrites": 1, **nothing}]


def test_what_is_taken_over_on_a_first_run_has_its_sign_and_its_counts(folder: Path) -> None:
    (folder / "shop.yaml").rename(folder / "store.yaml")
    (folder / "people.csv").write_text("id,email,city\n1,ada@canary.example,Oulu\n2,bo@canary.example,Canary\n")
    done = said(folder, "-f", "store.yaml", "plan")
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "= city 1 set taken over" in lines
    assert "Plan: 1 contact, 1 value (1 taken over)." in done.stdout
    told = document(said(folder, "-f", "store.yaml", "plan", "--format", "json"))
    assert told["summary"]["values"] == {"set": 1, "clear": 0, "pull": 0, "adopt": 1, "rewritten": 0}
    assert [(f["key"], f["cause"], f["set"]) for f in told["fields"]] == [("city", "adopt", 1)]
