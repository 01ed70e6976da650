"""Changes that have to be written one after the other: few as a rule, but no more than a batch of them in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from reconciler.model.plan import ContactAction
from reconciler.tables.reorder import Reorder
from reconciler.tables.scalars import whole
from reconciler.tables.spool import Spool, numbered

_PART = 32_768


class RankedRows:
    """Rows of change tables with a rank; `batches` gives them by rank, and in the order of the source within one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._spool = Spool(path.with_suffix(".ranked"))
        self._ranks: list[pa.Array] = []
        self._records: dict[ContactAction, list[pa.Array]] = {action: [] for action in ContactAction}

    def take_from(self, batch: pa.RecordBatch) -> pa.RecordBatch | None:
        """Takes the rows that have a rank, and gives the others back; None for none. All have one action."""
        has = pc.greater(batch.column("rank"), whole(0))
        if not pc.any(has).as_py():
            return batch
        ranked = batch.filter(has)
        ranks, action = ranked.column("rank"), ContactAction(ranked.column("action")[0].as_py())
        self._spool.append(ranked)
        self._ranks.append(ranks)
        written = pc.greater(ranked.column("values").value_lengths(), whole(0, pa.int32()))
        self._records[action].append(ranks if action is ContactAction.CREATE else ranks.filter(written))
        left = batch.filter(pc.invert(has))
        return left if left.num_rows else None

    def counts(self, action: ContactAction) -> tuple[int, ...]:
        """How many records are written at each rank that has any."""
        ranks = pa.concat_arrays([pa.array([], pa.int64()), *self._records[action]])
        return tuple(pc.value_counts(ranks).field("counts").to_pylist())

    def batches(self) -> Iterator[pa.RecordBatch]:
        rows = self._spool.rows
        if not rows:
            return
        order = pc.array_sort_indices(pa.concat_arrays(self._ranks)).cast(pa.int64())  # stable
        places = pc.array_sort_indices(order).cast(pa.int64())
        sorted_rows = Reorder(self._path.with_suffix(".sorted"), _PART, rows)
        for at, batch in numbered(places, self._spool.batches()):
            sorted_rows.add(batch, at)
        for part in range(-(-rows // _PART)):
            found = sorted_rows.part(part)
            if found is not None:
                yield found
