from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reconciler.model.addresses import person_digest
from reconciler.model.plan import Remembers
from reconciler.model.problems import Failure, Level
from reconciler.model.status import LastRun
from reconciler.runtime.folder import NOT_CREATED, Folder, account_name, locate
from reconciler.runtime.lock import FileLock
from reconciler.runtime.state import FORGETTABLE, State, open_state

from .memory_crm import KEY

PERSON = b"p" * 16


def token_bytes(count: int) -> bytes:
    return KEY[:count]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path / "state")
    made.prepare(token_bytes)
    return made


@pytest.fixture
def state(folder: Folder) -> State:
    return open_state(folder, "acct-1", KEY)[0]


AT = "2026-11-22T10:00:00Z"


def links_file(path: Path, *contacts: str) -> Remembers:
    numbers = pa.array(range(len(contacts)), pa.uint64())
    columns = {"person_high": numbers, "person_low": numbers, "contact": pa.array(contacts, pa.string())}
    pq.write_table(pa.table(columns), path)
    return Remembers(path, "")


def codes(failure: pytest.ExceptionInfo[Failure]) -> list[str]:
    return [p.code for p in failure.value.problems]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_state_lies_beside_the_file_unless_another_folder_is_chosen() -> None:
    assert locate(Path("a/north.yaml"), None) == Path("a/.reconciler/north")
    assert locate(Path("a/north.yaml"), Path("/var/x")) == Path("/var/x")


def test_the_folder_and_everything_secret_is_for_its_owner_alone(folder: Folder, state: State) -> None:
    assert mode(folder.path) == 0o700
    assert mode(folder.path / "key") == 0o600
    assert mode(state.path) == 0o700
    assert mode(state.path / "state.db") == 0o600


def test_the_folder_keeps_itself_out_of_version_control(folder: Folder) -> None:
    assert (folder.path / ".gitignore").read_text() == "*\n"


def test_the_key_comes_from_the_randomness_given_and_is_made_once(folder: Folder) -> None:
    assert folder.key() == KEY
    assert folder.prepare(lambda count: b"x" * count) == KEY


def test_a_damaged_key_is_an_error_with_a_way_out(folder: Folder) -> None:
    (folder.path / "key").write_bytes(b"short")
    with pytest.raises(Failure) as failure:
        folder.prepare(token_bytes)
    assert codes(failure) == ["E506"]
    assert failure.value.problems[0].fix


def test_a_folder_that_cannot_be_made_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Failure) as failure:
        Folder(tmp_path / "file" / "state").prepare(token_bytes)
    assert codes(failure) == ["E501"]


def test_a_fresh_state_knows_nothing(state: State) -> None:
    remembered = state.remembered("blake2b:1")
    assert (remembered.known, remembered.people, remembered.created, remembered.rewrites) == (False, None, (), None)
    assert (dict(remembered.applied), remembered.marks, remembered.leftover) == ({}, frozenset(), frozenset())


def test_what_an_apply_saves_is_remembered_by_the_next_process(folder: Folder, state: State, tmp_path: Path) -> None:
    state.begin("blake2b:1", links_file(tmp_path / "new.parquet", "c1", "c2"), [PERSON], known=True, at=AT)
    state.add_created([(PERSON, "c3")])
    state.add_rewrites([("c1", "city", b"s" * 16, b"t" * 16)], [])
    state.settle({"field.city": "1"}, {"Customer": ()}, whole=False)
    state.close()
    again = open_state(folder, "acct-1", KEY)[0].remembered("blake2b:1")
    assert again.known
    assert again.people is not None
    assert pq.read_table(again.people)["contact"].to_pylist() == ["c1", "c2"]
    assert again.created == ((PERSON, "c3"),)
    assert again.rewrites is not None
    assert again.rewrites.to_pylist() == [{"contact": "c1", "field": "city", "sent": b"s" * 16, "stored": b"t" * 16}]
    assert (again.applied, again.marks, again.leftover) == ({"field.city": "1"}, {"Customer"}, {PERSON})


def test_new_links_replace_the_file_and_the_creations_that_they_contain(state: State, tmp_path: Path) -> None:
    state.add_created([(PERSON, "c3")])
    state.begin("blake2b:1", links_file(tmp_path / "new.parquet", "c3"), [], known=True, at=AT)
    assert state.remembered("blake2b:1").created == ()
    assert not (tmp_path / "new.parquet").exists()


def test_without_new_links_creations_stay(state: State) -> None:
    state.add_created([(PERSON, "c3")])
    state.begin("blake2b:1", None, [], known=True, at=AT)
    assert state.remembered("blake2b:1").created == ((PERSON, "c3"),)


