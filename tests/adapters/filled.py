"""The same people in every kind of source."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from servers.databases import Database, quoted

from reconciler.adapters import registry
from reconciler.adapters.errors import SourceFailed
from reconciler.adapters.opening import Opening
from reconciler.adapters.source import Source
from reconciler.model.clock import Clock

Rows = Sequence[Sequence[str | None]]
KINDS = ("csv", "jsonl", "parquet", "sqlite", "postgres", "mysql")
CANARY = "Zanzibar"


def opened(kind: str, base: Path, **options: Any) -> Source:
    adapter = registry.find(registry.SOURCE, kind)
    source: Source = adapter.open(adapter.Options(**options), Opening(base, Clock.system()))
    return source


def of(database: Database, url: str = "", **options: Any) -> Source:
    return opened(database.kind, Path(), url=url or database.url, **options)


class Filled:
    """`source(kind, columns, rows)`: a source of that kind that holds them in a table or file `people`."""

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        self._request = request
        self._folder = folder
        self._open: list[Source] = []

    def source(self, kind: str, columns: Sequence[str], rows: Rows, key: str = "") -> Source:
        made = getattr(self, f"_{kind}", self._server)(kind, columns, rows, key)
        self._open.append(made)
        return made

    def close(self) -> None:
        for source in self._open:
            source.close()

    def _csv(self, kind: str, columns: Sequence[str], rows: Rows, key: str) -> Source:
        with (self._folder / "people.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, quoting=csv.QUOTE_ALL).writerows([columns, *[[v or "" for v in row] for row in rows]])
        return opened(kind, self._folder, path="people.csv")

    def _jsonl(self, kind: str, columns: Sequence[str], rows: Rows, key: str) -> Source:
        lines = [json.dumps(dict(zip(columns, row, strict=True))) + "\n" for row in rows]
        (self._folder / "people.jsonl").write_text("".join(lines))
        return opened(kind, self._folder, path="people.jsonl")

    def _parquet(self, kind: str, columns: Sequence[str], rows: Rows, key: str) -> Source:
        arrays = [pa.array(values, pa.string()) for values in zip(*rows, strict=True)]
        pq.write_table(pa.Table.from_arrays(arrays, list(columns)), self._folder / "people.parquet", row_group_size=7)
        return opened(kind, self._folder, path="people.parquet")

    def _sqlite(self, kind: str, columns: Sequence[str], rows: Rows, key: str) -> Source:
        with closing(sqlite3.connect(self._folder / "people.db")) as connection, connection:
            kinds = [f"{quoted(kind, name)} TEXT{' PRIMARY KEY' if name == key else ''}" for name in columns]
            connection.execute(f"CREATE TABLE people ({', '.join(kinds)})")
            connection.executemany(f"INSERT INTO people VALUES ({', '.join('?' * len(columns))})", rows)
        return opened(kind, self._folder, path="people.db", table="people")

    def _server(self, kind: str, columns: Sequence[str], rows: Rows, key: str) -> Source:
        database: Database = self._request.getfixturevalue(kind)
        database.fill("people", columns, rows, key)
        return of(database, table="people")


def rows_of(source: Source, *columns: str) -> list[tuple[str | None, ...]]:
    """All rows; every batch has exactly these columns, of texts."""
    wanted = list(columns or source.columns())
    found: list[tuple[str | None, ...]] = []
    for batch in source.read(wanted):
        assert batch.schema == pa.schema([(name, pa.string()) for name in wanted])
        found += zip(*(column.to_pylist() for column in batch.columns), strict=True)
    return found


def failure(source: Source, *columns: str) -> SourceFailed:
    """What reading fails with: a sentence of ours that quotes nobody."""
    with pytest.raises(SourceFailed) as caught:
        rows_of(source, *columns)
    error = caught.value
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None
    assert not any(word in f"{error!r} {error.args} {error.detail} {error.fix}" for word in (CANARY, "qzxkanari"))
    return error
