"""Aligned columns and wrapped lines. All passes `plain`: nothing that others wrote reaches a terminal as it is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from reconciler.report.words import plain

LABEL = 11
WIDTH = 112
_GAP = 3
_WIDEST = 44
_LEAST = 24
_TOGETHER = re.compile(r"(?:^|[ (])(?:--[a-z-]+|\d(?:[\d,]*\d)?)$")  # an option and its value, a number and its noun


class Page(NamedTuple):
    """What a text is written for. `width`: columns. `options`: the global options that were typed, besides the file,
    as they have to be typed again. `narrowed`: other options decided what was planned, too. `saved`: the file in which
    the plan is saved."""

    width: int = WIDTH
    options: str = ""
    narrowed: bool = False
    saved: str = ""


PAGE = Page()


def columns(text: str) -> int:
    """How many columns of a terminal the text takes."""
    if text.isascii():
        return len(text)
    return sum(_columns_of(sign) for sign in text)


def _columns_of(sign: str) -> int:
    if unicodedata.category(sign) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1


def table(rows: Sequence[Sequence[str]], gaps: Sequence[int] = (), least: Sequence[int] = ()) -> list[str]:
    """Rows as aligned lines, indented by two. `gaps`: spaces after the first columns; `least`: their smallest widths.

    A cell wider than the widest sensible column overflows and pushes only its own row.
    """
    clean, widths = _measured(rows, least, _WIDEST)
    return ["  " + _joined(row, widths, gaps).rstrip() for row in clean]


def folding_table(
    rows: Sequence[Sequence[str]],
    fold: int,
    width: int,
    gaps: Sequence[int] = (),
    least: Sequence[int] = (),
) -> list[list[str]]:
    """As `table`, each row as its lines: in a row wider than `width` the cell `fold` goes on below its own beginning,
    or begins there if names before it are too long."""
    clean, widths = _measured(rows, least, max(_LEAST, _WIDEST - max(WIDTH - width, 0)))
    start = 2 + sum(width_of + _gap(gaps, i) for i, width_of in enumerate(widths[:fold]))
    return [_folded(row, fold, width, (widths, gaps, start)) for row in clean]


def _folded(row: Sequence[str], fold: int, width: int, measures: tuple[Sequence[int], Sequence[int], int]) -> list[str]:
    widths, gaps, start = measures
    whole = "  " + _joined(row, widths, gaps).rstrip()
    if columns(whole) <= width or fold >= len(row):
        return [whole]
    head = "  " + _joined(row[:fold], widths, gaps)
    last = _joined(row[fold + 1 :], widths[fold + 1 :], gaps[fold + 1 :]).rstrip()
    gap = _gap(gaps, fold)
    room = width - start - gap - columns(last)
    beside = bool(last) and room >= min(_LEAST, columns(row[fold]))
    pieces = wrapped(row[fold], room if beside else max(width - start, _LEAST)) or [""]
    begin = start + len(pieces[0]) - len(pieces[0].lstrip(" "))
    first, *others = pieces if beside or not last else [*pieces, last]
    if beside:
        first += " " * (max(min(widths[fold], room) - columns(first), 0) + gap) + last
    lines = [(head + first).rstrip()] if columns(head) <= start else [head.rstrip(), (" " * start + first).rstrip()]
    return lines + [" " * begin + piece.strip() for piece in others]


def _measured(rows: Sequence[Sequence[str]], least: Sequence[int], widest: int) -> tuple[list[list[str]], list[int]]:
    clean = [[plain(cell) for cell in row] for row in rows]
    count = max((len(row) for row in clean), default=0)
    floor = [*least, *[0] * count]
    widths = [
        max((w for row in clean if i < len(row) and (w := columns(row[i])) <= widest), default=0) for i in range(count)
    ]
    return clean, [max(pair) for pair in zip(widths, floor, strict=False)]


def _gap(gaps: Sequence[int], index: int) -> int:
    return gaps[index] if index < len(gaps) else _GAP


def _joined(row: Sequence[str], widths: Sequence[int], gaps: Sequence[int]) -> str:
    cells = (cell + " " * (max(widths[i] - columns(cell), 0) + _gap(gaps, i)) for i, cell in enumerate(row))
    return "".join(cells)


def section(label: str, lines: Iterable[str], width: int = WIDTH) -> list[str]:
    """The lines beside their label, wrapped; the label stands on the first line only."""
    shown = [part for line in lines if line for part in paragraph(line, LABEL, width)]
    return [f"{label:<{LABEL}}{line[LABEL:]}" if not index else line for index, line in enumerate(shown)]


def paragraph(text: str, indent: int, width: int = WIDTH, hanging: int = 0) -> list[str]:
    """The text as lines of at most `width` columns, indented, all but the first by `hanging` more; words that are
    longer stay whole."""
    lines = wrapped(plain(text), max(width - indent - hanging, _LEAST))
    return [" " * (indent + (hanging if at else 0)) + line for at, line in enumerate(lines)]


def spread(parts: Iterable[str], width: int) -> list[str]:
    """The parts on one line, or on as many as they need, indented by two from the second one on."""
    lines: list[str] = []
    for part in parts:
        joined = f"{lines[-1]}{' ' * _GAP}{plain(part)}" if lines else ""
        if lines and columns(joined) <= width:
            lines[-1] = joined
        else:
            lines += paragraph(part, 2 if lines else 0, width, 0 if lines else 2)
    return lines


def wrapped(text: str, width: int) -> list[str]:
    """Lines of at most `width` columns, broken at spaces."""
    lines: list[str] = []
    rest = text
    while columns(rest) > width:
        begin = len(rest) - len(rest.lstrip(" "))
        at = _break(rest, width, begin)
        if at < 0:
            break
        lines.append(rest[:at].rstrip(" "))
        rest = rest[at:].lstrip(" ")
    return [*lines, rest] if rest else lines


def _break(text: str, width: int, begin: int) -> int:
    """The last space that leaves at most `width` columns before it, else the first one; -1 without any."""
    taken, found = 0, -1
    for at, sign in enumerate(text):
        if sign == " " and at > begin and not _TOGETHER.search(text, max(at - _LEAST, 0), at):
            if taken > width and found >= 0:
                return found
            found = at
            if taken >= width:
                return found
        taken += _columns_of(sign)
    return found
