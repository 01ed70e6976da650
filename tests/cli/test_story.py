"""The installed command on real files: validate, plan, apply, and nothing left to do."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.cli.test_process import BASE, SCRIPT, finished
from tests.report.json_schema import parsed

FILE = """\
version: 1
crm: {type: local, path: crm.db}
source: {type: csv, path: people.csv, types: {orders: integer}}
identity: {person: id, match: email}
fields:
  email: email
  birthday: {from: born, type: date}
tags:
  Customer: {when: 'orders > 0'}
contacts: {create: true}
"""
PEOPLE = """\
id,email,born,orders
1,ada@example.org,1987-03-14,12
2,bruno@example.org,03/04/1990,0
3,chloe@example.org,,1
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "reconciler.yaml").write_text(FILE, encoding="utf-8")
    (tmp_path / "people.csv").write_text(PEOPLE, encoding="utf-8")
    return tmp_path


def said(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return finished(str(SCRIPT), "-C", str(folder), *arguments)


def test_the_second_plan_is_empty(folder: Path) -> None:
    assert said(folder, "validate").stdout == "reconciler.yaml is valid: 2 fields, 1 tag.\n"
    planned = said(folder, "plan", "--detailed-exitcode")
    assert (planned.returncode, planned.stderr) == (2, "")
    assert "Plan: 1 field, 1 tag, 3 contacts, 4 values, 2 taggings." in planned.stdout
    assert planned.stdout.endswith(f"Next: reconciler -C {folder} apply\n")
    applied = said(folder, "apply", "--auto-approve", "--format", "json")
    assert applied.returncode == 0, applied.stderr
    document = parsed(applied.stdout)
    assert (document["outcome"], document["written"]["created"], document["written"]["failed"]) == ("applied", 3, 0)
    again = said(folder, "plan", "--detailed-exitcode", "--format", "json")
    assert (again.returncode, parsed(again.stdout)["outcome"]) == (0, "none")
    assert said(folder, "apply", "--auto-approve").stdout.endswith("Nothing to do: 3 people in sync, 1 finding.\n")


def test_no_personal_value_leaves_without_being_asked_for(folder: Path) -> None:
    for command in (["plan", "-v"], ["plan", "--format", "json"], ["apply", "--auto-approve", "-v"], ["status"]):
        done = said(folder, *command)
        assert done.returncode == 0
        for value in ("ada@", "1987-03-14", "03/04/1990"):
            assert value not in done.stdout + done.stderr


def test_an_exceeded_limit_refuses_the_apply_and_says_how_to_go_on(folder: Path) -> None:
    with (folder / "reconciler.yaml").open("a", encoding="utf-8") as file:
        file.write("limits: {create: 2}\n")
    refused = said(folder, "apply", "--auto-approve", "--format", "json")
    assert refused.returncode == 3
    document = parsed(refused.stdout)
    assert [(g["limit"], g["allowed"], g["observed"]) for g in document["guards"] if g["tripped"]] == [("create", 2, 3)]
    assert document["outcome"] == "refused"
    assert not (folder / "crm.db").exists()
    assert said(folder, "apply", "--auto-approve", "--allow", "create=3").returncode == 0


def test_everything_wrong_with_a_file_is_told_at_once_with_its_place(folder: Path) -> None:
    (folder / "reconciler.yaml").write_text(FILE.replace("from: born", "from: bron, tpe: x"), encoding="utf-8")
    for command in ("validate", "plan"):
        done = said(folder, command)
        assert done.returncode == 1
        assert "reconciler.yaml:7:" in done.stderr
        assert done.stdout == ""
    done = said(folder, "validate", "--format", "json")
    assert parsed(done.stdout)["outcome"] == "error"


def test_an_unknown_column_fails_the_validation_unless_offline(folder: Path) -> None:
    (folder / "reconciler.yaml").write_text(FILE.replace("from: born", "from: bron"), encoding="utf-8")
    assert "R108" in said(folder, "validate").stderr
    assert said(folder, "validate", "--offline").returncode == 0


@pytest.mark.parametrize("name", ["config", "plan", "validation"])
def test_the_printed_schema_is_the_one_that_is_checked_in(name: str) -> None:
    printed = finished(str(SCRIPT), "schema", name).stdout
    assert printed == (Path(BASE["PYTHONPATH"]) / f"schemas/{name}.v1.json").read_text(encoding="utf-8")


def test_status_says_what_is_remembered_until_it_is_forgotten(folder: Path) -> None:
    assert "nothing is remembered" in said(folder, "status").stdout
    said(folder, "apply", "--auto-approve")
    assert "3 links" in said(folder, "status").stdout
    assert said(folder, "status", "--forget").returncode == 0
    assert "3 links" not in said(folder, "status").stdout
    assert "E903" in said(folder, "status", "--forget", "nonsense").stderr
