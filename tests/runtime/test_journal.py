from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.model.capabilities import Call
from reconciler.model.problems import Failure
from reconciler.runtime.begun import SealedAddresses
from reconciler.runtime.journal import KEPT_RUNS, Journal

ADA, BOB = b"a" * 16, b"b" * 16
AT = "2026-11-22T10:00:00Z"


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path)


def test_a_creation_is_open_from_its_intent_to_its_outcome(journal: Journal) -> None:
    run = journal.begin("r1", AT, "blake2b:1")
    seq = run.intent(Call.ADD_CONTACTS, 2, [ADA, BOB])
    assert journal.open_creates() == {ADA, BOB}
    run.outcome(seq, 2, 0)
    assert journal.open_creates() == frozenset()


def test_only_those_stay_open_whose_outcome_is_not_known(journal: Journal) -> None:
    run = journal.begin("r1", AT, "blake2b:1")
    run.outcome(run.intent(Call.ADD_CONTACTS, 2, [ADA, BOB]), 1, 1, [BOB])
    assert journal.open_creates() == {BOB}


def test_an_open_update_is_not_looked_up(journal: Journal) -> None:
    journal.begin("r1", AT, "blake2b:1").intent(Call.UPDATE_CONTACTS, 1, [ADA])
    assert journal.open_creates() == frozenset()


def test_a_later_run_that_saw_everybody_answers_what_was_open(journal: Journal) -> None:
    journal.begin("r1", AT, "blake2b:1").intent(Call.ADD_CONTACTS, 1, [ADA])
    later = journal.begin("r2", AT, "blake2b:1")
    later.intent(Call.ADD_CONTACTS, 1, [BOB])
    journal.settle("r2")
    assert journal.open_creates() == {BOB}
    found = journal.unfinished()
    assert found is not None
    assert found.run == "r2"


def test_a_run_is_unfinished_until_it_ends(journal: Journal) -> None:
    assert journal.unfinished() is None
    journal.begin("r1", AT, "blake2b:1")
    found = journal.unfinished()
    assert found is not None
    assert (found.run, found.at, found.config) == ("r1", AT, "blake2b:1")
    journal.end("r1", AT, "applied")
    assert journal.unfinished() is None


def test_two_runs_of_one_moment_have_different_names(journal: Journal) -> None:
    assert [journal.begin("r1", AT, "blake2b:1").id for _ in range(3)] == ["r1", "r1-2", "r1-3"]


def test_old_finished_runs_are_pruned_and_those_with_something_open_are_kept(journal: Journal, tmp_path: Path) -> None:
    journal.begin("a-open", AT, "blake2b:1").intent(Call.ADD_CONTACTS, 1, [ADA])
    journal.end("a-open", AT, "partial")
    for number in range(KEPT_RUNS + 5):
        run = journal.begin(f"r{number:03}", AT, "blake2b:1")
        run.outcome(run.intent(Call.UPDATE_CONTACTS, 1), 1, 0)
        journal.end(run.id, AT, "applied")
    with sqlite3.connect(tmp_path / "journal.db") as connection:
        names = [name for (name,) in connection.execute("SELECT id FROM runs ORDER BY id")]
        runs_with_batches = {name for (name,) in connection.execute("SELECT DISTINCT run FROM batches")}
    connection.close()
    assert len(names) == KEPT_RUNS + 1
    assert names[0] == "a-open"
    assert runs_with_batches == set(names)
    assert journal.open_creates() == {ADA}


def test_a_damaged_journal_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "journal.db").write_bytes(b"garbage" * 1000)
    with pytest.raises(Failure) as failure:
        Journal(tmp_path)
    (found,) = failure.value.problems
    assert found.code == "E504"
    assert found.fix
    assert str(tmp_path / "journal.db") in found.detail


def test_a_newer_journal_is_refused(tmp_path: Path) -> None:
    Journal(tmp_path).close()
    with sqlite3.connect(tmp_path / "journal.db") as connection:
        connection.execute("PRAGMA user_version=99")
    connection.close()
    with pytest.raises(Failure) as failure:
        Journal(tmp_path)
    assert [p.code for p in failure.value.problems] == ["E505"]


