"""Rows that come in one order and are wanted in another, more of them than fit into memory: parted on disk."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from reconciler.tables.scalars import whole
from reconciler.tables.spool import Spool

_AT = "$at"


class Reorder:
    """`add` all rows, each with the place where it goes, then take `part` after part."""

    def __init__(self, path: Path, size: int, places: int) -> None:
        """`size`: places of one part. `places`: how many there are; not all of them have to be taken."""
        self._size = size
        self._spool = Spool(path, dense=False) if places > size else None
        self._held: list[pa.RecordBatch] = []
        self._frames: defaultdict[int, list[int]] = defaultdict(list)

    def add(self, batch: pa.RecordBatch, at: pa.Array) -> None:
        """`at`: int64, the place of each row, from 0; no two rows have the same."""
        self._held.append(batch.append_column(_AT, at))
        if sum(held.num_rows for held in self._held) >= self._size:
            self._write()

    def part(self, number: int) -> pa.RecordBatch | None:
        """The rows of that part in the order of their places, as often as one likes; None for none."""
        found = self._held
        if self._spool is not None:
            self._write()
            found = [self._spool.batch(frame) for frame in self._frames.get(number, ())]
        if not found:
            return None
        rows = pa.concat_batches(found)
        return rows.take(pc.array_sort_indices(rows.column(_AT))).drop_columns([_AT])

    def _write(self) -> None:
        if self._spool is None or not self._held:
            return
        rows = pa.concat_batches(self._held)
        rows = rows.take(pc.array_sort_indices(rows.column(_AT)))
        parts = pc.run_end_encode(pc.divide(rows.column(_AT), whole(self._size)))
        start = 0
        for part, end in zip(parts.values.to_pylist(), parts.run_ends.to_pylist(), strict=True):
            self._frames[part].append(len(self._spool.ends))
            self._spool.append(rows.slice(start, end - start))
            start = end
        self._held = []
