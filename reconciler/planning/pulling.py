"""Pulling: what the CRM changed goes into the source first, and the row as it will be meets the decision table.

A pulled value changes what the file's other entries make of the same row: tags, computed values, other fields of the
column. So the row is converted anew with the pulled texts in it, and whatever follows from them is part of the same
plan. Else a second plan would not be empty.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from reconciler.model.types import Unreadable
from reconciler.planning.counts import Counts
from reconciler.planning.layout import FieldColumn, Layout
from reconciler.planning.reading import PeopleReader
from reconciler.planning.values import Agreed, Differing, ValueDecisions
from reconciler.planning.writing_back import RawText
from reconciler.tables.changes import ValueChanges
from reconciler.tables.lanes import Refusals
from reconciler.tables.scalars import whole

Cell = tuple[int, str]
"""(row of a batch, name of a column)"""


@dataclass(slots=True)
class Pulled:
    """What goes into the source, for one batch. `agreed`: digests of the values that are pulled, by column. `texts`: by
    row and column of the source. `leaving`: rows of people whom that takes out of scope: nothing else of them is
    written."""

    changes: list[ValueChanges] = field(default_factory=list)
    agreed: dict[str, list[Agreed]] = field(default_factory=lambda: defaultdict(list))
    texts: dict[Cell, str | None] = field(default_factory=dict)
    leaving: set[int] = field(default_factory=set)

    def of(self, rows: pa.Array) -> Pulled:
        """The same of some rows (ascending), which are a batch of their own then."""
        found = Pulled([_only(change, rows) for change in self.changes])
        for name, parts in self.agreed.items():
            for agreed in parts:
                at = pc.index_in(agreed.at, value_set=rows).cast(pa.int64())
                here = pc.is_valid(at)
                found.agreed[name].append(Agreed(*(p.filter(here) for p in (at, agreed.sent, agreed.stored))))
        return found


def _only(change: ValueChanges, rows: pa.Array) -> ValueChanges:
    at = pc.index_in(change.at, value_set=rows).cast(pa.int64())
    here = pc.is_valid(at)
    values = (change.verdict, change.cause, change.before, change.after, change.filled, change.read, change.write)
    return ValueChanges(change.field, at.filter(here), *(v if v is None else v.filter(here) for v in values))


class Pulling:
    """For one comparison. `texts`: how values of each two-way column are written in the source. `crowded`: `ord` of
    people who do not take the address of their contact, since another person would have it, too."""

    def __init__(
        self,
        layout: Layout,
        people: PeopleReader,
        values: ValueDecisions,
        counts: Counts,
        texts: Mapping[str, RawText],
        crowded: pa.Array,
    ) -> None:
        self._layout, self._people, self._values, self._counts, self._texts = layout, people, values, counts, texts
        self._crowded = crowded

    def pull(self, batch: pa.RecordBatch) -> tuple[pa.RecordBatch, Pulled]:
        """The batch with our sides as they are once everything is pulled. Columns: as `Comparison.updates` takes it."""
        pulled = Pulled()
        done: set[Cell] = set()
        for _round in self._layout.two_way:  # what is pulled may change how another column is read, but not for ever
            found = self._wanted(batch, done)
            if not found:
                break
            batch = self._pull(batch, found, pulled, done)
        return batch, pulled

    def _wanted(self, batch: pa.RecordBatch, done: set[Cell]) -> list[tuple[FieldColumn, Differing]]:
        found = []
        for column in self._layout.two_way:
            differing = self._values.pulls(column, batch)
            if differing is not None and column is self._layout.match and len(self._crowded):
                differing = self._without_crowded(batch, differing, done)
            if differing is not None:
                new = pa.array([(row, column.name) not in done for row in differing.at.to_pylist()], pa.bool_())
                if pc.any(new).as_py():
                    found.append((column, differing.filter(new)))
        return found

    def _without_crowded(self, batch: pa.RecordBatch, differing: Differing, done: set[Cell]) -> Differing:
        crowded = pc.is_in(batch.column("ord").take(differing.at), value_set=self._crowded)
        new = [(row, self._layout.match.name) not in done for row in differing.at.to_pylist()]
        refused = differing.at.filter(pc.and_(crowded, pa.array(new, pa.bool_())))
        done.update((row, self._layout.match.name) for row in refused.to_pylist())
        self._counts.crowded.add(batch.column("row").take(refused).to_pylist())
        return differing.filter(pc.invert(crowded))

    def _pull(
        self, batch: pa.RecordBatch, found: Sequence[tuple[FieldColumn, Differing]], pulled: Pulled, done: set[Cell]
    ) -> pa.RecordBatch:
        rows = pc.unique(pa.concat_arrays([differing.at for _, differing in found])).sort()
        raw = self._people.raw_rows(batch.column("ord").take(rows))
        texts = {name: column.to_pylist() for name, column in zip(raw.schema.names, raw.columns, strict=True)}
        place = {row: n for n, row in enumerate(rows.to_pylist())}
        for (row, name), text in pulled.texts.items():
            if row in place:
                texts[name][place[row]] = text
        for column, differing in found:
            done.update((row, column.name) for row in differing.at.to_pylist())
            self._write(column, differing, batch, pulled, texts, place)
        changed = pa.RecordBatch.from_arrays(
            [pa.array(texts[name], pa.string()) for name in raw.schema.names], names=raw.schema.names
        )
        pulled.leaving.difference_update(rows.to_pylist())
        pulled.leaving.update(rows.filter(pc.invert(self._people.in_scope(changed))).to_pylist())
        return self._replaced(batch, rows, self._people.converted(changed, batch.column("ord").take(rows)))

    def _write(
        self,
        column: FieldColumn,
        differing: Differing,
        batch: pa.RecordBatch,
        pulled: Pulled,
        texts: Mapping[str, list[str | None]],
        place: Mapping[int, int],
    ) -> None:
        """Put the texts of one column in their places; those that the source has no text for are refused."""
        entry, write = column.binding.entry, self._texts[column.name]
        cells = texts[entry.column or ""]
        countries = texts[entry.country] if entry.country else None
        like = self._people.styles.get(entry.column or "")
        read: list[str | None] = []
        wrote: list[str | None] = []
        taken: list[bool] = []
        for row, theirs in zip(differing.at.to_pylist(), differing.theirs.to_pylist(), strict=True):
            at = place[row]
            before = cells[at]
            try:
                text = write(theirs, before, like, countries[at] if countries else None)
            except Unreadable as refused:
                number = batch.column("row")[row].as_py()
                known = self._counts.unpulled.setdefault(column.number, {})
                known.setdefault((refused.reason, refused.key), Refusals()).add([number])
                taken.append(False)
                continue
            taken.append(True)
            read.append(before)
            wrote.append(text)
            cells[at] = pulled.texts[row, entry.column or ""] = text
        if not any(taken):
            return
        chosen = differing.filter(pa.array(taken, pa.bool_()))
        cause = self._values.count_pulled(column, batch, chosen)
        if chosen.agreed is not None:
            pulled.agreed[column.name].append(chosen.agreed)
        filled = pc.is_valid(chosen.ours)
        pulled.changes.append(
            ValueChanges(
                column.number, chosen.at, chosen.verdict, cause, chosen.ours, chosen.theirs, filled,
                pa.array(read, pa.string()), pa.array(wrote, pa.string()),
            )
        )  # fmt: skip

    def _replaced(self, batch: pa.RecordBatch, rows: pa.Array, ours: pa.RecordBatch) -> pa.RecordBatch:
        """The batch with those rows of our side. What follows from them was not compared yet."""
        changed = pc.is_in(pa.arange(0, batch.num_rows), value_set=rows)
        columns = dict(zip(batch.schema.names, batch.columns, strict=True))
        for name in ours.schema.names:
            if name != "ord":
                columns[name] = _put(columns[name], rows, ours.column(name))
        columns["tags_same"] = pc.and_not(columns["tags_same"], changed)
        return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))


def _put(column: pa.Array, rows: pa.Array, values: pa.Array) -> pa.Array:
    """The column with other values in those rows (ascending)."""
    at = pc.index_in(pa.arange(0, len(column)), value_set=rows).cast(pa.int64())
    order = pc.if_else(pc.is_valid(at), pc.add(at, whole(len(column))), pa.arange(0, len(column)))
    return pa.concat_arrays([column, values]).take(order)
