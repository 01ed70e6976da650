"""Rows on disk, in order: what a comparison reads a second time.

Arrow IPC with LZ4, written batch by batch; `gather` reads only the batches that hold wanted rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

_OPTIONS = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)


class Spool:
    """Append batches, then read. A row is known by its number, from 0 in the order of appending, or by the ascending
    numbers of the column `key`."""

    def __init__(self, path: Path, key: str = "") -> None:
        self.path = path
        self.rows = 0
        self.starts: list[int] = []  # the number of each batch's first row
        self.schema: pa.Schema | None = None
        self._key = key
        self._writer: pa.ipc.RecordBatchFileWriter | None = None
        self._kept: pa.OSFile | None = None

    @classmethod
    def reopen(cls, path: Path, starts: Sequence[int], rows: int) -> Spool:
        """One that an earlier run finished. It stays readable when its file is removed meanwhile. Raises OSError or
        an Arrow error when the file is not whole."""
        spool = cls(path)
        spool.starts, spool.rows = list(starts), rows
        spool._kept = pa.OSFile(str(path))
        reader = pa.ipc.open_file(spool._kept)
        spool.schema = reader.schema
        if reader.num_record_batches != len(spool.starts):
            raise OSError("it has another number of batches")
        return spool

    def append(self, batch: pa.RecordBatch) -> None:
        if batch.num_rows == 0 and self._writer is not None:
            return
        if self._writer is None:
            self.schema = batch.schema
            self._writer = pa.ipc.new_file(str(self.path), batch.schema, options=_OPTIONS)
        first = self.rows
        if self._key and batch.num_rows:
            first = batch.column(self._key)[0].as_py()
        self.starts.append(first)
        self._writer.write_batch(batch)
        self.rows += batch.num_rows

    def finish(self) -> Spool:
        if self._writer is not None:
            self._writer.close()
        return self

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """All rows, in order; `columns`: only these, in the order of the file."""
        if not self.starts:
            return
        with self._open(columns) as reader:
            for number in range(reader.num_record_batches):
                yield reader.get_batch(number)

    def gather(self, wanted: pa.Array) -> Iterator[pa.RecordBatch]:
        """The wanted rows; `wanted` is an ascending int64 array of row numbers, each of which is there."""
        if not len(wanted):
            return
        with self._open() as reader:
            for number, start in enumerate(self.starts):
                first = _position(wanted, start)
                last = _position(wanted, self.starts[number + 1]) if number + 1 < len(self.starts) else len(wanted)
                if first < last:
                    batch, some = reader.get_batch(number), wanted.slice(first, last - first)
                    keyed = pc.index_in(some, value_set=batch.column(self._key)) if self._key else None
                    yield batch.take(pc.subtract(some, start) if keyed is None else keyed)
                    _give_back()

    def close(self) -> None:
        if self._kept is not None:
            self._kept.close()

    @contextmanager
    def _open(self, columns: Sequence[str] | None = None) -> Iterator[pa.ipc.RecordBatchFileReader]:
        included = None if columns is None or self.schema is None else [self.schema.get_field_index(c) for c in columns]
        options = pa.ipc.IpcReadOptions(included_fields=included, use_threads=False)
        if self._kept is not None:
            yield pa.ipc.open_file(self._kept, options=options)
            return
        with pa.OSFile(str(self.path)) as file, pa.ipc.open_file(file, options=options) as reader:
            yield reader


def numbered(wanted: pa.Array, batches: Iterator[pa.RecordBatch]) -> Iterator[tuple[pa.Array, pa.RecordBatch]]:
    """Batches of exactly the wanted rows, in order, each with the numbers of its rows."""
    at = 0
    for batch in batches:
        yield wanted.slice(at, batch.num_rows), batch
        at += batch.num_rows


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
