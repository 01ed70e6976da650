"""Transactions that write into a site's tables, in MySQL and in SQLite: `?` stands for a value, rows are texts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from reconciler.adapters import sqlite_writing
from reconciler.adapters.databases import Url
from reconciler.adapters.errors import SourceFailed
from reconciler.adapters.mysql_connection import said
from reconciler.adapters.mysql_writing import check_undoes, fits, of_the_value, transaction
from reconciler.adapters.sqlite_connection import kind_of
from reconciler.adapters.writing_back import NotTaken

Row = tuple[str | None, ...]

_OF_VIEW = "write by REST, `source.api`; or let the file pull nothing"


@contextmanager
def mysql_session(url: Url, wait: float) -> Iterator[MysqlSession]:
    with transaction(url, wait) as (connection, (zone, most)):
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION time_zone = %s", (zone,))
        yield MysqlSession(connection, most)


class MysqlSession:
    locked = " FOR UPDATE"

    def __init__(self, connection: Any, most: int) -> None:
        """`most`: bytes of one statement."""
        self._connection, self._cursor, self._most = connection, connection.cursor(), most

    def text(self, expression: str) -> str:
        return f"CONVERT({expression} USING utf8mb4)"

    def rows(self, statement: str, values: Sequence[str | int]) -> list[Row]:
        self._run(statement, values)
        return [tuple(_decoded(cell) for cell in row) for row in self._cursor.fetchall()]

    def change(self, statement: str, values: Sequence[str | int]) -> None:
        if not fits((value for value in values if isinstance(value, str)), self._most):
            raise NotTaken
        self._run(statement, values)

    @contextmanager
    def taken(self) -> Iterator[None]:
        import pymysql

        self._cursor.execute("SAVEPOINT edit")
        try:
            yield
        except (pymysql.MySQLError, NotTaken) as error:
            if not isinstance(error, NotTaken) and not of_the_value(error):
                raise
            self._cursor.execute("ROLLBACK TO SAVEPOINT edit")
            raise NotTaken from None

    def mark(self) -> None:
        self._cursor.execute("SAVEPOINT batch")

    def undo(self) -> None:
        self._cursor.execute("ROLLBACK TO SAVEPOINT batch")

    def commit(self) -> None:
        with said():
            self._connection.commit()

    def tables(self) -> frozenset[str]:
        rows = self.rows("SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()", [])
        return frozenset(name or "" for (name,) in rows)

    def check(self, table: str) -> None:
        check_undoes(self._cursor, None, table, _OF_VIEW)

    def _run(self, statement: str, values: Sequence[str | int]) -> None:
        self._cursor.execute(statement.replace("%", "%%").replace("?", "%s"), tuple(values))


def _decoded(cell: bytes | None) -> str | None:
    return None if cell is None else cell.decode(errors="surrogateescape")


@contextmanager
def sqlite_session(path: Path, wait: float) -> Iterator[SqliteSession]:
    with sqlite_writing.transaction(path, wait) as connection:
        yield SqliteSession(connection)


class SqliteSession:
    locked = ""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def text(self, expression: str) -> str:
        return f"CAST({expression} AS TEXT)"

    def rows(self, statement: str, values: Sequence[str | int]) -> list[Row]:
        return self._connection.execute(statement, values).fetchall()

    def change(self, statement: str, values: Sequence[str | int]) -> None:
        self._connection.execute(statement, values)

    @contextmanager
    def taken(self) -> Iterator[None]:
        with sqlite_writing.taken(self._connection, "edit"):
            yield

    def mark(self) -> None:
        self._connection.execute("SAVEPOINT batch")

    def undo(self) -> None:
        self._connection.execute("ROLLBACK TO batch")

    def commit(self) -> None:
        self._connection.execute("COMMIT")

    def tables(self) -> frozenset[str]:
        rows = self.rows("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')", [])
        return frozenset(name or "" for (name,) in rows)

    def check(self, table: str) -> None:
        if kind_of(self._connection, table) == "view":
            raise SourceFailed("E461", f"`{table}` is a view", _OF_VIEW)
