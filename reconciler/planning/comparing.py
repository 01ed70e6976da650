"""The second phase: whole rows of the pairs that differ, and of people to be created, meet the decisions.

What changes is appended to the change table and counted; nothing is decided row by row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from reconciler.model.addresses import person_digest
from reconciler.model.plan import ContactAction
from reconciler.planning.causes import counted
from reconciler.planning.counts import Counts
from reconciler.planning.layout import Layout
from reconciler.planning.made import Permissions
from reconciler.planning.observed import Remembered
from reconciler.planning.previous import PreviousAddresses
from reconciler.planning.pulling import Pulled, Pulling
from reconciler.planning.taggings import TagDecisions
from reconciler.planning.values import Decided, ValueDecisions, two_way
from reconciler.planning.watching import Watch
from reconciler.tables.cells import as_sent, as_stored, is_marked
from reconciler.tables.changes import ChangeTable, TagChanges, ValueChanges
from reconciler.tables.grouped import grouped
from reconciler.tables.scalars import EMPTY, flags, text
from reconciler.tables.settled import Settled, held_in, pattern_of

Agree = Callable[[pa.RecordBatch], None]


class Comparison:
    """Feed the creates, then the differing pairs; read `counts`."""

    def __init__(
        self,
        layout: Layout,
        remembered: Remembered,
        permissions: Permissions,
        changes: ChangeTable,
        examples: bool,
        settled: Settled,
        previous: PreviousAddresses,
        agree: Agree | None = None,
    ) -> None:
        """`settled`: told what is held in which pairs, and which need nothing. `agree`: told what both sides agree on
        of two-way values."""
        self.counts = Counts()
        self._remembered, self._changes, self._settled, self._agree = remembered, changes, settled, agree
        self._columns = {c.number: c for c in layout.fields}
        self._two_way = layout.two_way
        self.values = ValueDecisions(layout, remembered, self.counts, examples, previous)
        self._tags = TagDecisions(layout, permissions, self.counts, remembered)
        self._watched: Callable[..., None] = _nobody
        self._guarded = frozenset(c.number for c in layout.fields if counted(c.since))

    def watch(self, watch: Watch, layout: Layout, allowed: Permissions) -> None:
        """Tell it what becomes of everybody who is compared."""
        self.values.watch, self._watched = watch, partial(watch.tags, layout, allowed)

    def creates(self, batch: pa.RecordBatch) -> None:
        """Columns: the spooled ones of our side, and the rank of `Pairing.open`."""
        self._watched(batch, new=True)
        values = self.values.decide(batch, new=True)
        tags = self._tags.decide(batch, new=True)
        contact = pa.nulls(batch.num_rows, pa.string())
        self.counts.blocked_by_kind += len(_union(values.blocked))
        self.counts.created += self._changes.append(_people(batch, contact), ContactAction.CREATE, values.changes, tags)

    def updates(self, batch: pa.RecordBatch, pulling: Pulling | None = None) -> None:
        """Columns: the spooled ones of both sides, and those of `Pairing.open`. `pulling`: what goes into the source
        first."""
        unmoved = batch.column("unmoved")
        for drift, chosen in ((False, pc.invert(unmoved)), (True, unmoved)):
            if pc.any(chosen).as_py():
                some = batch if pc.all(chosen).as_py() else batch.filter(chosen)
                some, pulled = pulling.pull(some) if pulling is not None else (some, Pulled())
                if pulled.leaving:
                    some, pulled = self._without_leaving(some, pulled)
                self._update(some, drift, pulled)

    def _without_leaving(self, batch: pa.RecordBatch, pulled: Pulled) -> tuple[pa.RecordBatch, Pulled]:
        """The batch and its pulls without people who leave the scope by what is pulled, of whom that is all."""
        leave = pa.array(sorted(pulled.leaving), pa.int64())
        going, pulls = batch.take(leave), pulled.of(leave)
        people, counts = _people(going, going.column("id")), self.counts
        counts.looked_at += going.num_rows
        counts.pulled += going.num_rows
        counts.updated += self._changes.append(people, ContactAction.UPDATE, pulls.changes, [])
        everybody = pa.arange(0, going.num_rows)
        self._settled.add(self._patterns(going, Decided(), everybody))
        if self._agree is not None:
            self._agree(self._agreed_before(going))
        stay = pc.indices_nonzero(pc.invert(pc.is_in(pa.arange(0, batch.num_rows), value_set=leave))).cast(pa.int64())
        return batch.take(stay), pulled.of(stay)

    def _update(self, batch: pa.RecordBatch, drift: bool, pulled: Pulled) -> None:
        """`drift`: our sides are as both sides agreed, so somebody else moved theirs."""
        self._watched(batch, new=False)
        values = self.values.decide(batch, new=False, drift=drift)
        tags = self._retagged(batch, drift)
        people = _people(batch, batch.column("id"))
        counts = self.counts
        counts.looked_at += batch.num_rows
        changes = [*pulled.changes, *values.changes]
        counts.updated += self._changes.append(people, ContactAction.UPDATE, changes, tags)
        counts.updated_with_values += len(_union([c.at for c in values.changes]))
        counts.pulled += len(_union([c.at for c in pulled.changes]))
        counts.held += len(_union([h.at for h in values.held]))
        counts.blocked_by_kind += len(_union(values.blocked))
        counts.conflicts += len(_union(values.conflicts))
        counts.overwritten += self._overwritten(batch, values.changes)
        written = _union([*(c.at for c in changes), *(t.at for t in tags)])
        self._settled.add(self._patterns(batch, values, written))
        if self._agree is not None and self._two_way:
            self._agree(self._agreed(batch, values, pulled))

    def _agreed(self, batch: pa.RecordBatch, values: Decided, pulled: Pulled) -> pa.RecordBatch:
        """What both sides agree on now, as `RememberedPeople.add` takes it: values in sync, and what was agreed on of
        the others."""
        columns = {"ord": batch.column("ord")}
        for column in self._two_way:
            field, name = two_way(column), column.name
            ours = batch.column(name)
            differing = [*pulled.agreed.get(name, ()), *([values.agreed[name]] if name in values.agreed else ())]
            at = pa.concat_arrays([pa.array([], pa.int64()), *(agreed.at for agreed in differing)])
            place = pc.index_in(pa.arange(0, batch.num_rows), value_set=at)
            columns[f"in_{name}"] = pc.and_(pc.is_null(place), pc.invert(is_marked(as_sent(ours))))
            columns[f"ours_{name}"], columns[f"theirs_{name}"] = as_sent(ours), as_stored(ours)
            for part, kept in ((field.sent, "sent"), (field.stored, "stored")):
                found = [pa.array([], pa.uint64()), *(getattr(agreed, kept) for agreed in differing)]
                columns[part] = pa.concat_arrays(found).take(place)
        return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))

    def _agreed_before(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The same, where it stays what it was."""
        columns, nothing = {"ord": batch.column("ord")}, pa.nulls(batch.num_rows, pa.string())
        for field in map(two_way, self._two_way):
            columns[f"in_{field.name}"] = flags(False, batch.num_rows)
            columns[f"ours_{field.name}"] = columns[f"theirs_{field.name}"] = nothing
            columns |= {name: batch.column(name) for name in (field.sent, field.stored)}
        return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))

    def _retagged(self, batch: pa.RecordBatch, drift: bool) -> list[TagChanges]:
        """Taggings; only who does not carry exactly the tags that are wanted is looked at."""
        rows = pc.indices_nonzero(pc.invert(batch.column("tags_same"))).cast(pa.int64())
        if not len(rows):
            return []
        changes = self._tags.decide(batch.take(rows), new=False, drift=drift)
        return [replace(change, at=rows.take(change.at)) for change in changes]

    def settled(self, patterns: Mapping[str, int]) -> None:
        """Pairs that an earlier plan settled: not looked at, and counted as if they had been."""
        counts = self.counts
        for pattern, count in patterns.items():
            counts.looked_at += count
            counts.held += count if pattern else 0
            for number, filled in held_in(pattern):
                self.values.count_held(self._columns[number], filled, count)

    def _patterns(self, batch: pa.RecordBatch, values: Decided, written: pa.Array) -> pa.RecordBatch:
        """What is held in each pair, whether nothing is to be done for it while both rows stay as they are, and whether
        something is written now: ord, contact, ours, theirs, pattern, quiet, writes."""
        rows, loud = pa.arange(0, batch.num_rows), _union([written, *values.loud])
        quiet = pc.and_(batch.column("tags_same"), pc.invert(batch.column("taken")))
        quiet = pc.and_(quiet, pc.invert(pc.is_in(rows, value_set=loud)))
        said = [pa.repeat(text(pattern_of(h.field, h.filled)), len(h.at)) for h in values.held]
        parts = pa.concat_arrays([pa.array([], pa.string()), *said])
        pattern = pc.binary_join(grouped(batch.num_rows, [h.at for h in values.held], parts)[0], EMPTY)
        known_by = ["ord", "contact", "ours", "theirs"]
        columns = [*map(batch.column, known_by), pattern, quiet, pc.is_in(rows, value_set=written)]
        return pa.RecordBatch.from_arrays(columns, names=[*known_by, "pattern", "quiet", "writes"])

    def _overwritten(self, batch: pa.RecordBatch, changes: Sequence[ValueChanges]) -> int:
        """Contacts in which a filled value goes, as `limits.update_percent` counts them."""
        rows = _union([c.at.filter(c.filled) for c in changes if c.field in self._guarded])
        leftover = self._remembered.leftover
        if not leftover:
            return len(rows)
        people = batch.column("person").take(rows).to_pylist()
        return sum(person_digest(self._remembered.key, p) not in leftover for p in people)


def _nobody(_batch: pa.RecordBatch, *, new: bool) -> None:
    """Nobody watches."""


def _people(batch: pa.RecordBatch, contact: pa.Array) -> pa.RecordBatch:
    columns = [batch.column("person"), batch.column("row"), batch.column("match"), contact, batch.column("rank")]
    return pa.RecordBatch.from_arrays(columns, names=["person", "row", "match", "contact", "rank"])


def _union(rows: Sequence[pa.Array]) -> pa.Array:
    return pc.unique(pa.concat_arrays([pa.array([], pa.int64()), *rows]))
