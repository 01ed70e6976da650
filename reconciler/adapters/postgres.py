"""People in a PostgreSQL database: `type: postgres`.

All is read in one transaction that is read-only and sees one moment. What is asked for is described first, in a way
that takes one statement only; then `COPY` sends its rows as CSV, each value as the server prints it. What the printing
depends on is set in the transaction. A boolean is `true` or `false`, a list or a record is JSON, a
`timestamptz` has its offset, money is a plain number.

A table is read in the order of its primary key where the server plans no sort for it, else as it lies.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import Field, field_validator

from reconciler.adapters.blocks import QUOTE, batches
from reconciler.adapters.databases import Asked, Url, checked_names, say
from reconciler.adapters.errors import SourceFailed
from reconciler.adapters.postgres_columns import Column, begin, described, quoted
from reconciler.adapters.postgres_connection import connected, said
from reconciler.adapters.source import Edit, Same, Wrote
from reconciler.adapters.statements import POSTGRES
from reconciler.adapters.writing_back import AT_ONCE, written
from reconciler.model.capabilities import Writes

if TYPE_CHECKING:
    import psycopg
    import pyarrow as pa

    from reconciler.adapters.opening import Opening

_BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


class PostgresOptions(Asked):
    """Options of `type: postgres`."""

    dialect = POSTGRES

    url: Url = Field(description="the database: postgresql://USER:PASSWORD@HOST/DATABASE, the password from outside")

    @field_validator("url")
    @classmethod
    def _of_postgres(cls, url: Url) -> Url:
        if not url.text.startswith(("postgres://", "postgresql://")) or "\0" in url.text:
            raise say("the address of a PostgreSQL database begins with postgresql://")
        return url


class PostgresSource:
    """A `Source` over one table, view or query; a table is `Writable`."""

    at_once = AT_ONCE

    def __init__(self, options: PostgresOptions, wait: float = 10.0) -> None:
        """`wait`: seconds that another session may keep a row that is to be written."""
        self._options = options
        self._wait = wait
        self._connection: psycopg.Connection[Any] | None = None
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
        complete = False
        try:
            for batch in batches(self._lines(connection, self._statement(connection, wanted)), wanted):
                rows += batch.num_rows
                yield batch
            complete = True
        finally:
            if not complete:  # what is left of it would have to be read before anything else could be asked
                self.close()
        if not rows:
            raise SourceFailed("E410", "there is no row")

    def cannot_write(self) -> str:
        return self._options.cannot_write()

    def write(self, person: str, edits: Sequence[Edit], same: Same) -> Sequence[Wrote]:
        from reconciler.adapters.postgres_writing import opened

        url, table = self._options.url, self._options.name()
        return written(self._options, lambda columns: opened(url, table, person, columns, self._wait), edits, same)

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _opened(self) -> psycopg.Connection[Any]:
        if self._connection is None:
            self._connection = connected(self._options.url)
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

    def _begin(self, connection: psycopg.Connection[Any]) -> None:
        begin(connection, _BEGIN)
        rows = self._options.query or f"SELECT * FROM {self._table()}"
        self._columns = described(connection, rows, of_the_file=self._options.query is not None)

    def _table(self) -> str:
        return ".".join(map(quoted, self._options.name()))

    def _statement(self, connection: psycopg.Connection[Any], wanted: Sequence[str]) -> str:
        """The rows' wanted columns, each as text, in an order that costs nothing."""
        shown = ", ".join(self._columns[name].printed() for name in wanted)
        if self._options.query is not None:
            return f"SELECT {shown} FROM (\n{self._options.query}\n) AS people"
        plain = f"SELECT {shown} FROM {self._table()} AS people"
        with said():
            connection.execute("SET LOCAL max_parallel_workers_per_gather = 0")  # rows of several readers have no order
            keys = [f"people.{quoted(name)}" for (name,) in connection.execute(_PRIMARY_KEY, (self._table(),))]
            ordered = f"{plain} ORDER BY {', '.join(keys)}"
            return ordered if keys and not self._sorts(connection, ordered) else plain

    @staticmethod
    def _sorts(connection: psycopg.Connection[Any], statement: str) -> bool:
        (plan,) = connection.execute(f"EXPLAIN (FORMAT JSON) {statement}".encode()).fetchone() or ("",)
        return _SORTING.search(json.dumps(plan)) is not None

    def _lines(self, connection: psycopg.Connection[Any], statement: str) -> Iterator[bytes]:
        """Every row as a line of CSV. Raises SourceFailed unless the server says that these were all."""
        copy = f"COPY ({statement}) TO STDOUT (FORMAT csv, QUOTE '{QUOTE}')".encode()
        rows = 0
        with said(), connection.cursor() as cursor:
            with cursor.copy(copy) as answer:
                try:
                    for line in answer:
                        rows += 1
                        yield bytes(line)
                except BaseException:  # Ctrl-C too: it is raised again, and nothing stays open
                    connection.close()  # else leaving would wait for the server
                    raise
            if cursor.rowcount != rows:
                raise SourceFailed("E437", f"{rows} rows came of {cursor.rowcount}")


_SORTING = re.compile(r'"Node Type": "(?:Incremental )?Sort"')
_PRIMARY_KEY = """
SELECT a.attname FROM pg_index i, unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, place), pg_attribute a
WHERE i.indrelid = %s::regclass AND i.indisprimary AND a.attrelid = i.indrelid AND a.attnum = k.number
ORDER BY k.place
"""


class _Adapter:
    Options = PostgresOptions
    writes = Writes("into a `table`, not through a `query`")

    def open(self, options: PostgresOptions, opening: Opening) -> PostgresSource:  # noqa: ARG002 - nothing of it is a file
        return PostgresSource(options)


ADAPTER = _Adapter()
