"""A table that takes values back, in each kind of database, and somebody else who works in it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from filled import CANARY
from servers.databases import Database

from reconciler.adapters.errors import SourceFailed
from reconciler.adapters.mysql import MysqlOptions, MysqlSource
from reconciler.adapters.postgres import PostgresOptions, PostgresSource
from reconciler.adapters.source import Edit, Same, Writable, Wrote
from reconciler.adapters.sqlite import SqliteOptions, SqliteSource

KINDS = ("sqlite", "postgres", "mysql")
ON_A_SERVER = ("postgres", "mysql")
HASTY = {"sqlite": 0.2, "postgres": 0.2, "mysql": 1.0}  # seconds that are waited for somebody else

AnySource = SqliteSource | PostgresSource | MysqlSource


def alike(_column: str, meant: str | None, kept: str | None) -> bool:
    """What a text type would say."""
    return (meant or "") == (kept or "")


class Table:
    """`database`: None for an SQLite file."""

    def __init__(self, kind: str, folder: Path, database: Database | None) -> None:
        self.kind = kind
        self.path = folder / "people.db"
        self.database = database

    def connected(self) -> Any:
        """Somebody else, each of whose statements counts at once."""
        if self.database is None:
            return sqlite3.connect(self.path, isolation_level=None, timeout=5.0)
        return self.database.connected()

    def run(self, *statements: str) -> list[tuple[Any, ...]]:
        with closing(self.connected()) as connection, closing(connection.cursor()) as cursor:
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []

    def people(self, *rows: Sequence[str | None], columns: str = "a varchar(9), b varchar(9)") -> None:
        """A table `people` with the key `id` and these columns, all of them texts."""
        self.run(f"CREATE TABLE people (id varchar(9) PRIMARY KEY, {columns})")
        for row in rows:
            self.run(f"INSERT INTO people VALUES ({', '.join(map(literal, row))})")

    def source(self, table: str = "people", wait: float = 10.0, url: str = "", **options: Any) -> AnySource:
        said = {"table": table, **options}
        if self.database is None:
            return SqliteSource(self.path, SqliteOptions(path="people.db", **said), wait)
        address = url or self.database.url
        if self.kind == "postgres":
            return PostgresSource(PostgresOptions(url=address, **said), wait)
        return MysqlSource(MysqlOptions(url=address, **said), wait)

    def write(self, *edits: Edit, person: str = "id", same: Same = alike, **options: Any) -> list[Wrote]:
        with closing(self.source(**options)) as source:
            assert isinstance(source, Writable)
            return list(source.write(person, edits, same))

    def read(self, *columns: str, table: str = "people") -> list[tuple[str | None, ...]]:
        """As the source reads it, by the first column."""
        with closing(self.source(table)) as source:
            found: list[tuple[str | None, ...]] = []
            for batch in source.read(columns or source.columns()):
                found += zip(*(column.to_pylist() for column in batch.columns), strict=True)
            return sorted(found, key=str)

    def failure(self, *edits: Edit, **options: Any) -> SourceFailed:
        """What writing fails with: a sentence of ours that quotes nobody."""
        with pytest.raises(SourceFailed) as caught:
            self.write(*edits, **options)
        return quoting_nobody(caught.value)


def quoting_nobody(error: SourceFailed) -> SourceFailed:
    assert error.__cause__ is None
    assert error.__suppress_context__
    assert not any(word in f"{error!r} {error.args} {error.detail} {error.fix}" for word in (CANARY, "qzxkanari"))
    return error


def literal(text: str | None) -> str:
    return "NULL" if text is None else "'" + text.replace("'", "''") + "'"


def edit(person: str, **cells: tuple[str | None, str | None]) -> Edit:
    return Edit(person, cells)


def once(act: Callable[[], object], answer: bool = True) -> Same:
    """A `same` that does something when it is asked first."""
    acts = [act]

    def same(column: str, meant: str | None, kept: str | None) -> bool:
        if acts:
            acts.pop()()
            return answer
        return alike(column, meant, kept)

    return same
