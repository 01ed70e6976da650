"""The chain: what goes in comes out on another machine; who dies at its end leaves what was there or what is new."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from reconciler.adapters.states.store import Store
from reconciler.model.clock import Clock
from reconciler.model.problems import Failure
from reconciler.runtime.database import Database, Shape
from reconciler.runtime.folder import Folder
from reconciler.runtime.recording import Statement, recorded_by
from reconciler.runtime.shared import entries, lease
from reconciler.runtime.shared.copy import Copy
from reconciler.runtime.shared.entries import Entry, Kept, Kind, Put, Renamed, Wrote
from reconciler.runtime.shared.shipping import KEPT_OPENINGS, Shipping, begun
from reconciler.runtime.shared.vault import Vault
from reconciler.tables import sealed

from .places import KEY, Postgres, World, chance, opened, state
from .runs import NOW

SHAPE = Shape(1, "CREATE TABLE t (a INTEGER PRIMARY KEY, b BLOB)", "E502", "E503")
LARGE = bytes(range(256)) * 1024


class Died(BaseException):
    """The process is gone."""


class DyingStore:
    """A `Store` that dies before or after its call of that number."""

    def __init__(self, behind: Store, instant: int) -> None:
        self._behind, self._left = behind, instant

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._behind, name)

        def call(*arguments: Any) -> Any:
            self._pass()
            answer = method(*arguments)
            self._pass()
            return answer

        return call

    def _pass(self) -> None:
        if self._left <= 0:
            raise Died
        self._left -= 1


class Machine:
    """One that has never been here: its folder, and a copy in it."""

    def __init__(self, folder: Path, world: World, store: Store, seed: int = 1) -> None:
        self.world, self.folder = world, Folder(folder)
        self.vault = Vault(store, state(world, KEY), chance(seed))
        self.copy = Copy(self.folder, self.vault.state)

    def begin(self) -> Shipping:
        self.folder.prepare(lambda count: bytes(count))
        held = lease.taken(self.vault, Clock.fixed(NOW), "nonce")
        content = self.vault.content()
        if content.version:
            self.copy.rebuild(self.vault, content)
        return begun(self.vault, self.copy, held, content)

    def rows(self) -> list[tuple[Any, ...]]:
        """What another machine finds."""
        content = self.vault.content()
        if content.version:
            self.folder.prepare(lambda count: bytes(count))
            self.copy.rebuild(self.vault, content)
        file = self.folder.path / "accounts" / "a" / "state.db"
        if not file.exists():
            return []
        with closing(sqlite3.connect(file)) as db:
            return db.execute("SELECT a, b FROM t ORDER BY a").fetchall()


def written(machine: Machine, *numbers: int) -> Database:
    database = Database(machine.folder.account("a") / "state.db", SHAPE)
    for number in numbers:
        with database.transaction():
            database.run_many("INSERT INTO t VALUES (?, ?)", [(number, b"\0\xff"), (number + 1, None)])
    return database


def undone(database: Database) -> None:
    with database.transaction():
        database.run("DELETE FROM t")
        raise ZeroDivisionError


def test_what_is_recorded_is_there_before_the_next_write(tmp_path: Path, world: World) -> None:
    with opened(world) as store:
        machine = Machine(tmp_path / "one", world, store)
        shipping = machine.begin()
        with recorded_by(shipping), closing(written(machine, 1)) as database:
            assert Machine(tmp_path / "two", world, store).rows() == []
            shipping.before_write()
            assert Machine(tmp_path / "three", world, store).rows() == [(1, b"\0\xff"), (2, None)]
            with pytest.raises(ZeroDivisionError):
                undone(database)
            database.run("UPDATE t SET b = ? WHERE a = ?", ("text", 2))
            machine.folder.rename_account("a", "b")
            machine.folder.rename_account("b", "a")
            shipping.before_write()
        assert Machine(tmp_path / "four", world, store).rows() == [(1, b"\0\xff"), (2, "text")]


def test_who_dies_amid_the_end_of_a_run_leaves_all_that_was_written(tmp_path: Path, world: World) -> None:
    """At every call of the end: putting files, the entry, sweeping. Every third one on S3."""
    instant, step = (-1, 1) if isinstance(world, Postgres) else (-2, 3)
    ended = False
    while not ended:
        instant += step
        if instant >= step:
            world.lose()
        with opened(world) as store:
            first = Machine(tmp_path / f"first-{instant}", world, store)
            shipping = first.begin()
            with recorded_by(shipping), closing(written(first, 1)):
                shipping.before_write()
            (first.folder.account("a") / "people-1.parquet").write_bytes(LARGE)
            shipping.finish()
            (first.folder.account("a") / "people-1.parquet").write_bytes(LARGE[::-1])
            with recorded_by(shipping), closing(written(first, 3)):
                shipping.before_write()
            first.vault.store = DyingStore(store, instant)  # type: ignore[assignment]  # it is like one
            try:
                shipping.finish()
                ended = True
            except Died:
                pass
            world.run_out()
            second = Machine(tmp_path / f"second-{instant}", world, store, seed=2)
            assert [a for a, _ in second.rows()] == [1, 2, 3, 4]
            going_on = second.begin()
            assert (second.folder.account("a") / "people-1.parquet").read_bytes() == LARGE[::-1]
            going_on.finish()
            third = Machine(tmp_path / f"third-{instant}", world, store, seed=3)
            assert [a for a, _ in third.rows()] == [1, 2, 3, 4]
            assert len(list(store.names())) == 1  # what the one that died had put and nobody names is gone
    assert instant >= 10


def test_what_a_folder_remembers_is_not_lost_where_the_first_apply_dies(tmp_path: Path, world: World) -> None:
    """At every call until the shared state holds it; every fourth on S3."""
    instant, step = (0, 1) if isinstance(world, Postgres) else (1, 4)
    while True:
        with opened(world) as store:
            first = Machine(tmp_path / f"first-{instant}", world, store)
            first.folder.prepare(lambda count: bytes(count))
            written(first, 1).close()
            first.vault.store = DyingStore(store, instant)  # type: ignore[assignment]  # it is like one
            try:
                first.begin()
                return
            except Died:
                first.vault.store = store
            if instant:
                world.run_out()
            first.begin()
            other = Machine(tmp_path / f"other-{instant}", world, store, seed=2)
            assert [a for a, _ in other.rows()] == [1, 2]
            world.lose()
            instant += step


def test_an_answer_that_was_lost_is_no_loss_of_the_lease(tmp_path: Path, world: World) -> None:
    """The append was carried out; asked again, the chain has our own bytes."""
    with opened(world) as store:
        machine = Machine(tmp_path / "one", world, store)
        shipping = machine.begin()
        with recorded_by(shipping), closing(written(machine, 1)) as database:
            machine.vault.store = DyingStore(store, 1)  # type: ignore[assignment]  # it is like one
            with pytest.raises(Died):
                shipping.before_write()
            machine.vault.store = store
            database.run("UPDATE t SET b = NULL")
            shipping.finish()
        assert Machine(tmp_path / "two", world, store).rows() == [(1, None), (2, None)]


class Late:
    """A `Store` that is swept between the first look at its chain and what is read of it."""

    def __init__(self, behind: Store, meanwhile: Callable[[], None]) -> None:
        self._behind, self._meanwhile = behind, [meanwhile]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._behind, name)

    def numbers(self) -> Sequence[int]:
        found = self._behind.numbers()
        if self._meanwhile:
            self._meanwhile.pop()()
        return found


def test_who_reads_while_an_apply_ends_reads_again(tmp_path: Path, world: World) -> None:
    with opened(world) as store, opened(world) as other:
        first = Machine(tmp_path / "one", world, store)
        shipping = first.begin()
        with recorded_by(shipping), closing(written(first, 1)):
            shipping.before_write()
        reader = Machine(tmp_path / "two", world, other)
        reader.vault.store = Late(other, shipping.finish)  # type: ignore[assignment]  # it is like one
        assert [a for a, _ in reader.rows()] == [1, 2]


def test_old_openings_do_not_pile_up_for_ever(tmp_path: Path, world: World) -> None:
    with opened(world) as store:
        fence = store.take(b"x", 60) or 0
        machine = Machine(tmp_path / "one", world, store)
        for number in range(1, KEPT_OPENINGS + 20):
            assert store.append(number, machine.vault.frame(number, Entry(Kind.OPENING)), fence)
        store.release(fence, b"x")
        machine.begin().finish()
        assert len(store.numbers()) <= KEPT_OPENINGS + 2


ENTRIES = [
    Entry(Kind.OPENING),
    Entry(
        Kind.WRITES,
        (
            Wrote(
                "accounts/a/state.db", [Statement("INSERT INTO t VALUES (?, ?, ?, ?)", [(1, 2.5, "ü\ud800", b"\0")])]
            ),
            Renamed("accounts/a", "accounts/b"),
            Put("accounts/b/people-1.parquet", Kept("aa", None, ("p1", "p2"))),
        ),
    ),
    Entry(Kind.BASE, files={"key": Kept("bb", b"\0\1"), "accounts/a/journal.db": Kept("cc", None, ("p3",))}),
]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.kind.value)
def test_an_entry_is_read_as_it_was_written(entry: Entry) -> None:
    read = entries.from_bytes(entries.to_bytes(entry))
    assert entries.to_bytes(read) == entries.to_bytes(entry)
    assert read.parts == entry.parts


@pytest.mark.parametrize(
    "path", ["../x", "/etc/x", "accounts/../../x", "", ".", "a/.hidden", "a\\..\\b", "accounts//x/.."]
)
def test_no_entry_leads_out_of_the_state_folder(path: str) -> None:
    said = {"format": 1, "kind": "base", "files": {path: {"digest": "aa", "content": ""}}}
    with pytest.raises(entries.Broken):
        entries.from_bytes(json.dumps(said).encode())


@pytest.mark.parametrize("sql", ["ATTACH 'x.db' AS x", "PRAGMA journal_mode=DELETE", "VACUUM INTO 'x.db'"])
def test_no_statement_of_an_entry_leads_out_of_its_file(tmp_path: Path, world: World, sql: str) -> None:
    with opened(world) as store:
        machine = Machine(tmp_path / "one", world, store)
        shipping = machine.begin()
        shipping.wrote(machine.folder.account("a") / "state.db", [Statement(sql, [()])])
        shipping.ship()
        with pytest.raises(Failure, match="E587"):
            Machine(tmp_path / "two", world, store).rows()


def test_a_seal_is_bound_to_its_place_and_its_key() -> None:
    frame = sealed.closed(b"content", "entry 1", KEY, bytes(12))
    assert sealed.opened(frame, "entry 1", KEY) == b"content"
    for bound, key in (("entry 2", KEY), ("entry 1", bytes(32)), ("entry 1", None)):
        with pytest.raises(sealed.Unopened):
            sealed.opened(frame, bound, key)


@pytest.mark.parametrize("at", [-1, -20, 10, 20])
def test_a_changed_byte_is_noticed(at: int) -> None:
    frame = bytearray(sealed.closed(b"content", "entry 1", KEY, bytes(12)))
    frame[at] ^= 1
    with pytest.raises(sealed.Unopened):
        sealed.opened(bytes(frame), "entry 1", KEY)


@pytest.mark.parametrize("frame", [b"", b"RCST", b"something else", b"RCST\1\0not zlib"])
def test_what_is_no_frame_is_broken(frame: bytes) -> None:
    with pytest.raises(sealed.Broken):
        sealed.opened(frame, "entry 1", None)
