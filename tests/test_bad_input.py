"""Errors of the command line as a whole: exit 1, a reason on stderr, and nothing written."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from processes import NOW, Ended, contents, reconciler, start

from reconciler.runtime.caches import CacheFolder, Kept
from reconciler.runtime.lock import holder

FILE = """\
version: 1
crm: {type: local, path: crm.db}
source: {type: csv, path: people.csv}
identity: {person: id, match: email}
fields: {email: email, city: city}
tags: {Seen: {when: 'true'}}
contacts: {create: true}
"""
PEOPLE = "id,email,city\n1,ada@example.org,Oulu\n2,bo@example.org,Brno\n"
WRITTEN = ("crm.db", ".reconciler/reconciler/accounts")
"""What an apply writes: the CRM, and what is remembered of it."""


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one apply behind it, and a plan, which settles the state of an account that is new."""
    folder = tmp_path_factory.mktemp("applied")
    (folder / "reconciler.yaml").write_text(FILE)
    (folder / "people.csv").write_text(PEOPLE)
    assert reconciler(folder, "apply", "--auto-approve", "--now", NOW).code == 0
    assert reconciler(folder, "plan", "--now", NOW).code == 0
    return folder


@pytest.fixture
def folder(applied: Path, tmp_path: Path) -> Path:
    """A copy of it, with a person more to write."""
    copy = tmp_path / "copy"
    shutil.copytree(applied, copy)
    (copy / "people.csv").write_text(PEOPLE + "3,cy@example.org,Oulu\n")
    return copy


def refused(folder: Path, code: str, *arguments: str) -> Ended:
    """Apply ends with exit 1 and that code, and has written nothing."""
    before = contents(folder, *WRITTEN)
    ended = reconciler(folder, "apply", "--auto-approve", "--now", NOW, *arguments)
    assert ended.code == 1, ended.out + ended.err
    assert code in ended.err, ended.err
    assert contents(folder, *WRITTEN) == before
    return ended


SOURCES: dict[str, tuple[bytes, str]] = {
    "a header and nobody": (b"id,email,city\n", "E4"),
    "an empty file": (b"", "E4"),
    "no identity column": (b"number,email,city\n1,ada@example.org,Oulu\n", "R108"),
    "no mapped column": (b"id,email\n1,ada@example.org\n", "R108"),
    "a header twice": (b"id,email,city,city\n1,ada@example.org,Oulu,Oulu\n", "E4"),
    "a row with too few cells": (PEOPLE.encode() + b"3,cy@example.org\n4,dy@example.org,Oulu\n", "E4"),
    "a row with too many cells": (PEOPLE.encode() + b"3,cy@example.org,Oulu,more\n4,dy@example.org,Oulu\n", "E4"),
    "a byte that is no UTF-8": (PEOPLE.encode() + b"3,cy@example.org,Oul\xff\n", "E4"),
    "a quote that is never closed": (PEOPLE.encode() + b'3,cy@example.org,"Oulu\n4,dy@example.org,Oulu\n', "E4"),
}


@pytest.mark.parametrize("case", SOURCES)
def test_a_source_that_cannot_be_trusted_to_its_end_is_an_error(folder: Path, case: str) -> None:
    text, code = SOURCES[case]
    (folder / "people.csv").write_bytes(text)
    refused(folder, code)


@pytest.mark.parametrize(("case", "row"), [("a row with too few cells", "3"), ("a byte that is no UTF-8", "3")])
def test_a_broken_row_is_named_by_its_number(folder: Path, case: str, row: str) -> None:
    (folder / "people.csv").write_bytes(SOURCES[case][0])
    assert f"row {row}" in refused(folder, "E4").err


def test_a_source_that_is_not_there_is_an_error(folder: Path) -> None:
    (folder / "people.csv").unlink()
    refused(folder, "E4")


def test_a_crm_of_another_account_is_an_error(folder: Path) -> None:
    (folder / "reconciler.yaml").write_text(FILE.replace("path: crm.db", 'path: crm.db, account: "0000"'))
    refused(folder, "E3")


def test_a_file_that_is_no_crm_is_an_error(folder: Path) -> None:
    (folder / "crm.db").write_bytes(b"this is not a database, " * 100)
    refused(folder, "E3")


def only(folder: Path, pattern: str) -> Path:
    (found,) = (folder / ".reconciler").rglob(pattern)
    return found


def test_state_of_a_newer_version_is_refused_and_left_as_it_is(folder: Path) -> None:
    with sqlite3.connect(only(folder, "state.db")) as state:
        state.execute("PRAGMA user_version = 99")
    state.close()
    refused(folder, "E5")


@pytest.mark.parametrize("name", ["state.db", "journal.db"])
def test_a_corrupt_memory_is_an_error_and_not_overwritten(folder: Path, name: str) -> None:
    file = only(folder, name)
    for beside in file.parent.glob(f"{name}-*"):
        beside.unlink()
    file.write_bytes(b"SQLite format 3\x00" + os.urandom(8192))
    refused(folder, "E5")


