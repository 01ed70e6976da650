"""The first phase: both sides are read once, converted and hashed; nothing is compared yet.

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
    theirs_lane,
)
from reconciler.planning.layout import DynamicColumn, FieldColumn, Layout, TagColumn
from reconciler.planning.made import Owners
from reconciler.planning.observed import Observed, Options
from reconciler.planning.selection import Selection
from reconciler.tables import tagsets
from reconciler.tables.cells import MARK, as_stored, empty_to_null, is_marked, once_each, plain
from reconciler.tables.kinds import KindOfId
from reconciler.tables.lanes import Lane
from reconciler.tables.memo import Memo
from reconciler.tables.pairing import Pairing
from reconciler.tables.repeating import Repeating, plain_batch
from reconciler.tables.scalars import NO, NOTHING, flags, text, whole
from reconciler.tables.snapshot import FORMER, ID, TAGS, Piece, Snapshot, former_ids
from reconciler.tables.spool import SALT_BYTES, Seal, Spool, numbered, rebatched

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
            ord = _numbers(side.rows, batch.num_rows)
            side.rows += batch.num_rows
            if memo is not None and known:
                self._unread.append(batch)
                memo.look(_batch({"ord": ord, **self._raw(batch)}))
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
        return _batch(
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
                pairing.add_bystanders(_batch({"stored": self._stored(side.lanes, batch.filter(pc.invert(inside)))}))
            elif self._memo is not None:
                outside = pc.and_not(pc.invert(inside), is_marked(scope))
                self._memo.add_outside(_batch(self._raw(batch)).filter(outside))
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
        pairing.add_ours(_batch(keys))

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
            yield _batch({"id": page.column(ID), "tags": page.column(TAGS), **theirs})

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
        return pairing.keys_of_theirs(_batch({"n": _numbers(0, page.num_rows), **cells}))

    def _add(
        self,
        page: pa.RecordBatch,
        keys: pa.RecordBatch,
        first: int,
        pairing: Pairing,
        newer: pa.Array | None = None,
    ) -> None:
        """One page with its keys; `first`: the `idx` of its first row. Contacts that are in `newer` are past."""
        side, idx = self.side, _numbers(first, page.num_rows)
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
        pairing.add_theirs(_batch({"idx": idx, "id": page.column(ID), **known, "tagset": tagset}))


def ids_of(cells: pa.Array) -> pa.Array:
    """Stored ids as texts to be compared; null where there is none, or none that can be read."""
    found = plain(as_stored(cells))
    return pc.if_else(is_marked(found), NOTHING, found)


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


def _numbers(first: int, length: int) -> pa.Array:
    return pa.arange(first, first + length)


def _batch(columns: dict[str, pa.Array]) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))
