"""Rows on disk, in order: what a comparison reads a second time, and what the next one starts from.

One frame a batch: an Arrow stream, with LZ4 where that pays, sealed where it outlives the run. `gather` reads only the
batches that hold wanted rows.
"""

from __future__ import annotations

import os
import weakref
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from reconciler.model.plan import SpoolFile
from reconciler.tables.repeating import plain_batch
from reconciler.tables.scalars import whole

_DENSE = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)
_LOOSE = pa.ipc.IpcWriteOptions(use_threads=False)
SALT_BYTES = 16
_MARGIN = 1 << 14  # bytes a column: what a frame holds beside values, and what LZ4 adds to what it cannot make smaller


class Damaged(Exception):
    """A file of an earlier run is not what it was when it was written."""


class Seal:
    """Encrypts frames, so that neither a search nor a copy of the file alone shows anybody's data, and a changed byte
    is noticed. The key lies with the state: whoever has both can read."""

    def __init__(self, secret: bytes, salt: bytes) -> None:
        """`salt`: SALT_BYTES random bytes, kept in the clear; no two files of one secret have the same."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self.salt = salt
        self._cipher = AESGCM(blake2b(salt, key=secret, digest_size=32).digest())

    def close(self, number: int, frame: memoryview) -> bytes:
        return self._cipher.encrypt(number.to_bytes(12, "little"), frame, None)

    def open(self, number: int, frame: bytes) -> bytes:
        """Raises Damaged."""
        from cryptography.exceptions import InvalidTag

        try:
            return self._cipher.decrypt(number.to_bytes(12, "little"), frame, None)
        except InvalidTag:
            raise Damaged from None


class Spool:
    """Append batches, then read. A row is known by its number, from 0 in the order of appending, or by the ascending
    numbers of the column `key`."""

    def __init__(self, path: Path, key: str = "", seal: Seal | None = None, dense: bool = True) -> None:
        """`dense`: compress, for what stays or is large; what is soon read once is cheaper as it is."""
        self.path = path
        self.rows = 0
        self.starts: list[int] = []  # the number of each batch's first row
        self.ends: list[int] = []  # where each frame ends in the file
        self._size = 0
        self._scratch: pa.Buffer | None = None
        self._key, self._seal = key, seal
        self._options = _DENSE if dense else _LOOSE
        self._file: int | None = None  # a descriptor; it goes with this object

    @classmethod
    def reopen(cls, file: SpoolFile, secret: bytes | None = None) -> Spool:
        """One of an earlier run; `secret` if it was sealed. It stays readable when its file is removed meanwhile.
        Raises Damaged."""
        spool = cls(file.path)
        spool.starts, spool.ends, spool.rows = list(file.starts), list(file.ends), file.rows
        try:
            spool._open(os.O_RDONLY)
        except OSError:
            raise Damaged from None
        spool._seal = Seal(secret, spool._read(0, SALT_BYTES)) if secret is not None else None
        return spool

    @property
    def file(self) -> SpoolFile:
        """What `reopen` needs."""
        return SpoolFile(self.path, tuple(self.starts), tuple(self.ends), self.rows)

    def append(self, batch: pa.RecordBatch) -> None:
        """Columns that come as dictionaries lie there as such, and are read as plain ones."""
        if batch.num_rows == 0 and self._file is not None:
            return
        if self._file is None:
            self._open(os.O_RDWR | os.O_CREAT | os.O_TRUNC)
            self._write(self._seal.salt if self._seal is not None else b"")
        keyed = bool(self._key) and batch.num_rows > 0
        self.starts.append(batch.column(self._key)[0].as_py() if keyed else self.rows)
        frame = self._framed(batch)
        self._write(frame if self._seal is None else self._seal.close(len(self.ends), frame))
        self.ends.append(self._size)
        self.rows += batch.num_rows

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """All rows, in order; `columns`: only these, those that are there, in the order of the file."""
        for number in range(len(self.ends)):
            yield self.batch(number, columns)

    def gather(self, wanted: pa.Array) -> Iterator[pa.RecordBatch]:
        """The wanted rows; `wanted` is an ascending int64 array of row numbers, each of which is there."""
        if not len(wanted):
            return
        lowest, highest = (bisect_right(self.starts, wanted[at].as_py()) for at in (0, len(wanted) - 1))
        for number in range(max(lowest - 1, 0), highest):
            start = self.starts[number]
            first = _position(wanted, start)
            last = _position(wanted, self.starts[number + 1]) if number + 1 < len(self.starts) else len(wanted)
            if first < last:
                batch, some = self._encoded(number), wanted.slice(first, last - first)
                dense = not self._key or batch.column(self._key)[-1].as_py() == start + batch.num_rows - 1
                at = pc.subtract(some, whole(start)) if dense else pc.index_in(some, value_set=batch.column(self._key))
                yield plain_batch(batch.take(at))

    def _framed(self, batch: pa.RecordBatch) -> memoryview:
        """The batch as bytes, true until the next one: they lie in memory that is used again, since new memory for
        each frame costs as much as what is written into it."""
        # Not `nbytes`: where a slice of lists holds nothing at all, Arrow writes what lies behind the whole column.
        size = pa.ipc.get_record_batch_size(batch) + sum(map(_values, batch.columns))
        room = size + size // 64 + (batch.num_columns + 1) * _MARGIN
        if self._scratch is None or self._scratch.size < room:
            self._scratch = pa.allocate_buffer(room)
        out = pa.FixedSizeBufferWriter(self._scratch)
        with pa.ipc.new_stream(out, batch.schema, options=self._options) as writer:
            writer.write_batch(batch)
        return memoryview(self._scratch).cast("B")[: out.tell()]

    def batch(self, number: int, columns: Sequence[str] | None = None) -> pa.RecordBatch:
        """One of the batches; `columns` as in `batches`."""
        return plain_batch(self._encoded(number, columns))

    def _encoded(self, number: int, columns: Sequence[str] | None = None) -> pa.RecordBatch:
        salt = SALT_BYTES if self._seal is not None else 0
        begin, end = self.ends[number - 1] if number else salt, self.ends[number]
        frame = self._read(begin, end - begin)
        if self._seal is not None:
            frame = self._seal.open(number, frame)
        try:
            return _unframed(frame, columns)
        except pa.ArrowException:
            raise Damaged from None

    def _open(self, flags: int) -> None:
        self._file = os.open(self.path, flags | os.O_CLOEXEC, 0o600)
        weakref.finalize(self, os.close, self._file)

    def _write(self, data: bytes | memoryview) -> None:
        left = memoryview(data)
        self._size += len(left)
        while len(left) and self._file is not None:
            left = left[os.write(self._file, left) :]

    def _read(self, begin: int, length: int) -> bytes:
        read = os.pread(self._file, length, begin) if self._file is not None else b""
        if len(read) != length:
            raise Damaged
        return read


def _values(column: pa.Array) -> int:
    """Bytes of a column's dictionary."""
    return int(column.dictionary.nbytes) if pa.types.is_dictionary(column.type) else 0


