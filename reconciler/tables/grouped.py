"""Entries of some rows become one list a row."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from reconciler.tables.scalars import whole


def grouped(length: int, at: Sequence[pa.Array], entries: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Entries by the row they belong to, in the order given; and how many each row has (int32). `at`: int64, the rows
    of the entries one after the other; `length`: how many rows there are."""
    owners = pa.concat_arrays([pa.array([], pa.int64()), *at])
    order = pc.array_sort_indices(owners)  # stable: entries of one row keep their order
    found = pc.value_counts(owners)
    at = pc.index_in(pa.arange(0, length), value_set=found.field("values"))
    sizes = pc.fill_null(found.field("counts").take(at), whole(0)).cast(pa.int32())
    offsets = pa.concat_arrays([pa.array([0], pa.int32()), pc.cumulative_sum(sizes)])
    return pa.ListArray.from_arrays(offsets, entries.take(order)), sizes
