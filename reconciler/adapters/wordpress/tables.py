"""The tables of a site, as of one moment: rows of text out of MySQL or SQLite, many at a time.

MySQL packs the rows of one statement into one text, which the client takes apart as a whole: rows of meta data are many
and short, and a client that takes them one by one spends more on each than the server does.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

from reconciler.adapters.blocks import batches, block
from reconciler.adapters.databases import Url
from reconciler.adapters.errors import SourceFailed
from reconciler.adapters.mysql_columns import SNAPSHOT, begin, line_of
from reconciler.adapters.mysql_connection import connected, said
from reconciler.adapters.sqlite_connection import interruptible
from reconciler.adapters.sqlite_connection import said as sqlite_said

if TYPE_CHECKING:
    import pyarrow as pa

Shown = Mapping[str, str]
"""Name of a column of the answer -> its expression, which is a text or null."""


class Tables(Protocol):
    """Raises SourceFailed. Expressions are in a dialect that MySQL and SQLite share, but for `instant`."""

    def read(self, shown: Shown, rest: str) -> pa.RecordBatch:
        """What `SELECT shown rest` gives, `rest` beginning with FROM: columns of text, in any order of rows."""

    def instant(self, column: str) -> str:
        """The expression of a naive time in UTC as `YYYY-MM-DDTHH:MM:SSZ`; WordPress's zero is null."""

    def number(self, expression: str) -> str:
        """The expression of a number as text."""

    def distinct(self, table: str, column: str) -> Sequence[str]:
        """Each value of an indexed column of texts once, blanks left out; of several that the column's collation calls
        equal, perhaps one alone."""

    def has(self, table: str, column: str, text: str) -> bool:
        """Whether an indexed column of texts holds this one, letter by letter."""

    def tables(self, ending: str) -> Sequence[str]:
        """Names of tables that end so."""

    def close(self) -> None: ...


def opened(url: Url, file: Path | None) -> Tables:
    """`file`: where the site keeps its tables in SQLite."""
    return SqliteTables(file) if file is not None else MysqlTables(url)


def literal(text: str) -> str:
    """A text in a statement. It has no backslash, which MySQL would read."""
    if "\\" in text or "\0" in text:
        raise SourceFailed("E414", "no meta key of WordPress has a backslash in it")
    return "'" + text.replace("'", "''") + "'"


