"""Bytes become a tree, within limits: the one place that knows the YAML library.

The tree is built straight from parser events, in one pass: composing is five times slower, and only events can be
stopped before a hostile file has cost anything. Nothing here knows what a key means.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler.config.collect import Problems, shown
from reconciler.config.syntax import EXPRESSION_KEYS, explain_syntax, quote_hint
from reconciler.config.tree import BREAK, Mapping, Node, Pair, Scalar, Sequence, SourceFile
from reconciler.model.problems import Place

MOST_BYTES = 8 * 1024 * 1024
MOST_DEPTH = 64
MOST_NODES = 100_000

_DROPPED = "dropped"  # in place of a quote sign

_CONTROL = "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]"


class Unusable(Exception):
    """The file cannot be read any further; the reason has been noted."""


def read_document(path: Path, name: str, problems: Problems) -> Mapping:
    """The tree of the file at `path`, shown as `name`. Notes all problems; raises `Unusable` if no tree is left."""
    return parse(decode(read_bytes(path, name, problems), name, problems), name, path.parent, problems)


def parse(text: str, name: str, folder: Path, problems: Problems) -> Mapping:
    """The tree of a text; `folder` is what paths in it are relative to. Notes and raises as `read_document`."""
    _refuse_controls(text, name, problems)
    root = _Builder(SourceFile(name, folder, text), problems).build(text)
    if not isinstance(root, Mapping):
        problems.add("E113", "the file must be a mapping of sections such as `crm:` and `fields:`", Place(name, 1))
        raise Unusable
    return root


def read_bytes(path: Path, name: str, problems: Problems) -> bytes:
    """What stands in the file, no more than `decode` would refuse."""
    try:
        if not path.is_file():
            what = (
                "it is a folder" if path.is_dir() else "it is not a file" if path.exists() else "there is no such file"
            )
            problems.add("E101", what, Place(name))
            raise Unusable
        with path.open("rb") as stream:
            return stream.read(MOST_BYTES + 1)
    except (OSError, ValueError):
        problems.add("E101", "the system refuses to open it", Place(name))
        raise Unusable from None


def decode(data: bytes, name: str, problems: Problems) -> str:
    """The text of a file's bytes, a byte order mark left out."""
    if len(data) > MOST_BYTES:
        problems.add("E103", f"it has more than {MOST_BYTES // 1024 // 1024} MiB", Place(name))
        raise Unusable
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = len(BREAK.split(before.decode("utf-8-sig", "replace")))
        wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
        detail = "it is UTF-16" if wide else f"byte {error.start + 1} is not part of a UTF-8 character"
        problems.add("E102", detail, Place(name, line))
        raise Unusable from None


def _refuse_controls(text: str, name: str, problems: Problems) -> None:
    if text.replace("\n", "").isprintable():
        return  # as nearly every file is, and fast to tell
    found = re.search(_CONTROL, text)
    if found is None:
        return
    lines = BREAK.split(text[: found.start()])
    character = f"U+{ord(found.group()):04X}"
    problems.add("E107", f"the character {character}", Place(name, len(lines), len(lines[-1]) + 1))
    raise Unusable


@dataclass(slots=True, eq=False, repr=False)
class _Open:
    """A collection whose end has not come yet. `key`: the key that waits for its value (mappings only)."""

    node: Mapping | Sequence
    flow: bool
    anchor: str | None
    before: int
    key: Scalar | None = None


