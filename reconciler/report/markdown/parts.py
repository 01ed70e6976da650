"""Pieces of Markdown: tables, lists, sections, and what is said of rows that are left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from reconciler.report.markdown.fitting import Detail
from reconciler.report.neutral import markdown_code, markdown_comment
from reconciler.report.words import number, plain, some

T = TypeVar("T")
_OPEN = 8
"""A list of more rows is folded."""


def mark(file: str) -> str:
    """The hidden first line, by which a comment is found again. `file`: as seen from the folder of the review."""
    return f"<!-- reconciler: {markdown_comment(file)} -->"


def joined(blocks: Iterable[str]) -> str:
    """Blocks with an empty line between them."""
    return "\n\n".join(block for block in blocks if block) + "\n"


def rows_of(cells: Iterable[Sequence[str]]) -> list[str]:
    """Each as a line of a table; the cells are Markdown already."""
    return ["| " + " | ".join(cell or " " for cell in row) + " |" for row in cells]


def table(head: Sequence[str], rows: Sequence[str]) -> str:
    """`rows`: lines made by `rows_of`. Numbers stand to the right in columns whose title ends with a colon."""
    if not rows:
        return ""
    rule = "|" + "|".join("--:" if title.endswith(":") else "---" for title in head) + "|"
    return "\n".join(("| " + " | ".join(title.rstrip(":") or " " for title in head) + " |", rule, *rows))


def listed(
    noun: str, head: Sequence[str], items: Sequence[T], cells: Callable[[T], Sequence[str]], detail: Detail
) -> str:
    """A table of as many items as there is room for; folded if it is long."""
    shown = detail.shown(items)
    body = table(head, rows_of(map(cells, shown)))
    left = left_out(len(items) - len(shown), noun, detail, bool(shown))
    if len(shown) <= _OPEN:
        return joined((body, left)).rstrip("\n")
    total = some(len(items), noun)
    title = total if len(shown) == len(items) else f"{number(len(shown))} of {total}"
    return joined((f"<details><summary>{title}</summary>", body, left, "</details>")).rstrip("\n")


def bullets(noun: str, items: Sequence[T], line: Callable[[T], str], detail: Detail) -> str:
    """The same as a list."""
    shown = detail.shown(items)
    left = left_out(len(items) - len(shown), noun, detail, bool(shown))
    return joined(("\n".join(f"- {line(item)}" for item in shown), left)).rstrip("\n")


def left_out(count: int, noun: str, detail: Detail, some_shown: bool) -> str:
    """What is not shown, and where it is; "" for nothing."""
    if not count:
        return ""
    more = some(count, noun).replace(f"{number(count)} ", f"{number(count)} more ") if some_shown else some(count, noun)
    return f"*{more} not shown here: {markdown_code(plain(detail.more))} shows all.*"
