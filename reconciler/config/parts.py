"""A YAML text as parts that know where they begin and end, and the lines of comments between them.

The tree (`config.tree`) says what a file means; parts say how it is written, aliases and anchors included.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

_ANCHOR = re.compile(r"&[^\s,\[\]{}]+")
_COLON = re.compile(r"[ \t]*:")
_COMMENT = re.compile(r"(?:^|(?<=\s))#.*", re.MULTILINE)
_MODELINE = re.compile(r"#\s*(?:yaml-language-server:|!|-\*-|vim?:)")


class Unusual(Exception):
    """The text is written in a way that is not laid out anew, such as with explicit keys (`? key`)."""


@dataclass(slots=True)
class Part:
    """One node of the text. `start`: offset of its anchor or first sign; `body`: behind the anchor; `end`: behind its
    last sign, which of a block scalar is the beginning of the next line. `style` as in the tree. `flow`: in brackets.
    `marked`: there is an anchor or an alias in it. `tail`: lines of comments at the end of a block of lines."""

    kind: Literal["scalar", "alias", "mapping", "list"]
    start: int
    body: int
    end: int
    text: str = ""
    style: str = ""
    flow: bool = False
    marked: bool = False
    items: list[Item] = field(default_factory=list)
    tail: list[str] = field(default_factory=list)

    @property
    def block(self) -> bool:
        """Whether it is made of lines of its own: a mapping or a list without brackets."""
        return self.kind in ("mapping", "list") and not self.flow

    @property
    def key_texts(self) -> list[str]:
        return [item.key.text if item.key else "" for item in self.items]


@dataclass(slots=True)
class Item:
    """A value with its key (None in a list). `start`: of the key or the dash; `after`: behind the colon or the dash.
    `above`: lines of comments and blank ones before it. `aside`: the rest of its first or only line."""

    key: Part | None
    value: Part
    start: int = 0
    after: int = 0
    above: list[str] = field(default_factory=list)
    aside: str = ""


@dataclass(slots=True)
class Written:
    """A whole text. `head`: the lines that stay on top."""

    text: str
    root: Part
    head: list[str] = field(default_factory=list)


def written(text: str) -> Written:
    """The parts of a text that has been read without a problem; its lines end in LF. Raises `Unusual`."""
    events = _Events(text)
    whole = Written(text, events.root())
    _Lines(whole).attach()
    return whole


def comments(whole: Written) -> list[str]:
    """Every comment of the text, sorted: they lie outside of all scalars."""
    found: list[str] = []
    at = 0
    for part in (*_scalars(whole.root), None):
        end = part.start if part else len(whole.text)
        before = whole.text[at:end]
        found += [comment.group().rstrip() for comment in _COMMENT.finditer(before)]
        at = part.end if part else end
    return sorted(found)


def has_comment(text: str) -> bool:
    return _COMMENT.search(text) is not None


def _scalars(part: Part) -> Iterator[Part]:
    if part.kind in ("scalar", "alias"):
        yield part
    for item in part.items:
        if item.key is not None:
            yield item.key
        yield from _scalars(item.value)


class _Events:
    """Builds parts out of the parser's events."""

    def __init__(self, text: str) -> None:
        from ruamel.yaml import YAML

        self._text = text
        self._events = iter(YAML(typ="safe", pure=False).parse(text.encode()))

    def root(self) -> Part:
        for event in self._events:
            if type(event).__name__ == "MappingStartEvent":
                return self._part(event)
        raise Unusual

    def _part(self, event: Any) -> Part:
        kind = type(event).__name__
        start, end = event.start_mark.index, event.end_mark.index
        if kind == "AliasEvent":
            return Part("alias", start, start, end, marked=True)
        body = self._behind_anchor(start) if event.anchor else start
        marked = event.anchor is not None
        if event.anchor and self._text[body] in "\n#" and (kind == "ScalarEvent" or event.flow_style):
            raise Unusual  # an anchor on a line of its own
        if kind == "ScalarEvent":
            end = self._without_blanks(body, end) if event.style in ("|", ">") else end
            return Part("scalar", start, body, end, event.value, event.style or "", marked=marked)
        shape: Literal["mapping", "list"] = "mapping" if kind == "MappingStartEvent" else "list"
        part = Part(shape, start, body, end, flow=bool(event.flow_style), marked=marked)
        self._fill(part)
        return part

    def _fill(self, part: Part) -> None:
        for event in self._events:
            if type(event).__name__ in ("MappingEndEvent", "SequenceEndEvent"):
                part.end = event.end_mark.index if part.flow else part.items[-1].value.end
                break
            key = self._part(event) if part.kind == "mapping" else None
            value = self._part(event if key is None else next(self._events))
            part.items.append(Item(key, value))
            part.marked = part.marked or value.marked or bool(key and key.marked)

    def _without_blanks(self, body: int, end: int) -> int:
        """Blank lines behind `|` and `>` are between the lines of the file, unless the text keeps them or says itself
        how far it is indented; a line with more spaces than that is no blank one."""
        head, *lines = self._text[body:end].split("\n")
        filled = next((line for line in lines if line.strip(" ")), "")
        if set(head.partition("#")[0]) & set("+123456789") or not filled:
            return end
        indent = len(filled) - len(filled.lstrip(" "))
        while lines and not lines[-1].strip(" ") and len(lines[-1]) <= indent:
            del lines[-1]
        return body + sum(len(line) + 1 for line in (head, *lines))

    def _behind_anchor(self, start: int) -> int:
        found = _ANCHOR.match(self._text, start)
        if found is None:
            raise Unusual
        behind = self._text[found.end() :]
        return found.end() + len(behind) - len(behind.lstrip(" \t"))


