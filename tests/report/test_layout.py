"""How texts fit on a page: wrapped lines, aligned columns, and what stays together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from reconciler.model.outcome import Outcome, Result, Written
from reconciler.model.plan import Action, Cause, Delta, FieldCount, Finding, InventoryChange, TagCount
from reconciler.model.problems import Level, Problem
from reconciler.report.layout import Page, columns, folding_table, section, spread, wrapped
from reconciler.report.outcome import outcome_text
from reconciler.report.text import plan_text
from tests.report.plans import at
from tests.report.test_text import EVERYTHING

LONG = replace(
    EVERYTHING,
    inventory=(
        *EVERYTHING.inventory,
        InventoryChange("field.new", "field", "new", Action.CREATE, at(30), (Delta("type", None, "date"),)),
        InventoryChange(
            "field.grade.option.b", "option", "grade", Action.UPDATE, at(31), (Delta("label", "B", "Best"),), option="b"
        ),
        InventoryChange(
            "field.rank",
            "field",
            "rank",
            Action.BLOCKED,
            at(33),
            reason="number wanted, text there, and this CRM changes no type of a field that holds values",
            by_hand="Change the field's type to number in the CRM, or declare type: text, which reads anything.",
            waiting=1200,
        ),
        InventoryChange("field.👨‍👩‍👧", "field", "会員ランク 😀", Action.CREATE, at(47)),
    ),
    fields=(
        *EVERYTHING.fields,
        FieldCount("held_one", at(31), Cause.SOURCE, held=5, conflict=2, blocked=3, rewritten=4),
        FieldCount("a_field_with_a_rather_long_name_of_many_words", at(32), Cause.DRIFT, set=5, held=123_456),
    ),
    tags=(*EVERYTHING.tags, TagCount("A tag " + "of many words " * 6, at(39), Cause.SOURCE, apply=1_000_000)),
    findings=(
        Finding(
            "R204",
            Level.WARNING,
            "values are unreadable",
            23,
            detail="23 values of `membership_level` unreadable as select (12 outside options, 11 longer than allowed)",
            fix="say how the values are written (options), or correct them in the source",
            where=at(28, "sites/base.yaml"),
            rows=tuple(range(1000, 1010)),
        ),
        Finding("R302", Level.WARNING, "a rename is done", 1, detail="`level` is gone", where=at(40)),
    ),
    problems=(
        Problem(
            "R303",
            Level.WARNING,
            "a tag of the CRM differs from a declared one only in case, spaces or HTML entities",
            "`VIP` here, `vip` in the CRM",
            "write the name as the CRM has it, or rename or remove one of the two in the CRM",
            at(46),
        ),
    ),
)


@pytest.mark.parametrize("width", [72, 80, 100, 112])
def test_no_line_of_a_plan_is_wider_than_its_page(width: int) -> None:
    names = replace(LONG, tags=EVERYTHING.tags, fields=(*EVERYTHING.fields, LONG.fields[-2]))
    for line in plan_text(names, page=Page(width)).splitlines():
        assert columns(line) <= width, line


def test_a_plan_on_a_narrow_page_reads_well(golden: Callable[[str, str], None]) -> None:
    golden("plan-narrow.txt", plan_text(LONG, page=Page(76, "-C north", narrowed=True)))


def test_a_plan_on_a_wide_page_reads_well(golden: Callable[[str, str], None]) -> None:
    golden("plan-long.txt", plan_text(LONG))


def test_a_name_wider_than_its_column_has_a_line_of_its_own() -> None:
    name = "tag " + "x" * 90
    first, second = folding_table([["+", name, "5 applied", "line 3 is new"]], 2, 100, gaps=(1,), least=(1, 24))[0]
    assert first == f"  + {name}"
    assert second.strip().startswith("5 applied")


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("one two three", 7, ["one two", "three"]),
        ("one two", 7, ["one two"]),
        ("x" * 12 + " y", 5, ["x" * 12, "y"]),
        ("raise it, or --allow create=75 once", 22, ["raise it, or", "--allow create=75 once"]),
        ("applied 12 tags", 11, ["applied", "12 tags"]),
        ("  5 set, 6 held", 9, ["  5 set,", "6 held"]),
        ("\u4f1a\u54e1 \u4f1a\u54e1", 5, ["\u4f1a\u54e1", "\u4f1a\u54e1"]),
        ("", 5, []),
    ],
)
def test_lines_break_at_spaces_where_nothing_is_torn_apart(text: str, width: int, lines: list[str]) -> None:
    assert wrapped(text, width) == lines


def test_every_part_of_a_wrapped_section_stands_beside_its_label() -> None:
    lines = section("Limits", ["a " * 30, "b"], 40)
    assert lines[0].startswith("Limits     a a")
    assert all(line.startswith(" " * 11) for line in lines[1:])
    assert lines[-1] == " " * 11 + "b"


def test_parts_share_a_line_while_they_fit() -> None:
    assert spread(["Plan: 3 fields.", "Next: apply"], 40) == ["Plan: 3 fields.   Next: apply"]
    assert spread(["Plan: 3 fields.", "Next: apply"], 26) == ["Plan: 3 fields.", "  Next: apply"]


@pytest.mark.parametrize(
    ("text", "width"),
    [("e\u0301", 1), ("\U0001f600", 2), ("\u2764\ufe0f", 1), ("a\u200db", 2), ("\u4f1a", 2), ("plain", 5)],
)
def test_signs_are_measured_as_a_terminal_draws_them(text: str, width: int) -> None:
    assert columns(text) == width


@pytest.mark.parametrize("result", list(Result))
def test_no_line_of_an_outcome_is_wider_than_its_page(result: Result) -> None:
    written = Written(9, 1000, 2000, 30_000, 40, 50, failed=7, moved=8, left=9, rewritten=10, recovered=11)
    outcome = Outcome(result, LONG, "20261122T070635Z-6c9a", written)
    for line in outcome_text(outcome, Page(72)).splitlines():
        assert columns(line) <= 72, line
