"""People in a MySQL or MariaDB database: `type: mysql`.

All is read in one transaction that is read-only and sees one moment. The server writes each row as one line of CSV, so
that no client converts a value, and sends them while they are read. What the printing depends on is set in the session.
A `TIMESTAMP` is an instant and has its zone (`Z`), a `DATETIME` has none; a `BIT` is a number; bytes must be UTF-8.

A table is read in the order of its primary key where the server plans no sort for it, else as it lies.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pydantic import Field, field_validator

from reconciler.adapters.blocks import batches
from reconciler.adapters.databases import Asked, Url, checked_names, say
from reconciler.adapters.errors import SourceFailed
from reconciler.adapters.mysql_columns import SNAPSHOT, Column, begin, described, line_of, quoted
from reconciler.adapters.mysql_connection import connected, refusal, said
from reconciler.adapters.source import Edit, Same, Wrote
from reconciler.adapters.statements import MYSQL
from reconciler.adapters.writing_back import AT_ONCE, written
from reconciler.model.capabilities import Writes

if TYPE_CHECKING:
    import pyarrow as pa

    from reconciler.adapters.opening import Opening

_ROWS = 1_024  # that are Python's at a time
_FAREWELL = 2.0  # seconds, for a last word to a server


class MysqlOptions(Asked):
    """Options of `type: mysql`."""

    dialect = MYSQL

    url: Url = Field(description="the database: mysql://USER:PASSWORD@HOST/DATABASE, the password from outside")

    @field_validator("url")
    @classmethod
    def _of_mysql(cls, url: Url) -> Url:
        if wrong := refusal(url):
            raise say(wrong)
        return url


class MysqlSource:
    """A `Source` over one table, view or query; a table is `Writable`."""

    at_once = AT_ONCE

    def __init__(self, options: MysqlOptions, wait: float = 10.0) -> None:
        """`wait`: seconds that the server may take to become a connection, or to give a row that is to be written."""
        self._options = options
        self._wait = wait
        self._connection: Any = None
        self._columns: dict[str, Column] = {}

    def label(self) -> str:
        return self._options.label()

    def columns(self) -> Sequence[str]:
        self._opened()
        return list(self._columns)

    def read(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        connection = self._opened()
        wanted = list(columns)
        checked_names(list(self._columns), wanted)
        rows = 0
        try:
            for batch in batches(self._lines(connection, wanted), wanted):
                rows += batch.num_rows
                yield batch
        except SourceFailed:
            self.close()  # what is left of it would have to be read before anything else could be asked
            raise
        except BaseException:  # Ctrl-C too: it is raised again, and nothing stays open
            self.close()
            self._stop(connection.thread_id())
            raise
        if not rows:
            raise SourceFailed("E410", "there is no row")

    def cannot_write(self) -> str:
        return self._options.cannot_write()

    def write(self, person: str, edits: Sequence[Edit], same: Same) -> Sequence[Wrote]:
        from reconciler.adapters.mysql_writing import opened

        url, table = self._options.url, self._options.name()
        return written(self._options, lambda columns: opened(url, table, person, columns, self._wait), edits, same)

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None and connection.open:
            connection.close()

    def _stop(self, thread: int) -> None:
        """Tell the server that nobody waits for the rest: else it goes on until it has something to send."""
        with suppress(SourceFailed), said():
            other = connected(self._options.url, _FAREWELL)
            with other, other.cursor() as cursor:
                cursor.execute("KILL %s", (thread,))

    def _opened(self) -> Any:
        if self._connection is None:
            self._connection = connected(self._options.url, self._wait)
            try:
                with said():
                    self._begin(self._connection)
            except SourceFailed as failed:
                self.close()
                raise self._options.named(failed) from None
            except BaseException:  # Ctrl-C too: it is raised again, and nothing stays open
                self.close()
                raise
        return self._connection

    def _begin(self, connection: Any) -> None:
        with connection.cursor() as cursor:
            begin(cursor, SNAPSHOT)
            self._columns = described(cursor, self._rows())

    def _rows(self) -> str:
        if self._options.query is not None:
            return f"(\n{self._options.query}\n) AS people"
        return f"{'.'.join(map(quoted, self._options.name()))} AS people"

    def _statement(self, connection: Any, wanted: Sequence[str]) -> str:
        """The rows' wanted columns as lines, in an order that costs nothing."""
        shown = [self._columns[name] for name in wanted]
        line = line_of((column.value(), column.printed()) for column in shown)
        plain = f"SELECT {line} FROM {self._rows()}"
        if self._options.query is not None:
            return plain
        *schema, table = self._options.name()
        with connection.cursor() as cursor:
            cursor.execute(_PRIMARY_KEY, (schema[0] if schema else None, table))
            keys = [f"people.{quoted(name.decode())}" for (name,) in cursor.fetchall()]
            ordered = f"{plain} ORDER BY {', '.join(keys)}"
            return ordered if keys and not _sorts(cursor, ordered) else plain

    def _lines(self, connection: Any, wanted: Sequence[str]) -> Iterator[bytes]:
        """Every row as a line of CSV. The client raises unless the server says that these were all."""
        from pymysql.cursors import SSCursor

        with said():
            statement = self._statement(connection, wanted)
            cursor = connection.cursor(SSCursor)
            try:
                cursor.execute(statement)
                rows = 0
                while part := cursor.fetchmany(_ROWS):
                    for (line,) in part:
                        rows += 1
                        if line is None:
                            raise SourceFailed("E441", row=rows)
                        yield line
            finally:
                _abandon(cursor)


_PRIMARY_KEY = """
SELECT column_name FROM information_schema.key_column_usage
WHERE constraint_name = 'PRIMARY' AND table_schema = COALESCE(%s, DATABASE()) AND table_name = %s
ORDER BY ordinal_position
"""


def _sorts(cursor: Any, statement: str) -> bool:
    cursor.execute(f"EXPLAIN {statement}")
    return any(isinstance(cell, bytes) and b"filesort" in cell for row in cursor.fetchall() for cell in row)


def _abandon(cursor: Any) -> None:
    """Let go of it: it would read to the end of its rows before it goes, perhaps from a connection that is closed."""
    if cursor._result is not None:
        cursor._result.unbuffered_active = False
    cursor.connection = None


class _Adapter:
    Options = MysqlOptions
    writes = Writes("into a `table`, not through a `query`")

    def open(self, options: MysqlOptions, opening: Opening) -> MysqlSource:  # noqa: ARG002 - nothing of it is a file
        return MysqlSource(options)


ADAPTER = _Adapter()
