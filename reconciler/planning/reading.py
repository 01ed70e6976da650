"""The first phase: both sides are read once, converted, spooled and hashed; nothing is compared yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from reconciler.model.addresses import contact_address
from reconciler.model.desired import Desired, Expression
from reconciler.model.types import read_set
from reconciler.planning.bindings import Held
from reconciler.planning.conversion import (
    YES,
    Columns,
    condition_lane,
    dynamic_lane,
    ours_lane,
    presence_lane,
    theirs_lane,
)
from reconciler.planning.layout import DynamicColumn, FieldColumn, Layout, TagColumn
from reconciler.planning.made import Owners
from reconciler.planning.observed import Observed, Options
from reconciler.planning.selection import Selection
from reconciler.tables import tagsets
from reconciler.tables.cells import MARK, as_stored, is_marked
from reconciler.tables.lanes import Lane, empty_to_null
from reconciler.tables.pairing import Pairing
from reconciler.tables.spool import Spool, rebatched

BATCH = 65_536


@dataclass(slots=True)
class Side:
    """One side after reading: its rows on disk, its lanes with their refusals, and plain counts."""

    spool: Spool
    lanes: dict[str, Lane]
    rows: int = 0
    out_of_scope: int = 0
    tag_holders: dict[str, int] = field(default_factory=dict)  # contacts by tag key
    holders: dict[Held, int] = field(default_factory=dict)  # contacts with a value or option that is to be removed
    dynamic_names: dict[str, set[str]] = field(default_factory=dict)  # by dynamic column


class PeopleReader:
    """Reads people: scope first, so that nothing is converted for who is out of it."""

    def __init__(
        self, desired: Desired, layout: Layout, observed: Observed, options: Options, columns: Columns
    ) -> None:
        scores, now = desired.scores, options.now
        self._desired, self._layout, self._options = desired, layout, options
        self._key = observed.remembered.key
        self._selection = Selection(options.target, options.exclude)
        counted = layout.tags_compared(observed.remembered.owed)
        self._weights = {t.name: tagsets.weight(self._key, t.tag.name) for t in counted}
        self._scope = _condition("scope", desired.contacts.when, columns, options)
        create = desired.contacts.create
        self._owners = Owners.of(desired)
        self._create = create if isinstance(create, bool) else _condition("create", create, columns, options)
        lanes = [
            *(ours_lane(c.name, c.binding, columns, scores, now) for c in layout.fields),
            *(presence_lane(c.name, c.binding.entry, columns, scores, now) for c in layout.blocked),
            *(condition_lane(t.name, t.tag.when, columns, now) for t in layout.tags if t.tag.when),
            *(dynamic_lane(d.name, d.entry, columns) for d in layout.dynamic),
        ]
        self.side = Side(Spool(options.workdir / "people.arrow"), {lane.name: lane for lane in lanes})
        for lane in (self._scope, self._create):
            if isinstance(lane, Lane):
                self.side.lanes[lane.name] = lane
        self._dynamic_weights: dict[str, dict[str, int]] = {d.name: {} for d in layout.dynamic}
        self.columns = tuple(
            dict.fromkeys([desired.identity.person, *(i for lane in self.side.lanes.values() for i in lane.inputs)])
        )

    def read(self, batches: Iterator[pa.RecordBatch], pairing: Pairing) -> Side:
        for batch in rebatched(batches, BATCH):
            self._add(batch, pairing)
            self._options.progress.advance(batch.num_rows)
        self.side.spool.finish()
        for column in self._layout.dynamic:
            prefix = column.entry.prefix
            self.side.dynamic_names[column.name] = {prefix + item for item in self._dynamic_weights[column.name]}
        return self.side

    def _add(self, batch: pa.RecordBatch, pairing: Pairing) -> None:
        side = self.side
        rows = _numbers(side.rows + 1, batch.num_rows)
        side.rows += batch.num_rows
        person = empty_to_null(batch.column(self._desired.identity.person))
        asked = self._asked(person)
        noted = rows if asked is None else pc.if_else(asked, rows, pa.scalar(None, pa.int64()))
        if self._scope is not None:
            inside = _holds(self._scope.run(batch, noted))
            side.out_of_scope += len(noted.filter(pc.invert(inside)).drop_null())
            batch, rows, noted, person = (c.filter(inside) for c in (batch, rows, noted, person))
            asked = None if asked is None else asked.filter(inside)
        cells = {name: lane.run(batch, noted) for name, lane in side.lanes.items() if name not in ("scope", "create")}
        match = cells[self._layout.match.name]
        match = pc.if_else(is_marked(match), pa.scalar(None, pa.string()), match)
        kept = {
            "ord": _numbers(side.spool.rows, len(rows)),
            "row": rows,
            "person": person,
            "match": match,
            "waits": _any([_holds(cells[c.name]) for c in self._layout.blocked], len(rows)),
            **{c: cells[c] for c in _names(self._layout.fields, self._layout.tags, self._layout.dynamic)},
        }
        keys = {
            **{c: kept[c] for c in ("ord", "row", "person", "match")},
            **{c.name: cells[c.name] if c.plain else as_stored(cells[c.name]) for c in self._layout.fields},
            "may": self._may(batch, noted),
            "asked": pa.repeat(pa.scalar(True), len(rows)) if asked is None else asked,
            "tagset": self._tagset(cells, len(rows)),
            "unsure": self._unsure(cells, len(rows)),
            **{c.name: _holds(cells[c.name]) for c in self._layout.blocked},
        }
        side.spool.append(_batch(kept))
        pairing.add_ours(_batch(keys))

    def _asked(self, person: pa.Array) -> pa.Array | None:
        """Who was asked for; None for everybody."""
        asked = None
        if self._options.persons:
            asked = pc.is_in(person, pa.array(sorted(self._options.persons), pa.string()))
        if self._selection.by_contact:
            chosen = [
                p is not None and self._selection.takes_contact(contact_address(self._key, p))
                for p in person.to_pylist()
            ]
            asked = pa.array(chosen, pa.bool_()) if asked is None else pc.and_(asked, pa.array(chosen, pa.bool_()))
        return asked

    def _may(self, batch: pa.RecordBatch, rows: pa.Array) -> pa.Array:
        if isinstance(self._create, bool):
            return pa.repeat(pa.scalar(self._create), batch.num_rows)
        if self._create is None:
            return pa.repeat(pa.scalar(False), batch.num_rows)
        return _holds(self._create.run(batch, rows))

    def _tagset(self, cells: dict[str, pa.Array], length: int) -> pa.Array:
        total = pa.repeat(pa.scalar(0, pa.int64()), length)
        for name, weight in self._weights.items():
            total = pc.add(
                total, pc.if_else(_holds(cells[name]), pa.scalar(weight, pa.int64()), pa.scalar(0, pa.int64()))
            )
        for column in self._layout.dynamic:
            total = pc.add(total, self._dynamic_weight(column, cells[column.name]))
        return total

    def _dynamic_weight(self, column: DynamicColumn, cells: pa.Array) -> pa.Array:
        known = self._dynamic_weights[column.name]
        distinct = pc.dictionary_encode(cells)
        weights = []
        for text in distinct.dictionary.to_pylist():
            total = 0
            for item in () if text[0] == MARK else read_set(text):
                weight = known.get(item)
                if weight is None:
                    name = column.entry.prefix + item
                    # A name of somebody else must not stand in for the tag of that name: the row is looked at.
                    said = MARK + name if self._owners.foreign(column.entry, name) else name
                    weight = known[item] = tagsets.weight(self._key, said)
                total += weight
            weights.append(_wrap(total))
        return pc.fill_null(pa.array(weights, pa.int64()).take(distinct.indices), 0)

    def _unsure(self, cells: dict[str, pa.Array], length: int) -> pa.Array:
        """Whether a tag of the row is unknown: then its tag set proves nothing and the row is looked at."""
        return _any([is_marked(cells[name]) for name in _names(self._layout.tags, self._layout.dynamic)], length)


class ContactReader:
    """Reads contacts: wire text to canonical text, and which of our tags each one carries."""

    def __init__(self, layout: Layout, observed: Observed, options: Options) -> None:
        self._layout, self._options = layout, options
        lanes = [theirs_lane(c.name, c.binding, c.binding.read_key) for c in layout.fields if c.binding.read_key]
        self.side = Side(Spool(options.workdir / "contacts.arrow"), {lane.name: lane for lane in lanes})
        self._counted = tuple(dict.fromkeys(layout.inventory.count_held.values()))
        self.keys = tuple(dict.fromkeys([*(lane.inputs[0] for lane in lanes), *(held.key for held in self._counted)]))
        self._weights = _theirs_weights(layout, observed)

    def read(self, pages: Iterator[pa.RecordBatch], pairing: Pairing) -> Side:
        for page in rebatched(pages, BATCH):
            self._add(page, pairing)
            self._options.progress.advance(page.num_rows)
        self.side.spool.finish()
        return self.side

    def _add(self, page: pa.RecordBatch, pairing: Pairing) -> None:
        side, length = self.side, page.num_rows
        nothing = pa.nulls(length, pa.string())
        idx = _numbers(side.rows, length)
        side.rows += length
        cells = {
            c.name: side.lanes[c.name].run(page, idx) if c.name in side.lanes else nothing for c in self._layout.fields
        }
        tags = page.column("$tags")
        for tag, count in tagsets.counts(tags).items():
            side.tag_holders[tag] = side.tag_holders.get(tag, 0) + count
        for held in self._counted:
            filled = pc.value_counts(empty_to_null(page.column(held.key)).drop_null()).to_pylist()
            count = sum(entry["counts"] for entry in filled if held.by(entry["values"]))
            side.holders[held] = side.holders.get(held, 0) + count
        match = cells[self._layout.match.name]
        keys = {
            "idx": idx,
            "id": page.column("$id"),
            "match": pc.if_else(is_marked(match), pa.scalar(None, pa.string()), match),
            "tagset": tagsets.signatures(tags, self._weights),
            "unsure": pa.repeat(pa.scalar(False), length),
            **cells,
        }
        theirs = {c.theirs: cells[c.name] for c in self._layout.fields}
        side.spool.append(_batch({"idx": idx, "id": page.column("$id"), "tags": tags, **theirs}))
        pairing.add_theirs(_batch(keys))


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


def _condition(name: str, expression: Expression | None, columns: Columns, options: Options) -> Lane | None:
    return None if expression is None else condition_lane(name, expression, columns, options.now)


def _any(flags: Sequence[pa.Array], length: int) -> pa.Array:
    """Boolean per row: one of the flags is true."""
    found = pa.repeat(pa.scalar(False), length)
    for flag in flags:
        found = pc.or_(found, flag)
    return found


def _names(*groups: Sequence[FieldColumn | TagColumn | DynamicColumn]) -> list[str]:
    return [column.name for group in groups for column in group]


def _holds(cells: pa.Array) -> pa.Array:
    """Boolean per row: the condition holds; unknown does not."""
    return pc.fill_null(pc.equal(cells, YES), False)


def _numbers(first: int, length: int) -> pa.Array:
    return pa.arange(first, first + length)


def _batch(columns: dict[str, pa.Array]) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))


def _wrap(number: int) -> int:
    """The number modulo 2**64, signed: as Arrow's unchecked sums wrap."""
    return (number + 2**63) % 2**64 - 2**63
