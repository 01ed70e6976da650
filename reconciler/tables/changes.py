"""The change table: verdicts of whole columns become one row per contact, on disk, with the schema `CHANGES`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from reconciler.model.plan import CHANGES, TAG_CHANGE, VALUE_CHANGE, ContactAction
from reconciler.tables.grouped import grouped
from reconciler.tables.ranked import RankedRows
from reconciler.tables.scalars import whole
from reconciler.tables.spool import Spool


@dataclass(frozen=True, slots=True)
class ValueChanges:
    """Changes of one field in one batch: `at` (int64) are rows of the batch; the others run along with it."""

    field: int
    at: pa.Array
    verdict: pa.Array
    cause: pa.Array
    before: pa.Array
    after: pa.Array
    filled: pa.Array  # boolean: something stands there now, decodable or not
    read: pa.Array | None = None  # of a pull: what stands in the source, and what is to stand there
    write: pa.Array | None = None


@dataclass(frozen=True, slots=True)
class TagChanges:
    """Taggings in one batch: rows of the batch, tag names and actions, side by side."""

    at: pa.Array
    tag: pa.Array
    action: pa.Array


class ChangeTable:
    """What `Plan.people` is: contacts to write, creates first, then by source row, and those with a rank at the end.
    They come in the order of the source."""

    def __init__(self, path: Path, keys: Sequence[str]) -> None:
        self.keys = tuple(keys)
        self.contacts = 0
        self._spools = {action: Spool(path.with_suffix(f".{action:d}")) for action in ContactAction}
        self._ranked = RankedRows(path)

    def append(
        self, people: pa.RecordBatch, action: ContactAction, values: Sequence[ValueChanges], tags: Sequence[TagChanges]
    ) -> int:
        """How many rows came of it: updates without a change are left out. `people`: person, row, match, contact,
        rank."""
        length = people.num_rows
        value_lists, value_counts = grouped(length, [c.at for c in values], _value_structs(values))
        tag_lists, tag_counts = grouped(length, [c.at for c in tags], _tag_structs(tags))
        batch = pa.RecordBatch.from_arrays(
            [
                people.column("person"),
                people.column("row"),
                people.column("match"),
                people.column("contact"),
                pa.repeat(whole(action, pa.int8()), length),
                value_lists,
                tag_lists,
                people.column("rank"),
            ],
            schema=CHANGES,
        )
        if action is ContactAction.UPDATE:
            batch = batch.filter(pc.greater(pc.add(value_counts, tag_counts), whole(0, pa.int32())))
        if batch.num_rows:
            if (plain := self._ranked.take_from(batch)) is not None:
                self._spools[action].append(plain)
            self.contacts += batch.num_rows
        return int(batch.num_rows)

    def batches(self) -> Iterator[pa.RecordBatch]:
        for spool in self._spools.values():
            yield from spool.batches()
        yield from self._ranked.batches()

    def ranked(self, action: ContactAction) -> tuple[int, ...]:
        """How many contacts have a record to write at each rank, creations or updates; ranks with none left out."""
        return self._ranked.counts(action)


def _value_structs(values: Sequence[ValueChanges]) -> pa.Array:
    columns = [
        [pa.repeat(whole(c.field, pa.int16()), len(c.at)) for c in values],
        [c.verdict for c in values],
        [c.cause for c in values],
        [c.before for c in values],
        [c.after for c in values],
        [pa.nulls(len(c.at), pa.string()) if c.read is None else c.read for c in values],
        [pa.nulls(len(c.at), pa.string()) if c.write is None else c.write for c in values],
        [c.filled for c in values],
    ]
    return _struct(columns, VALUE_CHANGE)


def _tag_structs(tags: Sequence[TagChanges]) -> pa.Array:
    return _struct([[c.tag for c in tags], [c.action for c in tags]], TAG_CHANGE)


def _struct(columns: list[list[pa.Array]], kind: pa.StructType) -> pa.Array:
    fields = [kind.field(i) for i in range(kind.num_fields)]
    joined = [
        pa.concat_arrays([pa.array([], f.type), *(a.cast(f.type) for a in arrays)])
        for f, arrays in zip(fields, columns, strict=True)
    ]
    return pa.StructArray.from_arrays(joined, fields=fields)
