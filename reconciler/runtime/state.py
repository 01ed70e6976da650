"""What is remembered between runs, all of it rebuildable: links, applied entries, marks, rewrites, leftovers.

No value and no name of a person is here: people are digests under the folder's key, values are digests under it too.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from reconciler.model.addresses import text_digest
from reconciler.model.messages import problem
from reconciler.model.plan import Remembers
from reconciler.model.problems import Failure, Problem
from reconciler.model.status import LastRun
from reconciler.planning.observed import REWRITES, Remembered
from reconciler.runtime.database import Database, Shape
from reconciler.runtime.disk import onto_disk
from reconciler.runtime.folder import NOT_CREATED, Folder, account_name
from reconciler.runtime.lock import FileLock, holder

_SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE applied (address TEXT PRIMARY KEY, digest TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE marks (tag TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE rewrites (contact TEXT, field TEXT, sent BLOB NOT NULL, stored BLOB NOT NULL,
  PRIMARY KEY (contact, field)) WITHOUT ROWID;
CREATE TABLE created (person BLOB PRIMARY KEY, contact TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE leftover (people BLOB NOT NULL);
CREATE TABLE owed (person BLOB NOT NULL, tag TEXT NOT NULL, PRIMARY KEY (person, tag)) WITHOUT ROWID;
CREATE TABLE kept (person BLOB NOT NULL, tag TEXT NOT NULL, PRIMARY KEY (person, tag)) WITHOUT ROWID
"""
_MOVES = "CREATE TABLE moves (number INTEGER PRIMARY KEY, batch BLOB NOT NULL)"
_OWNED = """
CREATE TABLE owned (kind TEXT, name TEXT, part TEXT, place TEXT NOT NULL, PRIMARY KEY (kind, name, part)) WITHOUT ROWID
"""
SHAPE = Shape(
    version=2, schema=f"{_SCHEMA};{_MOVES};{_OWNED}", damaged="E502", newer="E503", migrations=(f"{_MOVES};{_OWNED}",)
)
_DIGEST = 16
_PEOPLE = "people-"

Rewrite = tuple[str, str, bytes, bytes]
"""(contact, field, digest of what was sent, digest of what is stored)"""


