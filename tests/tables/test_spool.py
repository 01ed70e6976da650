from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.tables.spool import Spool, rebatched


def batch(values: list[int]) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array(values, pa.int64())], names=["n"])


@pytest.mark.parametrize("wanted", [[], [0], [2, 3, 9], [9], list(range(10))])
def test_gather_gives_exactly_the_wanted_rows_in_order(tmp_path: Path, wanted: list[int]) -> None:
    spool = Spool(tmp_path / "rows")
    for start, end in ((0, 3), (3, 4), (4, 10)):
        spool.append(batch(list(range(start, end))))
    got = [n for b in spool.gather(pa.array(wanted, pa.int64())) for n in b.column("n").to_pylist()]
    assert got == wanted


def test_batches_come_back_as_they_were(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "rows")
    spool.append(batch([1, 2]))
    spool.append(batch([3]))
    assert [b.column("n").to_pylist() for b in spool.batches()] == [[1, 2], [3]]


@given(st.lists(st.lists(st.integers(0, 9), max_size=7), max_size=7), st.integers(1, 9))
def test_rebatching_keeps_every_row_in_order(pages: list[list[int]], size: int) -> None:
    out = [n for b in rebatched((batch(p) for p in pages), size) for n in b.column("n").to_pylist()]
    assert out == [n for page in pages for n in page]