def test_leftovers_belong_to_one_version_of_the_file(state: State) -> None:
    state.begin("blake2b:1", None, [PERSON + b"q" * 16], known=True, at=AT)
    assert state.remembered("blake2b:1").leftover == {PERSON, b"q" * 16}
    assert state.remembered("blake2b:2").leftover == frozenset()
    state.begin("blake2b:2", None, [], known=True, at=AT)
    assert state.remembered("blake2b:1").leftover == frozenset()


def test_a_whole_apply_forgets_what_the_file_does_not_say_any_more(state: State) -> None:
    state.begin("blake2b:1", None, [PERSON], known=True, at=AT)
    state.settle({"field.city": "1", "field.old": "1"}, {"Old": ()}, whole=True)
    state.settle({"field.city": "2"}, {"New": ()}, whole=True)
    remembered = state.remembered("blake2b:1")
    assert (remembered.applied, remembered.marks, remembered.leftover) == ({"field.city": "2"}, {"New"}, frozenset())


def test_a_partial_apply_adds_to_what_was_applied(state: State) -> None:
    state.begin("blake2b:1", None, [PERSON], known=True, at=AT)
    state.settle({"field.city": "1"}, {"Old": ()}, whole=True)
    state.begin("blake2b:1", None, [PERSON], known=True, at=AT)
    state.settle({"field.name": "1"}, {"New": ()}, whole=False)
    remembered = state.remembered("blake2b:1")
    assert remembered.applied == {"field.city": "1", "field.name": "1"}
    assert remembered.marks == {"Old", "New"}
    assert remembered.leftover == {PERSON}


def test_an_apply_for_single_people_does_not_make_the_state_known(state: State) -> None:
    state.begin("blake2b:1", None, [], known=False, at=AT)
    assert not state.remembered("blake2b:1").known


def test_a_value_that_is_stored_as_sent_is_no_rewrite_any_more(state: State) -> None:
    state.add_rewrites([("c1", "city", b"s" * 16, b"t" * 16), ("c2", "city", b"s" * 16, b"t" * 16)], [])
    state.add_rewrites([], [("c1", "city")])
    rewrites = state.remembered("blake2b:1").rewrites
    assert rewrites is not None
    assert rewrites["contact"].to_pylist() == ["c2"]


def test_the_last_run_of_each_command_is_remembered(state: State) -> None:
    state.set_last("plan", LastRun("a", "2026-11-22T10:00:00Z", "blake2b:1", "changes"))
    assert state.last("plan") == LastRun("a", "2026-11-22T10:00:00Z", "blake2b:1", "changes")
    assert state.last("apply") == LastRun()


@pytest.mark.parametrize("what", sorted(FORGETTABLE))
def test_forgetting_a_part_leaves_the_others(state: State, tmp_path: Path, what: str) -> None:
    state.begin("blake2b:1", links_file(tmp_path / "new.parquet", "c1"), [PERSON], known=True, at=AT)
    state.add_created([(PERSON, "c3")])
    state.add_rewrites([("c1", "city", b"s" * 16, b"t" * 16)], [])
    state.settle({"field.city": "1"}, {"Customer": ()}, whole=False)
    state.forget(what)
    left = state.remembered("blake2b:1")
    links, tags, rewrites = left.people is not None and bool(left.created), bool(left.marks), left.rewrites is not None
    kept = {
        "links": links,
        "tags": tags,
        "rewrites": rewrites,
        "fields": bool(left.applied),
        "runs": bool(left.leftover),
    }
    assert kept == {part: what not in ("all", part) for part in kept}
    assert left.known is (what not in ("all", "links"))


def test_an_unknown_part_cannot_be_forgotten(state: State) -> None:
    with pytest.raises(Failure) as failure:
        state.forget("everything; DROP TABLE meta")
    assert codes(failure) == ["E521"]


def test_a_damaged_state_is_an_error_that_names_the_file_and_the_way_out(folder: Folder, state: State) -> None:
    path = state.path / "state.db"
    state.close()
    path.write_bytes(b"not a database at all" * 200)
    with pytest.raises(Failure) as failure:
        open_state(folder, "acct-1", KEY)
    assert codes(failure) == ["E502"]
    assert str(path) in failure.value.problems[0].detail
    assert failure.value.problems[0].fix


def test_a_state_cut_in_half_is_an_error(folder: Folder, state: State) -> None:
    state.add_rewrites([(f"c{n}", "city", os.urandom(16), b"t" * 16) for n in range(5_000)], [])
    path = state.path / "state.db"
    state.close()
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(Failure) as failure:
        open_state(folder, "acct-1", KEY)
    assert codes(failure) == ["E502"]


