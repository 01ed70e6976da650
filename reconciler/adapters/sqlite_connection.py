"""An SQLite file in our words: how a value is printed, how a name is quoted, what its errors are."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

from reconciler.adapters.errors import SourceFailed

_STEPS = 1_000_000  # of SQLite's machine between two looks for Ctrl-C
_AS_TEXT = "CASE typeof({0}) WHEN 'blob' THEN {0} ELSE CAST({0} AS TEXT) END"
_TABLE = "SELECT type FROM sqlite_master WHERE name = ? AND type IN ('table', 'view')"
_OF_CODE = {
    sqlite3.SQLITE_NOTADB: "E406",
    sqlite3.SQLITE_CORRUPT: "E406",
    sqlite3.SQLITE_CANTOPEN: "E403",
    sqlite3.SQLITE_PERM: "E403",
    sqlite3.SQLITE_BUSY: "E442",
    sqlite3.SQLITE_LOCKED: "E442",
    sqlite3.SQLITE_READONLY: "E442",
    sqlite3.SQLITE_IOERR: "E404",
    sqlite3.SQLITE_NOMEM: "E404",
}
"""SQLite's code of an error -> ours. Any other is E435."""


@contextmanager
def said(instead: Mapping[int, str] = MappingProxyType({})) -> Iterator[None]:
    """SQLite's errors in our words: its own quote data. `instead`: what a code of SQLite's means here."""
    try:
        yield
    except sqlite3.Error as error:
        number = number_of(error)
        if number == sqlite3.SQLITE_INTERRUPT:  # which nobody but the user does
            raise KeyboardInterrupt from None
        if number is None:  # Python's own: a text that is no UTF-8, or more than one statement
            raise SourceFailed("E422" if isinstance(error, sqlite3.OperationalError) else "E435") from None
        raise SourceFailed(instead.get(number) or _OF_CODE.get(number, "E435")) from None


def number_of(error: sqlite3.Error) -> int | None:
    """The primary code; None if the error is not SQLite's."""
    number = getattr(error, "sqlite_errorcode", None)
    return None if number is None else number & 0xFF


def interruptible(connection: sqlite3.Connection) -> None:
    """A chance for Ctrl-C to come through."""
    connection.set_progress_handler(lambda: 0, _STEPS)


def kind_of(connection: sqlite3.Connection, table: str) -> str:
    """`table` or `view`. Raises SourceFailed where there is none of exactly that name."""
    found = connection.execute(_TABLE, (table,)).fetchone()
    if found is None:
        raise SourceFailed("E433", f"`{table}`")
    kind: str = found[0]
    return kind


def printed(name: str, row: str = "people.") -> str:
    """A column of the row as it is printed; null stays null, bytes stay bytes."""
    return _AS_TEXT.format(f"{row}{quoted(name)}")


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
