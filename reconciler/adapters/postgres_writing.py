"""Values go back into PostgreSQL: a connection of its own, one transaction, each row locked before it is judged.

What is compared is printed as reading prints it; what is written is read by the column's own type, in the session's own
time zone, because triggers and defaults work in it too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from reconciler.adapters.databases import Url, checked_names
from reconciler.adapters.errors import SourceFailed
from reconciler.adapters.postgres_columns import MONEY, Column, begin, described, quoted
from reconciler.adapters.postgres_connection import code_of, connected, said
from reconciler.adapters.writing_back import Cells, Found, NotTaken, grouped, is_text

if TYPE_CHECKING:
    import psycopg

_BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"  # who waits for a row then sees it as it has become
_TABLE = """
SELECT pg_relation_is_updatable(c.oid::regclass, true) & 4 <> 0, a.attname, format_type(a.atttypid, -1),
    NOT (a.attnotnull OR t.typnotnull)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid
WHERE c.oid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped
"""
_END_ALL = frozenset({"E430", "E431", "E432", "E436", "E437", "E440"})
"""What an error of an update means if it is not about the value. A code of the server's own trouble is not, either."""
_OWN_TROUBLE = ("58", "F0", "XX")
_TEXT = "\0"  # where a value of ours goes in a statement: no name holds it


@contextmanager
def opened(url: Url, table: Sequence[str], person: str, columns: Sequence[str], wait: float) -> Iterator[PostgresRows]:
    """The table's rows in a transaction that writes. `wait`: seconds that another session may keep a row."""
    with closing(connected(url)) as connection, said():
        connection.prepare_threshold = None  # what is prepared would stay in a connection that is lent
        (zone,) = connection.execute("SELECT current_setting('timezone')").fetchone() or ("",)
        begin(connection, _BEGIN)
        connection.execute("SELECT set_config('lock_timeout', %s, true)", (f"{int(wait * 1000)}ms",))
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")  # else keeping would fail, for all
        yield PostgresRows(connection, ".".join(map(quoted, table)), person, columns, zone)


class PostgresRows:
    """`Rows` of a PostgreSQL table, or of a view that can be updated."""

    def __init__(
        self, connection: psycopg.Connection[Any], table: str, person: str, columns: Sequence[str], zone: str
    ) -> None:
        """`zone`: the session's own."""
        self._connection = connection
        self._table = table
        self._zone = zone
        self._shown = described(connection, f"SELECT * FROM {table}", of_the_file=False)
        checked_names(list(self._shown), [person, *columns])
        self._person = self._shown[person]
        self._columns = list(columns)
        rows = connection.execute(_TABLE, (table,)).fetchall()
        if not all(updatable for updatable, *_ in rows):
            raise SourceFailed("E461", "it is a view that cannot be updated")
        self._types = {name: kind for _, name, kind, _ in rows}
        self.nulls = {name: nullable for _, name, _, nullable in rows}
        self._typed = True

    def lock(self, people: Sequence[str]) -> Found:
        found = self._found(people, "FOR NO KEY UPDATE")
        self._connection.execute("SAVEPOINT batch; SAVEPOINT edit")
        return found

    def again(self, people: Sequence[str]) -> Found:
        return self._found(people, "")

    def put(self, person: str, cells: Cells) -> None:
        import psycopg

        if any("\0" in (text or "") for text in cells.values()):
            raise NotTaken
        sets = ", ".join(f"{quoted(name)} = {self._read(self._shown[name])}" for name in cells)
        whose, texts = self._whose(person)
        try:
            self._run(f"UPDATE {self._table} AS people SET {sets} WHERE {whose}", [*cells.values(), *texts])
        except psycopg.Error as error:
            state = error.sqlstate or "08"
            if code_of(state) in _END_ALL or state.startswith(_OWN_TROUBLE):
                raise
            self._connection.execute("ROLLBACK TO SAVEPOINT edit")
            raise NotTaken from None
        self._connection.execute("RELEASE SAVEPOINT edit; SAVEPOINT edit")

    def undo(self) -> None:
        self._connection.execute("ROLLBACK TO SAVEPOINT batch; SAVEPOINT edit")

    def commit(self) -> None:
        with said():
            if self._connection.execute("COMMIT").statusmessage != "COMMIT":
                raise SourceFailed("E435")

    def _found(self, people: Sequence[str], locking: str) -> Found:
        """By the column's own type, so that an index serves; by the printed text if the type cannot be compared."""
        texts = [person for person in people if is_text(person) and "\0" not in person]
        self._set_zone("UTC")
        self._connection.execute("SAVEPOINT looking")
        try:
            rows = self._rows(texts, locking)
        except SourceFailed as failed:
            if not self._typed or failed.code not in ("E435", "E422"):
                raise
            self._typed = False
            self._connection.execute("ROLLBACK TO SAVEPOINT looking")
            rows = self._rows(texts, locking)
        self._connection.execute("RELEASE SAVEPOINT looking")
        self._set_zone(self._zone)
        return grouped(people, self._columns, rows)

    def _rows(self, texts: Sequence[str], locking: str) -> list[tuple[str | None, ...]]:
        shown = ", ".join(_as_text(self._shown[name]) for name in self._columns)
        whose = self._value(f"ANY({self._as_type(f'{_TEXT}::text[]', '[]')})" if self._typed else "", f"ANY({_TEXT})")
        head = ", ".join(part for part in (_as_text(self._person), shown) if part)
        statement = f"SELECT {head} FROM {self._table} AS people WHERE {whose} {locking}"
        with said():
            return self._run(statement, [list(texts)] * (1 + self._typed)).fetchall()

    def _whose(self, person: str) -> tuple[str, list[str]]:
        whose = self._value(self._as_type(f"{_TEXT}::text", "") if self._typed else "", _TEXT)
        return whose, [person] * (1 + self._typed)

    def _value(self, typed: str, text: str) -> str:
        """The person's column is that value, and is printed as that text: types call more things equal than texts."""
        exact = f'concat({self._person.printed()}) COLLATE "C" = {text}'
        return f"people.{quoted(self._person.name)} = {typed} AND {exact}" if typed else exact

    def _as_type(self, text: str, many: str) -> str:
        """A text, or a list of them, as the person's type; what is printed of money is a number."""
        number = f"::numeric{many}" if self._person.oid == MONEY else ""
        return f"{text}{number}::{self._types[self._person.name]}{many}"

    def _read(self, column: Column) -> str:
        """What makes a value of the column of what is printed. A text as it comes is read by the column's type."""
        if column.oid == MONEY:
            return f"{_TEXT}::numeric::money"
        if column.nested:
            name = column.name.replace("'", "''")
            whole = f"json_populate_record(NULL::{self._table}, json_build_object('{name}', {_TEXT}::json))"
            return f"({whole}).{quoted(column.name)}"
        return _TEXT

    def _set_zone(self, zone: str) -> None:
        self._connection.execute("SELECT set_config('timezone', %s, true)", (zone,))

    def _run(self, statement: str, values: Sequence[Any]) -> psycopg.Cursor[Any]:
        return self._connection.execute(statement.replace("%", "%%").replace(_TEXT, "%s").encode(), values)


def _as_text(column: Column) -> str:
    """What is printed, as a text of the server's."""
    return f"CASE WHEN {column.printed()} IS NOT NULL THEN concat({column.printed()}) END"