def test_damaged_links_are_an_error(state: State, tmp_path: Path) -> None:
    state.begin("blake2b:1", links_file(tmp_path / "new.parquet", "c1"), [], known=True, at=AT)
    file = state.people()
    assert file is not None
    file.write_bytes(b"PAR1 no more")
    with pytest.raises(Failure) as failure:
        state.remembered("blake2b:1")
    assert codes(failure) == ["E502"]


def test_a_newer_state_is_refused_and_left_as_it_is(folder: Folder, state: State) -> None:
    path = state.path / "state.db"
    state.close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version=99")
    connection.close()
    with pytest.raises(Failure) as failure:
        open_state(folder, "acct-1", KEY)
    assert codes(failure) == ["E503"]
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (99,)
    connection.close()


def test_state_of_another_account_is_set_aside_with_a_note_and_comes_back(folder: Folder, state: State) -> None:
    state.settle({"field.city": "1"}, {}, whole=True)
    state.close()
    other, notes = open_state(folder, "acct-2", KEY)
    assert [(n.code, n.level) for n in notes] == [("E510", Level.WARNING)]
    assert other.remembered("blake2b:1").applied == {}
    other.close()
    back, _ = open_state(folder, "acct-1", KEY)
    assert back.remembered("blake2b:1").applied == {"field.city": "1"}


def test_state_made_before_the_crm_existed_goes_to_the_account_that_it_became(folder: Folder) -> None:
    unborn, _ = open_state(folder, "", KEY)
    unborn.add_created([(PERSON, "c1")])
    unborn.set_facts({"learnt": "acct-7"})
    unborn.close()
    born, notes = open_state(folder, "acct-7", KEY)
    assert born.remembered("blake2b:1").created == ((PERSON, "c1"),)
    assert notes == ()
    assert not folder.has_account(NOT_CREATED)


@pytest.mark.parametrize("next_account", ["", "acct-8"])
def test_state_of_a_crm_that_went_away_again_is_not_given_to_the_next_one(folder: Folder, next_account: str) -> None:
    unborn, _ = open_state(folder, "", KEY)
    unborn.add_created([(PERSON, "c1")])
    unborn.set_facts({"learnt": "acct-7"})
    unborn.close()
    after, notes = open_state(folder, next_account, KEY)
    assert after.remembered("blake2b:1").created == ()
    assert [(n.code, n.detail) for n in notes] == [("E510", "account acct-7")]
    assert open_state(folder, "acct-7", KEY)[0].remembered("blake2b:1").created == ((PERSON, "c1"),)


def test_state_made_with_another_key_is_set_aside_with_a_note(folder: Folder, state: State) -> None:
    state.settle({"field.city": "1"}, {}, whole=True)
    state.close()
    other, notes = open_state(folder, "acct-1", bytes(32))
    assert [n.code for n in notes] == ["E511"]
    assert not other.remembered("blake2b:1").applied
    assert folder.has_account("acct-1.1")


@pytest.mark.parametrize("account", ["../../etc", "a/b", "", NOT_CREATED, "x" * 300, "ä", "a b", "."])
def test_every_account_has_a_folder_name_of_its_own(account: str) -> None:
    name = account_name(account)
    assert "/" not in name
    assert name.isascii()
    assert len(name) < 70
    assert (name == NOT_CREATED) is (account == "")
    assert name not in (".", "..")


def test_spill_files_of_killed_runs_are_swept_at_the_next_start_and_those_of_living_ones_stay(folder: Folder) -> None:
    living = folder.workdir()
    (living.path / "spill").write_text("x")
    dead = folder.path / "tmp" / "run-dead"
    dead.mkdir()
    (dead / "spill").write_text("x")
    folder.workdir().close()
    assert not dead.exists()
    assert (living.path / "spill").exists()
    living.close()
    assert not living.path.exists()


def test_a_person_digest_names_nobody_without_the_key() -> None:
    assert person_digest(KEY, "ada@example.org") != person_digest(bytes(32), "ada@example.org")


def test_a_lock_can_be_taken_again_when_it_was_released(tmp_path: Path) -> None:
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert first.take()
    assert not second.take()
    first.release()
    assert second.take()
    second.release()


def test_who_keeps_a_tag_is_remembered_until_the_next_apply_says_otherwise(state: State) -> None:
    ann, bob = b"a" * 16, b"b" * 16
    state.settle({}, {"Customer": (ann, bob)}, whole=True)
    assert state.remembered("x").kept == {"Customer": {ann, bob}}
    state.settle({}, {"Customer": (bob,)}, whole=False)
    assert state.remembered("x").kept == {"Customer": {bob}}
    state.settle({}, {"Customer": ()}, whole=True)
    assert state.remembered("x").kept == {}
