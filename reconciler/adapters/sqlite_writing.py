"""Values go back into an SQLite file: a connection of its own, one transaction that keeps other writers out.

A value keeps the storage class of what stood there where its text allows that; else the column's affinity decides.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from reconciler.adapters.databases import checked_names
from reconciler.adapters.errors import SourceFailed
from reconciler.adapters.files import watched
from reconciler.adapters.sqlite_connection import interruptible, kind_of, number_of, printed, quoted, said
from reconciler.adapters.writing_back import Cells, Found, NotTaken, grouped, is_text

_OF_CODE = {
    sqlite3.SQLITE_CANTOPEN: "E460",
    sqlite3.SQLITE_PERM: "E460",
    sqlite3.SQLITE_READONLY: "E460",
    sqlite3.SQLITE_BUSY: "E462",
    sqlite3.SQLITE_LOCKED: "E462",
    sqlite3.SQLITE_FULL: "E463",
}
_OF_THE_VALUE = frozenset(
    {
        sqlite3.SQLITE_CONSTRAINT,
        sqlite3.SQLITE_MISMATCH,
        sqlite3.SQLITE_TOOBIG,
        sqlite3.SQLITE_RANGE,
        sqlite3.SQLITE_ERROR,  # a generated column, a trigger that fails
        None,  # Python's own: too large for SQLite
    }
)
_REAL = re.compile(r"-?[0-9]+\.[0-9]+(e[+-][0-9]+)?|-?Inf")
_INTEGER = re.compile(r"-?[0-9]{1,19}")
_INTEGERS = range(-(1 << 63), 1 << 63)

Value = str | int | float | None


@contextmanager
def opened(path: Path, table: str, person: str, columns: Sequence[str], wait: float) -> Iterator[SqliteRows]:
    """The table's rows in a transaction that writes. `wait`: seconds that another program may take to end its own."""
    with transaction(path, wait) as connection:
        _check(connection, table, [person, *columns])
        yield SqliteRows(connection, table, person, columns)


@contextmanager
def transaction(path: Path, wait: float) -> Iterator[sqlite3.Connection]:
    """A connection to the file in a transaction that writes."""
    with watched(path):
        pass  # whether it is there at all
    address = f"file:{quote(str(path.absolute()))}?mode=rw"
    with said(_OF_CODE), closing(sqlite3.connect(address, timeout=wait, isolation_level=None, uri=True)) as connection:
        interruptible(connection)
        connection.text_factory = lambda data: data.decode(errors="surrogateescape")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("BEGIN IMMEDIATE")
        yield connection


@contextmanager
def taken(connection: sqlite3.Connection, savepoint: str) -> Iterator[None]:
    """Statements that count together or not at all. Raises NotTaken for what is wrong with a value."""
    connection.execute(f"SAVEPOINT {savepoint}")
    try:
        yield
    except (sqlite3.Error, OverflowError, NotTaken) as error:
        if isinstance(error, sqlite3.Error) and number_of(error) not in _OF_THE_VALUE:
            raise
        if not connection.in_transaction:  # a trigger that undoes everything
            raise SourceFailed("E463") from None
        connection.execute(f"ROLLBACK TO {savepoint}")
        connection.execute(f"RELEASE {savepoint}")
        raise NotTaken from None
    connection.execute(f"RELEASE {savepoint}")


def _check(connection: sqlite3.Connection, table: str, columns: Sequence[str]) -> None:
    """Raises SourceFailed if these are no columns of it, or it is a view that nobody taught to be updated."""
    kind = kind_of(connection, table)
    described = connection.execute(f"SELECT * FROM {quoted(table)} LIMIT 0").description
    checked_names([name for name, *_ in described], list(columns))
    if kind == "view":
        try:
            connection.execute(f"EXPLAIN UPDATE {quoted(table)} SET {quoted(columns[-1])} = NULL")
        except sqlite3.OperationalError:
            raise SourceFailed("E461", f"`{table}` is a view without a trigger that writes") from None


class SqliteRows:
    """`Rows` of an SQLite table."""

    def __init__(self, connection: sqlite3.Connection, table: str, person: str, columns: Sequence[str]) -> None:
        self._connection = connection
        self._table = quoted(table)
        self._person = person
        self._columns = list(columns)
        self._keys: dict[str, Value] = {}
        self._classes: dict[str, Mapping[str, str]] = {}
        found = connection.execute('SELECT name, NOT "notnull" FROM pragma_table_info(?)', (table,))
        self.nulls = {name: bool(may) for name, may in found}

    def lock(self, people: Sequence[str]) -> Found:
        rows = self._selected(people)
        width = len(self._columns)
        self._keys = {row[1]: row[0] for row in rows}
        self._classes = {row[1]: dict(zip(self._columns, row[2 + width :], strict=True)) for row in rows}
        self._connection.execute("SAVEPOINT batch")
        return self._grouped(people, rows)

    def again(self, people: Sequence[str]) -> Found:
        return self._grouped(people, self._selected(people))

    def put(self, person: str, cells: Cells) -> None:
        classes = self._classes[person]
        values = [_stored(text, classes[name]) for name, text in cells.items()]
        sets = ", ".join(f"{quoted(name)} = ?" for name in cells)
        whose = f"{quoted(self._person)} = ? AND {printed(self._person, row='')} = ? COLLATE BINARY"
        with taken(self._connection, "edit"):
            self._connection.execute(
                f"UPDATE OR ABORT {self._table} SET {sets} WHERE {whose}",
                [*values, self._keys[person], person],
            )

    def undo(self) -> None:
        self._connection.execute("ROLLBACK TO batch")

    def commit(self) -> None:
        self._connection.execute("COMMIT")

    def _grouped(self, people: Sequence[str], rows: Sequence[Sequence[str]]) -> Found:
        return grouped(people, self._columns, [row[1 : 2 + len(self._columns)] for row in rows])

    def _selected(self, people: Sequence[str]) -> list[tuple[str, ...]]:
        """Key, person's text, cells, storage classes. What the column itself does not find is looked for by its text:
        a number may be printed with less than it is."""
        texts = [person for person in people if is_text(person)]
        keys: list[Value] = [form for text in texts if not _REAL.fullmatch(text) for form in _forms(text)]
        rows = self._where(f"people.{quoted(self._person)} IN", keys)
        missing = sorted(set(texts) - {row[1] for row in rows})
        return rows + self._where(f"{printed(self._person)} COLLATE BINARY IN", missing) if missing else rows

    def _where(self, condition: str, values: Sequence[Value]) -> list[tuple[str, ...]]:
        cells = [printed(name) for name in (self._person, *self._columns)]
        classes = [f"typeof(people.{quoted(name)})" for name in self._columns]
        shown = ", ".join([f"people.{quoted(self._person)}", *cells, *classes])
        marks = ", ".join("?" * len(values))
        statement = f"SELECT {shown} FROM {self._table} AS people WHERE {condition} ({marks})"
        return self._connection.execute(statement, values).fetchall()


def _forms(person: str) -> list[Value]:
    """How a column without affinity may hold that text."""
    number = _stored(person, "integer")
    return [person] if number == person else [person, number]


def _stored(text: str | None, storage: str) -> Value:
    """The text in that storage class if it is what SQLite would print of it, else as it is."""
    if text is None:
        return None
    if storage == "integer" and _INTEGER.fullmatch(text) and str(int(text)) == text:
        return int(text) if int(text) in _INTEGERS else text
    if storage == "real" and _REAL.fullmatch(text) and "I" not in text:
        return float(text)
    return text