def _unframed(frame: bytes, columns: Sequence[str] | None) -> pa.RecordBatch:
    included = None
    if columns is not None:
        with pa.ipc.open_stream(frame) as head:
            included = [at for name in columns if (at := head.schema.get_field_index(name)) >= 0]
    options = pa.ipc.IpcReadOptions(included_fields=included, use_threads=False)
    with pa.ipc.open_stream(frame, options=options) as reader:
        return reader.read_next_batch()


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
        pieces = max(1, batch.num_rows // size)
        length = -(-batch.num_rows // pieces)
        for piece in (batch.slice(n * length, length) for n in range(pieces)):
            held.append(piece)
            count += piece.num_rows
            if count >= size:
                yield _combined(held)
                held, count = [], 0
    if held:
        yield _combined(held)


def exactly(batches: Iterator[pa.RecordBatch], size: int) -> Iterator[pa.RecordBatch]:
    """The same rows in batches of just that size; the last may be smaller."""
    held: list[pa.RecordBatch] = []
    room = size
    for batch in batches:
        at = 0
        while at < batch.num_rows:
            held.append(batch.slice(at, room))
            at += held[-1].num_rows
            room -= held[-1].num_rows
            if not room:
                yield _combined(held)
                held, room = [], size
    if held:
        yield _combined(held)


def _combined(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    return batches[0] if len(batches) == 1 else pa.concat_batches(batches)
