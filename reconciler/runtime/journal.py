"""The journal: the intent before a call, the outcome after it. It survives any end of the process.

No values and no names of people: only counts, and of creations whose outcome is open 16-byte digests of the people and,
sealed, the addresses that their contacts were to have.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from reconciler.model.capabilities import Call
from reconciler.model.status import LastRun
from reconciler.runtime.begun import SealedAddresses
from reconciler.runtime.database import Database, Shape
from reconciler.tables.begun import Begun

_SCHEMA = """
CREATE TABLE runs (id TEXT PRIMARY KEY, started TEXT NOT NULL, ended TEXT, config TEXT NOT NULL, result TEXT,
  resolved TEXT NOT NULL DEFAULT '')
  WITHOUT ROWID;
CREATE TABLE batches (run TEXT NOT NULL, seq INTEGER NOT NULL, call TEXT NOT NULL, items INTEGER NOT NULL,
  state TEXT NOT NULL, done INTEGER NOT NULL DEFAULT 0, failed INTEGER NOT NULL DEFAULT 0, people BLOB,
  matches BLOB,
  PRIMARY KEY (run, seq)) WITHOUT ROWID;
CREATE INDEX open_batches ON batches (state) WHERE state IN ('intent', 'uncertain')
"""
_RESOLVED = "ALTER TABLE runs ADD COLUMN resolved TEXT NOT NULL DEFAULT ''"
_ADDRESSES = "ALTER TABLE batches ADD COLUMN matches BLOB"
SHAPE = Shape(version=3, schema=_SCHEMA, damaged="E504", newer="E505", migrations=(_RESOLVED, _ADDRESSES))
KEPT_RUNS = 50
NOTHING: Mapping[str, str] = MappingProxyType({})
_DIGEST = 16


class Journal:
    """The journal of one account. Only the holder of the lock may write."""

    def __init__(self, path: Path, sealed: SealedAddresses | None = None) -> None:
        """`sealed`: how addresses are kept; without it none are kept and none are read."""
        self._db = Database(path / "journal.db", SHAPE)
        self._sealed = sealed

    def close(self) -> None:
        self._db.close()

    def begin(self, run: str, started: str, config: str, resolve: Mapping[str, str] = NOTHING) -> JournalRun:
        """A new run; on the disk when this returns. Its id is `run`, or like it where another run has that one.
        `resolve`: who was said to win the conflicts of which field."""
        taken = {str(id) for (id,) in self._db.rows("SELECT id FROM runs WHERE id LIKE ?", (f"{run}%",))}
        free = next(id for id in (run, *(f"{run}-{n}" for n in range(2, len(taken) + 3))) if id not in taken)
        said = " ".join(f"{field}={winner}" for field, winner in sorted(resolve.items()))
        self._db.run(
            "INSERT INTO runs (id, started, config, resolved) VALUES (?, ?, ?, ?)", (free, started, config, said)
        )
        return JournalRun(self._db, free, self._sealed)

    def open_creates(self) -> frozenset[bytes]:
        """Digests of people for whom a creation was begun and whose outcome is not known."""
        found: set[bytes] = set()
        for (blob,) in self._db.rows(
            "SELECT people FROM batches WHERE state IN ('intent', 'uncertain') AND call = ? AND people IS NOT NULL",
            (Call.ADD_CONTACTS.value,),
        ):
            found.update(blob[i : i + _DIGEST] for i in range(0, len(blob), _DIGEST))
        return frozenset(found)

    def begun(self) -> tuple[Begun, ...]:
        """These people and the addresses that their contacts were to have, the oldest first. Raises Failure E504."""
        if self._sealed is None:
            return ()
        blobs = self._db.rows(
            "SELECT matches FROM batches JOIN runs ON id = run WHERE matches IS NOT NULL"
            " AND state IN ('intent', 'uncertain') ORDER BY started, id, seq"
        )
        return tuple(begun for (blob,) in blobs for begun in self._sealed.open(blob))

    def forget_addresses(self) -> None:
        """Nobody is to be found any more by the address under which a contact was begun."""
        self._db.run("UPDATE batches SET matches = NULL WHERE matches IS NOT NULL")

    def last_ended(self) -> str | None:
        """When the newest run ended, "" where it did not; None where there was none, or all of it is answered."""
        rows = self._db.rows("SELECT ended, result FROM runs ORDER BY started DESC, id DESC LIMIT 1")
        return next((ended or ("" if result is None else None) for ended, result in rows), None)

    def unfinished(self) -> LastRun | None:
        """The newest run that began and did not end."""
        rows = self._db.rows(
            "SELECT id, started, config FROM runs WHERE result IS NULL ORDER BY started DESC, id DESC LIMIT 1"
        )
        return LastRun(*rows[0]) if rows else None

    def runs(self) -> tuple[LastRun, ...]:
        """All runs that are remembered, the newest first."""
        rows = self._db.rows("SELECT id, started, config, result FROM runs ORDER BY started DESC, id DESC")
        return tuple(LastRun(run, started, config, result or "") for run, started, config, result in rows)

    def settle(self, before: str) -> None:
        """Everybody was seen again after earlier runs: what those left open is answered."""
        with self._db.transaction():
            self._db.run(
                "UPDATE batches SET state = 'settled', people = NULL, matches = NULL"
                " WHERE state IN ('intent', 'uncertain') AND run <> ?",
                (before,),
            )
            self._db.run(
                "UPDATE runs SET result = 'abandoned' WHERE result IS NULL AND id <> ?",
                (before,),
            )

    def forget(self) -> None:
        """Forget all runs that are finished and have nothing open."""
        self._prune(0)

    def _prune(self, kept: int) -> None:
        with self._db.transaction():
            self._db.run(
                "DELETE FROM runs WHERE result IS NOT NULL"
                " AND id NOT IN (SELECT run FROM batches WHERE state IN ('intent', 'uncertain'))"
                " AND id NOT IN (SELECT id FROM runs WHERE result IS NOT NULL ORDER BY started DESC, id DESC LIMIT ?)",
                (kept,),
            )
            self._db.run("DELETE FROM batches WHERE run NOT IN (SELECT id FROM runs)")

    def end(self, run: str, ended: str, result: str) -> None:
        """The run is over; old runs are pruned."""
        self._db.run("UPDATE runs SET ended = ?, result = ? WHERE id = ?", (ended, result, run))
        self._prune(KEPT_RUNS)


class JournalRun:
    """The batches of one run."""

    def __init__(self, db: Database, run: str, sealed: SealedAddresses | None = None) -> None:
        self._db = db
        self._run = run
        self._seq = 0
        self._sealed = sealed
        self._on_the_way: dict[int, Mapping[bytes, str]] = {}

    @property
    def id(self) -> str:
        return self._run

    def intent(self, call: str, items: int, people: Sequence[bytes] = (), addresses: Iterable[str | None] = ()) -> int:
        """What is about to be called, on the disk when this returns; its number. `people`: of creations, with the
        `addresses` of their contacts."""
        self._seq += 1
        begun = {person: address for person, address in zip(people, addresses, strict=False) if address}
        self._db.run(
            "INSERT INTO batches (run, seq, call, items, state, people, matches) VALUES (?, ?, ?, ?, 'intent', ?, ?)",
            (self._run, self._seq, str(call), items, b"".join(people) or None, self._closed(begun)),
        )
        self._on_the_way[self._seq] = begun
        return self._seq

    def _closed(self, begun: Mapping[bytes, str]) -> bytes | None:
        return self._sealed.close(begun.items()) if self._sealed is not None else None

    def outcome(self, seq: int, done: int, failed: int, uncertain: Sequence[bytes] = ()) -> None:
        """How that call ended. `uncertain`: people for whom it is still not known; they stay open."""
        begun = self._on_the_way.pop(seq, {})
        still = {person: begun[person] for person in uncertain if person in begun}
        left = b"".join(uncertain) or None, self._closed(still)
        self._db.run(
            "UPDATE batches SET state = ?, done = ?, failed = ?, people = ?, matches = ? WHERE run = ? AND seq = ?",
            ("uncertain" if uncertain else "done", done, failed, *left, self._run, seq),
        )