@dataclass(slots=True, eq=False, repr=False)
class _Builder:
    """Builds one document out of events."""

    file: SourceFile
    problems: Problems
    nodes: int = 0
    documents: int = 0
    root: Node | None = None
    dropping: bool = False  # some node has been dropped, so each has to be asked from here on
    open: list[_Open] = field(default_factory=list)
    anchors: dict[str, tuple[Node, int]] = field(default_factory=dict)

    def build(self, text: str) -> Node | None:
        from ruamel.yaml import events
        from ruamel.yaml.error import MarkedYAMLError, YAMLError

        handlers: dict[type, Callable[[Any], None]] = {
            events.ScalarEvent: self._scalar,
            events.MappingStartEvent: self._start,
            events.SequenceStartEvent: self._start,
            events.MappingEndEvent: self._end,
            events.SequenceEndEvent: self._end,
            events.AliasEvent: self._alias,
            events.DocumentStartEvent: self._document,
        }
        try:
            for event in _events(text):
                handler = handlers.get(type(event))
                if handler is not None:
                    handler(event)
        except MarkedYAMLError as error:
            explain_syntax(error, self.file, self.problems)
            raise Unusable from None
        except YAMLError:
            self.problems.add("E104", "it cannot be read as YAML", Place(self.file.name))
            raise Unusable from None
        return self.root

    def _place(self, event: Any) -> Place:
        return Place(self.file.name, event.start_mark.line + 1, event.start_mark.column + 1)

    def _count(self, event: Any, more: int = 1) -> None:
        self.nodes += more
        if self.nodes > MOST_NODES:
            self._refuse_size(event)

    def _refuse_size(self, event: Any) -> None:
        detail = f"it has more than {MOST_NODES:,} values, repeated ones (`*name`) included"
        self.problems.add("E103", detail, self._place(event))
        raise Unusable

    def _document(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            self.problems.add(
                "E105", "a second document begins here", self._place(event), "keep one document in a file"
            )
            raise Unusable
        version = getattr(event, "version", None)
        if version is not None and tuple(_numbers(version)) != (1, 2):
            self.problems.add(
                "E105", "another version of YAML is asked for", Place(self.file.name, 1), "remove `%YAML`"
            )
        if getattr(event, "tags", None):
            self.problems.add("E105", "tags are declared", Place(self.file.name, 1), "remove `%TAG`")

    def _scalar(self, event: Any) -> None:
        """Most of a file is scalars, so nothing is called here that most of them do not need."""
        self.nodes += 1
        if self.nodes > MOST_NODES:
            self._refuse_size(event)
        begin, end = event.start_mark, event.end_mark
        flow = bool(self.open) and self.open[-1].flow
        style = event.style or ""
        line, column = begin.line + 1, begin.column + 1
        node = Scalar(self.file, line, column, event.value, style, end.line + 1, end.column + 1, flow)
        if event.ctag is not None:
            self._refuse_tag(event, node)
            node = self._dropped(node)
        if event.anchor is not None:
            self.anchors[event.anchor] = (node, 1)
        self._add(node)

    def _refuse_tag(self, event: Any, node: Node) -> None:
        hint = quote_hint(self.file, node.line)
        if hint is not None:
            self.problems.add("E116", "the leading ! makes it a YAML tag", node.where, hint)
        else:
            tag = shown(str(event.tag))
            self.problems.add("E105", f"the tag {tag}", node.where, "remove it; quote a text that begins with !")

    def _start(self, event: Any) -> None:
        self._count(event)
        if len(self.open) >= MOST_DEPTH:
            self.problems.add("E103", f"values lie more than {MOST_DEPTH} deep in each other", self._place(event))
            raise Unusable
        kind = Mapping if type(event).__name__ == "MappingStartEvent" else Sequence
        node: Mapping | Sequence = kind(self.file, event.start_mark.line + 1, event.start_mark.column + 1)
        if event.tag is not None:
            self._refuse_tag(event, node)
        self._add(node)
        self.open.append(_Open(node, bool(event.flow_style), event.anchor, self.nodes - 1))

    def _end(self, _event: Any) -> None:
        closed = self.open.pop()
        if closed.anchor is not None:
            self.anchors[closed.anchor] = (closed.node, self.nodes - closed.before)

    def _alias(self, event: Any) -> None:
        known = self.anchors.get(event.anchor)
        if known is None:
            hint = quote_hint(self.file, event.start_mark.line + 1)
            name = shown(event.anchor)
            if hint is not None:
                self.problems.add("E116", "the leading * makes it a YAML alias", self._place(event), hint)
            else:
                self.problems.add("E104", f"no anchor of the name {name} comes before", self._place(event))
            self._add(self._nothing(event))
            return
        node, size = known
        self._count(event, size)
        if self._wants_key():
            self.problems.add("E105", "an alias stands as a key", self._place(event), "write the key out")
            self._add(self._nothing(event))
        else:
            self._add(node)

    def _nothing(self, event: Any) -> Scalar:
        return self._dropped(Scalar(self.file, event.start_mark.line + 1, event.start_mark.column + 1, ""))

    def _dropped(self, node: Node) -> Scalar:
        """The same place without a meaning: a problem has been noted, nobody is to report it once more."""
        self.dropping = True
        text = node.text if isinstance(node, Scalar) else ""
        return Scalar(node.file, node.line, node.column, text, _DROPPED, broken=True)

    def _is_dropped(self, node: Node) -> bool:
        return self.dropping and isinstance(node, Scalar) and node.style == _DROPPED

    def _wants_key(self) -> bool:
        return bool(self.open) and isinstance(self.open[-1].node, Mapping) and self.open[-1].key is None

    def _add(self, node: Node) -> None:
        """Put the node where it belongs: into a list, or as a mapping's next key or that key's value."""
        if not self.open:
            self.root = node
            return
        top = self.open[-1]
        into = top.node
        if top.key is not None:
            self._pair(into.items, top.key, node)  # type: ignore[arg-type]  # only mappings have a key that waits
            top.key = None
        elif type(into) is Mapping:
            top.key = self._key(node)
        elif not self._is_dropped(node):
            into.items.append(node)  # type: ignore[union-attr]  # no mapping: a list

    def _pair(self, items: dict[str, Pair], key: Scalar, value: Node) -> None:
        if key.text in items:
            first = items[key.text].key
            self.problems.add("E106", f"{shown(key.text)} stands in line {first.line} already", key.where)
        elif not self.dropping or self._is_told(key, value):
            items[key.text] = Pair(key, value)

    def _is_told(self, key: Scalar, value: Node) -> bool:
        """Whether an entry says something: a dropped expression stays, for an entry without one is something else."""
        return not self._is_dropped(key) and (not self._is_dropped(value) or key.text in EXPRESSION_KEYS)

    def _key(self, node: Node) -> Scalar:
        if type(node) is not Scalar:
            self.problems.add("E105", "a list or a mapping stands as a key", node.where, "a key is a text")
            return self._dropped(node)
        if node.text == "<<" and not node.style:
            self.problems.add("E105", "the merge key `<<`", node.where, "write the keys out, or use `extends`")
            return self._dropped(node)
        return node


def _events(text: str) -> Iterator[Any]:
    """The events of the C parser itself: the loader around it looks at each of them once more."""
    from _ruamel_yaml import CParser  # what the package's C loaders are made of

    return iter(CParser(text.encode()).get_event, None)


def _numbers(version: Any) -> Iterator[int]:
    return (int(part) for part in (version.split(".") if isinstance(version, str) else version))