def test_a_second_apply_while_one_runs_is_an_error(folder: Path) -> None:
    slow = FILE.replace("path: crm.db", "path: crm.db, quirks: {busy_every: 2, busy_for: 30.0}")
    (folder / "slow.yaml").write_text(slow)
    first = start(folder, "-f", "slow.yaml", "--state", ".reconciler/reconciler", "apply", "--auto-approve")
    try:
        deadline = time.monotonic() + 60
        while holder(folder / ".reconciler" / "reconciler" / "lock") is None:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        before = contents(folder, "crm.db")
        second = reconciler(folder, "apply", "--auto-approve", "--now", NOW)
        assert second.code == 1, second.out + second.err
        assert "E507" in second.err
        assert contents(folder, "crm.db") == before
    finally:
        first.kill()
        first.communicate()


def kept_in(folder: Path) -> Kept:
    """The caches of that folder: there and whole."""
    kept = CacheFolder(only(folder, "caches"), (folder / ".reconciler" / "reconciler" / "key").read_bytes(), str).load()
    assert kept is not None
    assert kept.snapshot is not None
    assert kept.caches.memo is not None
    assert kept.caches.settled is not None
    return kept


def test_two_plans_at_the_same_time_both_succeed_and_leave_caches_that_are_whole(folder: Path) -> None:
    for turn in range(4):
        (folder / "people.csv").write_text(PEOPLE + f"3,cy@example.org,Oulu{turn}\n")
        if turn == 2:
            shutil.rmtree(only(folder, "caches"))
        before = contents(folder, "crm.db")
        both = [start(folder, "plan", "--now", NOW, *more) for more in ((), ("--refresh", "full"))]
        ended = [(process.communicate(timeout=60), process.returncode) for process in both]
        assert [code for _, code in ended] == [0, 0], ended
        (one, _), (other, _) = (printed for printed, _ in ended)
        assert b"1 to create" in one
        assert one.splitlines()[1:-3] == other.splitlines()[1:-3]  # but for how they read, and the cost of it
        assert contents(folder, "crm.db") == before
        assert kept_in(folder).snapshot


def test_a_plan_while_an_apply_runs_says_so_and_does_not_disturb_it(folder: Path) -> None:
    slow = FILE.replace("path: crm.db", "path: crm.db, quirks: {busy_every: 3, busy_for: 2.0}")
    (folder / "reconciler.yaml").write_text(slow)
    applying = start(folder, "apply", "--auto-approve", "--now", NOW)
    try:
        deadline = time.monotonic() + 60
        while holder(folder / ".reconciler" / "reconciler" / "lock") is None:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        (folder / "fast.yaml").write_text(FILE)
        planned = reconciler(folder, "-f", "fast.yaml", "--state", ".reconciler/reconciler", "plan", "--now", NOW)
        assert planned.code == 0, planned.out + planned.err
        assert "E513" in planned.out + planned.err
        _, err = applying.communicate(timeout=60)
        assert applying.returncode == 0, err.decode()
    finally:
        applying.kill()
        applying.communicate()
    assert "Nothing to do" in reconciler(folder, "plan", "--now", NOW).out
    assert kept_in(folder).snapshot


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """`small_disk(kibibytes)`: a folder on a disk of that size."""
    mounted: list[Path] = []

    def make(kibibytes: int) -> Path:
        folder = tmp_path / f"disk-{len(mounted)}"
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={kibibytes}k", "tmpfs", str(folder)]
        if sys.platform != "linux" or os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode:
            pytest.skip("only root on Linux can make a small disk")
        mounted.append(folder)
        return folder

    yield make
    for folder in mounted:
        subprocess.run(["umount", str(folder)], check=True)


def filled(folder: Path) -> None:
    """Leave no byte on that disk."""
    with (folder / "ballast").open("wb", buffering=0) as file:
        try:
            while file.write(b"\0" * 4096):
                pass
        except OSError:
            return


def test_a_full_disk_under_the_state_is_an_error(folder: Path, small_disk: Callable[[int], Path]) -> None:
    disk = small_disk(1024)
    filled(disk)
    before = contents(folder, "crm.db")
    ended = reconciler(folder, "--state", str(disk / "state"), "apply", "--auto-approve", "--allow", "create=9")
    assert ended.code == 1, ended.out + ended.err
    assert "E5" in ended.err
    assert contents(folder, "crm.db") == before


@pytest.mark.parametrize("room", [100, 300, 500, 650])
def test_a_disk_that_fills_while_applying_is_an_error_and_the_next_apply_goes_on(
    tmp_path: Path, small_disk: Callable[[int], Path], room: int
) -> None:
    """`room`: kibibytes that are left, enough for less and less of the apply's steps."""
    disk = small_disk(4096)
    many = "".join(f"{n},person.{n}@example.org,Oulu\n" for n in range(900))
    (tmp_path / "reconciler.yaml").write_text(FILE.replace("tags:", "limits: {tag_people: 9999}\ntags:"))
    (tmp_path / "people.csv").write_text("id,email,city\n" + many)
    filled(disk)
    ballast = disk / "ballast"
    os.truncate(ballast, ballast.stat().st_size - room * 1024)
    arguments = ("--state", str(disk / "state"), "apply", "--auto-approve", "--now", NOW)
    first = reconciler(tmp_path, *arguments)
    assert first.code == 1, first.out + first.err
    assert "E501" in first.err or "E509" in first.err
    ballast.unlink()
    assert reconciler(tmp_path, *arguments).code == 0
    assert "Nothing to do" in reconciler(tmp_path, "--state", str(disk / "state"), "plan", "--now", NOW).out
    with sqlite3.connect(tmp_path / "crm.db") as crm:
        assert crm.execute("SELECT count(*), count(DISTINCT address) FROM contacts").fetchone() == (900, 900)
    crm.close()


