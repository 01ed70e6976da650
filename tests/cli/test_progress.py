"""Progress without a terminal, and the colours of lines."""

from __future__ import annotations

import io
from collections.abc import Iterator
from time import sleep

import pytest

from reconciler.cli.output import in_ci, style_of, wants_colour
from reconciler.cli.progress import Bar, Lines, chosen_progress, pace
from reconciler.model.progress import Silent


def ticking(*moments: float) -> Iterator[float]:
    yield from moments


def test_lines_come_every_ten_seconds_and_at_the_end() -> None:
    stream = io.StringIO()
    moments = ticking(0, 4, 11, 12, 22, 25)
    lines = Lines(stream, lambda: next(moments))
    lines.stage("reading people", 5000)
    for _ in range(4):
        lines.advance(500)
    lines.done()
    assert stream.getvalue().splitlines() == [
        "reading people: 1,000 of 5,000, 91 a second, about 44 s left",
        "reading people: 2,000 of 5,000, 91 a second, about 33 s left",
        "reading people: 2,000, done in 25 s",
    ]


@pytest.mark.parametrize(("least", "text"), [(1, ""), (0, "reading people: done in 0.5 s\n")])
def test_a_short_stage_is_told_only_on_request(least: float, text: str) -> None:
    stream = io.StringIO()
    moments = ticking(0, 0.5)
    lines = Lines(stream, lambda: next(moments), least)
    lines.stage("reading people")
    lines.done()
    lines.done()
    assert stream.getvalue() == text


@pytest.mark.parametrize(
    ("count", "total", "spent", "text"),
    [
        (1200, None, 10, "1,200, 120 a second"),
        (0, 100, 0, "0 of 100"),
        (101, 100, 2, "101, 50 a second"),
        (100, 100, 2, "100 of 100, 50 a second"),
        (1200, 5000, 10, "1,200 of 5,000, 120 a second, about 32 s left"),
    ],
)
def test_pace_says_only_what_is_known(count: int, total: int | None, spent: float, text: str) -> None:
    assert pace(count, total, spent) == text


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_shows_nothing_for_stages_that_are_over_at_once() -> None:
    stream = Terminal()
    bar = Bar(stream, patience=60)
    for name in ("reading people", "pairing", "comparing", "remembering"):
        bar.stage(name, 10)
        bar.advance(10)
    bar.done()
    assert stream.getvalue() == ""


def test_a_bar_shows_a_stage_that_lasts_and_drops_a_guess_that_was_too_low() -> None:
    stream = Terminal()
    bar = Bar(stream, patience=0)
    bar.stage("reading contacts", 10)
    bar.advance(4)
    while "reading contacts" not in stream.getvalue():
        sleep(0.01)
    bar.advance(8)
    bar.done()
    bar.done()
    assert "12/?" in stream.getvalue()


def test_quiet_wins_over_a_terminal() -> None:
    stream = io.StringIO()
    assert isinstance(chosen_progress(stream, quiet=True, bar=True), Silent)
    assert isinstance(chosen_progress(stream, quiet=False, bar=True), Bar)
    assert isinstance(chosen_progress(stream, quiet=False, bar=False), Lines)


@pytest.mark.parametrize(
    ("line", "style"),
    [
        ("  + field  x   select", "green"),
        ("  ~ birthday   40 set", "yellow"),
        ("  - tag     Old promo   remove", "red"),
        ("  ! field  rank   blocked: x", "magenta"),
        ("  . field  old   released", "bright_black"),
        ("    notes   5 held", ""),
        ("error E101  x", "bold red"),
        ("Findings   warning R204  3 values", "yellow"),
        ("           error R204  3 values", "bold red"),
        ("People     3 to create", ""),
        ("  fix: - nothing", ""),
    ],
)
def test_a_line_is_coloured_by_its_sign(line: str, style: str) -> None:
    assert style_of(line) == style


@pytest.mark.parametrize(
    ("env", "no_color", "colour"),
    [({}, False, True), ({"NO_COLOR": "1"}, False, False), ({}, True, False), ({"TERM": "dumb"}, False, False)],
)
def test_colour_can_be_declined(env: dict[str, str], no_color: bool, colour: bool) -> None:
    assert wants_colour(Terminal(), env, no_color) is colour
    assert wants_colour(io.StringIO(), env, no_color) is False


@pytest.mark.parametrize(("value", "ci"), [("true", True), ("1", True), ("false", False), ("0", False), ("", False)])
def test_ci_is_what_the_variable_says(value: str, ci: bool) -> None:
    assert in_ci({"CI": value}) is ci
