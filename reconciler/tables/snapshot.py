"""The snapshot: all contacts as the CRM gave them, on disk, so that only what changed has to be read again.

It is made of pieces, oldest first: a full read, then what later reads brought. A contact's last row counts. Beside the
contacts of a piece lie their keys (`tables.pairing.KEYS`), which are true under one digest only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from reconciler.tables.scalars import whole
from reconciler.tables.spool import Spool

ID, TAGS = "$id", "$tags"


@dataclass(frozen=True, slots=True)
class Piece:
    """Contacts of one read: `$id`, `$tags` (tag keys) and wire text by field key. `keys`: row by row what they came to
    under `digest`, or None."""

    contacts: Spool
    keys: Spool | None = None
    digest: str = ""

    def known(self, digest: str) -> Spool | None:
        """The keys, if they are true under that digest."""
        fits = self.keys is not None and self.digest == digest and self.keys.starts == self.contacts.starts
        return self.keys if fits else None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Pieces, oldest first. A contact is known by `idx`: its row, counted through all pieces."""

    pieces: tuple[Piece, ...]

    @property
    def rows(self) -> int:
        return sum(piece.contacts.rows for piece in self.pieces)

    def offsets(self) -> Iterator[tuple[int, Piece]]:
        """Each piece and the `idx` of its first row."""
        first = 0
        for piece in self.pieces:
            yield first, piece
            first += piece.contacts.rows

    def newer(self, number: int) -> pa.Array | None:
        """Ids that stand in a later piece than that one; None for none."""
        chunks = [b.column(0) for piece in self.pieces[number + 1 :] for b in piece.contacts.batches([ID])]
        return pa.chunked_array(chunks, pa.string()).combine_chunks() if chunks else None

    def gather(self, wanted: pa.Array) -> Iterator[pa.RecordBatch]:
        """The wanted rows; `wanted` are ascending `idx`."""
        for first, piece in self.offsets():
            inside = pc.and_(
                pc.greater_equal(wanted, whole(first)), pc.less(wanted, whole(first + piece.contacts.rows))
            )
            yield from piece.contacts.gather(pc.subtract(wanted.filter(inside), whole(first)))

    def live(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Every contact once, as pages."""
        for number, piece in enumerate(self.pieces):
            newer = self.newer(number)
            for batch in piece.contacts.batches():
                page = batch if newer is None else batch.filter(pc.invert(pc.is_in(batch.column(ID), value_set=newer)))
                yield page.select([ID, TAGS, *columns])
