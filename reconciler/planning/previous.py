"""The address before a change: written beside the new one, of contacts whose address this plan changes. Nothing
compares it: whoever's address does not change keeps what they have there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from reconciler.planning.conversion import PREVIOUS
from reconciler.planning.layout import FieldColumn, Layout
from reconciler.tables.changes import ValueChanges
from reconciler.tables.lanes import Lane


class PreviousAddresses:
    """For one comparison. `lanes`: from an address to what each of these fields can hold, by column."""

    def __init__(self, layout: Layout, lanes: dict[str, Lane]) -> None:
        self._layout, self._lanes = layout, lanes

    def beside(
        self, batch: pa.RecordBatch, changes: Sequence[ValueChanges]
    ) -> Iterator[tuple[FieldColumn, pa.RecordBatch]]:
        """Each field with the rows of the batch, in which our side is the address that the contact loses by the
        changes, and theirs where it loses none, so that they do not differ."""
        number = self._layout.match.number
        lost = [change for change in changes if change.field == number and change.before.null_count < len(change.at)]
        for column in self._layout.previous if lost else ():
            before = _placed(batch.num_rows, lost)
            given = pa.RecordBatch.from_arrays([before], names=[PREVIOUS])
            rows = pc.if_else(pc.is_valid(before), batch.column("row"), pa.scalar(None, pa.int64()))
            ours = pc.if_else(
                pc.is_valid(before), self._lanes[column.name].run(given, rows), batch.column(column.theirs)
            )
            yield column, batch.append_column(column.name, ours)


def _placed(length: int, changes: Sequence[ValueChanges]) -> pa.Array:
    """What the changes overwrite, row by row of the batch; null where there is nothing."""
    at = pa.concat_arrays([change.at for change in changes])
    before = pa.concat_arrays([change.before for change in changes])
    return before.take(pc.index_in(pa.arange(0, length), value_set=at))
