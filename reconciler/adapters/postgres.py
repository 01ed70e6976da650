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
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field, field_validator

from reconciler.adapters.blocks import QUOTE, batches
from reconciler.adapters.databases import Asked, Url, checked_names, say
from reconciler.adapters.errors import SourceAuthFailed, SourceFailed
from reconciler.adapters.statements import POSTGRES

if TYPE_CHECKING:
    import psycopg
    import pyarrow as pa

_BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_SETTINGS = {
    "datestyle": "ISO, YMD",
    "intervalstyle": "postgres",
    "timezone": "UTC",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "standard_conforming_strings": "on",
    "synchronize_seqscans": "off",  # else a scan may begin where another one is
}
_CONNECT = {
    "fallback_application_name": "reconciler",
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
}
"""What a URL may say otherwise. Keepalives: a server that is gone is noticed within a minute."""

_BOOL, _BPCHAR, _MONEY, _RECORD = 16, 1042, 790, 2249  # types by their oid
_PRINTED = {_BOOL: "{}::text", _BPCHAR: "{}::text", _MONEY: "{}::numeric"}
_NESTED = "to_json({})"

_OF_STATE: dict[str, str] = {
    "28": "E430",
    "08": "E437",
    "57014": "E436",
    "57P": "E437",
    "57": "E437",
    "40": "E437",
    "53300": "E431",
    "53": "E437",
    "3D000": "E432",
    "3F000": "E433",
    "42P01": "E433",
    "42501": "E434",
    "42703": "E414",
    "42702": "E413",
    "25006": "E440",
    "25P03": "E437",
    "55P03": "E436",
    "22021": "E422",
    "22P05": "E422",
}
"""Beginning of the server's code of an error, the longest counts -> ours. Any other is E435."""

_OF_CONNECTING: tuple[tuple[str, str], ...] = (
    ("password", "E430"),
    ("authentication", "E430"),
    ("pg_hba", "E430"),
    ('role "', "E430"),
    ('database "', "E432"),
    ("resolve", "E431"),
    ("translate host", "E431"),
    ("refused", "E431"),
    ("timeout", "E431"),
    ("SSL", "E439"),
    ("certificate", "E439"),
)
"""What the client's words for a failed connection hold -> ours. It has no code of the server, and is never shown."""


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


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    oid: int