class _Lines:
    """Gives every line between the parts to the item below it, or to the block that ends above it."""

    def __init__(self, whole: Written) -> None:
        self._whole = whole
        self._text = whole.text
        self._at = 0  # everything before is attached
        self._open: Item | None = None  # whose line goes on at `_at`
        self._closed: list[tuple[Part, int]] = []  # blocks that ended there, the deepest first, and their columns

    def attach(self) -> None:
        root = self._whole.root
        if root.flow:
            raise Unusual
        self._block(root)
        self._lines_before(len(self._text), -1)

    def _block(self, part: Part) -> None:
        column = 0
        for number, item in enumerate(part.items):
            item.start = self._start_of(item)
            column = self._column(item.start)
            above = self._lines_before(item.start, column)
            if part is self._whole.root and not number:
                self._whole.head, above = _head(above)
            item.above = above
            item.after = self._after(item)
            self._value(item)
        self._closed.append((part, column))

    def _value(self, item: Item) -> None:
        value = item.value
        self._open = item
        if value.block:
            if "\n" in self._text[item.after : value.start] and value.body != value.start:
                raise Unusual  # an anchor on a line of its own
            self._at = value.body if value.body != value.start else item.after
            self._block(value)
        else:
            self._at = value.end

    def _start_of(self, item: Item) -> int:
        """Of a key; of an item of a list its dash, the first sign that is no comment."""
        if item.key is not None:
            return item.key.start
        for number, line in enumerate(self._text[self._at : item.value.start + 1].split("\n")):
            shown = line.lstrip()
            if shown.startswith("-"):
                before = self._text[self._at :].split("\n")[:number]
                return self._at + sum(len(one) + 1 for one in before) + len(line) - len(shown)
        raise Unusual

    def _after(self, item: Item) -> int:
        if item.key is None:
            return item.start + 1
        colon = _COLON.match(self._text, item.key.end)
        if colon is None or not self._text[self._text.rfind("\n", 0, item.start) + 1 : item.start].strip(" -") == "":
            raise Unusual
        return colon.end()

    def _column(self, offset: int) -> int:
        return offset - (self._text.rfind("\n", 0, offset) + 1)

    def _lines_before(self, until: int, column: int) -> list[str]:
        """The lines from where the last part ended to that offset. What is left of the first one stays with its item;
        comments that are indented as a block that ended are its tail."""
        between = self._text[self._at : until]
        first, *lines = between.split("\n")
        if self._open is None or self._text[self._at - 1 : self._at] == "\n":
            lines = [first, *lines]  # a block scalar ends where the next line begins
        else:
            self._open.aside = first.rstrip() if lines or until == len(self._text) else ""
        lines = lines[:-1] if lines and until < len(self._text) else lines
        self._open = None
        for part, its_column in self._closed:
            if its_column > max(column, 0):
                count = _tail_length(lines, its_column)
                part.tail, lines = [*part.tail, *lines[:count]], lines[count:]
        self._closed = []
        if column < 0:
            self._whole.root.tail += lines
            return []
        return lines


def _tail_length(lines: list[str], column: int) -> int:
    """How many lines go to a block of that column: up to the last comment before one that is indented less."""
    count = 0
    for number, line in enumerate(lines, 1):
        shown = line.strip()
        if shown and len(line) - len(line.lstrip()) < column:
            break
        count = number if shown else count
    return count


def _head(above: list[str]) -> tuple[list[str], list[str]]:
    """The lines that stay on top of the file, and those that belong to its first section."""
    last = 0
    for number, line in enumerate(above, 1):
        if not line.strip() or not line.lstrip().startswith("#") or (number == 1 and _MODELINE.match(line)):
            last = number
    return above[:last], above[last:]
