"""The second phase: whole rows of the pairs that differ, and of people to be created, meet the decisions.

What changes is appended to the change table and counted; nothing is decided row by row.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from reconciler.model.addresses import person_digest
from reconciler.model.plan import ContactAction
from reconciler.planning.causes import counted
from reconciler.planning.counts import Counts
from reconciler.planning.layout import Layout
from reconciler.planning.made import Permissions
from reconciler.planning.observed import Remembered
from reconciler.planning.taggings import TagDecisions
from reconciler.planning.values import ValueDecisions
from reconciler.tables.changes import ChangeTable, ValueChanges


class Comparison:
    """Feed the creates, then the differing pairs; read `counts`."""

    def __init__(
        self, layout: Layout, remembered: Remembered, permissions: Permissions, changes: ChangeTable, examples: bool
    ) -> None:
        self.counts = Counts()
        self._remembered, self._changes = remembered, changes
        self._values = ValueDecisions(layout, remembered, self.counts, examples)
        self._tags = TagDecisions(layout, permissions, self.counts, remembered)
        self._guarded = frozenset(c.number for c in layout.fields if counted(c.since))

    def creates(self, batch: pa.RecordBatch) -> None:
        """Columns: the spooled ones of our side."""
        values = self._values.decide(batch, new=True)
        tags = self._tags.decide(batch, new=True)
        contact = pa.nulls(batch.num_rows, pa.string())
        self.counts.created += self._changes.append(_people(batch, contact), ContactAction.CREATE, values.changes, tags)

    def updates(self, batch: pa.RecordBatch) -> None:
        """Columns: the spooled ones of both sides, and `taken`."""
        values = self._values.decide(batch, new=False)
        tags = self._tags.decide(batch, new=False)
        people = _people(batch, batch.column("id"))
        counts = self.counts
        counts.looked_at += batch.num_rows
        counts.updated += self._changes.append(people, ContactAction.UPDATE, values.changes, tags)
        counts.updated_with_values += len(_union([c.at for c in values.changes]))
        counts.held += len(_union(values.held))
        counts.overwritten += self._overwritten(batch, values.changes)

    def _overwritten(self, batch: pa.RecordBatch, changes: Sequence[ValueChanges]) -> int:
        """Contacts in which a filled value goes, as `limits.update_percent` counts them."""
        rows = _union([c.at.filter(c.filled) for c in changes if c.field in self._guarded])
        leftover = self._remembered.leftover
        if not leftover:
            return len(rows)
        people = batch.column("person").take(rows).to_pylist()
        return sum(person_digest(self._remembered.key, p) not in leftover for p in people)


def _people(batch: pa.RecordBatch, contact: pa.Array) -> pa.RecordBatch:
    columns = [batch.column("person"), batch.column("row"), batch.column("match"), contact]
    return pa.RecordBatch.from_arrays(columns, names=["person", "row", "match", "contact"])


def _union(rows: Sequence[pa.Array]) -> pa.Array:
    return pc.unique(pa.concat_arrays([pa.array([], pa.int64()), *rows]))