class State:
    """One account's state. Open it with `open_state`. Only the holder of the lock may save."""

    def __init__(self, path: Path, key: bytes) -> None:
        self.path = path
        self.key = key
        self._db = Database(path / "state.db", SHAPE)

    def close(self) -> None:
        self._db.close()

    # -- small facts

    def fact(self, name: str) -> str:
        """A remembered fact, or ""."""
        found = self._db.rows("SELECT value FROM meta WHERE name = ?", (name,))
        return str(found[0][0]) if found else ""

    def set_facts(self, facts: Mapping[str, str]) -> None:
        with self._db.transaction():
            self._set(facts)

    def _set(self, facts: Mapping[str, str]) -> None:
        self._db.run_many("INSERT OR REPLACE INTO meta VALUES (?, ?)", facts.items())

    def last(self, command: str) -> LastRun:
        """The last run of `plan` or `apply`."""
        return LastRun(*(self.fact(f"{command}.{part}") for part in ("run", "at", "config", "result")))

    def set_last(self, command: str, last: LastRun) -> None:
        parts = {"run": last.run, "at": last.at, "config": last.config, "result": last.result}
        self.set_facts({f"{command}.{name}": value for name, value in parts.items()})

    # -- what planning is given

    def remembered(self, config: str) -> Remembered:
        """Everything that `diff` may lean on; `config` is the digest of the file that is planned."""
        rows = self._db.rows
        same_file = self.fact("leftover.config") == config
        return Remembered(
            key=self.key,
            known=self.fact("known") == "yes",
            people=self.people(),
            created=tuple((bytes(p), str(c)) for p, c in rows("SELECT person, contact FROM created ORDER BY person")),
            applied={str(a): str(d) for a, d in rows("SELECT address, digest FROM applied")},
            marks=frozenset(str(t) for (t,) in rows("SELECT tag FROM marks")),
            rewrites=self._rewrites(),
            leftover=self._leftover() if same_file else frozenset(),
            owed=self._people_by_tag("owed"),
            kept=self._people_by_tag("kept"),
            moves=self._moves,
            agreed_digest=self.fact("agreed.digest"),
            agreed_at=self.fact("agreed.at"),
            clean=self.fact("agreed.clean") == "yes",
        )

    def people(self) -> Path | None:
        """The file of people (`tables.remembered`); before version 2 it held links alone. Raises Failure E502."""
        file = self.path / (self.fact("people") or "links.parquet")
        if not file.exists():
            return None
        try:
            pq.read_schema(file)
        except (OSError, pa.ArrowException):
            raise Failure(problem("E502", str(file))) from None
        return file

    def _moves(self) -> Iterator[pa.RecordBatch]:
        for (number,) in self._db.rows("SELECT number FROM moves ORDER BY number"):
            blob = self._db.rows("SELECT batch FROM moves WHERE number = ?", (number,))[0][0]
            with pa.ipc.open_stream(blob) as stream:
                yield from stream

    def _rewrites(self) -> pa.Table | None:
        rows = self._db.rows("SELECT contact, field, sent, stored FROM rewrites ORDER BY contact, field")
        if not rows:
            return None
        columns = zip(zip(*rows, strict=True), REWRITES, strict=True)
        return pa.Table.from_arrays([pa.array(column, field.type) for column, field in columns], schema=REWRITES)

    def _leftover(self) -> frozenset[bytes]:
        found: set[bytes] = set()
        for (blob,) in self._db.rows("SELECT people FROM leftover"):
            found.update(blob[i : i + _DIGEST] for i in range(0, len(blob), _DIGEST))
        return frozenset(found)

    def _people_by_tag(self, table: str) -> dict[str, frozenset[bytes]]:
        found: dict[str, set[bytes]] = {}
        for person, tag in self._db.rows(f"SELECT person, tag FROM {table}"):
            found.setdefault(str(tag), set()).add(bytes(person))
        return {tag: frozenset(people) for tag, people in found.items()}

    # -- what an apply saves

    def begin(self, config: str, remembers: Remembers | None, people: Iterable[bytes], known: bool, at: str) -> None:
        """An apply that passed its guards starts, `at` a moment. `remembers`: the plan's file of people, moved here.
        `people`: blobs of the digests of everybody whose update was guarded, so that going on after a kill is not
        guarded again. `known`: everybody was paired, so that later creations are not those of a run without state."""
        facts = {"leftover.config": config, **({"known": "yes"} if known else {})}
        if remembers is not None:
            facts |= self._take(remembers, at)
        with self._db.transaction():
            if remembers is not None:
                self._db.run("DELETE FROM created")  # they are in the file now
                self._db.run("DELETE FROM moves")
            if self.fact("leftover.config") != config:
                self._db.run("DELETE FROM leftover")
            self._db.run_many("INSERT INTO leftover VALUES (?)", ((blob,) for blob in people))
            self._set(facts)
        self._sweep()

    def _take(self, remembers: Remembers, at: str) -> dict[str, str]:
        """Move the file here under a name of its own; the facts that make it the one that counts."""
        former = self.fact("people")
        number = int(former.removeprefix(_PEOPLE).partition(".")[0] or 0) + 1 if former else 1
        file = self.path / f"{_PEOPLE}{number}.parquet"
        remembers.file.chmod(0o600)  # the engine makes files as everybody's
        onto_disk(remembers.file)
        os.replace(remembers.file, file)
        onto_disk(self.path)
        agreed = {"agreed.digest": remembers.digest, "agreed.at": at, "agreed.clean": ""} if remembers.digest else {}
        return {"people": file.name, **agreed}

    def _sweep(self) -> None:
        """Files of people that do not count any more."""
        current = self.fact("people")
        for file in (*self.path.glob(f"{_PEOPLE}*.parquet"), *self.path.glob("*.parquet")):
            if current and file.name != current:
                file.unlink(missing_ok=True)

    def add_moves(self, batch: pa.RecordBatch) -> None:
        """What becomes, or became, of two-way values (schema `tables.remembered.MOVES`): on the disk when this
        returns."""
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, batch.schema) as stream:
            stream.write_batch(batch)
        self._db.run("INSERT INTO moves (batch) VALUES (?)", (sink.getvalue().to_pybytes(),))

    @property
    def named_by(self) -> str:
        """The source's column with whose ids the links were made; "" if that is not known."""
        return self.fact("person")

    def name_by(self, column: str, anew: bool) -> None:
        """The links that were just saved are made with that column's ids; `anew`: what else is remembered of single
        people was remembered under other ids."""
        with self._db.transaction():
            for table in ("owed", "kept") if anew else ():
                self._db.run(f"DELETE FROM {table}")
            self._set({"person": column})

    def add_created(self, pairs: Iterable[tuple[bytes, str]]) -> None:
        """Links of contacts just created (or found): on the disk when this returns."""
        with self._db.transaction():
            self._db.run_many("INSERT OR REPLACE INTO created VALUES (?, ?)", pairs)

    def owe(self, taggings: Iterable[tuple[bytes, str]]) -> None:
        """Tags (by name) that people get because they are created now: said before the creation, so that a kill
        between the two calls does not lose them."""
        with self._db.transaction():
            self._db.run_many("INSERT OR IGNORE INTO owed VALUES (?, ?)", taggings)

    def paid(self, taggings: Iterable[tuple[bytes, str]]) -> None:
        """These are applied, or nobody was created for them."""
        with self._db.transaction():
            self._db.run_many("DELETE FROM owed WHERE person = ? AND tag = ?", taggings)

    def add_rewrites(self, differing: Iterable[Rewrite], same: Iterable[tuple[str, str]]) -> None:
        """What the CRM stored otherwise than sent; and (contact, field) that it stored as sent."""
        stored, added = set(same), list(differing)
        contacts = json.dumps(sorted({contact for contact, _ in stored}))
        known = "SELECT contact, field FROM rewrites WHERE contact IN (SELECT value FROM json_each(?))"
        outdated = stored.intersection((str(c), str(f)) for c, f in self._db.rows(known, (contacts,)))
        if not outdated and not added:
            return
        with self._db.transaction():
            self._db.run_many("DELETE FROM rewrites WHERE contact = ? AND field = ?", outdated)
            self._db.run_many("INSERT OR REPLACE INTO rewrites VALUES (?, ?, ?, ?)", added)

    def settle(
        self, applied: Mapping[str, str], marks: Mapping[str, Collection[bytes]], whole: bool, clean: bool = False
    ) -> None:
        """The file was carried out. `marks`: rule tag -> digests of who keeps it against its rule. `whole`: all of the
        file, so that nothing else was applied and nothing is left over; otherwise these entries are added to what was
        applied before. `clean`: nothing was refused either."""
        with self._db.transaction():
            if whole:
                for table in ("applied", "marks", "leftover", "kept"):
                    self._db.run(f"DELETE FROM {table}")
                self._db.run("DELETE FROM meta WHERE name = 'leftover.config'")
            if whole and clean:
                self._db.run("DELETE FROM owed")
            self._db.run_many("INSERT OR REPLACE INTO applied VALUES (?, ?)", applied.items())
            self._db.run_many("INSERT OR REPLACE INTO marks VALUES (?)", ((tag,) for tag in marks))
            self._db.run_many("DELETE FROM kept WHERE tag = ?", ((tag,) for tag in marks))
            people = ((person, tag) for tag, kept in marks.items() for person in kept)
            self._db.run_many("INSERT INTO kept VALUES (?, ?)", people)

    def fold(self, file: Path) -> None:
        """The file of people, brought up to date with everything since (`tables.remembered`), is kept in its place."""
        facts = self._take(Remembers(file, ""), "")
        with self._db.transaction():
            self._db.run("DELETE FROM created")
            self._db.run("DELETE FROM moves")
            self._set(facts)
        self._sweep()
        with suppress(Failure):  # another program looks into it, or there is no room: it shrinks the next time
            self._db.compact()

    @property
    def has_moves(self) -> bool:
        return bool(self._db.rows("SELECT 1 FROM moves LIMIT 1"))

    def agree(self) -> None:
        """Everything was carried out: the rows of all people are agreed on."""
        self.set_facts({"agreed.clean": "yes"})

    def disagree(self) -> None:
        """What we wrote is put back: what differs from now on is not what somebody else moved."""
        self.set_facts({"agreed.digest": "", "agreed.clean": ""})

    def own(self, entries: Iterable[tuple[str, str, str, str]], facts: Mapping[str, str], whole: bool) -> None:
        """What the file owns from now on: kind, name, part and place of each (`planning.ownership`), and whose they
        are. `whole`: all of the file, so that it owns nothing else any more."""
        with self._db.transaction():
            if whole:
                self._db.run("DELETE FROM owned")
            self._db.run_many("INSERT OR REPLACE INTO owned VALUES (?, ?, ?, ?)", entries)
            self._set(facts)

    # -- forgetting and looking

    def forget(self, what: str) -> None:
        """Forget one part, or `all`. Raises Failure E521 for a part that does not exist."""
        if what not in FORGETTABLE:
            raise Failure(problem("E521", what))
        facts = {"created": ("known", "people", "person"), "applied": ("agreed.digest", "agreed.at", "agreed.clean")}
        forgotten = [fact for table, names in facts.items() if table in FORGETTABLE[what] for fact in names]
        with self._db.transaction():
            for table in FORGETTABLE[what]:
                self._db.run(f"DELETE FROM {table}")
            self._db.run_many("DELETE FROM meta WHERE name = ?", ((fact,) for fact in forgotten))
        if "created" in FORGETTABLE[what]:
            for file in self.path.glob("*.parquet"):
                file.unlink(missing_ok=True)

    def counts(self) -> dict[str, int]:
        """How much is remembered, by word."""
        file = self.people()
        held = pc.count(pq.read_table(file, columns=["contact"])["contact"]).as_py() if file else 0
        tables = {"fields and tags applied": "applied", "tags ours": "marks", "rewritten values": "rewrites"}
        count = "SELECT count(*) FROM "
        counted = {word: int(self._db.rows(count + table)[0][0]) for word, table in tables.items()}
        return {"links": held + int(self._db.rows(count + "created")[0][0]), **counted}


