"""The Parquet source: every value as text, whatever its type."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from filled import CANARY, failure, opened, rows_of

from reconciler.adapters.errors import SourceFailed
from reconciler.adapters.source import Source

NOON = datetime(2026, 2, 3, 4, 5, 6)
FINE = NOON.replace(microsecond=789_000)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "people.parquet"


def source(path: Path, **columns: pa.Array) -> Source:
    pq.write_table(pa.table(columns), path)
    return opened("parquet", path.parent, path=path.name)


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        (pa.string(), "Zoë 🙂", "Zoë 🙂"),
        (pa.string(), "", ""),
        (pa.large_string(), "x", "x"),
        (pa.bool_(), True, "true"),
        (pa.bool_(), False, "false"),
        (pa.int8(), -7, "-7"),
        (pa.uint64(), 2**64 - 1, "18446744073709551615"),
        (pa.float64(), 0.1, "0.1"),
        (pa.float64(), 12.0, "12"),
        (pa.float32(), 0.1, "0.1"),
        (pa.decimal128(12, 2), Decimal("1.10"), "1.10"),
        (pa.decimal128(30, 12), Decimal("0.000000000001"), "0.000000000001"),
        (pa.decimal128(38, 2), Decimal("12345678901234567890.10"), "12345678901234567890.10"),
        (pa.date32(), date(2026, 2, 3), "2026-02-03"),
        (pa.date64(), date(2026, 2, 3), "2026-02-03"),
        (pa.time64("us"), time(4, 5, 6), "04:05:06.000000"),
        (pa.timestamp("s"), NOON, "2026-02-03 04:05:06"),
        (pa.timestamp("us"), NOON, "2026-02-03 04:05:06"),
        (pa.timestamp("us"), FINE, "2026-02-03 04:05:06.789000"),
        (pa.timestamp("us", "UTC"), NOON.replace(tzinfo=UTC), "2026-02-03T04:05:06Z"),
        (pa.timestamp("us", "Europe/Berlin"), NOON.replace(tzinfo=UTC), "2026-02-03T04:05:06Z"),
        (pa.timestamp("ms", "+02:00"), FINE.replace(tzinfo=UTC), "2026-02-03T04:05:06.789Z"),
        (pa.binary(), "Zoë".encode(), "Zoë"),
        (pa.binary(2), b"ab", "ab"),
        (pa.large_binary(), b"ab", "ab"),
        (pa.uuid(), uuid.UUID("d0c5bbf4-7a4b-4ac0-8bd5-1f8e0f0f2a2b").bytes, "d0c5bbf4-7a4b-4ac0-8bd5-1f8e0f0f2a2b"),
        (pa.list_(pa.string()), ["b", 'a,"c', None], '["b","a,\\"c",null]'),
        (pa.list_(pa.int64()), [], "[]"),
        (pa.list_(pa.decimal128(5, 2)), [Decimal("1.10")], '["1.10"]'),
        (pa.list_(pa.timestamp("us", "UTC")), [NOON.replace(tzinfo=UTC)], '["2026-02-03T04:05:06Z"]'),
        (pa.struct({"x": pa.int32(), "y": pa.date32()}), {"x": 1, "y": date(2026, 2, 3)}, '{"x":1,"y":"2026-02-03"}'),
        (pa.map_(pa.string(), pa.bool_()), {"editor": True}, '{"editor":true}'),
        (pa.null(), None, None),
    ],
    ids=str,
)
def test_a_value_is_the_text_that_it_means(path: Path, kind: pa.DataType, value: Any, text: str | None) -> None:
    storage = kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind
    values = pa.array([value, None, value], storage)
    if storage is not kind:
        values = pa.ExtensionArray.from_storage(kind, values)
    assert rows_of(source(path, id=pa.array(["1", "2", "3"]), a=values), "a") == [(text,), (None,), (text,)]


def test_a_column_of_few_distinct_texts_comes_as_texts(path: Path) -> None:
    assert rows_of(source(path, a=pa.array(["x", None, "y", "x"]).dictionary_encode())) == [
        ("x",),
        (None,),
        ("y",),
        ("x",),
    ]


def test_a_name_with_a_point_is_not_a_path(path: Path) -> None:
    made = source(path, **{"a": pa.array([{"b": "inner"}]), "a.b": pa.array(["outer"])})
    assert rows_of(made, "a.b", "a") == [("outer", '{"b":"inner"}')]


def test_bytes_that_are_no_text_are_an_error_with_column_and_row(path: Path) -> None:
    made = source(path, id=pa.array(["1"] * 20_000), a=pa.array([b"x"] * 19_999 + [b"\xff" + CANARY.encode()]))
    error = failure(made, "id", "a")
    assert (error.code, error.row, "`a`" in error.detail) == ("E425", 20_000, True)
    assert len(rows_of(made, "id")) == 20_000


@pytest.mark.parametrize(
    "values",
    [
        pa.array([timedelta(1)]),
        pa.array([[b"\xff"]], pa.list_(pa.binary())),
        pa.array([[2**60 + 1]], pa.list_(pa.timestamp("ns"))),
    ],
    ids=str,
)
def test_what_has_no_text_is_an_error_that_names_the_column(path: Path, values: pa.Array) -> None:
    error = failure(source(path, id=pa.array(["1"]), a=values), "id", "a")
    assert (error.code, "`a`" in error.detail) == ("E425", True)


def test_two_columns_of_one_name_are_an_error(path: Path) -> None:
    pq.write_table(pa.Table.from_arrays([pa.array(["x"]), pa.array(["y"])], ["a", "a"]), path)
    assert failure(opened("parquet", path.parent, path=path.name)).code == "E413"


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "E406"), (b"PAR1", "E406"), (f"id,email\n1,{CANARY}\n".encode() * 100, "E406"), (None, "E401")],
)
def test_a_file_that_is_none_is_an_error(path: Path, content: bytes | None, code: str) -> None:
    if content is not None:
        path.write_bytes(content)
    assert failure(opened("parquet", path.parent, path=path.name)).code == code


@pytest.mark.parametrize("keep", [0.3, 0.7, 0.999])
def test_a_file_that_breaks_off_is_an_error(path: Path, keep: float) -> None:
    made = source(path, a=pa.array([f"{CANARY} {n}" for n in range(5_000)]))
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * keep)])
    assert failure(made, "a").code == "E406"


def test_a_page_that_is_damaged_is_an_error(path: Path) -> None:
    made = source(path, a=pa.array([f"{CANARY} {n}" for n in range(5_000)]))
    whole = bytearray(path.read_bytes())
    whole[1_000:3_000] = b"\xff" * 2_000
    path.write_bytes(whole)
    assert failure(made, "a").code in ("E404", "E406")


def test_a_file_that_changes_while_it_is_read_is_an_error(path: Path) -> None:
    made = source(path, a=pa.array([str(n) for n in range(50_000)]))
    reading = made.read(["a"])
    next(reading)
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(SourceFailed) as caught:
        list(reading)
    assert caught.value.code == "E405"


def test_a_large_row_group_is_read_in_batches(path: Path) -> None:
    made = source(path, a=pa.array(["x" * 100] * 100_000))
    assert max(batch.num_rows for batch in made.read(["a"])) <= 16_384
