"""Numbers, plurals and places in text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.problems import Place
from reconciler.report.layout import columns, table
from reconciler.report.words import counted, duration, file_line, line_of, plain, some


@pytest.mark.parametrize(
    ("count", "noun", "text"),
    [
        (0, "field", "0 fields"),
        (1, "field", "1 field"),
        (12000, "person", "12,000 people"),
        (1, "person", "1 person"),
        (2, "group of dynamic tags", "2 groups of dynamic tags"),
    ],
)
def test_one_and_many_are_told_apart(count: int, noun: str, text: str) -> None:
    assert some(count, noun) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (0.84, "0.8 s"),
        (9.97, "10 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (200, "3 min 20 s"),
        (7500, "2 h 5 min"),
    ],
)
def test_durations_are_as_exact_as_they_need_to_be(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_zero_counts_are_not_mentioned() -> None:
    assert counted(((40, "set"), (0, "cleared"), (1234, "held"))) == "40 set, 1,234 held"


def test_the_main_file_is_named_by_its_line_alone() -> None:
    assert line_of(Place("a.yaml", 28, 3), "a.yaml") == "line 28"
    assert line_of(Place("b.yaml", 28, 3), "a.yaml") == "b.yaml:28"
    assert (file_line(Place("a.yaml", 28, 3)), file_line(None)) == ("a.yaml:28", "")


def test_joiners_and_accents_are_no_danger() -> None:
    family = "👩\u200d👧 naïve नी"
    assert plain(family) == family


@given(st.text())
def test_plain_text_is_one_printable_line(text: str) -> None:
    harmless = {"\u200c", "\u200d"}
    shown = plain(text)
    assert len(shown.splitlines()) <= 1
    assert not any(ord(s) < 32 or 127 <= ord(s) < 160 or s in "\u202e\u2066\u200b\ufeff" for s in shown)
    assert plain(shown) == shown
    assert harmless.isdisjoint(text) or not harmless.isdisjoint(shown)


def test_a_wide_cell_pushes_its_own_row_alone() -> None:
    short, long, other = table([["a", "1"], ["x" * 60, "2"], ["b", "3"]])
    assert short.index("1") == other.index("3") < long.index("2")


def test_width_counts_terminal_columns() -> None:
    assert (columns("abc"), columns("会員"), columns("e\u0301")) == (3, 4, 1)
