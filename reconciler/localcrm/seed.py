"""Filling the embedded CRM as if everything had always been there: no rule is asked, so that bad values can exist too.

A million contacts of 20 fields take seconds: columns in, one statement, indexes made afterwards.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, repeat
from typing import Any

import pyarrow as pa

from reconciler.localcrm.contacts import EMAIL, QUIET
from reconciler.localcrm.errors import Missing
from reconciler.localcrm.file import INDEXES
from reconciler.localcrm.inventory import column_names
from reconciler.localcrm.objects import CONTACT, Object

TAGS = "$tags"
STATUS = "$status"

SeedRow = Mapping[str, str | Sequence[str] | None]
"""Field key -> wire text; `$tags` -> names of tags; `$status`."""

_ROWS = 20_000


def insert_contacts(
    connection: sqlite3.Connection, batches: Iterable[pa.RecordBatch], moment: int, object: Object = CONTACT
) -> None:
    """Batches of one schema: string columns named by field key, `$tags` (list of tag names), `$status`.

    Raises Missing for a field or a tag.
    """
    first = first_id = _first_id(connection, object)
    bulk = first_id == 1
    for name in INDEXES if bulk else ():
        connection.execute(f"DROP INDEX {name}")
    tags = dict(connection.execute("SELECT name, id FROM tags"))
    for batch in batches:
        connection.executemany(*_insertion(connection, batch, first_id, (moment, object)))
        if TAGS in batch.schema.names:
            taggings = _taggings(batch.column(TAGS), tags, first_id)
            connection.executemany("INSERT OR IGNORE INTO contact_tags VALUES (?, ?)", taggings)
        first_id += batch.num_rows
    if object is not CONTACT:
        _make_negative(connection, first)
    for statement in INDEXES.values() if bulk else ():
        connection.execute(statement)


def _insertion(
    connection: sqlite3.Connection, batch: pa.RecordBatch, first_id: int, made: tuple[int, Object]
) -> tuple[str, Iterator[tuple[Any, ...]]]:
    moment, object = made
    keys = [name for name in batch.schema.names if name not in (TAGS, STATUS)]
    columns = [_texts(batch.column(key)) for key in keys]
    emails = columns[keys.index(EMAIL)] if EMAIL in keys else [None] * batch.num_rows
    addresses = list(map(object.address, emails))
    asked = batch.column(STATUS).to_pylist() if STATUS in batch.schema.names else [None] * batch.num_rows
    statuses = [status or QUIET for status in asked]
    names = ["id", "address", "status", "created", "modified", *column_names(connection, keys, object)]
    statement = f"INSERT INTO contacts ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
    ids = range(first_id, first_id + batch.num_rows)
    return statement, zip(ids, addresses, statuses, repeat(moment), repeat(moment), *columns)


def _first_id(connection: sqlite3.Connection, object: Object) -> int:
    """The first number that no row has; of leads, that none ever had."""
    last = connection.execute("SELECT coalesce(max(id), 0) FROM contacts").fetchone()[0]
    if object is CONTACT:
        return int(last) + 1
    ever = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'contacts'").fetchone()
    return max(int(last), ever[0] if ever else 0) + 1


def _make_negative(connection: sqlite3.Connection, first: int) -> None:
    connection.execute("UPDATE contact_tags SET contact = -contact WHERE contact >= ?", (first,))
    connection.execute("UPDATE contacts SET id = -id WHERE id >= ?", (first,))


def _texts(column: pa.Array) -> list[str | None]:
    return [text or None for text in column.to_pylist()]


def _taggings(column: pa.Array, tags: Mapping[str, int], first_id: int) -> Iterator[tuple[int, int]]:
    for id, names in enumerate(column.to_pylist(), first_id):
        for name in names or ():
            if name not in tags:
                raise Missing(f"there is no tag `{name}`")
            yield id, tags[name]


def as_batches(contacts: Iterable[pa.RecordBatch | SeedRow]) -> Iterator[pa.RecordBatch]:
    """Rows, if it is rows that were given, as batches; a key that a row does not have is empty there."""
    given = iter(contacts)
    first = next(given, None)
    if first is None:
        return
    if isinstance(first, pa.RecordBatch):
        yield from chain((first,), given)
        return
    rows = [first, *given]
    keys = list(dict.fromkeys(key for row in rows for key in row))
    schema = pa.schema([(key, pa.list_(pa.string()) if key == TAGS else pa.string()) for key in keys])
    for start in range(0, len(rows), _ROWS):
        part = rows[start : start + _ROWS]
        arrays = [pa.array([row.get(f.name) for row in part], f.type) for f in schema]
        if arrays:
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)
