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

ID, TAGS, FORMER = "$id", "$tags", "$former"


@dataclass(frozen=True, slots=True)
class Piece:
    """Contacts of one read: `$id`, `$tags` (tag keys) and wire text by field key, and `$former` (ids of contacts that
    were merged into this one) where the read had it. `keys`: row by row what they came to under `digest`, or None."""

    contacts: Spool
    keys: Spool | None = None
    digest: str = ""

    @property
    def tells_former(self) -> bool:
        """Whether the read said which contacts were merged."""
        first = next(self.contacts.batches([ID, FORMER]), None)
        return first is not None and FORMER in first.schema.names

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
        """Ids that stand in a later piece than that one, be it as those of contacts that are gone into others; None for
        none."""
        later = [b for piece in self.pieces[number + 1 :] for b in piece.contacts.batches([ID, FORMER])]
        chunks = [b.column(ID) for b in later] + [b.column(FORMER).flatten() for b in later if FORMER in b.schema.names]
        return pa.chunked_array(chunks, pa.string()).combine_chunks() if chunks else None

    def gather(self, wanted: pa.Array) -> Iterator[pa.RecordBatch]:
        """The wanted rows; `wanted` are ascending `idx`."""
        for first, piece in self.offsets():
            inside = pc.and_(
                pc.greater_equal(wanted, whole(first)), pc.less(wanted, whole(first + piece.contacts.rows))
            )
            for batch in piece.contacts.gather(pc.subtract(wanted.filter(inside), whole(first))):
                yield batch.select([name for name in batch.schema.names if name != FORMER])

    def live(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Every contact once, as pages."""
        merged = [FORMER] if any(piece.tells_former for piece in self.pieces) else []
        for number, piece in enumerate(self.pieces):
            newer = self.newer(number)
            for batch in piece.contacts.batches():
                page = batch if newer is None else batch.filter(pc.invert(pc.is_in(batch.column(ID), value_set=newer)))
                if merged and FORMER not in page.schema.names:
                    page = page.append_column(FORMER, pa.nulls(page.num_rows, pa.list_(pa.string())))
                yield page.select([ID, TAGS, *merged, *columns])


def former_ids(page: pa.RecordBatch) -> dict[str, str]:
    """Ids of contacts that went into one of the page -> its id."""
    if FORMER not in page.schema.names:
        return {}
    lists = page.column(FORMER)
    owners = page.column(ID).take(pc.list_parent_indices(lists))
    return dict(zip(pc.list_flatten(lists).to_pylist(), owners.to_pylist(), strict=True))