class MysqlTables:
    def __init__(self, url: Url, wait: float = 10.0) -> None:
        self._connection = connected(url, wait)
        try:
            with said(), self._connection.cursor() as cursor:
                begin(cursor, ("SET SESSION group_concat_max_len = 1073741824", *SNAPSHOT))
        except BaseException:  # Ctrl-C too: it is raised again, and nothing stays open
            self.close()
            raise

    def read(self, shown: Shown, rest: str) -> pa.RecordBatch:
        line = line_of((text, f"CONVERT({text} USING utf8mb4)") for text in shown.values())
        packed = f"SELECT COUNT(*), GROUP_CONCAT({line} SEPARATOR '') {rest}"
        ((count, data),) = self._asked(packed)
        if data is not None and data.count(b"\n") >= int(count) and self._whole():
            return block(data, int(count), list(shown))
        return self._one_by_one(line, shown, rest)

    def instant(self, column: str) -> str:
        return f"IF({column} = 0, NULL, CONCAT(REPLACE(CAST({column} AS CHAR), ' ', 'T'), 'Z'))"

    def number(self, expression: str) -> str:
        return f"CAST({expression} AS CHAR)"

    def distinct(self, table: str, column: str) -> Sequence[str]:
        try:
            return self._walked(table, column)
        except SourceFailed as failed:
            if failed.code != "E435":
                raise
        # A view, or a table whose index has another name.
        text = f"CAST(CONVERT(`{column}` USING utf8mb4) AS BINARY)"
        rows = self._asked(f"SELECT DISTINCT {text} FROM `{table}` WHERE `{column}` <> '' ORDER BY 1")
        return [data.decode(errors="replace") for (data,) in rows]

    def has(self, table: str, column: str, text: str) -> bool:
        exact = f"CAST(CONVERT(`{column}` USING utf8mb4) AS BINARY) = CAST(%s AS BINARY)"
        return bool(self._asked(f"SELECT 1 FROM `{table}` WHERE `{column}` = %s AND {exact} LIMIT 1", text, text))

    def tables(self, ending: str) -> Sequence[str]:
        asked = "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"
        return [name for (data,) in self._asked(asked) if (name := data.decode()).endswith(ending)]

    def close(self) -> None:
        if self._connection.open:
            self._connection.close()

    def _walked(self, table: str, column: str) -> Sequence[str]:
        """Through the column's index, from one value to the next: a table of meta data has many rows and few keys."""
        found: list[str] = []
        name, at = f"`{table}`", ""
        self._asked(f"HANDLER {name} OPEN")
        try:
            while rows := self._asked(f"HANDLER {name} READ `{column}` > (%s) LIMIT 1", at):
                row = dict(zip(self._names, rows[0], strict=True))
                at = row[column].decode(errors="replace")  # a text, which the server turns into the column's bytes
                found.append(at)
        finally:
            self._asked(f"HANDLER {name} CLOSE")
        return found

    def _asked(self, statement: str, *given: str) -> list[Any]:
        with said(), self._connection.cursor() as cursor:
            cursor.execute(statement, given or None)
            self._names = [field[0] for field in cursor.description or ()]
            return list(cursor.fetchall())

    def _whole(self) -> bool:
        """Whether the server cut nothing off, as it does at its longest packet."""
        ((warnings,),) = self._asked("SELECT @@warning_count")
        return int(warnings) == 0

    def _one_by_one(self, line: str, shown: Shown, rest: str) -> pa.RecordBatch:
        import pyarrow as pa

        rows = [data for (data,) in self._asked(f"SELECT {line} {rest}")]
        if None in rows:  # the server had no room for it
            raise SourceFailed("E441")
        schema = pa.schema([(name, pa.string()) for name in shown])
        table = pa.Table.from_batches(batches(rows, list(shown)), schema).combine_chunks()
        return (table.to_batches() or [pa.RecordBatch.from_pylist([], schema)])[0]


class SqliteTables:
    def __init__(self, path: Path, wait: float = 5.0) -> None:
        if not path.exists():  # which SQLite does not tell from one that may not be read
            raise SourceFailed("E401", fix="correct `source.url`: sqlite:///PATH, relative to the file that names it")
        with sqlite_said():
            address = f"file:{quote(str(path.absolute()))}?mode=ro"
            self._connection = sqlite3.connect(address, timeout=wait, isolation_level=None, uri=True)
            try:
                interruptible(self._connection)
                self._connection.execute("PRAGMA query_only = ON")
                self._connection.execute("BEGIN")
                self._connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall()
            except BaseException:
                self.close()
                raise

    def read(self, shown: Shown, rest: str) -> pa.RecordBatch:
        import pyarrow as pa

        cells = ", ".join(f"CAST({text} AS TEXT)" for text in shown.values())
        with sqlite_said():
            rows = self._connection.execute(f"SELECT {cells} {rest}").fetchall()
        columns = list(zip(*rows, strict=True)) or [()] * len(shown)
        return pa.RecordBatch.from_arrays([pa.array(column, pa.string()) for column in columns], names=list(shown))

    def instant(self, column: str) -> str:
        return f"CASE WHEN {column} LIKE '0000%' THEN NULL ELSE replace({column}, ' ', 'T') || 'Z' END"

    def number(self, expression: str) -> str:
        return f"CAST({expression} AS TEXT)"

    def distinct(self, table: str, column: str) -> Sequence[str]:
        with sqlite_said():
            exact = f'SELECT DISTINCT "{column}" COLLATE BINARY FROM "{table}" ORDER BY 1'
            rows = self._connection.execute(exact).fetchall()
        return [text for (text,) in rows if text]

    def has(self, table: str, column: str, text: str) -> bool:
        exact = f'SELECT 1 FROM "{table}" WHERE "{column}" = ? AND "{column}" = ? COLLATE BINARY LIMIT 1'
        with sqlite_said():
            return bool(self._connection.execute(exact, (text, text)).fetchall())

    def tables(self, ending: str) -> Sequence[str]:
        with sqlite_said():
            rows = self._connection.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')").fetchall()
        return [name for (name,) in rows if name.endswith(ending)]

    def close(self) -> None:
        self._connection.close()
