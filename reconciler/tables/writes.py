"""The file of what one run wrote: frames that are appended while it runs, sealed, readable up to wherever it was cut.

A frame of `INTENTS` goes out before the call that writes; a frame of `OUTCOMES` tells of ranges of those rows, numbered
from 0 in the order of appending, and the last one that tells of a row counts. Values are digests; the values from
before lie in a file of their own, a frame of `BEFORES` for each frame of intents, only where somebody asked for them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from enum import IntEnum
from pathlib import Path

import pyarrow as pa

from reconciler.tables.spool import SALT_BYTES, Damaged, Seal

INTENTS = pa.schema(
    [
        pa.field("person", pa.binary(16)),  # model.addresses.person_digest
        pa.field("contact", pa.string()),  # null: it is to be created
        pa.field("name", pa.string()),  # field key of the file, or the tag's name; "" of a creation
        pa.field("act", pa.int8()),  # model.history.Act
        pa.field("cause", pa.int8()),  # index into model.plan.CAUSES; null: not known
        pa.field("before", pa.uint64()),  # model.addresses.value_digest; null: something that cannot be read
        pa.field("after", pa.uint64()),
    ]
)
OUTCOMES = pa.schema(
    [
        pa.field("first", pa.int64()),  # number of the first row that this is about
        pa.field("count", pa.int32()),
        pa.field("ending", pa.int8()),  # model.history.Ending
        pa.field("contact", pa.string()),  # the contact that was written to; null: the one that was meant
        pa.field("stored", pa.uint64()),  # digest of what the CRM made of it; null: what was sent
        pa.field("code", pa.string()),  # why it was refused
        pa.field("at", pa.int64()),  # seconds since 1970
    ]
)
BEFORES = pa.schema(
    [
        pa.field("person", pa.string()),  # the person's id in the source
        pa.field("before", pa.string()),  # canonical; null: empty
        pa.field("read", pa.string()),  # of a pull: the text that stood in the source
        pa.field("write", pa.string()),  # of a pull: the text that was to stand there
    ]
)

_MAGIC = b"RCW1"
_SIZE = 4
_CODEC = pa.Codec("lz4_raw")


class Kind(IntEnum):
    """What a frame holds. Kept in files: never renumber."""

    FACTS = 0
    INTENTS = 1
    OUTCOMES = 2
    BEFORES = 3


SCHEMAS: Mapping[Kind, pa.Schema] = {Kind.INTENTS: INTENTS, Kind.OUTCOMES: OUTCOMES, Kind.BEFORES: BEFORES}


class WritesFile:
    """Append frames. Raises OSError."""

    def __init__(self, path: Path, seal: Seal, sync: bool = False) -> None:
        """`sync`: each frame of intents is on the disk when `append` returns, and survives a power cut; without, it
        survives the end of the process."""
        self._seal, self._sync, self._number = seal, sync, 0
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._write(_MAGIC + seal.salt)

    def facts(self, text: bytes) -> None:
        self._frame(Kind.FACTS, text)

    def append(self, kind: Kind, batch: pa.RecordBatch) -> None:
        self._frame(kind, batch.serialize())
        if self._sync and kind is not Kind.OUTCOMES:
            os.fsync(self._file)

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _frame(self, kind: Kind, data: bytes | pa.Buffer) -> None:
        size = len(data) if isinstance(data, bytes) else data.size
        packed = _CODEC.compress(data, asbytes=True)
        sealed = self._seal.close(self._number, memoryview(bytes([kind]) + size.to_bytes(_SIZE, "little") + packed))
        self._number += 1
        self._write(len(sealed).to_bytes(_SIZE, "little") + sealed)

    def _write(self, data: bytes) -> None:
        left = memoryview(data)
        while len(left):
            left = left[os.write(self._file, left) :]


def read_facts(path: Path, secret: bytes) -> bytes:
    """The first frame. Raises Damaged."""
    for kind, data in _frames(path, secret):
        if kind is Kind.FACTS:
            return data
        break
    raise Damaged


def read_batches(path: Path, secret: bytes, wanted: Kind) -> Iterator[pa.RecordBatch]:
    """The frames of that kind, in order, to where the file was cut. Raises Damaged for one that was changed."""
    for kind, data in _frames(path, secret):
        if kind is wanted:
            try:
                yield pa.ipc.read_record_batch(pa.py_buffer(data), SCHEMAS[kind])
            except pa.ArrowException:
                raise Damaged from None


def _frames(path: Path, secret: bytes) -> Iterator[tuple[Kind, bytes]]:
    try:
        with path.open("rb") as file:
            head = file.read(len(_MAGIC) + SALT_BYTES)
            if len(head) < len(_MAGIC) + SALT_BYTES or not head.startswith(_MAGIC):
                raise Damaged
            seal, number = Seal(secret, head[len(_MAGIC) :]), 0
            while len(size := file.read(_SIZE)) == _SIZE:
                length = int.from_bytes(size, "little")
                sealed = file.read(length)
                if len(sealed) < length:
                    return
                yield _opened(seal.open(number, sealed))
                number += 1
    except OSError:
        raise Damaged from None


def _opened(frame: bytes) -> tuple[Kind, bytes]:
    size = int.from_bytes(frame[1 : 1 + _SIZE], "little")
    try:
        return Kind(frame[0]), _CODEC.decompress(frame[1 + _SIZE :], size, asbytes=True)
    except (ValueError, OSError, pa.ArrowException):
        raise Damaged from None
