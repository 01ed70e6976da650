"""The people of a scenario: a file of them for each kind of source that takes values back, and what it holds."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from reconciler.adapters.csv import CsvSource
from reconciler.adapters.jsonl import JsonlSource
from reconciler.adapters.source import Source
from reconciler.adapters.sqlite import SqliteOptions, SqliteSource

Row = Mapping[str, str | None]


class Kind(NamedTuple):
    """How people are written and opened, and what the file's `source` says beside `type` and `path`."""

    write: Callable[[Path, Sequence[Row]], None]
    open: Callable[[Path], Source]
    more: Mapping[str, object]


def columns_of(people: Sequence[Row]) -> list[str]:
    """All columns, in the order of their first use; the first names people."""
    return list(dict.fromkeys(name for row in people for name in row))


def read(kind: Kind, path: Path, columns: Sequence[str]) -> dict[str, dict[str, str]]:
    """Person -> column -> text, "" for nothing."""
    with closing(kind.open(path)) as source:
        rows = [row for batch in source.read(columns) for row in batch.to_pylist()]
    return {row[columns[0]] or "": {name: text or "" for name, text in row.items()} for row in rows}


def differences(
    before: Sequence[Row], changed: Mapping[str, Row], after: Mapping[str, Mapping[str, str]]
) -> Iterator[str]:
    """A sentence per person whose row is not what it was with what is said to have changed in it."""
    columns = columns_of(before)
    want = {row[columns[0]] or "": {name: row.get(name) or "" for name in columns} for row in before}
    for person, cells in changed.items():
        want.setdefault(person, {}).update({name: text or "" for name, text in cells.items()})
    for person in {**want, **after}:
        if want.get(person) != after.get(person):
            yield f"source_after: {person}: {want.get(person)} expected, {after.get(person)} found"


def _write_csv(path: Path, people: Sequence[Row]) -> None:
    names = columns_of(people)
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(names)
        writer.writerows([row.get(name) or "" for name in names] for row in people)


def _write_jsonl(path: Path, people: Sequence[Row]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in people), encoding="utf-8")


def _write_sqlite(path: Path, people: Sequence[Row]) -> None:
    names = columns_of(people)
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as connection, connection:
        quoted = ['"' + name.replace('"', '""') + '"' for name in names]
        connection.execute(f"CREATE TABLE people ({', '.join(f'{name} TEXT' for name in quoted)})")
        rows = ([row.get(name) for name in names] for row in people)
        # One question mark a column; the names of a scenario are ours.
        connection.executemany(f"INSERT INTO people VALUES ({', '.join('?' * len(names))})", rows)  # noqa: S608


def _open_sqlite(path: Path) -> Source:
    return SqliteSource(path, SqliteOptions(path=path.name, table="people"))


KINDS: Mapping[str, Kind] = {
    "csv": Kind(_write_csv, CsvSource, {"write": True}),
    "jsonl": Kind(_write_jsonl, JsonlSource, {"write": True}),
    "sqlite": Kind(_write_sqlite, _open_sqlite, {"table": "people"}),
}