def sealed() -> SealedAddresses:
    salts = iter(range(1, 99))
    return SealedAddresses(bytes(32), lambda count: next(salts).to_bytes(count, "little"))


def test_addresses_are_kept_sealed_as_long_as_a_creation_is_open(tmp_path: Path) -> None:
    journal = Journal(tmp_path, sealed())
    run = journal.begin("r1", AT, "blake2b:1")
    seq = run.intent(Call.ADD_CONTACTS, 2, [ADA, BOB], ["ada@example.org", "bob@example.org"])
    assert journal.begun() == ((ADA, "ada@example.org"), (BOB, "bob@example.org"))
    assert all(b"example" not in file.read_bytes() for file in tmp_path.iterdir())
    run.outcome(seq, 1, 1, [BOB])
    assert journal.begun() == ((BOB, "bob@example.org"),)
    journal.end("r1", AT, "partial")
    later = journal.begin("r2", AT, "blake2b:1")
    later.intent(Call.ADD_CONTACTS, 2, [ADA, b"c" * 16], ["new@example.org", None])
    assert journal.begun() == ((BOB, "bob@example.org"), (ADA, "new@example.org"))
    journal.settle("r2")
    assert journal.begun() == ((ADA, "new@example.org"),)


def test_addresses_can_be_forgotten_alone(tmp_path: Path) -> None:
    journal = Journal(tmp_path, sealed())
    journal.begin("r1", AT, "blake2b:1").intent(Call.ADD_CONTACTS, 1, [ADA], ["ada@example.org"])
    journal.forget_addresses()
    assert journal.begun() == ()
    assert journal.open_creates() == {ADA}


def test_a_sealed_address_that_was_changed_is_a_damaged_journal(tmp_path: Path) -> None:
    Journal(tmp_path, sealed()).begin("r1", AT, "blake2b:1").intent(Call.ADD_CONTACTS, 1, [ADA], ["ada@example.org"])
    with sqlite3.connect(tmp_path / "journal.db") as connection:
        connection.execute("UPDATE batches SET matches = zeroblob(60)")
    connection.close()
    with pytest.raises(Failure) as failure:
        Journal(tmp_path, sealed()).begun()
    assert [p.code for p in failure.value.problems] == ["E504"]


def test_a_journal_of_version_2_keeps_what_is_open(tmp_path: Path) -> None:
    Journal(tmp_path).begin("r1", AT, "blake2b:1").intent(Call.ADD_CONTACTS, 1, [ADA])
    with sqlite3.connect(tmp_path / "journal.db") as connection:
        connection.execute("ALTER TABLE batches DROP COLUMN matches")
        connection.execute("PRAGMA user_version=2")
    connection.close()
    journal = Journal(tmp_path, sealed())
    assert journal.open_creates() == {ADA}
    assert journal.begun() == ()
    journal.begin("r2", AT, "blake2b:1").intent(Call.ADD_CONTACTS, 1, [BOB], ["bob@example.org"])
    assert journal.begun() == ((BOB, "bob@example.org"),)


WRITE = """
import sys
from pathlib import Path
from reconciler.model.capabilities import Call
from reconciler.runtime.begun import SealedAddresses
from reconciler.runtime.journal import Journal
run = Journal(Path(sys.argv[1])).begin("r1", "2026-11-22T10:00:00Z", "blake2b:1")
run.outcome(run.intent(Call.ADD_CONTACTS, 1, [b"a" * 16]), 1, 0)
run.intent(Call.ADD_CONTACTS, 1, [b"b" * 16])
print("written", flush=True)
sys.stdin.read()
"""


def test_an_intent_survives_the_kill_of_its_process(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", WRITE, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"written\n"
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    journal = Journal(tmp_path)
    assert journal.open_creates() == {BOB}
    found = journal.unfinished()
    assert found is not None
    assert found.run == "r1"
