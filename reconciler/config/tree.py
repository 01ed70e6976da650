"""The tree of a YAML file: three kinds of nodes that remember where and how they were written.

A scalar is its own text and nothing else: whether `no` or `007` mean something is for whoever asks. No node prints
itself, since any text may be a secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.model.problems import Place

BREAK = re.compile("\r\n|\r|\n|\x85")
"""What ends a line in YAML, as far as files here may hold it."""

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


class SourceFile:
    """One file as it was read. `name` is how it is shown; `folder` is what paths inside it are relative to."""

    __slots__ = ("_lines", "_text", "folder", "has_references", "name")

    def __init__(self, name: str, folder: Path, text: str) -> None:
        self.name = name
        self.folder = folder
        self.has_references = "${" in text
        self._text = text
        self._lines: list[str] | None = None

    def line(self, number: int) -> str:
        """The text of a line, counted from 1; "" beyond the end."""
        if self._lines is None:
            self._lines = BREAK.split(self._text)
        return self._lines[number - 1] if 0 < number <= len(self._lines) else ""


@dataclass(slots=True, eq=False, repr=False)
class Scalar:
    """A text. `style` is "" for a plain one, else its quote or block sign. Line and column count from 1.

    `written` is the text before references were filled in. `foreign`: part of it came from the environment or from
    another file, so it is never shown; `wholly`: all of it did, directly. `broken`: a reference in it leads nowhere,
    which has been noted.
    """

    file: SourceFile
    line: int
    column: int
    text: str
    style: str = ""
    end_line: int = 0
    end_column: int = 0
    in_flow: bool = False
    written: str | None = None
    foreign: bool = False
    wholly: bool = False
    broken: bool = False

    @property
    def where(self) -> Place:
        return Place(self.file.name, self.line, self.column)

    @property
    def is_null(self) -> bool:
        return not self.style and self.written is None and self.text in _NULLS


@dataclass(slots=True, eq=False, repr=False)
class Pair:
    """One entry of a mapping: the key as it was written, and its value."""

    key: Scalar
    value: Node


@dataclass(slots=True, eq=False, repr=False)
class Mapping:
    """Keys in the order of the file, none twice."""

    file: SourceFile
    line: int
    column: int
    items: dict[str, Pair] = field(default_factory=dict)

    @property
    def where(self) -> Place:
        return Place(self.file.name, self.line, self.column)

    def get(self, key: str) -> Node | None:
        pair = self.items.get(key)
        return None if pair is None else pair.value

    def place_of(self, key: str) -> Place:
        """Where the key stands; the mapping's own place if it has no such key."""
        pair = self.items.get(key)
        return self.where if pair is None else pair.key.where


@dataclass(slots=True, eq=False, repr=False)
class Sequence:
    file: SourceFile
    line: int
    column: int
    items: list[Node] = field(default_factory=list)

    @property
    def where(self) -> Place:
        return Place(self.file.name, self.line, self.column)


Node = Scalar | Mapping | Sequence


def is_null(node: Node | None) -> bool:
    return isinstance(node, Scalar) and node.is_null


def is_foreign(node: Node | None) -> bool:
    return isinstance(node, Scalar) and node.foreign


def scalars(root: Node) -> Iterator[Scalar]:
    """Every value scalar below `root`, each once though aliases may share it, in order. Keys are not included."""
    seen: set[int] = set()
    waiting: list[Node] = [root]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, Scalar):
            yield node
        elif isinstance(node, Mapping):
            waiting.extend(pair.value for pair in reversed(node.items.values()))
        else:
            waiting.extend(reversed(node.items))


def mappings(root: Node) -> Iterator[Mapping]:
    """Every mapping below `root`, each once."""
    seen: set[int] = set()
    waiting: list[Node] = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Scalar) or id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, Mapping):
            yield node
            waiting.extend(pair.value for pair in node.items.values())
        else:
            waiting.extend(node.items)