FORGETTABLE: dict[str, tuple[str, ...]] = {
    "all": ("applied", "marks", "rewrites", "created", "moves", "leftover", "owed", "kept", "owned"),
    "links": ("created", "moves"),
    "tags": ("marks", "owed", "kept"),
    "rewrites": ("rewrites",),
    "fields": ("applied", "owned"),
    "runs": ("leftover",),
    "snapshot": (),
}


def open_state(folder: Folder, account: str, key: bytes) -> tuple[State, tuple[Problem, ...]]:
    """The state of that account ("": the CRM does not exist yet), and what there is to say about it.

    State made before the CRM existed becomes its state once it does. Raises Failure E502, E503, E507.
    """
    name = account_name(account)
    notes: list[Problem] = []
    former = _place_unborn(folder, account, key) or folder.current()
    if former not in ("", name, NOT_CREATED) and folder.has_account(former):
        notes.append(problem("E510", f"account {former}"))
    state = State(folder.account(name), key)
    if not _same_key(state):
        state.close()
        aside = folder.free_name(name)
        _locked(folder, lambda: folder.rename_account(name, aside))
        notes.append(problem("E511", f"accounts/{aside}"))
        state = State(folder.account(name), key)
    facts = {"account": account, "key": _key_check(key)}
    if any(state.fact(fact) != value for fact, value in facts.items()):
        state.set_facts(facts)
    folder.use(name)
    return state, tuple(notes)