def broken_files() -> dict[str, bytes]:
    laughs = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 8))
    return {
        "nothing": b"",
        "a comment": b"# nothing\n",
        "a list": b"- version: 1\n",
        "a text": b"hello\n",
        "200,000 open brackets": b"[" * 200_000,
        "200,000 brackets, all closed": b"x: " + b"[" * 100_000 + b"]" * 100_000,
        "200,000 open braces": b"{" * 200_000,
        "200,000 dashes": b"- " * 200_000,
        "depth 65": b"x: " + b"[" * 65 + b"]" * 65,
        "nine mebibytes": b"# " + b"x" * 9 * 1024 * 1024,
        "a million laughs": b"a0: &a0 [x]\n" + laughs.encode(),
        "an alias inside itself": b"x: &a [*a]\n",
        "an alias of nothing": b"x: *nowhere\n",
        "a merge key": FILE.encode() + b"vars: &v {a: b}\nscores:\n  <<: *v\n",
        "a custom tag": FILE.encode() + b"vars: !python/object:os.system {a: b}\n",
        "two documents": FILE.encode() + b"---\n" + FILE.encode(),
        "a key twice": FILE.encode() + b"version: 1\n",
        "an unknown key": FILE.encode() + b"feilds: {}\n",
        "no version": FILE.replace("version: 1\n", "").encode(),
        "version 2": FILE.replace("version: 1", "version: 2").encode(),
        "no crm": FILE.replace("crm: {type: local, path: crm.db}\n", "").encode(),
        "an unknown crm": FILE.replace("type: local", "type: locla").encode(),
        "an open quote": FILE.encode() + b'vars: {a: "b}\n',
        "a tab": b"version: 1\n\tcrm: {}\n",
        "a NUL": FILE.encode() + b"vars: {a: \0}\n",
        "a byte that is no UTF-8": FILE.encode() + b"vars: {a: \xff}\n",
        "UTF-16": FILE.encode("utf-16"),
        "a database": b"SQLite format 3\x00" + bytes(range(256)) * 16,
        "a variable that is not set": FILE.encode() + b"vars: {a: '${env:SURELY_NOT_SET}'}\n",
        "a file that is not there": FILE.encode() + b"vars: {a: '${file:nowhere.txt}'}\n",
        "a base that is not there": b"extends: nowhere.yaml\n" + FILE.encode(),
        "itself as its base": b"extends: reconciler.yaml\n" + FILE.encode(),
        "an expression that YAML cut": FILE.replace("'true'", "[1, 2").encode(),
        "an expression that is none": FILE.replace("'true'", "'orders >'").encode(),
        "a number as a section": FILE.replace("{email: email, city: city}", "7").encode(),
    }


@pytest.mark.parametrize("case", broken_files())
def test_a_broken_file_is_an_error(folder: Path, case: str) -> None:
    (folder / "reconciler.yaml").write_bytes(broken_files()[case])
    ended = refused(folder, "E1" if "itself" not in case else "E")
    assert "Traceback" not in ended.err
    assert "E999" not in ended.err


def test_a_file_that_is_not_there_is_an_error(folder: Path) -> None:
    (folder / "reconciler.yaml").unlink()
    refused(folder, "E1")


def test_a_folder_instead_of_a_file_is_an_error(folder: Path) -> None:
    (folder / "reconciler.yaml").unlink()
    (folder / "reconciler.yaml").mkdir()
    refused(folder, "E1")


def test_one_unreadable_value_among_a_million_is_a_finding_and_the_rest_goes_on(tmp_path: Path) -> None:
    people, bad = 1_000_000, 765_432
    typed = FILE.replace("city: city", "city: city, born: {from: born, type: date}")
    (tmp_path / "reconciler.yaml").write_text(typed.replace("create: true", "create: false"))
    rows = [f"{n},person.{n}@example.org,Oulu,1990-04-03\n" for n in range(1, people + 1)]
    rows[bad - 1] = rows[bad - 1].replace("1990-04-03", "03/04/1990")
    (tmp_path / "people.csv").write_text("id,email,city,born\n" + "".join(rows))
    ended = reconciler(tmp_path, "plan", "--now", NOW, "--format", "json")
    assert ended.code == 0, ended.err
    plan = json.loads(ended.out)
    assert [(f["code"], f["count"], f["rows"]) for f in plan["findings"]] == [("R204", 1, [bad])]
    assert plan["summary"]["contacts"]["no_contact"] == people
