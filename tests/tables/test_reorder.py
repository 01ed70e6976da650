"""Rows that come in one order and are wanted in another."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from reconciler.tables.reorder import Reorder


@given(data=st.data(), size=st.integers(1, 7), places=st.integers(0, 30))
def test_each_part_has_its_rows_in_the_order_of_their_places(data: st.DataObject, size: int, places: int) -> None:
    come = data.draw(st.lists(st.integers(0, max(places - 1, 0)), unique=True, max_size=places))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(come)), max_size=3)))
    with TemporaryDirectory() as folder:
        rows = Reorder(Path(folder) / "rows", size, places)
        for start, end in zip([0, *cuts], [*cuts, len(come)], strict=True):
            at = pa.array(come[start:end], pa.int64())
            rows.add(pa.record_batch({"text": pa.array([f"row {n}" for n in come[start:end]], pa.string())}), at)
        for part in [*range(-(-places // size))] * 2:  # as often as one likes
            found = rows.part(part)
            wanted = [f"row {n}" for n in sorted(come) if n // size == part]
            assert ([] if found is None else found.column("text").to_pylist()) == wanted
            assert found is None or found.schema.names == ["text"]
