"""Values go back into MySQL or MariaDB: a connection of its own, one transaction, each row locked before it is judged.

The session keeps the server's own modes, which may cut a value and say nothing: that is seen when it is read again. It
writes in its own time zone, because triggers and defaults work in it too; only a `TIMESTAMP` is written in UTC.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from decimal import Decimal
from math import ceil
from typing import Any

from reconciler.adapters.databases import Url, checked_names
from reconciler.adapters.errors import SourceFailed
from reconciler.adapters.mysql_columns import (
    BIT,
    GEOMETRY,
    INEXACT,
    NUMBERS,
    TIMESTAMP,
    Column,
    begin,
    described,
    quoted,
)
from reconciler.adapters.mysql_connection import code_of, connected, number_of, said
from reconciler.adapters.writing_back import Cells, Found, NotTaken, grouped, is_text

_BEGIN = ("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ", "START TRANSACTION READ WRITE")
_WAIT = ("innodb_lock_wait_timeout", "lock_wait_timeout")
_TABLE = """
SELECT t.table_type, e.transactions FROM information_schema.tables t
LEFT JOIN information_schema.engines e ON e.engine = t.engine
WHERE t.table_schema = COALESCE(%s, DATABASE()) AND t.table_name = %s
"""
_NULLS = """
SELECT column_name, is_nullable FROM information_schema.columns
WHERE table_schema = COALESCE(%s, DATABASE()) AND table_name = %s
"""
_END_ALL = frozenset({"E430", "E431", "E432", "E434", "E436", "E437", "E440"})
"""What an error of an update means if it is not about the value."""
_OF_ONE_COLUMN = 1143  # the number of an update that is not allowed for a column
_OWN_TROUBLE = frozenset({1021, 1026, 1030, 1034, 1037, 1038, 1041, 1114, 1180, 1181, 1305})
"""Numbers of errors that end everything: a full disk, a damaged table, a transaction that is gone."""
_NUMBER = re.compile(r"-?[0-9]{1,65}(\.[0-9]{1,65})?")  # no column holds a longer one
_TEXT = "\0"  # where a value of ours goes in a statement: no name holds it
_READ = {GEOMETRY: f"ST_GeomFromText({_TEXT})"}
_ZONE = "+00:00"  # of what is printed
_ROOM = 4_096  # bytes of a statement beside its values


@contextmanager
def opened(url: Url, table: Sequence[str], person: str, columns: Sequence[str], wait: float) -> Iterator[MysqlRows]:
    """The table's rows in a transaction that writes. `wait`: seconds for connecting, and for another's lock."""
    with transaction(url, wait) as (connection, session):
        yield MysqlRows(connection, table, person, columns, session)


@contextmanager
def transaction(url: Url, wait: float) -> Iterator[tuple[Any, tuple[str, int]]]:
    """A connection in a transaction that writes; the session's own time zone, and the most bytes of one statement."""
    with closing(connected(url, wait)) as connection, said(), connection.cursor() as cursor:
        cursor.execute("SELECT @@SESSION.time_zone, @@SESSION.max_allowed_packet")
        zone, packet = cursor.fetchone()
        seconds = max(1, ceil(wait))
        begin(cursor, [*(f"SET SESSION {name} = {seconds}" for name in _WAIT), *_BEGIN])
        yield connection, (zone.decode(), int(packet))


def check_undoes(
    cursor: Any, schema: str | None, table: str, of_view: str = "let `source.table` name the table itself"
) -> None:
    """Raises SourceFailed if what is written could not be undone. Of a view, whose way out is `of_view`, the server
    does not tell."""
    cursor.execute(_TABLE, (schema, table))
    ((kind, undoes),) = cursor.fetchall() or ((b"", b""),)
    if kind == b"VIEW":
        raise SourceFailed("E461", "it is a view", of_view)
    if undoes != b"YES":
        raise SourceFailed("E461", "its storage engine cannot undo", "give the table the engine InnoDB")


def fits(texts: Iterable[str | None], most: int) -> bool:
    """Whether one statement of so many bytes can hold these values."""
    return sum(len((text or "").encode()) * 2 for text in texts) <= most - _ROOM


def of_the_value(error: Exception) -> bool:
    """Whether an update failed because of what was to be written; else nothing more can be."""
    number = number_of(error)
    return number not in _OWN_TROUBLE and (code_of(number) not in _END_ALL or number == _OF_ONE_COLUMN)


