"""Rows on disk, in order: what a comparison reads a second time.

Arrow IPC with LZ4, written batch by batch; `gather` reads only the batches that hold wanted rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

_OPTIONS = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)


class Spool:
    """Append batches, then read. Row numbers count from 0 in the order of appending."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = 0
        self._starts: list[int] = []
        self._writer: pa.ipc.RecordBatchFileWriter | None = None
        self.schema: pa.Schema | None = None

    def append(self, batch: pa.RecordBatch) -> None:
        if batch.num_rows == 0 and self._writer is not None:
            return
        if self._writer is None:
            self.schema = batch.schema
            self._writer = pa.ipc.new_file(str(self.path), batch.schema, options=_OPTIONS)
        self._starts.append(self.rows)
        self._writer.write_batch(batch)
        self.rows += batch.num_rows

    def finish(self) -> None:
        if self._writer is not None:
            self._writer.close()

    def batches(self) -> Iterator[pa.RecordBatch]:
        """All rows, in order."""
        if not self._starts:
            return
        with pa.OSFile(str(self.path)) as file, pa.ipc.open_file(file) as reader:
            for number in range(reader.num_record_batches):
                yield reader.get_batch(number)

    def gather(self, wanted: pa.Array) -> Iterator[pa.RecordBatch]:
        """The wanted rows; `wanted` is an ascending int64 array of row numbers."""
        if not len(wanted):
            return
        bounds = [*self._starts, self.rows]
        with pa.OSFile(str(self.path)) as file, pa.ipc.open_file(file) as reader:
            for number in range(reader.num_record_batches):
                first = _position(wanted, bounds[number])
                last = _position(wanted, bounds[number + 1])
                if first < last:
                    picked = pc.subtract(wanted.slice(first, last - first), bounds[number])
                    yield reader.get_batch(number).take(picked)
                    _give_back()


def _position(ascending: pa.Array, value: int) -> int:
    """How many entries are smaller than `value`."""
    low, high = 0, len(ascending)
    while low < high:
        middle = (low + high) // 2
        if ascending[middle].as_py() < value:
            low = middle + 1
        else:
            high = middle
    return low


def rebatched(batches: Iterator[pa.RecordBatch], size: int) -> Iterator[pa.RecordBatch]:
    """The same rows in batches of about `size`: small pages are joined, huge ones cut."""
    held: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
        for start in range(0, max(batch.num_rows, 1), size):
            piece = batch.slice(start, size)
            held.append(piece)
            count += piece.num_rows
            if count >= size:
                yield _combined(held)
                held, count = [], 0
                _give_back()
    if held:
        yield _combined(held)


def _combined(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    return batches[0] if len(batches) == 1 else pa.concat_batches(batches)


def _give_back() -> None:
    """Arrow's allocator keeps what it frees; at millions of rows that is memory which nobody uses."""
    pa.default_memory_pool().release_unused()
