"""Which of several drawings fits, and how much detail each of them has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from reconciler.report.neutral import markdown_code, markdown_prose


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
    left: list[int] = field(default_factory=list, compare=False)

    def shown(self, rows: Sequence[str]) -> Sequence[str]:
        return rows if self.rows is None else rows[: self.rows]

    def code(self, text: str, cell: bool = True) -> str:
        """A name, as code; one that is too long by its beginning and how long it is."""
        return _short(text, self.signs, lambda part: markdown_code(part, cell))

    def prose(self, text: str, cell: bool = True) -> str:
        """A sentence; one that is too long ends after a whole word."""
        return _short(text, 3 * self.signs, lambda part: markdown_prose(part, cell))


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


def fitted(draw: Callable[[Detail], str], terse: Callable[[Detail], str], budget: Budget, more: str) -> str:
    """The first drawing that fits; `terse` if none does, which says no list at all."""
    for detail in _details(more):
        text = draw(detail)
        if budget.holds(text):
            return text
    return terse(Detail(0, 60, more))


def _details(more: str) -> Iterator[Detail]:
    for rows, signs in _LEVELS:
        yield Detail(rows, signs, more)


def _short(text: str, signs: int, draw: Callable[[str], str]) -> str:
    if len(text) <= signs:
        return draw(text)
    begun = text[: signs + 1].rpartition(" ")[0].rstrip()
    left = f"… ({len(text):,} signs)"
    return f"{draw(begun)} {left}" if begun else left
