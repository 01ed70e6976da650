"""The file behind the embedded CRM: when it is made, which version it has, and how it is read and written.

A file that does not exist, or that a killed process left before its tables were made, is read as an empty CRM from
memory. Only the first write makes it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import RLock
from urllib.parse import quote

from reconciler.localcrm.errors import Down, Refused, Trouble, Unusable
from reconciler.model.clock import Clock

VERSION = 2
"""The newest that is known: that of a file that had a lead."""

_PLAIN = 1
_APPLICATION = 0x52434E43  # "RCNC": tells our files from other SQLite files
_PAUSE = 10.0  # seconds that a writer waits for another one

STANDARD = (
    ("email", "E-mail", "email"),
    ("first_name", "First name", "text"),
    ("last_name", "Last name", "text"),
    ("phone", "Phone", "phone"),
)
"""Key, label and native type of the standard fields; their columns are f1, f2, ..."""

EMAIL_COLUMN = "f1"

_TABLES = (
    "CREATE TABLE account (id TEXT NOT NULL, created INTEGER NOT NULL)",
    """CREATE TABLE fields (
        id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, folded TEXT NOT NULL UNIQUE, label TEXT NOT NULL,
        native TEXT NOT NULL, grouping TEXT, max_length INTEGER, standard INTEGER NOT NULL DEFAULT 0)""",
    """CREATE TABLE options (
        field INTEGER NOT NULL, position INTEGER NOT NULL, value TEXT NOT NULL, label TEXT NOT NULL,
        PRIMARY KEY (field, value)) WITHOUT ROWID""",
    "CREATE TABLE tags (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, folded TEXT NOT NULL UNIQUE)",
    """CREATE TABLE contacts (
        id INTEGER PRIMARY KEY AUTOINCREMENT, address TEXT, status TEXT NOT NULL,
        created INTEGER NOT NULL, modified INTEGER NOT NULL)""",
    """CREATE TABLE contact_tags (
        contact INTEGER NOT NULL, tag INTEGER NOT NULL, PRIMARY KEY (contact, tag)) WITHOUT ROWID""",
)
INDEXES = {
    "contacts_address": "CREATE UNIQUE INDEX contacts_address ON contacts (address)",
    "contact_tags_tag": "CREATE INDEX contact_tags_tag ON contact_tags (tag, contact)",
}

_WHOLE = ("BEGIN IMMEDIATE", "COMMIT", ("ROLLBACK",))
_PART = ("SAVEPOINT part", "RELEASE part", ("ROLLBACK TO part", "RELEASE part"))
_LATER = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
_FOREIGN = {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}


@contextmanager
def own_errors() -> Iterator[None]:
    """SQLite's errors become ours; their texts, which may quote data, go no further."""
    try:
        yield
    except UnicodeEncodeError:
        raise Refused("a text holds characters that cannot be stored") from None
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in _LATER:
            raise Down("the CRM's file is locked, or the disk is full or failing") from None
        trouble = Trouble.FOREIGN if code in _FOREIGN else Trouble.CLOSED
        raise Unusable(trouble, "SQLite cannot use the file") from None


def microseconds(clock: Clock) -> int:
    """The clock's moment as stored in `created` and `modified`."""
    return round(clock.now().timestamp() * 1_000_000)


class CrmFile:
    """One file, one connection, one writer at a time. Threads may share it."""

    def __init__(self, path: Path, clock: Clock, token: Callable[[], str]) -> None:
        self._path = path
        self._clock = clock
        self._token = token
        self._lock = RLock()
        self._connection: sqlite3.Connection | None = None
        self._nothing: sqlite3.Connection | None = None

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The CRM as it is, or an empty one."""
        with self._lock, own_errors():
            yield self._existing() or self._empty()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it, or nothing if the body raises. Makes the file if there is none. Inside another
        one it is a part of it, which can fail alone."""
        with self._lock, own_errors():
            connection = self._existing() or self._made()
            begin, commit, rollback = _PART if connection.in_transaction else _WHOLE
            connection.execute(begin)
            try:
                yield connection
                connection.execute(commit)
            except BaseException:
                for statement in rollback:
                    with suppress(sqlite3.Error):
                        connection.execute(statement)
                raise

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """A connection of its own that sees one state, however long the reading takes and whoever writes meanwhile."""
        with self._lock, own_errors():
            connection = self._open() if self._existing() else self._fresh_memory()
        try:
            with own_errors():
                connection.execute("BEGIN")
                yield connection
        finally:
            connection.close()

    def close(self) -> None:
        """May be called twice; the next call of any kind opens again."""
        with self._lock:
            for connection in (self._connection, self._nothing):
                if connection is not None:
                    connection.close()
            self._connection = self._nothing = None

    def _existing(self) -> sqlite3.Connection | None:
        if self._connection is None:
            if not self._path.parent.is_dir():
                raise Unusable(Trouble.CLOSED, "its folder does not exist")
            if not self._path.exists():
                return None
            connection = self._open()
            if not _is_made(connection):
                connection.close()
                return None
            self._connection = connection
        return self._connection

    def _open(self) -> sqlite3.Connection:
        # SQLite would give its side files the same mode, and they would stay read-only when the file no longer is.
        if self._path.exists() and not os.access(self._path, os.W_OK):
            raise Unusable(Trouble.CLOSED, "this user may not write to it")
        connection = sqlite3.connect(
            f"file:{quote(str(self._path.absolute()))}?mode=rw",
            uri=True,
            timeout=_PAUSE,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            connection.execute("PRAGMA synchronous = FULL")
            _check_version(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _made(self) -> sqlite3.Connection:
        """The file with its tables; another process may be making it at the same moment."""
        try:
            os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
        except OSError:
            raise Unusable(Trouble.CLOSED, "it cannot be created") from None
        connection = self._open()
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("BEGIN IMMEDIATE")
            if not _is_made(connection):
                _make(connection, self._token(), microseconds(self._clock))
            connection.execute("COMMIT")
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return connection

    def _empty(self) -> sqlite3.Connection:
        if self._nothing is None:
            self._nothing = self._fresh_memory()
        return self._nothing

    def _fresh_memory(self) -> sqlite3.Connection:
        connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        _make(connection, "", 0)
        return connection


def _check_version(connection: sqlite3.Connection) -> None:
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if application != _APPLICATION and (application or tables):
        raise Unusable(Trouble.FOREIGN, "it is an SQLite file of something else")
    if version > VERSION:
        raise Unusable(Trouble.NEWER, f"it has version {version}, and this release knows {VERSION}")


def mark(connection: sqlite3.Connection) -> None:
    """Whoever does not know leads would take them for contacts."""
    if connection.execute("PRAGMA user_version").fetchone()[0] < VERSION:
        connection.execute(f"PRAGMA user_version = {VERSION}")


def _is_made(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("PRAGMA user_version").fetchone()[0])


def _make(connection: sqlite3.Connection, account: str, moment: int) -> None:
    for statement in (*_TABLES, *INDEXES.values()):
        connection.execute(statement)
    connection.execute("INSERT INTO account VALUES (?, ?)", (account, moment))
    for key, label, native in STANDARD:
        added = connection.execute(
            "INSERT INTO fields (key, folded, label, native, standard) VALUES (?, ?, ?, ?, 1)",
            (key, key, label, native),
        )
        connection.execute(f"ALTER TABLE contacts ADD COLUMN f{added.lastrowid} TEXT")
    connection.execute(f"PRAGMA application_id = {_APPLICATION}")
    connection.execute(f"PRAGMA user_version = {_PLAIN}")
