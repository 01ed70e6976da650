"""Small SQLite files that survive a power cut: opened, versioned and guarded in one way.

Used by the state and the journal. WAL with `synchronous=FULL`: a commit that returned is on the disk.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.model.messages import problem
from reconciler.model.problems import Failure
from reconciler.runtime.disk import free_bytes, is_full
from reconciler.runtime.recording import NOBODY, Statement, current

_BUSY_SECONDS = 5.0
_PEEK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Shape:
    """What a file must be. `migrations[n]` brings version n+1 to n+2; `damaged` and `newer` are problem codes."""

    version: int
    schema: str
    damaged: str
    newer: str
    migrations: tuple[str, ...] = ()


class Database:
    """One file. Every method raises `Failure` (damaged, newer, busy, disk full), never a library's error."""

    def __init__(self, path: Path, shape: Shape) -> None:
        self.path = path
        self._shape = shape
        self._recorder = current()
        self._together: list[Statement] | None = None  # of the transaction that is open
        with self._guarded():
            # The mode is set before SQLite writes; its side files inherit it.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            self._connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
        try:
            self._open()
        except BaseException:
            self._connection.close()
            raise

    def _open(self) -> None:
        with self._guarded():
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=FULL")
            if self._connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
                raise self._damaged()
            version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if version > self._shape.version:
            raise Failure(problem(self._shape.newer, f"{self.path.name} has version {version}"))
        if version < self._shape.version:
            self._migrate(version)

    def _migrate(self, version: int) -> None:
        """From an empty file (0) or an older version to this one, in one transaction."""
        with self.transaction():
            held = self.rows("PRAGMA user_version")[0][0]  # somebody else may have been first
            if held == version:
                steps = [self._shape.schema] if version == 0 else self._shape.migrations[version - 1 :]
                for statement in (s for step in steps for s in step.split(";") if s.strip()):
                    self.run(statement)
                self.run(f"PRAGMA user_version={self._shape.version}")

    def run(self, sql: str, values: Sequence[Any] = ()) -> None:
        with self._guarded():
            self._connection.execute(sql, values)
        self._record(sql, [tuple(values)])

    def run_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        kept = rows if self._recorder is NOBODY else [tuple(row) for row in rows]
        with self._guarded():
            self._connection.executemany(sql, kept)
        if isinstance(kept, list) and kept:
            self._record(sql, kept)

    def compact(self) -> None:
        """Give back the room of what was removed; says nothing new."""
        with self._guarded():
            self._connection.execute("VACUUM")

    def _record(self, sql: str, rows: list[tuple[Any, ...]]) -> None:
        if self._recorder is NOBODY:
            return
        statement = Statement(sql, rows)
        if self._together is None:
            self._recorder.wrote(self.path, [statement])
        else:
            self._together.append(statement)

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._guarded():
            return self._connection.execute(sql, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, and on the disk when it ends."""
        with self._guarded():
            self._connection.execute("BEGIN IMMEDIATE")
        self._together = []
        try:
            yield
        except BaseException:
            self._together = None
            with self._guarded():
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
            raise
        statements, self._together = self._together, None
        with self._guarded():
            self._connection.execute("COMMIT")
        if statements:
            self._recorder.wrote(self.path, statements)

    def close(self) -> None:
        self._connection.close()

    def _damaged(self) -> Failure:
        return Failure(problem(self._shape.damaged, str(self.path)))

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise _failure(error, self.path, self._shape) from None
        except OSError as error:
            raise Failure(problem("E509") if is_full(error) else problem("E501", str(self.path))) from None


def _failure(error: sqlite3.Error, path: Path, shape: Shape) -> Failure:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if is_full(error, free_bytes(path)):
        return Failure(problem("E509"))
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return Failure(problem("E520", str(path)))
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_IOERR):
        return Failure(problem("E501", str(path)))
    return Failure(problem(shape.damaged, str(path)))


def is_busy_or_full(error: sqlite3.Error, path: Path) -> Failure | None:
    """What is said of that error where the file itself is not to blame; None where it may be."""
    failure = _failure(error, path, Shape(0, "", "E502", "E503"))
    return None if failure.problems[0].code == "E502" else failure


def peek(path: Path, shape: Shape, queries: Iterable[str]) -> list[list[tuple[Any, ...]]] | None:
    """What another run's file answers; nothing is made, migrated or changed. None: it is older than the question.

    Raises Failure (damaged, newer, busy, not readable).
    """
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", timeout=_PEEK_SECONDS, uri=True)) as opened:
            version = opened.execute("PRAGMA user_version").fetchone()[0]
            if version > shape.version:
                raise Failure(problem(shape.newer, f"{path} has version {version}"))
            try:
                return [opened.execute(query).fetchall() for query in queries]
            except sqlite3.OperationalError:
                if version < shape.version:
                    return None
                raise
    except sqlite3.Error as error:
        raise _failure(error, path, shape) from None
