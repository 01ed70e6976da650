"""What holds for every source: the same people come out of each as the same columns of text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from filled import KINDS, Filled, failure, rows_of

COLUMNS = (
    "id",
    "E-mail",
    "first name",
    "Größe",
    'quo"te',
    "back`tick",
    "semi;colon",
    "per%scent",
    "dot.ted",
    "select",
    "{0}",
    "[x]",
    "it's",
    "ID2",
    "iD2x",
)
TEXTS = (
    "plain",
    "",
    None,
    " padded ",
    "tab\there",
    "line\nbreak",
    "line\r\nbreak",
    "carriage\rreturn",
    'say "so"',
    '"',
    '""',
    "O'Brien",
    "comma, semicolon; pipe|",
    "back\\slash",
    "\\N",
    "\\.",
    "\\",
    "NULL",
    "null",
    "$1 %s {0} ?",
    "'; DROP TABLE people; --",
    "Zoë Ångström",
    "日本語 🙂",
    "e\u0301",
    "\ufeffmark",
    "\u200b",
    "\x01",
    "a\x01,\x01\x01b\x02",
    "007",
    "1e5",
    "true",
    "0000-00-00",
    "x" * 200_000,
)


@pytest.fixture
def filled(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Filled]:
    made = Filled(request, tmp_path)
    yield made
    made.close()


def people() -> list[tuple[str | None, ...]]:
    """Every text in every column but the first, and rows of nothing but nulls and of nothing but empty texts."""
    width = len(COLUMNS) - 1
    rows = [tuple(TEXTS[(row + at) % len(TEXTS)] for at in range(width)) for row in range(len(TEXTS))]
    return [(f"{n:04}", *row) for n, row in enumerate([*rows, (None,) * width, ("",) * width])]


def as_csv_has_it(rows: list[tuple[str | None, ...]]) -> list[tuple[str | None, ...]]:
    """A CSV file cannot tell a null from an empty text."""
    return [tuple(value or "" for value in row) for row in rows]


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_people_come_as_the_same_columns(kind: str, filled: Filled) -> None:
    source = filled.source(kind, COLUMNS, people())
    assert tuple(source.columns()) == COLUMNS
    found = sorted(rows_of(source))
    assert found == (as_csv_has_it(people()) if kind == "csv" else people())


@pytest.mark.parametrize("kind", KINDS)
def test_only_what_is_asked_for_comes_in_the_order_in_which_it_is_asked_for(kind: str, filled: Filled) -> None:
    source = filled.source(kind, COLUMNS, people())
    assert sorted(rows_of(source, "ID2", "id"), key=str) == sorted(
        ((row[13] or ("" if kind == "csv" else row[13]), row[0]) for row in people()), key=str
    )


@pytest.mark.parametrize("kind", KINDS)
def test_one_column_that_is_null_in_places_keeps_its_rows(kind: str, filled: Filled) -> None:
    source = filled.source(kind, ("a", "b"), [(None, "1"), ("", "2"), ("x", "3"), (None, "4")])
    empty = "" if kind == "csv" else None
    assert [row for (row,) in rows_of(source, "a")] == [empty, "", "x", empty]


@pytest.mark.parametrize("kind", KINDS)
def test_it_can_be_read_twice_and_closed_twice(kind: str, filled: Filled) -> None:
    source = filled.source(kind, ("a", "b"), [("1", "2"), ("3", "4")])
    assert rows_of(source, "a", "b") == rows_of(source, "a", "b") == [("1", "2"), ("3", "4")]
    source.close()
    source.close()


@pytest.mark.parametrize("kind", KINDS)
def test_it_can_be_left_in_the_middle_and_read_again(kind: str, filled: Filled) -> None:
    rows = [(f"{n:06}", "x" * 50) for n in range(40_000)]
    source = filled.source(kind, ("a", "b"), rows, key="a")
    reading = source.read(["a"])
    next(reading)
    getattr(reading, "close")()  # noqa: B009 - an iterator that is a generator
    assert rows_of(source, "a", "b") == rows


@pytest.mark.parametrize("kind", KINDS)
def test_two_hundred_columns_come(kind: str, filled: Filled) -> None:
    columns = tuple(f"column {n}" for n in range(200))
    rows = [tuple(f"{n} of {row}" for n in range(200)) for row in range(3)]
    assert rows_of(filled.source(kind, columns, rows)) == rows


@pytest.mark.parametrize("kind", KINDS)
def test_a_column_that_is_not_there_is_an_error(kind: str, filled: Filled) -> None:
    source = filled.source(kind, ("a", "b"), [("Zanzibar", "2")])
    error = failure(source, "a", "A")
    assert (error.code, "`A`" in error.detail) == ("E414", True)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "jsonl"])
def test_nobody_is_an_error(kind: str, filled: Filled) -> None:
    rows = [] if kind != "parquet" else [("x", "y")]
    source = filled.source(kind, ("a", "b"), rows)
    if kind == "parquet":
        import pyarrow.parquet as pq

        path = source._path  # type: ignore[attr-defined]
        pq.write_table(pq.read_table(path).slice(0, 0), path)
    assert failure(source, "a").code == "E410"


@pytest.mark.parametrize("kind", ["sqlite", "postgres", "mysql"])
def test_a_table_with_a_key_comes_in_its_order_or_as_it_lies(kind: str, filled: Filled) -> None:
    rows = [(f"{n:06}", "x") for n in range(2_000)]
    assert rows_of(filled.source(kind, ("id", "b"), rows, key="id")) == rows
