"""Which of several drawings fits, and how much detail each of them has."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from reconciler.report.neutral import markdown_code, markdown_prose

T = TypeVar("T")
_SHORTEST = 20
"""Signs of a row, at least."""


@dataclass(frozen=True, slots=True)
class Budget:
    """At most so many `signs`; UTF-16 units, which no host counts higher, or the bytes of UTF-8."""

    signs: int
    in_bytes: bool = False

    def holds(self, text: str) -> bool:
        size = len(text.encode()) if self.in_bytes else len(text.encode("utf-16-le")) // 2
        return size <= self.signs


BUDGET = Budget(65_000)
"""For a comment on GitHub, which takes 65,536 characters; GitLab takes 1,000,000. The rest is for a line of yours."""


@dataclass(frozen=True, slots=True)
class Detail:
    """How much is said. `rows`: of one list, at most; None: all. `signs`: of one text that others wrote, at most.
    `more`: the command that shows what is left out."""

    rows: int | None
    signs: int
    more: str = ""

    def shown(self, rows: Sequence[T]) -> Sequence[T]:
        return rows if self.rows is None else rows[: self.rows]

    def code(self, text: str, cell: bool = True) -> str:
        """A name, as code; one that is too long by its beginning and how long it is."""
        return _short(text, self.signs, lambda part: markdown_code(part, cell))

    def prose(self, text: str, cell: bool = True) -> str:
        """A sentence; one that is too long ends after a whole word."""
        return _short(text, 3 * self.signs, lambda part: markdown_prose(part, cell))


_END_OF_WORD = re.compile(r" +")
_JOINT = re.compile(r"[^\w\s]|_")

_LEVELS: Sequence[tuple[int | None, int]] = (
    (None, 2000),
    (1000, 400),
    (300, 200),
    (100, 120),
    (40, 120),
    (15, 100),
    (5, 80),
    (0, 60),
)


def fitted(
    draw: Callable[[Detail], str], terse: Callable[[Detail], str], budget: Budget, more: str, lists: Iterable[int]
) -> str:
    """The first drawing that fits; `terse` if none does, which says no list at all. `lists`: how long each is; what
    cannot fit for that alone is not drawn."""
    known = [*lists]
    for rows, signs in _LEVELS:
        if sum(size if rows is None else min(size, rows) for size in known) * _SHORTEST > budget.signs:
            continue
        text = draw(Detail(rows, signs, more))
        if budget.holds(text):
            return text
    return terse(Detail(0, 60, more))


def _short(text: str, signs: int, draw: Callable[[str], str]) -> str:
    """The text, or its beginning up to the end of a word and how long it is; of one word the beginning up to a sign
    that is no letter, if there is one."""
    if len(text) <= signs:
        return draw(text)
    ends = [found.start() for found in _END_OF_WORD.finditer(text, 1, signs + 1)]
    ends = ends or [found.end() for found in _JOINT.finditer(text, 0, signs)]
    left = f"… ({len(text):,} signs)"
    return f"{draw(text[: ends[-1]].rstrip())} {left}" if ends else left
