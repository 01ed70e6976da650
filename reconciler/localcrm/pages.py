"""All contacts of the embedded CRM as columns: one SELECT, pages of Arrow, no dictionary per contact."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from reconciler.localcrm.inventory import column_names
from reconciler.localcrm.merging import any_merged, former_of
from reconciler.localcrm.objects import CONTACT, Object, id_of

ID = "$id"
TAGS = "$tags"
FORMER = "$former"

_CARRIED = "SELECT contact, group_concat(tag) FROM contact_tags WHERE contact BETWEEN ? AND ? GROUP BY contact"


def pages(
    connection: sqlite3.Connection, keys: Sequence[str], since: int | None, size: int, object: Object = CONTACT
) -> Iterator[pa.RecordBatch]:
    """Columns `$id`, `$tags` and one of type string per field, in order of the ids; at most `size` contacts a page.
    Where contacts were merged, also `$former` behind the tags: ids that went into this one.

    `since`: microseconds; contacts changed at that moment or later. Raises Missing for a field.
    """
    names = column_names(connection, keys, object)
    more = [(FORMER, pa.list_(pa.string()))] if any_merged(connection) else []
    texts = [(key, pa.string()) for key in keys]
    schema = pa.schema([(ID, pa.string()), (TAGS, pa.list_(pa.string())), *more, *texts])
    where, bound = ("", ()) if since is None else ("AND modified >= ?", (since,))
    cursor = connection.execute(
        f"SELECT {', '.join(('id', *names))} FROM contacts WHERE {object.rows} {where} ORDER BY {object.order}", bound
    )
    while rows := cursor.fetchmany(size):
        ids, *values = zip(*rows, strict=True)
        carried = dict(connection.execute(_CARRIED, (min(ids), max(ids))).fetchall())
        columns = [
            pa.array([id_of(id) for id in ids], pa.string()),
            _lists([carried.get(id) for id in ids]),
            *([_former(connection, ids)] if more else []),
            *(pa.array(column, pa.string()) for column in values),
        ]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _former(connection: sqlite3.Connection, ids: Sequence[int]) -> pa.Array:
    found = former_of(connection, ids)
    return pa.array([found.get(id, []) for id in ids], pa.list_(pa.string()))


def _lists(carried: Sequence[str | None]) -> pa.Array:
    """`1,5,7` becomes a list; nothing becomes an empty one, not null."""
    split = pc.split_pattern(pa.array(carried, pa.string()), ",")
    return pa.ListArray.from_arrays(split.offsets, split.values)