class MysqlRows:
    """`Rows` of a MySQL table."""

    def __init__(
        self, connection: Any, table: Sequence[str], person: str, columns: Sequence[str], session: tuple[str, int]
    ) -> None:
        """`session`: its own time zone, and the most bytes that it takes in one statement."""
        self._connection = connection
        self._cursor = connection.cursor()
        self._table = ".".join(map(quoted, table))
        self._zone, self._most = session
        self._now = _ZONE
        self._shown = described(self._cursor, f"{self._table} AS people")
        checked_names(list(self._shown), [person, *columns])
        self._person = self._shown[person]
        self._columns = list(columns)
        *schema, name = table
        check_undoes(self._cursor, schema[0] if schema else None, name)
        self._cursor.execute(_NULLS, (schema[0] if schema else None, name))
        self.nulls = {column.decode(): may == b"YES" for column, may in self._cursor.fetchall()}

    def lock(self, people: Sequence[str]) -> Found:
        found = self._found(people)
        self._cursor.execute("SAVEPOINT batch")
        return found

    def again(self, people: Sequence[str]) -> Found:
        return self._found(people)

    def put(self, person: str, cells: Cells) -> None:
        import pymysql

        if not fits(cells.values(), self._most):
            raise NotTaken
        columns = [self._shown[name] for name in cells]
        sets = ", ".join(f"{column.value()} = {_READ.get(column.kind, _TEXT)}" for column in columns)
        whose = f"{self._compared()} = {_TEXT} AND {_exact(self._person)} = {_TEXT}"
        key = [_key(self._person, person), person]
        values = [_value(column, cells[column.name]) for column in columns]
        self._set_zone(_ZONE if any(column.kind == TIMESTAMP for column in columns) else self._zone)
        try:
            self._run(f"UPDATE {self._table} AS people SET {sets} WHERE {whose}", [*values, *key])
        except pymysql.MySQLError as error:
            if not of_the_value(error):
                raise
            raise NotTaken from None

    def undo(self) -> None:
        self._cursor.execute("ROLLBACK TO SAVEPOINT batch")

    def commit(self) -> None:
        with said():
            self._connection.commit()

    def _found(self, people: Sequence[str]) -> Found:
        """The rows as they are last, not as the transaction saw them first."""
        self._set_zone(_ZONE)
        keys = [key for key in (_key(self._person, person) for person in people) if key is not None]
        if not keys:
            return {}
        shown = ", ".join(column.printed() for column in (self._person, *(self._shown[n] for n in self._columns)))
        whose = f"{self._compared()} IN ({', '.join([_TEXT] * len(keys))})"
        found = self._run(f"SELECT {shown} FROM {self._table} AS people WHERE {whose} FOR UPDATE", keys)
        return grouped(people, self._columns, [[_decoded(cell) for cell in row] for row in found])

    def _compared(self) -> str:
        """What people are found by: the column itself, so that an index serves, or its text if that is not exact."""
        return _exact(self._person) if self._person.kind in INEXACT else self._person.value()

    def _set_zone(self, zone: str) -> None:
        if zone != self._now:
            self._cursor.execute("SET SESSION time_zone = %s", (zone,))
            self._now = zone

    def _run(self, statement: str, values: Sequence[Any]) -> Sequence[Sequence[bytes | None]]:
        self._cursor.execute(statement.replace("%", "%%").replace(_TEXT, "%s"), values)
        rows: Sequence[Sequence[bytes | None]] = self._cursor.fetchall()
        return rows


def _exact(column: Column) -> str:
    """What is printed, as bytes: a collation calls more texts equal than are."""
    return f"CAST({column.printed()} AS BINARY)"


def _key(column: Column, person: str) -> Any:
    """The person's text as what is compared with the column; None if the column cannot hold it."""
    if column.kind in NUMBERS:
        exact = Decimal if "." in person else int
        return exact(person) if _NUMBER.fullmatch(person) else None
    return _value(column, person) if is_text(person) else None


def _value(column: Column, text: str | None) -> Any:
    """What is written for what is printed. Raises NotTaken."""
    if text is None:
        return None
    if column.kind == TIMESTAMP:
        return text.removesuffix("Z")
    if column.kind == BIT:
        if not _NUMBER.fullmatch(text) or "." in text:
            raise NotTaken
        return int(text)
    return text


def _decoded(cell: bytes | None) -> str | None:
    return None if cell is None else cell.decode(errors="surrogateescape")
