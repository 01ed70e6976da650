"""The checks of `doctor`, on real folders and on doors that fail."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reconciler.localcrm import LocalCrm
from reconciler.model.checks import Check, Verdict
from reconciler.model.clock import Clock
from reconciler.model.problems import Failure
from reconciler.runtime import pipeline
from reconciler.runtime.machine import clock_check, locale_check, program_check

from .test_pipeline import ADA, BOB, FILE, HOLD, apply, people, request

CANARY = "canary-7f3a"
OK, WARN, FAIL, SKIP = Verdict.OK, Verdict.WARN, Verdict.FAIL, Verdict.SKIP
NAMES = [
    "program", "extras", "terminal", "file", "source", "people", "CRM", "inventory", "limits", "abilities", "clock",
    "state folder", "lock", "last run", "disk", "version control",
]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "reconciler.yaml").write_text(FILE)
    people(tmp_path, ADA, BOB)
    return tmp_path


def examined(folder: Path, **more: Any) -> dict[str, Check]:
    checks = pipeline.examine(request(folder, **more), terminal=False)
    assert [check.name for check in checks] == NAMES
    return {check.name: check for check in checks}


def verdicts(checks: dict[str, Check], *besides: Verdict) -> dict[str, Verdict]:
    return {name: check.verdict for name, check in checks.items() if check.verdict not in (OK, *besides)}


def test_where_all_is_well_every_check_is_ok_and_nothing_is_made(folder: Path) -> None:
    before = sorted(folder.rglob("*"))
    checks = examined(folder)
    assert verdicts(checks) == {}
    assert sorted(folder.rglob("*")) == before
    assert checks["CRM"].said == "local: it does not exist yet; the first apply makes it"
    assert checks["people"].said == "the first 2 rows can be read"


def test_a_plan_that_failed_at_the_source_is_no_run(folder: Path) -> None:
    (folder / "people.csv").write_text((folder / "people.csv").read_text().partition("\n")[0] + "\n")
    with pytest.raises(Failure):
        pipeline.plan(request(folder))
    assert examined(folder)["last run"].said == "none has ended yet"


def test_after_an_apply_account_and_run_are_told_and_the_crm_is_not_touched(folder: Path) -> None:
    apply(folder)
    before = (folder / "crm.db").read_bytes()
    checks = examined(folder)
    assert verdicts(checks) == {}
    with closing(LocalCrm(folder / "crm.db", Clock.system())) as crm:
        assert checks["CRM"].said == f"local answers, account {crm.account()}"
    assert checks["last run"].said.endswith(": applied")
    assert (folder / "crm.db").read_bytes() == before


def test_a_wrong_file_fails_and_what_needs_it_is_skipped_while_the_rest_is_looked_at(folder: Path) -> None:
    (folder / "reconciler.yaml").write_text(FILE.replace("type: select", "type: selct").replace("push", "x"))
    checks = examined(folder)
    assert verdicts(checks) == {
        "file": FAIL, "source": SKIP, "people": SKIP, "CRM": SKIP, "inventory": SKIP, "limits": SKIP, "abilities": SKIP,
    }  # fmt: skip
    assert checks["file"].code == "E125"
    assert "reconciler.yaml:8:" in checks["file"].said
    assert checks["inventory"].said == "needs what `CRM` looks at"


def test_a_missing_source_leaves_the_crm_to_be_looked_at(folder: Path) -> None:
    (folder / "people.csv").unlink()
    checks = examined(folder)
    assert verdicts(checks) == {"source": FAIL, "people": SKIP}
    assert (checks["source"].code, checks["CRM"].verdict) == ("E401", OK)


def test_missing_columns_and_unreadable_rows_are_told_without_their_text(folder: Path) -> None:
    (folder / "people.csv").write_text(f"id,mail,city,orders\n1,{CANARY},x,1\n")
    checks = examined(folder)
    assert (checks["source"].verdict, checks["source"].code) == (FAIL, "R108")
    (folder / "people.csv").write_text(f"id,mail,city,level,orders\n1,{CANARY}\n")
    checks = examined(folder)
    assert (checks["people"].verdict, "row 1" in checks["people"].said) == (FAIL, True)
    assert CANARY not in str(checks)


def test_an_empty_source_is_a_failure_as_it_is_for_a_plan(folder: Path) -> None:
    people(folder)
    assert verdicts(examined(folder)) == {"people": FAIL}


def test_warnings_of_the_file_are_no_failure(folder: Path) -> None:
    (folder / "reconciler.yaml").write_text(FILE.replace("tags:", "  notes: {from: city, type: raw}\ntags:"))
    checks = examined(folder)
    assert verdicts(checks) == {"file": WARN}
    assert checks["file"].fix == "`reconciler validate` shows them"


def test_another_account_than_the_file_allows_is_a_failure(folder: Path) -> None:
    apply(folder)
    (folder / "reconciler.yaml").write_text(FILE.replace("path: crm.db", "path: crm.db, account: other"))
    checks = examined(folder)
    assert (checks["CRM"].verdict, checks["CRM"].code, checks["CRM"].authentication) == (FAIL, "E302", False)


def test_a_state_folder_that_others_may_look_into_is_a_warning_with_the_command(folder: Path) -> None:
    apply(folder)
    state = folder / ".reconciler" / "reconciler"
    state.chmod(0o755)
    checks = examined(folder)
    assert verdicts(checks) == {"state folder": WARN}
    assert checks["state folder"].fix == f"chmod -R go= {state}"


def test_everything_that_an_apply_keeps_is_for_its_owner_alone(folder: Path) -> None:
    apply(folder)
    kept = list((folder / ".reconciler" / "reconciler").rglob("*"))
    assert {p.name for p in kept} >= {"accounts", "people-1.parquet", "state.db"}
    assert [p for p in kept if p.stat().st_mode & 0o077] == []


def test_a_damaged_state_fails_and_only_that(folder: Path) -> None:
    apply(folder)
    (database,) = (folder / ".reconciler").rglob("state.db")
    for beside in database.parent.glob("state.db-*"):
        beside.unlink()
    database.write_bytes(b"no database at all" * 100)
    checks = examined(folder)
    assert verdicts(checks) == {"last run": FAIL}
    assert checks["last run"].code == "E502"


def test_a_file_where_the_state_folder_should_be_is_a_failure(folder: Path) -> None:
    (folder / "state").write_text("")
    checks = examined(folder, state_dir=folder / "state")
    assert verdicts(checks) == {"state folder": FAIL, "lock": SKIP, "last run": SKIP}


def test_an_apply_that_runs_is_told(folder: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(folder / "reconciler.yaml")]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"asking\n"
        checks = examined(folder)
    finally:
        process.kill()
        process.communicate()
    assert verdicts(checks) == {"lock": WARN}
    assert f"process {process.pid}" in checks["lock"].said


@pytest.mark.parametrize(
    ("ignored", "verdict"),
    [("", OK), ("gone", WARN), (".reconciler/", OK), ("/north/.reconciler", OK), ("other", WARN)],
)
def test_a_state_folder_that_could_be_committed_is_a_warning(folder: Path, ignored: str, verdict: Verdict) -> None:
    (folder / ".git").mkdir()
    place = folder / "north"
    place.mkdir()
    for name in ("reconciler.yaml", "people.csv"):
        (folder / name).rename(place / name)
    apply(place)
    if ignored:
        (place / ".reconciler" / "reconciler" / ".gitignore").unlink()
        (folder / ".gitignore").write_text(f"x\n{ignored}\n")
    assert verdicts(examined(place)) == ({} if verdict is OK else {"version control": verdict})


NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "theirs", "verdict"),
    [
        (NOW, None, OK),
        (NOW, NOW + timedelta(seconds=30), OK),
        (NOW, NOW - timedelta(minutes=5), WARN),
        (datetime(1970, 1, 1, tzinfo=UTC), None, FAIL),
        (datetime(2150, 1, 1, tzinfo=UTC), NOW, FAIL),
    ],
)
def test_a_clock_is_compared_with_the_crm_s_or_else_with_reason(now: datetime, theirs: Any, verdict: Verdict) -> None:
    assert clock_check(now, theirs).verdict is verdict


@pytest.mark.parametrize(
    ("env", "terminal", "verdict"),
    [
        ({"LANG": "de_DE.UTF-8"}, True, OK),
        ({"LANG": "C.utf8"}, True, OK),
        ({"LANG": "de_DE.UTF-8", "LC_ALL": "C"}, True, WARN),
        ({"LC_CTYPE": "de_DE.ISO-8859-1"}, True, WARN),
        ({"LANG": "C"}, False, OK),
    ],
)
def test_a_terminal_that_does_not_read_utf_8_is_a_warning(
    env: dict[str, str], terminal: bool, verdict: Verdict
) -> None:
    check = locale_check(env, terminal)
    assert (check.verdict, bool(check.fix)) == (verdict, verdict is WARN)


ABOUT = """\
Metadata-Version: 2.1
Name: crm-reconciler
Version: 0.1.0
Requires-Dist: click>=8.1
Requires-Dist: pyarrow<2,>=1
Requires-Dist: no-such-package[x]>=3 ; python_version > "3"
Requires-Dist: absent>=1; extra == 'hub'
Provides-Extra: hub
"""


@pytest.fixture
def other_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    about = tmp_path / "packages" / "crm_reconciler-0.1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(ABOUT)
    monkeypatch.syspath_prepend(str(about.parent))


def test_packages_that_are_missing_or_of_a_wrong_version_are_named(folder: Path, other_needs: None) -> None:
    checks = examined(folder)
    assert checks["program"].verdict is FAIL
    assert "no-such-package is missing" in checks["program"].said
    assert "is not <2,>=1" in checks["program"].said
    assert "click" not in checks["program"].said
    assert checks["extras"].said == "installed: none; not installed: hub"
    assert checks["extras"].fix == "if you need it: pip install 'crm-reconciler[hub]'"


def test_the_program_as_it_is_installed_here_is_whole() -> None:
    assert program_check().verdict is OK


DOORS = f'''
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pydantic import BaseModel
from reconciler.adapters.errors import AuthFailed
from reconciler.adapters.local.door import LocalDoor
from reconciler.localcrm import LocalCrm
from reconciler.model.capabilities import Ability
from reconciler.model.clock import Clock

class Options(BaseModel):
    path: str
    fails: str = ""

class Door(LocalDoor):
    def connect(self):
        if self.fails == "authentication":
            raise AuthFailed("the token was refused")
        if self.fails == "unexpected":
            raise ValueError("{CANARY}")
        return super().connect()

    def time(self):
        return datetime(2026, 1, 1, tzinfo=UTC)

class Adapter:
    Options = Options
    def open(self, options, opening, object):
        door = Door(LocalCrm(opening.base / options.path, Clock.system()))
        door.fails = options.fails
        has = door.capabilities
        door.capabilities = replace(has, can=has.can - {{Ability.RENAME_TAG}}, cannot={{Ability.RENAME_TAG: "no"}})
        return door

ADAPTER = Adapter()
'''


@pytest.fixture
def doors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    about = tmp_path / "packages" / "doctors_doors-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: doctors-doors\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[reconciler.crm]\nailing = doctors_doors:ADAPTER\n")
    (about.parent / "doctors_doors.py").write_text(DOORS)
    monkeypatch.syspath_prepend(str(about.parent))
    yield
    sys.modules.pop("doctors_doors", None)


@pytest.mark.parametrize(
    ("fails", "code", "authentication"), [("authentication", "E301", True), ("unexpected", "E999", False)]
)
def test_a_crm_that_does_not_answer_is_a_failure_of_its_kind(
    folder: Path, doors: None, fails: str, code: str, authentication: bool
) -> None:
    (folder / "reconciler.yaml").write_text(FILE.replace("type: local", f"type: ailing, fails: {fails}"))
    checks = examined(folder)
    assert verdicts(checks, WARN) == {"CRM": FAIL, "inventory": SKIP, "limits": SKIP, "abilities": SKIP}
    assert (checks["CRM"].code, checks["CRM"].authentication) == (code, authentication)
    assert CANARY not in str(checks)


def test_a_crm_s_clock_and_what_it_cannot_do_are_told(folder: Path, doors: None) -> None:
    (folder / "reconciler.yaml").write_text(FILE.replace("type: local", "type: ailing"))
    checks = examined(folder)
    assert checks["abilities"].said == "cannot: rename tag; plans show what that blocks"
    assert checks["abilities"].fix == "`reconciler adapters ailing` says why"
    assert checks["clock"].verdict is WARN
    assert "seconds from the CRM's clock" in checks["clock"].said