def current_state(folder: Folder) -> State | None:
    """The state used last, for looking at it; None if there is none."""
    name = folder.current()
    return State(folder.account(name), folder.key()) if name and folder.has_account(name) else None


def _key_check(key: bytes) -> str:
    return text_digest(key, "key").hex()


def _same_key(state: State) -> bool:
    return state.fact("key") in ("", _key_check(state.key))


def _place_unborn(folder: Folder, account: str, key: bytes) -> str:
    """State of a CRM that did not exist when it was made goes to the account that the CRM became.

    The name of the folder it went to, or "" where there is nothing to place.
    """
    if not folder.has_account(NOT_CREATED):
        return ""
    unborn = State(folder.account(NOT_CREATED), key)
    became = unborn.fact("learnt") or account
    unborn.close()
    if not became:
        return ""
    name = account_name(became)
    if folder.has_account(name):
        name = folder.free_name(name)
    _locked(folder, lambda: folder.rename_account(NOT_CREATED, name))
    return name


def _locked(folder: Folder, act: Callable[[], None]) -> None:
    """Act while no other process applies."""
    lock = FileLock(folder.lock)
    if not lock.take():
        found = holder(folder.lock)
        if found is not None and not found.ours:
            raise Failure(problem("E507", str(found)))
    try:
        act()
    finally:
        lock.release()
