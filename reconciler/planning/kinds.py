"""Which rows are of a kind of object that cannot have a field, where others can."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from reconciler.model.objects import Objects
from reconciler.planning.layout import FieldColumn
from reconciler.tables.kinds import KindOfId
from reconciler.tables.scalars import whole


class BlockedKinds:
    """Rows without a contact are of the kind that people are created as."""

    def __init__(self, objects: Objects) -> None:
        self._objects, self._kinds = objects, KindOfId(objects)
        self._keys = ("", *objects.names[1:])

    def blocked(self, column: FieldColumn, batch: pa.RecordBatch, at: pa.Array) -> pa.Array:
        """Boolean for each of the rows `at`."""
        wrong = [n for n, key in enumerate(self._keys) if key in column.binding.blocked_in]
        return pc.is_in(self._of(batch, at), value_set=pa.array(wrong, pa.int8()))

    def waiting(self, column: FieldColumn, batch: pa.RecordBatch, at: pa.Array) -> dict[tuple[str, str], int]:
        """How many of the rows are of each kind, by the field's key and the kind."""
        counted = pc.value_counts(self._of(batch, at)).to_pylist()
        return {(column.binding.entry.key, self._keys[entry["values"]]): entry["counts"] for entry in counted}

    def _of(self, batch: pa.RecordBatch, at: pa.Array) -> pa.Array:
        if "id" not in batch.schema.names:
            return pa.repeat(whole(self._objects.create_as, pa.int8()), len(at))
        return self._kinds.of(batch.column("id").take(at))
