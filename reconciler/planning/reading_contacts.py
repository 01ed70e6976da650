"""Contacts, read once, converted and hashed; or brought up to date from what an earlier read left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from reconciler.planning.conversion import (
    theirs_lane,
)
from reconciler.planning.layout import FieldColumn, Layout
from reconciler.planning.observed import Observed, Options
from reconciler.planning.reading import BATCH, Side, as_batch, ids_of, numbers
from reconciler.tables import tagsets
from reconciler.tables.cells import empty_to_null, is_marked, plain
from reconciler.tables.kinds import KindOfId
from reconciler.tables.pairing import Pairing
from reconciler.tables.repeating import Repeating
from reconciler.tables.scalars import NOTHING, whole
from reconciler.tables.snapshot import FORMER, ID, TAGS, Piece, Snapshot, former_ids
from reconciler.tables.spool import SALT_BYTES, Seal, Spool, rebatched


class ContactReader:
    """Reads contacts: wire text to canonical text, and which of our tags each one carries."""

    def __init__(self, layout: Layout, observed: Observed, options: Options, digest: str) -> None:
        """`digest`: under which keys of an earlier read are true, and new ones are made."""
        self._layout, self._options, self._digest = layout, options, digest
        lanes = [theirs_lane(c.name, c.binding, c.binding.read_key) for c in layout.read if c.binding.read_key]
        self.side = Side({lane.name: lane for lane in lanes})
        self._counted = tuple(dict.fromkeys(layout.inventory.count_held.values()))
        self.keys = tuple(dict.fromkeys([*(lane.inputs[0] for lane in lanes), *(held.key for held in self._counted)]))
        self._repeating = Repeating(lane.inputs[0] for lane in lanes)
        self._weights = _theirs_weights(layout, observed)
        salt = options.salt if options.keep else None
        self._seal = Seal(observed.remembered.key, salt(SALT_BYTES)) if salt is not None else None
        self._kinds = KindOfId(layout.objects)
        self.snapshot = Snapshot(())
        self.former: dict[str, str] = {}  # ids of contacts that went into others -> the id of who is left
        self._verbatim: frozenset[str] = frozenset()  # lanes that need not run again over rows that were read

    def read(self, pages: Iterator[pa.RecordBatch], pairing: Pairing) -> Side:
        """All contacts, from the CRM."""
        contacts = Spool(self._options.workdir / "contacts.arrow", seal=self._seal)
        keys = Spool(self._options.workdir / "contacts-keys.arrow")
        for page in map(self._repeating.encode, rebatched(pages, BATCH)):
            contacts.append(page)
            found = self._keys(page, pairing)
            keys.append(found)
            self._add(page, found, contacts.rows - page.num_rows, pairing)
        self.snapshot = Snapshot((Piece(contacts, keys, self._digest),))
        self._verbatim = frozenset(lane.name for lane in self.side.lanes.values() if lane.verbatim)
        return self.side

    def read_snapshot(self, snapshot: Snapshot, pairing: Pairing) -> Side:
        """All contacts of a snapshot: converted only where its keys are not true any more."""
        pieces: list[Piece] = []
        for number, (first, piece) in enumerate(snapshot.offsets()):
            known, made = piece.known(self._digest), Spool(self._options.workdir / f"keys-{number}.arrow")
            newer, at = snapshot.newer(number), first
            columns = [ID, TAGS, FORMER, *(held.key for held in self._counted)] if known else None
            held = iter(known.batches()) if known else None
            for page in piece.contacts.batches(columns):
                keys = self._keys(self._repeating.encode(page), pairing) if held is None else next(held)
                if held is None:
                    made.append(keys)
                self._add(page, keys, at, pairing, newer)
                at += page.num_rows
            pieces.append(piece if known else Piece(piece.contacts, made, self._digest))
        self.snapshot = Snapshot(tuple(pieces))
        return self.side

    def gather(self, wanted: pa.Array) -> Iterator[pa.RecordBatch]:
        """Canonical rows of the wanted contacts, ascending: id, tags and each field."""
        for page in rebatched(self.snapshot.gather(wanted), BATCH):
            again = len(self._verbatim) < len(self.side.lanes)
            cells = self._cells(self._repeating.encode(page) if again else page, self._layout.read)
            theirs = {c.theirs: plain(cells[c.name]) for c in self._layout.read}
            yield as_batch({"id": page.column(ID), "tags": page.column(TAGS), **theirs})

    def _cells(self, page: pa.RecordBatch, columns: Sequence[FieldColumn]) -> dict[str, pa.Array]:
        return {c.name: self._cell(c.name, page) for c in columns}

    def _cell(self, name: str, page: pa.RecordBatch) -> pa.Array:
        lane = self.side.lanes.get(name)
        if lane is None:
            return pa.nulls(page.num_rows, pa.string())
        return page.column(lane.inputs[0]) if name in self._verbatim else lane.run(page)

    def _number(self, object: str | None) -> pa.Scalar:
        return whole(self._layout.objects.names.index(object) if object else 0, pa.int8())

    def _keys(self, page: pa.RecordBatch, pairing: Pairing) -> pa.RecordBatch:
        cells = self._cells(page, self._layout.fields)
        match = plain(cells[self._layout.match.name])
        cells["match"] = pc.if_else(is_marked(match), NOTHING, match)
        if self._layout.store is not None:
            cells["stored"] = ids_of(cells[self._layout.store.name])
        return pairing.keys_of_theirs(as_batch({"n": numbers(0, page.num_rows), **cells}))

    def _add(
        self,
        page: pa.RecordBatch,
        keys: pa.RecordBatch,
        first: int,
        pairing: Pairing,
        newer: pa.Array | None = None,
    ) -> None:
        """One page with its keys; `first`: the `idx` of its first row. Contacts that are in `newer` are past."""
        side, idx = self.side, numbers(first, page.num_rows)
        self._options.progress.advance(page.num_rows)
        if newer is not None:
            still = pc.invert(pc.is_in(page.column(ID), value_set=newer))
            page, keys, idx = (part.filter(still) for part in (page, keys, idx))
        side.rows += page.num_rows
        self.former |= former_ids(page)
        tags = page.column(TAGS)
        tagset, carried = tagsets.counted(tags, lambda tag: self._weights.get(tag, 0))
        for tag, count in carried.items():
            side.tag_holders[tag] = side.tag_holders.get(tag, 0) + count
        for held in self._counted:
            cells = plain(page.column(held.key))
            if self._kinds.several:
                cells = cells.filter(pc.equal(self._kinds.of(page.column(ID)), self._number(held.object)))
            filled = pc.value_counts(empty_to_null(cells).drop_null()).to_pylist()
            count = sum(entry["counts"] for entry in filled if held.by(entry["values"]))
            side.holders[held] = side.holders.get(held, 0) + count
        known = {name: keys.column(name) for name in keys.schema.names}
        pairing.add_theirs(as_batch({"idx": idx, "id": page.column(ID), **known, "tagset": tagset}))


def _theirs_weights(layout: Layout, observed: Observed) -> dict[str, int]:
    """Tag key -> weight, for the tags that the file manages: the same weights that our side uses, by name."""
    key = observed.remembered.key
    counted = layout.tags_compared(observed.remembered.owed)
    weights = {t.key: tagsets.weight(key, t.tag.name) for t in counted if t.key is not None}
    prefixes = tuple(d.entry.prefix for d in layout.dynamic)
    for tag in observed.inventory.tags:
        if tag.name.startswith(prefixes):
            weights.setdefault(tag.key, tagsets.weight(key, tag.name))
    return weights
