"""The embedded CRM's file: when it is made, and which files are left alone."""

import sqlite3
import threading
from pathlib import Path

import pytest

from reconciler.localcrm import (
    LocalCrm,
    Missing,
    Trouble,
    Unusable,
)

from .crms import CANARY, added, opened, silent


def test_reading_never_makes_the_file(crm: LocalCrm, tmp_path: Path) -> None:
    assert crm.account() == ""
    assert [f.key for f in crm.fields()] == ["email", "first_name", "last_name", "phone"]
    assert all(f.standard for f in crm.fields())
    assert (crm.tags(), crm.find("ann@example.org"), list(crm.pages(["email"])), crm.load(["1"], [])) == (
        (),
        None,
        [],
        {},
    )
    with pytest.raises(Missing):
        crm.tags_of("1")
    assert list(tmp_path.iterdir()) == []


def test_the_first_write_makes_the_file_and_the_account(crm: LocalCrm, path: Path) -> None:
    crm.add_tag("Customer")
    assert path.exists()
    assert path.stat().st_mode & 0o077 == 0
    assert len(crm.account()) == 8
    int(crm.account(), 16)
    again = opened(path)
    assert (again.account(), again.tags()) == (crm.account(), crm.tags())
    again.close()


def test_two_accounts_have_different_ids(tmp_path: Path) -> None:
    ids = set()
    for name in ("one.db", "two.db"):
        crm = opened(tmp_path / name)
        crm.add_tag("x")
        ids.add(crm.account())
        crm.close()
    assert len(ids) == 2


def test_an_open_crm_sees_the_file_that_another_one_makes(path: Path) -> None:
    one, two = opened(path), opened(path)
    assert one.find("ann@example.org") is None
    id = added(two, "ann@example.org")
    assert one.find("ann@example.org") == id
    one.close()
    two.close()


@pytest.mark.parametrize("content", [b"", "wal"])
def test_a_file_that_was_never_finished_is_an_empty_crm(path: Path, content: bytes | str) -> None:
    if content == "wal":
        half = sqlite3.connect(path)
        half.execute("PRAGMA journal_mode = WAL")
        half.close()
    else:
        path.touch()
    crm = opened(path)
    assert (crm.account(), list(crm.pages(["email"]))) == ("", [])
    added(crm, "ann@example.org")
    assert crm.account()
    crm.close()


def test_a_newer_file_is_refused_and_left_alone(path: Path) -> None:
    crm = opened(path)
    crm.add_tag("x")
    crm.close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 3")
    connection.close()
    before = path.read_bytes()
    for call in (crm.account, lambda: crm.add_tag("y")):
        with pytest.raises(Unusable) as caught:
            call()
        assert caught.value.trouble is Trouble.NEWER
        assert "version 3" in caught.value.detail
    assert path.read_bytes() == before


def test_another_programs_file_is_refused_and_left_alone(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute(f"CREATE TABLE {CANARY} (x)")
    connection.close()
    before = path.read_bytes()
    crm = opened(path)
    for call in (crm.account, lambda: crm.add_tag("y")):
        with pytest.raises(Unusable) as caught:
            call()
        assert caught.value.trouble is Trouble.FOREIGN
        silent(caught.value)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_refused_and_left_alone(path: Path) -> None:
    path.write_text(CANARY * 1000)
    crm = opened(path)
    for call in (crm.account, lambda: crm.add_tag("y")):
        with pytest.raises(Unusable) as caught:
            call()
        assert caught.value.trouble is Trouble.FOREIGN
        silent(caught.value)
    assert path.read_text() == CANARY * 1000


@pytest.mark.parametrize("where", ["missing/crm.db", "folder"])
def test_a_place_where_no_file_can_be_is_an_error_at_once(tmp_path: Path, where: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(Unusable) as caught:
        opened(tmp_path / where).account()
    assert caught.value.trouble is Trouble.CLOSED


def test_two_threads_making_the_file_make_one_account(path: Path) -> None:
    crms = [opened(path) for _ in range(4)]
    accounts: list[str] = []

    def make(number: int) -> None:
        added(crms[number], f"person{number}@example.org")
        accounts.append(crms[number].account())

    threads = [threading.Thread(target=make, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(accounts) == 4
    assert len(set(accounts)) == 1
    assert sum(p.num_rows for p in crms[0].pages([])) == 4
    for crm in crms:
        crm.close()


def test_threads_may_share_one_crm(crm: LocalCrm) -> None:
    def write(number: int) -> None:
        for step in range(20):
            crm.add([{"email": f"{number}.{step}@example.org"}])

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(p.num_rows for p in crm.pages([])) == 80
