import random
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.plan import SpoolFile
from reconciler.tables.spool import SALT_BYTES, Damaged, Seal, Spool, exactly, rebatched


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


SECRET, SALT = b"\x07" * 32, b"\x01" * SALT_BYTES


def sealed(path: Path) -> SpoolFile:
    """Three frames of an earlier run."""
    spool = Spool(path, seal=Seal(SECRET, SALT))
    for values in ([0, 1], [2], [3, 4]):
        spool.append(pa.record_batch({"n": pa.array(values), "text": pa.array(["qzxkanari"] * len(values))}))
    return spool.file


def numbers(spool: Spool) -> list[int]:
    return [n for b in spool.batches() for n in b.column("n").to_pylist()]


def test_a_sealed_spool_reads_on_in_a_later_run(tmp_path: Path) -> None:
    spool = Spool.reopen(sealed(tmp_path / "rows"), SECRET)
    assert numbers(spool) == [0, 1, 2, 3, 4]
    assert [b.column("n").to_pylist() for b in spool.gather(pa.array([1, 3]))] == [[1], [3]]
    assert [b.schema.names for b in spool.batches(["text"])] == [["text"]] * 3


def test_a_sealed_file_shows_no_value(tmp_path: Path) -> None:
    assert b"qzxkanari" not in sealed(tmp_path / "rows").path.read_bytes()


def test_another_secret_opens_nothing(tmp_path: Path) -> None:
    spool = Spool.reopen(sealed(tmp_path / "rows"), b"\x08" * 32)
    with pytest.raises(Damaged):
        numbers(spool)


def test_a_cut_or_altered_sealed_file_is_damaged_wherever_that_is(tmp_path: Path) -> None:
    file = sealed(tmp_path / "rows")
    whole = file.path.read_bytes()
    for at in range(len(whole)):
        for content in (whole[:at], whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]):
            file.path.write_bytes(content)
            with pytest.raises(Damaged):
                numbers(Spool.reopen(file, SECRET))


def test_a_frame_in_another_place_is_damaged(tmp_path: Path) -> None:
    file = sealed(tmp_path / "rows")
    whole = file.path.read_bytes()
    first, last = whole[SALT_BYTES : file.ends[0]], whole[file.ends[1] :]
    assert len(first) == len(last)
    file.path.write_bytes(whole[:SALT_BYTES] + last + whole[file.ends[0] : file.ends[1]] + first)
    with pytest.raises(Damaged):
        numbers(Spool.reopen(file, SECRET))


def test_a_spool_that_is_not_there_is_damaged(tmp_path: Path) -> None:
    with pytest.raises(Damaged):
        Spool.reopen(SpoolFile(tmp_path / "nowhere", (0,), (9,), 1))


def test_a_spool_that_was_opened_stays_readable_when_its_file_goes(tmp_path: Path) -> None:
    file = sealed(tmp_path / "rows")
    spool = Spool.reopen(file, SECRET)
    file.path.unlink()
    assert numbers(spool) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("size", [0, 1, 100_000, 3_000_000])
def test_a_value_that_cannot_be_made_smaller_fits_into_its_frame(tmp_path: Path, size: int) -> None:
    noise = random.Random(size).randbytes(size)
    rows = pa.record_batch({"n": [noise, None, noise], "l": [[{"a": noise}], [], None]})
    spool = Spool(tmp_path / "rows")
    for part in (rows.slice(0, 1), rows, rows.slice(1), rows.slice(2)):
        spool.append(part)
    found = pa.Table.from_batches(spool.batches()).to_pylist()
    assert found == [
        *rows.slice(0, 1).to_pylist(),
        *rows.to_pylist(),
        *rows.slice(1).to_pylist(),
        *rows.slice(2).to_pylist(),
    ]


@given(st.lists(st.lists(st.integers(0, 9), max_size=9), max_size=6), st.integers(1, 5))
def test_cutting_into_one_size_keeps_every_row_in_order(pages: list[list[int]], size: int) -> None:
    batches = [pa.record_batch({"n": pa.array(page, pa.int64())}) for page in pages]
    cut = [batch.column("n").to_pylist() for batch in exactly(iter(batches), size)]
    assert [n for batch in cut for n in batch] == [n for page in pages for n in page]
    assert all(len(batch) == size for batch in cut[:-1])
    assert all(cut)


def test_a_slice_of_empty_lists_is_kept_however_long_the_column_behind_it_is(tmp_path: Path) -> None:
    lists = pa.array([["a long tag"] * 9] * 50_000 + [[]], pa.list_(pa.string()))
    spool = Spool(tmp_path / "rows", dense=False)
    spool.append(pa.record_batch({"tags": lists}).slice(50_000))
    assert [batch.column("tags").to_pylist() for batch in spool.batches()] == [[[]]]
