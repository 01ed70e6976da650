"""A saved plan from the shell: every way it ends, with its exit code."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from processes import Ended, reconciler

QUICKSTART = Path(__file__).parents[2] / "examples" / "quickstart"
KEY = {"RECONCILER_PLAN_KEY": "k" * 32}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("reconciler.yaml", "people.csv"):
        shutil.copy(QUICKSTART / name, tmp_path)
    return tmp_path


@pytest.fixture
def saved(folder: Path) -> Path:
    """A plan of a CRM that is there already."""
    assert reconciler(folder, "apply", "--auto-approve", "--target", "field.email").code == 0
    planned = reconciler(folder, "plan", "--out", "reviewed.plan", env=KEY)
    assert planned.code == 0, planned.err
    assert planned.out.endswith("Next: reconciler apply reviewed.plan\n")
    return folder


def applied(folder: Path, *more: str) -> Ended:
    ended = reconciler(folder, "apply", "reviewed.plan", *more, "--format", "json", env=KEY)
    json.loads(ended.out)
    return ended


def codes(ended: Ended) -> list[str]:
    return [row["code"] for row in json.loads(ended.out)["problems"] if row["level"] == "error"]


def test_a_reviewed_plan_is_applied_without_a_terminal_and_used_up(saved: Path) -> None:
    first = applied(saved)
    assert (first.code, json.loads(first.out)["outcome"]) == (0, "applied")
    second = applied(saved)
    assert (second.code, json.loads(second.out)["outcome"], codes(second)) == (5, "stale", ["E568"])
    assert reconciler(saved, "plan", "--detailed-exitcode").code == 0


def test_a_plan_whose_inventory_moved_is_stale(saved: Path) -> None:
    with closing(sqlite3.connect(saved / "crm.db")) as db, db:
        assert db.execute("UPDATE fields SET native = 'number' WHERE key = 'last_name'").rowcount == 1
    ended = applied(saved)
    assert (ended.code, codes(ended)) == (5, ["E564"])


def test_a_plan_of_another_file_is_stale(saved: Path) -> None:
    file = saved / "reconciler.yaml"
    file.write_text(file.read_text().replace("orders >= 10", "orders >= 9"))
    ended = applied(saved)
    assert (ended.code, codes(ended)) == (5, ["E563"])


def test_a_plan_of_another_account_is_refused(saved: Path) -> None:
    for file in saved.glob("crm.db*"):
        file.unlink()
    ended = applied(saved)
    assert (ended.code, json.loads(ended.out)["outcome"], codes(ended)) == (3, "refused", ["E565"])


def test_a_plan_made_with_another_key_is_refused(saved: Path) -> None:
    ended = reconciler(saved, "apply", "reviewed.plan", env={"RECONCILER_PLAN_KEY": "o" * 32})
    assert (ended.code, ended.out) == (3, "")
    assert ended.err.startswith("error E567  reviewed.plan: ")


def test_a_plan_that_was_tampered_with_is_refused(saved: Path) -> None:
    content = (saved / "reviewed.plan").read_bytes()
    at = content.index(b'\\"action\\"' if b'\\"action\\"' in content else b'"action": "create"')
    changed = content[:at] + content[at:].replace(b'"action": "create"', b'"action": "delete"', 1)
    assert changed != content
    (saved / "reviewed.plan").write_bytes(changed)
    ended = applied(saved)
    assert (ended.code, codes(ended)) == (3, ["E566"])


def test_a_plan_that_is_none_is_an_error(saved: Path) -> None:
    ended = reconciler(saved, "apply", "people.csv", env=KEY)
    assert (ended.code, ended.err.split()[1]) == (1, "E560")


def test_a_plan_that_was_partly_applied_goes_on(saved: Path) -> None:
    first = applied(saved, "--max-calls", "9")
    assert (first.code, json.loads(first.out)["outcome"]) == (6, "partial")
    second = applied(saved)
    assert (second.code, json.loads(second.out)["outcome"]) == (0, "applied")
    approved = json.loads(second.out)["approved"]
    assert approved["already"] > 0
    assert approved["pending"] + approved["already"] == approved["approved"]
    assert reconciler(saved, "plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize("option", ["--person=3", "--target=field.*", "--now=2026-01-01", "--resolve=email=crm"])
def test_what_a_saved_plan_does_is_not_chosen_anew(saved: Path, option: str) -> None:
    ended = reconciler(saved, "apply", "reviewed.plan", option, env=KEY)
    assert (ended.code, ended.err.split()[1]) == (1, "E569")


def test_a_plan_that_is_looked_at_with_another_key_is_shown_with_a_warning(saved: Path) -> None:
    shown = reconciler(saved, "show", "reviewed.plan")
    assert shown.code == 0
    assert "E571" in shown.err
    assert shown.out.endswith("Next: reconciler apply reviewed.plan\n")
    lines = reconciler(saved, "show", "reviewed.plan", "--format", "jsonl", env=KEY)
    assert lines.err == ""
    assert all(json.loads(line) for line in lines.out.splitlines())
