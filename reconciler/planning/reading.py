"""The first phase: each side is read once, converted and hashed; nothing is compared yet. Here people.

What was converted before, under the same digest, is not converted again: people are recognised by the hash of their raw
row (the memo), contacts of an earlier read have their keys beside them (the snapshot).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from reconciler.model.addresses import contact_address
from reconciler.model.desired import Desired, Expression
from reconciler.planning.bindings import Held
from reconciler.planning.conversion import (
    YES,
    Columns,
    condition_lane,
    dynamic_lane,
    ours_lane,
    presence_lane,
)
from reconciler.planning.layout import DynamicColumn, FieldColumn, Layout, TagColumn
from reconciler.planning.made import Owners
from reconciler.planning.observed import Observed, Options
from reconciler.planning.selection import Selection
from reconciler.tables import tagsets
from reconciler.tables.cells import MARK, as_stored, empty_to_null, is_marked, once_each, plain
from reconciler.tables.lanes import Lane
from reconciler.tables.memo import Memo
from reconciler.tables.pairing import Pairing
from reconciler.tables.repeating import Repeating, plain_batch
from reconciler.tables.scalars import NO, NOTHING, flags, text, whole
from reconciler.tables.spool import Spool, numbered, rebatched

BATCH = 32_768


@dataclass(slots=True)
class Side:
    """One side after reading: its lanes with their refusals, and plain counts."""

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
        self._live = frozenset(tag.name for tag in observed.inventory.tags)
        self._create = create if isinstance(create, bool) else _condition("create", create, columns, options)
        lanes = [
            *(ours_lane(c.name, c.binding, columns, scores, now) for c in layout.fields),
            *(presence_lane(c.name, c.binding.entry, columns, scores, now) for c in layout.blocked),
            *(condition_lane(t.name, t.tag.when, columns, now) for t in layout.tags if t.tag.when),
            *(dynamic_lane(d.name, d.entry, columns) for d in layout.dynamic),
        ]
        self.side = Side({lane.name: lane for lane in lanes})
        for lane in (self._scope, self._create):
            if isinstance(lane, Lane):
                self.side.lanes[lane.name] = lane
        self._dynamic_weights: dict[str, dict[str, int]] = {d.name: {} for d in layout.dynamic}
        self._novel: dict[str, set[str]] = {d.name: set() for d in layout.dynamic}
        self.columns = tuple(
            dict.fromkeys(
                [
                    desired.identity.person,
                    *(i for lane in self.side.lanes.values() for i in lane.inputs),
                    *([desired.identity.link] if desired.identity.link is not None else []),
                ]
            )
        )
        self.raw = tuple(f"r{n}" for n in range(len(self.columns)))
        self._repeating = Repeating(name for name in self.columns if name != desired.identity.person)
        self._converted = Spool(options.workdir / "people.arrow", key="ord")
        self._unread = Spool(options.workdir / "raw.arrow")
        self._memo: Memo | None = None
        self.styles: dict[str, str] = {}

    def read(self, batches: Iterator[pa.RecordBatch], pairing: Pairing, memo: Memo | None) -> Side:
        """Everybody, once. `memo`: rows that it knows are not converted, and what is converted is told to it."""
        self._memo = memo
        side, known = self.side, memo is not None and memo.known
        for batch in map(self._repeating.encode, rebatched(batches, BATCH)):
            ord = numbers(side.rows, batch.num_rows)
            side.rows += batch.num_rows
            if memo is not None and known:
                self._unread.append(batch)
                memo.look(as_batch({"ord": ord, **self._raw(batch)}))
            else:
                if self._layout.two_way:
                    self._unread.append(batch)
                self._add(batch, ord, pairing)
            self._note_styles(batch)
            self._options.progress.advance(batch.num_rows)
        if memo is not None and known:
            missing, side.out_of_scope = memo.recall()
            for ord, batch in numbered(missing, rebatched(self._unread.gather(missing), BATCH)):
                self._add(self._repeating.encode(batch), ord, pairing)
        for column in self._layout.dynamic:
            prefix = column.entry.prefix
            side.dynamic_names[column.name] = {prefix + item for item in self._dynamic_weights[column.name]}
        return side

    def gather(self, wanted: pa.Array) -> Iterator[pa.RecordBatch]:
        """Canonical rows of the wanted ordinals, ascending; converted now where the memo had spared it."""
        if self._memo is None or not self._memo.known:
            yield from self._converted.gather(wanted)
            return
        for ord, batch in numbered(wanted, rebatched(self._unread.gather(wanted), BATCH)):
            yield self.converted(batch, ord)

    def raw_rows(self, wanted: pa.Array) -> pa.RecordBatch:
        """Rows as the source gives them, of the wanted ordinals; only where a field is pulled, too."""
        return plain_batch(pa.concat_batches(list(self._unread.gather(wanted))))

    def converted(self, raw: pa.RecordBatch, ord: pa.Array) -> pa.RecordBatch:
        """Canonical rows, as `gather` gives them, of rows as the source would give them."""
        encoded = self._repeating.encode(raw)
        cells = {name: self.side.lanes[name].run(encoded) for name in self._kept_lanes()}
        return plain_batch(self._spooled(encoded, ord, cells))

    def in_scope(self, raw: pa.RecordBatch) -> pa.Array:
        """Boolean per row as the source would give it: the person is in scope."""
        if self._scope is None:
            return flags(True, raw.num_rows)
        return _holds(self._scope.run(self._repeating.encode(raw)))

    def _note_styles(self, batch: pa.RecordBatch) -> None:
        """The first text of each column that may be written back: values are written in its manner."""
        for column in self._layout.two_way:
            name = column.binding.entry.column or ""
            if name not in self.styles:
                filled = empty_to_null(plain(batch.column(name))).drop_null()
                if len(filled):
                    self.styles[name] = filled[0].as_py()

    def _kept_lanes(self) -> list[str]:
        layout = self._layout
        return _names(layout.fields, layout.blocked, layout.tags, layout.dynamic)

    def _raw(self, batch: pa.RecordBatch) -> dict[str, pa.Array]:
        return dict(zip(self.raw, (batch.column(name) for name in self.columns), strict=True))

    def _spooled(self, batch: pa.RecordBatch, ord: pa.Array, cells: dict[str, pa.Array]) -> pa.RecordBatch:
        layout = self._layout
        match = plain(cells[layout.match.name])
        return as_batch(
            {
                "ord": ord,
                "row": pc.add(ord, whole(1)),
                "person": empty_to_null(batch.column(self._desired.identity.person)),
                "match": pc.if_else(is_marked(match), NOTHING, match),
                "waits": _any([_holds(cells[c.name]) for c in layout.blocked], len(ord)),
                **{c: cells[c] for c in _names(layout.fields, layout.tags, layout.dynamic)},
            }
        )

    def _add(self, batch: pa.RecordBatch, ord: pa.Array, pairing: Pairing) -> None:
        side, layout = self.side, self._layout
        rows = pc.add(ord, whole(1))
        asked = self._asked(empty_to_null(batch.column(self._desired.identity.person)))
        noted = rows if asked is None else pc.if_else(asked, rows, whole(None))
        if self._scope is not None:
            scope = self._scope.run(batch, noted)
            inside = _holds(scope)
            side.out_of_scope += len(noted.filter(pc.invert(inside)).drop_null())
            if layout.store is not None:  # whose ids count all the same, and have to be read each time
                pairing.add_bystanders(as_batch({"stored": self._stored(side.lanes, batch.filter(pc.invert(inside)))}))
            elif self._memo is not None:
                outside = pc.and_not(pc.invert(inside), is_marked(scope))
                self._memo.add_outside(as_batch(self._raw(batch)).filter(outside))
            batch, ord, noted = (c.filter(inside) for c in (batch, ord, noted))
            asked = None if asked is None else asked.filter(inside)
        cells = {name: side.lanes[name].run(batch, noted) for name in self._kept_lanes()}
        spooled = self._spooled(batch, ord, cells)
        may, may_unknown = self._may(batch, noted)
        tagset, novel = self._tagset(cells, len(ord))
        unsure = self._unsure(cells, len(ord))
        keys = {
            **{c: spooled.column(c) for c in ("ord", "person", "match")},
            **{c.name: cells[c.name] if c.plain else as_stored(cells[c.name]) for c in self._layout.fields},
            "may": may,
            "asked": flags(True, len(ord)) if asked is None else asked,
            "tagset": tagset,
            "unsure": unsure,
            **{c.name: _holds(cells[c.name]) for c in self._layout.blocked},
        }
        if layout.store is not None:
            keys["stored"] = ids_of(cells[layout.store.name])
        if (link := self._desired.identity.link) is not None:
            keys["link"] = empty_to_null(pc.utf8_trim_whitespace(plain(batch.column(link))))
        if self._memo is not None:
            read = (c.name for c in (*self._layout.fields, *self._layout.blocked))
            found = [is_marked(cells[name]) for name in read if side.lanes[name].reasons]
            doubts = _any([unsure, may_unknown, novel, *found], len(ord))
            keys |= {**self._raw(batch), "keep": pc.invert(doubts)}
        self._converted.append(spooled)
        pairing.add_ours(as_batch(keys))

    def _stored(self, lanes: Mapping[str, Lane], batch: pa.RecordBatch) -> pa.Array:
        """The ids of people as contacts would hold them, of rows that are not converted otherwise."""
        return ids_of(lanes[self._layout.store.name].run(batch)) if self._layout.store else pa.array([], pa.string())

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

    def _may(self, batch: pa.RecordBatch, rows: pa.Array) -> tuple[pa.Array, pa.Array]:
        """Who may be created, and of whom that is unknown."""
        sure = flags(False, batch.num_rows)
        if isinstance(self._create, bool):
            return flags(self._create, batch.num_rows), sure
        if self._create is None:
            return sure, sure
        cells = self._create.run(batch, rows)
        return _holds(cells), is_marked(cells)

    def _tagset(self, cells: dict[str, pa.Array], length: int) -> tuple[pa.Array, pa.Array]:
        """What all tags come to, and whose values make a tag that the CRM does not have, or that is somebody else's:
        such rows are looked at each time, since a plan counts the names that they make."""
        novel = flags(False, length)
        total = pa.repeat(whole(0), length)
        for name, weight in self._weights.items():
            total = pc.add(total, pc.if_else(_holds(cells[name]), whole(weight), whole(0)))
        for column in self._layout.dynamic:
            weights = self._dynamic_weights[column.name]
            weigh = partial(self._weight, column, weights)
            total = pc.add(total, tagsets.signatures(cells[column.name], weigh))
            if names := self._novel[column.name]:
                novel = pc.or_(novel, tagsets.carried(cells[column.name], *names))
        return total, novel

    def _weight(self, column: DynamicColumn, weights: dict[str, int], item: str) -> int:
        """A name of somebody else must not stand in for the tag of that name: the row is looked at."""
        if item[0] == MARK:
            return 0
        if item not in weights:
            name = column.entry.prefix + item
            foreign = self._owners.foreign(column.entry, name)
            if foreign or name not in self._live:
                self._novel[column.name].add(item)
            weights[item] = tagsets.weight(self._key, MARK + name if foreign else name)
        return weights[item]

    def _unsure(self, cells: dict[str, pa.Array], length: int) -> pa.Array:
        """Whether a tag of the row is unknown: then its tag set proves nothing and the row is looked at."""
        rules = [is_marked(cells[t.name]) for t in self._layout.tags]
        return _any([*rules, *(tagsets.marked(cells[d.name]) for d in self._layout.dynamic)], length)


def _condition(name: str, expression: Expression | None, columns: Columns, options: Options) -> Lane | None:
    return None if expression is None else condition_lane(name, expression, columns, options.now)


def _any(columns: Sequence[pa.Array], length: int) -> pa.Array:
    """Boolean per row: one of the flags is true."""
    found = flags(False, length)
    for column in columns:
        found = pc.or_(found, column)
    return found


def _names(*groups: Sequence[FieldColumn | TagColumn | DynamicColumn]) -> list[str]:
    return [column.name for group in groups for column in group]


def _holds(cells: pa.Array) -> pa.Array:
    """Boolean per row: the condition holds; unknown does not."""
    return pc.fill_null(once_each(cells, lambda found: pc.equal(found, text(YES))), NO)


def numbers(first: int, length: int) -> pa.Array:
    return pa.arange(first, first + length)


def as_batch(columns: dict[str, pa.Array]) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))


def ids_of(cells: pa.Array) -> pa.Array:
    """Stored ids as texts to be compared; null where there is none, or none that can be read."""
    found = plain(as_stored(cells))
    return pc.if_else(is_marked(found), NOTHING, found)