class PostgresSource:
    """A `Source` over one table, view or query."""

    def __init__(self, options: PostgresOptions) -> None:
        self._options = options
        self._connection: psycopg.Connection[Any] | None = None
        self._columns: tuple[_Column, ...] = ()
        self._nested: frozenset[int] = frozenset()

    def label(self) -> str:
        return self._options.label()

    def columns(self) -> Sequence[str]:
        self._opened()
        return [column.name for column in self._columns]

    def read(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        connection = self._opened()
        wanted = list(columns)
        checked_names([column.name for column in self._columns], wanted)
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

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _opened(self) -> psycopg.Connection[Any]:
        if self._connection is None:
            self._connection = _connected(self._options.url)
            try:
                with _said():
                    self._begin(self._connection)
            except SourceFailed as failed:
                self.close()
                raise self._options.named(failed) from None
            except BaseException:  # Ctrl-C too: it is raised again, and nothing stays open
                self.close()
                raise
        return self._connection

    def _begin(self, connection: psycopg.Connection[Any]) -> None:
        connection.execute(_BEGIN)
        settings = ", ".join(["set_config(%s, %s, true)"] * len(_SETTINGS))
        connection.execute(f"SELECT {settings}".encode(), [word for pair in _SETTINGS.items() for word in pair])
        self._columns = self._described(connection)
        checked_names([column.name for column in self._columns])
        oids = sorted({column.oid for column in self._columns})
        found = connection.execute("SELECT oid FROM pg_type WHERE oid = ANY(%s) AND typcategory IN ('A', 'C')", (oids,))
        self._nested = frozenset(oid for (oid,) in found) | {_RECORD}

    def _described(self, connection: psycopg.Connection[Any]) -> tuple[_Column, ...]:
        """The columns of what is asked for, without a row. A statement with a parameter goes by a protocol that takes
        no second one: what passes here is one statement wherever it is put between brackets."""
        rows = self._options.query or f"SELECT * FROM {self._table()}"
        with _said(at=len(_BRACKET) if self._options.query else None), connection.cursor() as cursor:
            cursor.execute(f"{_BRACKET}{rows.replace('%', '%%')}\n) AS people LIMIT %s".encode(), (0,))
            return tuple(_Column(column.name, column.type_code) for column in cursor.description or ())

    def _table(self) -> str:
        return ".".join(map(_quoted, self._options.name()))

    def _statement(self, connection: psycopg.Connection[Any], wanted: Sequence[str]) -> str:
        """The rows' wanted columns, each as text, in an order that costs nothing."""
        kinds = {column.name: column.oid for column in self._columns}
        shown = ", ".join(self._printed(kinds[name]).format(f"people.{_quoted(name)}") for name in wanted)
        if self._options.query is not None:
            return f"SELECT {shown} FROM (\n{self._options.query}\n) AS people"
        plain = f"SELECT {shown} FROM {self._table()} AS people"
        with _said():
            connection.execute("SET LOCAL max_parallel_workers_per_gather = 0")  # rows of several readers have no order
            keys = [f"people.{_quoted(name)}" for (name,) in connection.execute(_PRIMARY_KEY, (self._table(),))]
            ordered = f"{plain} ORDER BY {', '.join(keys)}"
            return ordered if keys and not self._sorts(connection, ordered) else plain

    @staticmethod
    def _sorts(connection: psycopg.Connection[Any], statement: str) -> bool:
        (plan,) = connection.execute(f"EXPLAIN (FORMAT JSON) {statement}".encode()).fetchone() or ("",)
        return _SORTING.search(json.dumps(plan)) is not None

    def _printed(self, oid: int) -> str:
        return _NESTED if oid in self._nested else _PRINTED.get(oid, "{}")

    def _lines(self, connection: psycopg.Connection[Any], statement: str) -> Iterator[bytes]:
        """Every row as a line of CSV. Raises SourceFailed unless the server says that these were all."""
        copy = f"COPY ({statement}) TO STDOUT (FORMAT csv, QUOTE '{QUOTE}')".encode()
        rows = 0
        with _said(), connection.cursor() as cursor:
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


_BRACKET = "SELECT * FROM (\n"
_SORTING = re.compile(r'"Node Type": "(?:Incremental )?Sort"')
_PRIMARY_KEY = """
SELECT a.attname FROM pg_index i, unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, place), pg_attribute a
WHERE i.indrelid = %s::regclass AND i.indisprimary AND a.attrelid = i.indrelid AND a.attnum = k.number
ORDER BY k.place
"""


def _connected(url: Url) -> psycopg.Connection[Any]:
    try:
        import psycopg
    except ImportError:
        raise SourceFailed("E438", "`postgres` needs psycopg", "pip install 'crm-reconciler[postgres]'") from None
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    try:
        said = conninfo_to_dict(url.text)
        more = {name: value for name, value in _CONNECT.items() if name not in said}
        return psycopg.connect(make_conninfo(url.text, client_encoding="UTF8", **more), autocommit=True)
    except psycopg.ProgrammingError:
        raise SourceFailed(
            "E431", "the address is no address of a PostgreSQL database", "correct `source.url`"
        ) from None
    except psycopg.Error as error:
        raise _of_connecting(error) from None


def _of_connecting(error: psycopg.Error) -> SourceFailed:
    words = str(error)
    code = next((code for word, code in _OF_CONNECTING if word in words), "E431")
    return _failed(code)


@contextmanager
def _said(at: int | None = None) -> Iterator[None]:
    """The server's errors in our words: its own quote data. `at`: where the file's query begins in the statement."""
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        state = error.sqlstate or "08"
        place = int(error.diag.statement_position or 0) - (at or 0)
        where = f"at character {place} of the query" if at is not None and place > 0 else ""
        raise _of_state(state, where) from None


def _of_state(state: str, where: str) -> SourceFailed:
    """`state`: the five signs by which the server names an error."""
    code = next((_OF_STATE[state[:size]] for size in range(len(state), 1, -1) if state[:size] in _OF_STATE), "E435")
    shown = f"the server's code is {state}" if len(state) == 5 and state.isalnum() and state.isascii() else ""
    return _failed(code, ", ".join(part for part in (shown, where) if part))


def _failed(code: str, detail: str = "") -> SourceFailed:
    return (SourceAuthFailed if code in ("E430", "E434") else SourceFailed)(code, detail)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


class _Adapter:
    Options = PostgresOptions

    def open(self, options: PostgresOptions, base: Path) -> PostgresSource:  # noqa: ARG002 - nothing of it is a file
        return PostgresSource(options)


ADAPTER = _Adapter()
