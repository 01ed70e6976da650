"""What a file owns is kept by its applies and read by the other files of the same contacts."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reconciler.localcrm import LocalCrm
from reconciler.model.clock import Clock
from reconciler.model.inventory import CrmField
from reconciler.model.outcome import Result
from reconciler.model.plan import Plan
from reconciler.model.problems import Level
from reconciler.runtime import pipeline
from reconciler.runtime.state import State

NOW = datetime(2026, 11, 22, tzinfo=UTC)
FILE = """\
version: 1
crm: {type: local, path: crm.db}
source: {type: csv, path: people.csv}
identity: {person: id, match: email}
fields:
  email: {from: email, push: on_create}
  city: city
tags: {VIP: {when: 'true'}}
"""
FIRST_VERSION = """\
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE applied (address TEXT PRIMARY KEY, digest TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE marks (tag TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE rewrites (contact TEXT, field TEXT, sent BLOB NOT NULL, stored BLOB NOT NULL,
  PRIMARY KEY (contact, field)) WITHOUT ROWID;
CREATE TABLE created (person BLOB PRIMARY KEY, contact TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE leftover (people BLOB NOT NULL);
CREATE TABLE owed (person BLOB NOT NULL, tag TEXT NOT NULL, PRIMARY KEY (person, tag)) WITHOUT ROWID;
CREATE TABLE kept (person BLOB NOT NULL, tag TEXT NOT NULL, PRIMARY KEY (person, tag)) WITHOUT ROWID;
INSERT INTO applied VALUES ('field.city', 'aa');
PRAGMA user_version=1
"""
"""A state as the first version made it."""

SHOP, NEWS = "shop.yaml", "news.yaml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two files that fill the same field and decide about the same tag; none was applied."""
    made = tmp_path / "base"
    made.mkdir()
    (made / "people.csv").write_text("id,email,city\n1,ada@example.org,Oulu\n")
    for name in (SHOP, NEWS):
        (made / name).write_text(FILE)
    with closing(LocalCrm(made / "crm.db", Clock.fixed(NOW), token=lambda: "5ce0a210")) as crm:
        crm.seed([CrmField("city", "City", "text")], ["VIP"], [{"email": "ada@example.org"}])
    return made


def request(file: Path, **more: Any) -> pipeline.Request:
    return pipeline.Request(file, {}, Clock.fixed(NOW), lambda n: b"\x07" * n, **more)


def apply(file: Path, **more: Any) -> Result:
    return pipeline.apply(request(file, **more), lambda _: True, lambda: False).result


def owners(plan: Plan) -> list[str]:
    return [f.detail for f in plan.findings if f.code == "R320"]


def database(folder: Path, name: str = "shop") -> Path:
    return next(folder.glob(f".reconciler/{name}/accounts/*/state.db"))


def spoil(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as opened:
        for statement in statements:
            opened.execute(statement)
        opened.commit()


def test_a_plan_tells_each_thing_with_two_owners_and_an_apply_writes_nothing(folder: Path) -> None:
    assert apply(folder / SHOP) is Result.APPLIED
    plan = pipeline.plan(request(folder / NEWS))
    assert owners(plan) == [
        f"`city`: {folder / SHOP}:7 fills it too",
        f"tag `VIP`: {folder / SHOP}:8 decides who carries it",
    ]
    assert {f.level for f in plan.findings} == {Level.ERROR}
    assert [str(f.where) for f in plan.findings] == [f"{folder / NEWS}:7:3", f"{folder / NEWS}:8:8"]
    assert apply(folder / NEWS) is Result.REFUSED
    assert owners(pipeline.plan(request(folder / SHOP))) == []


def test_who_is_first_applied_owns_even_if_nothing_was_to_be_done(folder: Path) -> None:
    apply(folder / SHOP)
    pipeline.forget(request(folder / SHOP), "fields")
    assert apply(folder / NEWS) is Result.NONE
    assert apply(folder / SHOP) is Result.REFUSED


def test_an_apply_that_was_interrupted_owns_what_it_began(folder: Path) -> None:
    outcome = pipeline.apply(request(folder / SHOP), lambda _: True, lambda: True)
    assert outcome.result is Result.INTERRUPTED
    assert apply(folder / NEWS) is Result.REFUSED


def test_an_apply_that_nobody_agreed_to_owns_nothing(folder: Path) -> None:
    assert pipeline.apply(request(folder / SHOP), lambda _: False, lambda: False).result is Result.DECLINED
    assert apply(folder / NEWS) is Result.APPLIED


def test_what_an_apply_leaves_out_is_neither_refused_nor_owned(folder: Path) -> None:
    assert apply(folder / SHOP, target=("field.city",)) is Result.APPLIED
    assert apply(folder / NEWS, target=("tag*",)) is Result.APPLIED
    assert apply(folder / NEWS, exclude=("field.city",)) is Result.NONE
    assert len(owners(pipeline.plan(request(folder / SHOP)))) == 1
    assert len(owners(pipeline.plan(request(folder / NEWS)))) == 1


def test_an_apply_of_a_part_keeps_what_was_owned_before(folder: Path) -> None:
    apply(folder / SHOP)
    assert apply(folder / SHOP, target=("tag*",)) is Result.NONE
    assert len(owners(pipeline.plan(request(folder / NEWS)))) == 2


def test_the_same_contacts_are_those_of_one_account(folder: Path) -> None:
    apply(folder / SHOP)
    (folder / NEWS).write_text(FILE.replace("crm.db", "other.db"))
    with closing(LocalCrm(folder / "other.db", Clock.fixed(NOW), token=lambda: "0the4000")) as crm:
        crm.seed([CrmField("city", "City", "text")], ["VIP"], [{"email": "ada@example.org"}])
    assert apply(folder / NEWS) is Result.APPLIED


def test_files_that_share_one_of_several_objects_share_its_contacts(folder: Path) -> None:
    assert apply(folder / SHOP) is Result.APPLIED
    for objects, clashes in (("[contact, lead]", True), ("lead", False)):
        (folder / NEWS).write_text(FILE.replace("type: local,", f"type: local, object: {objects},"))
        assert bool(owners(pipeline.plan(request(folder / NEWS)))) is clashes


def test_a_file_that_made_the_account_owns_before_it_runs_again(folder: Path) -> None:
    (folder / "crm.db").unlink()
    text = FILE.replace("city: city", "city: {from: city, type: text}") + "contacts: {create: true}\n"
    for name in (SHOP, NEWS):
        (folder / name).write_text(text)
    assert apply(folder / SHOP) is Result.APPLIED
    assert (folder / ".reconciler/shop/accounts/not-created-yet").is_dir()
    assert len(owners(pipeline.plan(request(folder / NEWS)))) == 2


def test_a_checkout_may_move_with_its_state(folder: Path) -> None:
    apply(folder / SHOP)
    moved = folder.rename(folder.parent / "moved")
    assert owners(pipeline.plan(request(moved / NEWS)))[0] == f"`city`: {moved / SHOP}:7 fills it too"


def test_an_entry_of_a_file_that_both_extend_is_told_with_its_place(folder: Path) -> None:
    (folder / "base.yaml").write_text(FILE)
    for name in (SHOP, NEWS):
        (folder / name).write_text("version: 1\nextends: base.yaml\n")
    apply(folder / SHOP)
    found = owners(pipeline.plan(request(folder / NEWS)))
    assert found[0] == f"`city`: {folder / SHOP} ({folder / 'base.yaml'}:7) fills it too"


def test_files_below_each_other_are_found_where_their_states_lie_side_by_side(folder: Path) -> None:
    (folder / "sites").mkdir()
    (folder / "sites" / SHOP).write_text(FILE.replace("crm.db", "../crm.db").replace("people.csv", "../people.csv"))
    state = folder.parent / "states"
    apply(folder / "sites" / SHOP, state_dir=state / "one")
    plan = pipeline.plan(request(folder / NEWS, state_dir=state / "two"))
    assert owners(plan)[0] == f"`city`: {folder / 'sites' / SHOP}:7 fills it too"
    command = f"reconciler --state {state / 'one'} -f {folder / 'sites' / SHOP} status --forget fields"
    assert f"`{command}`" in plan.findings[0].fix


def test_two_states_of_one_file_are_one_owner(folder: Path) -> None:
    apply(folder / SHOP)
    state = folder / ".reconciler" / "second"
    assert owners(pipeline.plan(request(folder / SHOP, state_dir=state))) == []


def test_the_way_out_leads_out(folder: Path) -> None:
    apply(folder / SHOP)
    fix = pipeline.plan(request(folder / NEWS)).findings[0].fix
    assert fix.endswith(f"`reconciler -f {folder / SHOP} status --forget fields`")
    pipeline.forget(request(folder / SHOP), "fields")
    assert apply(folder / NEWS) is Result.NONE


NOT_TOLD: dict[str, Callable[[Path], object]] = {
    "newer": lambda path: spoil(path, "PRAGMA user_version=99"),
    "damaged": lambda path: path.write_bytes(b"not a database at all" * 200),
    "a part that this program does not know": lambda path: spoil(path, "UPDATE owned SET part = 'borrows'"),
    "a place without a line": lambda path: spoil(path, "UPDATE owned SET place = 'shop.yaml'"),
    "without its table": lambda path: spoil(path, "DROP TABLE owned"),
}


@pytest.mark.parametrize("change", NOT_TOLD.values(), ids=NOT_TOLD)
def test_a_state_of_which_it_cannot_be_told_is_a_note_and_stops_nobody(
    folder: Path, change: Callable[[Path], object]
) -> None:
    apply(folder / SHOP)
    change(database(folder))
    plan = pipeline.plan(request(folder / NEWS))
    assert [(p.code, p.level, p.detail.split(":")[0]) for p in plan.problems] == [("E540", Level.WARNING, "shop")]
    assert owners(plan) == []
    assert apply(folder / NEWS) is Result.NONE


def test_an_older_state_owns_nothing_until_its_file_is_applied_again(folder: Path) -> None:
    apply(folder / SHOP)
    path = database(folder)
    path.unlink()
    spoil(path, *FIRST_VERSION.split(";"), "INSERT INTO meta VALUES ('account', '5ce0a210')")
    plan = pipeline.plan(request(folder / NEWS))
    assert (plan.problems, owners(plan)) == ((), [])
    apply(folder / SHOP)
    assert len(owners(pipeline.plan(request(folder / NEWS)))) == 2


def test_a_state_of_the_first_version_is_migrated_with_all_that_it_holds(tmp_path: Path) -> None:
    spoil(tmp_path / "state.db", *FIRST_VERSION.split(";"))
    state = State(tmp_path, b"\x07" * 32)
    state.own([("field", "city", "fills", "shop.yaml:7")], {"owner.file": "shop.yaml"}, whole=True)
    assert state.remembered("").applied == {"field.city": "aa"}
    assert state.fact("owner.file") == "shop.yaml"
    state.close()


def test_looking_into_another_state_changes_nothing_there(folder: Path) -> None:
    apply(folder / SHOP)
    spoil(database(folder), "PRAGMA user_version=1")
    root = folder / ".reconciler" / "shop"
    before = {path: path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}
    assert owners(pipeline.plan(request(folder / NEWS)))
    assert {path: path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()} == before


def test_what_lies_beside_a_state_and_is_none_is_passed_over(folder: Path) -> None:
    beside = folder / ".reconciler"
    beside.mkdir()
    (beside / "file").write_text("")
    (beside / "empty" / "accounts" / "5ce0a210" / "state.db").mkdir(parents=True)
    plan = pipeline.plan(request(folder / NEWS))
    assert (plan.problems, owners(plan)) == ((), [])


def test_a_state_that_is_copied_for_another_file_is_that_files(folder: Path) -> None:
    apply(folder / SHOP)
    shutil.copytree(folder / ".reconciler" / "shop", folder / ".reconciler" / "news")
    (folder / SHOP).unlink()
    assert apply(folder / NEWS) is Result.NONE
    (folder / SHOP).write_text(FILE)
    assert len(owners(pipeline.plan(request(folder / SHOP)))) == 2
