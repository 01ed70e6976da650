"""Aligned columns of text. Every cell passes `plain`, so nothing that others wrote reaches a terminal as it is."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Sequence

from reconciler.report.words import plain

LABEL = 11
_GAP = 3
_WIDEST = 44


def columns(text: str) -> int:
    """How many columns of a terminal the text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text
    )


def table(rows: Sequence[Sequence[str]], gaps: Sequence[int] = (), least: Sequence[int] = ()) -> list[str]:
    """Rows as aligned lines, indented by two. `gaps`: spaces after the first columns; `least`: their smallest widths.

    A cell wider than the widest sensible column overflows and pushes only its own row.
    """
    clean = [[plain(cell) for cell in row] for row in rows]
    count = max((len(row) for row in clean), default=0)
    floor = [*least, *[0] * count]
    widths = [
        max((w for row in clean if i < len(row) and (w := columns(row[i])) <= _WIDEST), default=0) for i in range(count)
    ]
    return [_line(row, [max(pair) for pair in zip(widths, floor, strict=False)], gaps) for row in clean]


def _line(row: Sequence[str], widths: Sequence[int], gaps: Sequence[int]) -> str:
    line = "  "
    for index, cell in enumerate(row):
        gap = gaps[index] if index < len(gaps) else _GAP
        line += cell + " " * (max(widths[index] - columns(cell), 0) + gap)
    return line.rstrip()


def section(label: str, lines: Sequence[str]) -> list[str]:
    """The lines beside their label; the label stands on the first line only."""
    return [f"{label if not index else '':<{LABEL}}{plain(line)}".rstrip() for index, line in enumerate(lines) if line]


def paragraph(text: str, indent: int, width: int = 110) -> list[str]:
    """The text as lines of at most `width` columns, indented; words that are longer stay whole."""
    return textwrap.wrap(
        plain(text),
        width,
        initial_indent=" " * indent,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
