"""A file in its canonical form: sections and keys in order, two spaces, expressions in single quotes.

Texts, comments and line breaks inside of values stay as they are. The result is compared with what it was made of: what
would say something else, or lose a comment, is not given out.
"""

from __future__ import annotations

import re
from pathlib import Path

from reconciler.config.canonical import FILE, Form
from reconciler.config.collect import Problems
from reconciler.config.events import Unusable, decode, parse, read_bytes
from reconciler.config.parts import Item, Part, Unusual, Written, comments, has_comment, written
from reconciler.config.tree import BREAK, Mapping, Node, Scalar, Sequence
from reconciler.model.messages import problem
from reconciler.model.problems import Failure, Place

_BLANKS = re.compile(r"[ \t]+(?=\n)")
_INDICATOR = re.compile(r"[|>][-+]?([1-9])?")


def format_bytes(data: bytes, name: str) -> bytes:
    """The canonical form of a file, shown as `name` in problems. Raises `Failure`: with all problems of a file that
    cannot be read, or with E130 for one that is written in a way that cannot be laid out anew."""
    problems = Problems()
    try:
        text = "\n".join(BREAK.split(decode(data, name, problems)))
        before = parse(text, name, Path(), problems)
    except Unusable:
        raise Failure(problems.in_order()) from None
    problems.raise_errors()
    made = _laid_out(text if text.endswith("\n") else text + "\n", before)
    if made is None:
        raise Failure(problem("E130", where=Place(name)))
    return made.encode()


def read_file(path: Path) -> bytes:
    """What stands in the file at `path`. Raises `Failure` if it cannot be read."""
    problems = Problems()
    try:
        return read_bytes(path, str(path), problems)
    except Unusable:
        raise Failure(problems.in_order()) from None


def _laid_out(text: str, before: Mapping) -> str | None:
    """None where the result would not say the same or would not hold the same comments."""
    try:
        whole = written(text)
        made = _Layout(whole).text()
        after = parse(made, "", Path(), Problems())
        alike = _same(before, after, FILE, set()) and comments(whole) == comments(written(made))
    except (Unusual, Unusable):
        return None
    return made if alike else None


def _same(one: Node, other: Node, form: Form, compared: set[tuple[int, int]]) -> bool:
    """Whether two trees say the same: keys in any order where the form has one, expressions in any quotes."""
    if (id(one), id(other)) in compared:
        return True
    compared.add((id(one), id(other)))
    if isinstance(one, Scalar) and isinstance(other, Scalar):
        return (one.text, one.is_null, bool(one.style)) == (other.text, other.is_null, bool(other.style))
    if isinstance(one, Sequence) and isinstance(other, Sequence):
        pairs = zip(one.items, other.items, strict=False)
        return len(one.items) == len(other.items) and all(_same(a, b, form.of(None), compared) for a, b in pairs)
    if not isinstance(one, Mapping) or not isinstance(other, Mapping):
        return False
    keys, others = list(one.items), list(other.items)
    if keys != others and not (form.order and sorted(keys) == sorted(others)):
        return False
    return all(_same_value(key, one.items[key].value, other.items[key].value, form, compared) for key in keys)


def _same_value(key: str, one: Node, other: Node, form: Form, compared: set[tuple[int, int]]) -> bool:
    if key in form.expressions and isinstance(one, Scalar) and isinstance(other, Scalar):
        return (one.text, one.is_null) == (other.text, other.is_null)
    return _same(one, other, form.of(key), compared)


class _Layout:
    """Writes the parts anew."""

    def __init__(self, whole: Written) -> None:
        self._whole = whole
        self._text = whole.text
        self._open_end = False  # the last line belongs to a text that keeps the blank lines behind it

    def text(self) -> str:
        root = self._whole.root
        head = _squeezed(self._whole.head)
        while root.tail and not root.tail[-1].strip():
            del root.tail[-1]
        lines = [*head, *self._block(root, 0, FILE)]
        return "\n".join(_begun(lines)) + "\n"

    def _block(self, part: Part, indent: int, form: Form) -> list[str]:
        """The lines of a mapping or a list without brackets."""
        lines: list[str] = []
        for item in _in_order(part, form):
            lines += self._between(item.above, indent, first=not lines)
            lines += self._entry(item, indent, form) if item.key else self._dashed(item, indent, form)
        return lines + self._between(part.tail, indent)

    def _between(self, lines: list[str], indent: int, first: bool = False) -> list[str]:
        """Comments and blank lines; no blank one at the beginning of a block, nor where it would become text."""
        shown = [_indented(line, indent) for line in _squeezed(lines)]
        shown = _begun(shown) if first or self._open_end else shown
        self._open_end = self._open_end and not shown
        return shown

    def _entry(self, item: Item, indent: int, form: Form) -> list[str]:
        assert item.key is not None  # noqa: S101, for the type checker: an entry of a mapping
        key, value = item.key, item.value
        head = " " * indent + self._text[key.start : key.end] + ":"
        expression = key.text in form.expressions and not (key.text == "create" and value.text in ("true", "false"))
        return self._valued(head, item, indent, form.of(key.text), expression and value.kind == "scalar")

    def _dashed(self, item: Item, indent: int, form: Form) -> list[str]:
        head = " " * indent + "-"
        if not item.value.block or item.value.body != item.value.start or item.aside:
            return self._valued(head, item, indent, form.of(None), False)
        lines = self._block(item.value, indent + 2, form.of(None))
        first = next(at for at, line in enumerate(lines) if line and not line.lstrip().startswith("#"))
        above = [_indented(line, indent) for line in lines[:first]]
        return [*above, f"{head} {lines[first].lstrip(' ')}", *lines[first + 1 :]]

    def _valued(self, head: str, item: Item, indent: int, form: Form, expression: bool) -> list[str]:
        """The lines of a key or a dash with its value."""
        value = item.value
        self._open_end = False
        if value.block:
            anchor = self._text[value.start : value.body].strip()
            first = f"{head} {anchor}" if anchor else head
            return [first + item.aside, *self._block(value, indent + 2, form)]
        if value.kind == "scalar" and value.style in ("|", ">"):
            return self._block_scalar(head, item, indent)
        between = self._text[item.after : value.start]
        shift = indent - self._column(item.start)
        text = self._value(value, form, expression)
        first, *more = text.split("\n")
        if value.kind == "scalar":
            more = [" " * (indent + 2) + line.lstrip(" \t") if line.strip() else "" for line in more]
        else:
            more = [_shifted(line, shift) for line in more]
        if "\n" in between and (more or has_comment(between)):
            beside, *above = between.split("\n")[:-1]
            under = [
                head + beside.rstrip(),
                *(_indented(line, indent + 2) for line in above),
                " " * (indent + 2) + first,
            ]
        else:
            under = [f"{head} {first}" if first else head]
        lines = [*under, *more]
        return [*lines[:-1], (lines[-1] + item.aside).rstrip()]

    def _value(self, part: Part, form: Form, expression: bool) -> str:
        """A value that is no block of lines, in one or several lines."""
        if part.kind == "alias":
            return self._text[part.start : part.end]
        anchor = self._text[part.start : part.body]
        if part.kind == "scalar":
            return anchor + self._scalar(part, expression)
        if "\n" in self._text[part.start : part.end]:
            return anchor + self._in_place(part, form)
        return anchor + self._on_one_line(part, form)

    def _scalar(self, part: Part, expression: bool) -> str:
        text = self._text[part.body : part.end]
        if not expression or part.style == "'" or part.marked:  # what an alias repeats elsewhere may be no expression
            return text
        if part.style == '"':
            kept = "\n" in text or not part.text.isprintable()
            return text if kept else _quoted(part.text)
        null = text in ("", "~", "null", "Null", "NULL")
        return text if null else _quoted(text)

    def _on_one_line(self, part: Part, form: Form) -> str:
        opening, closing = ("{", "}") if part.kind == "mapping" else ("[", "]")
        if self._text[part.body] != opening:
            return self._text[part.body : part.end]  # a pair without braces in a list
        shown = [self._flow_item(item, form) for item in _in_order(part, form)]
        if any(one is None for one in shown):
            return self._text[part.body : part.end]
        return opening + ", ".join(one for one in shown if one is not None) + closing

    def _flow_item(self, item: Item, form: Form) -> str | None:
        """`key: value` or a value; None for what is written in an unusual way."""
        if item.key is None:
            return self._value(item.value, form.of(None), False)
        key = self._text[item.key.start : item.key.end]
        value = self._flow_value(item, form)
        between = self._text[item.key.end : item.value.start]
        if between.strip() == ":":
            return f"{key}: {value}"
        return key if not between and not value else None

    def _flow_value(self, item: Item, form: Form) -> str:
        key = item.key.text if item.key else ""
        permission = key == "create" and item.value.text in ("true", "false")
        expression = key in form.expressions and item.value.kind == "scalar" and not permission
        return self._value(item.value, form.of(key or None), expression)

    def _in_place(self, part: Part, form: Form) -> str:
        """A collection in brackets over several lines: what stands between its items stays, line ends included."""
        ends = [item.value.end for item in part.items]
        starts = [item.key.start if item.key else item.value.start for item in part.items]
        between = zip([part.body, *ends], [*starts, part.end], strict=True)
        gaps = [_BLANKS.sub("", self._text[a:b]) for a, b in between]
        items = part.items if any(map(has_comment, gaps)) else _in_order(part, form)
        shown = [self._item_in_place(item, form) for item in items]
        return "".join(piece for pair in zip(gaps, [*shown, ""], strict=True) for piece in pair)

    def _item_in_place(self, item: Item, form: Form) -> str:
        if item.key is None:
            return self._value(item.value, form.of(None), False)
        return self._text[item.key.start : item.value.start] + self._flow_value(item, form)

    def _block_scalar(self, head: str, item: Item, indent: int) -> list[str]:
        """`|` and `>`: their lines keep their indentation relative to each other."""
        value = item.value
        first, *lines = self._text[value.start : value.end].split("\n")
        lines = lines[:-1]
        asked = _INDICATOR.match(self._text, value.body)
        digit = asked.group(1) if asked else None
        filled = next((line for line in lines if line.strip(" ")), "")
        old = self._column(item.start) + int(digit) if digit else len(filled) - len(filled.lstrip(" "))
        new = indent + int(digit) if digit else indent + 2
        self._open_end = "+" in first.partition("#")[0]
        return [f"{head} {first.rstrip()}", *(" " * new + line[old:] if line[old:] else "" for line in lines)]

    def _column(self, offset: int) -> int:
        return offset - (self._text.rfind("\n", 0, offset) + 1)


def _in_order(part: Part, form: Form) -> list[Item]:
    """The items in canonical order; as they stand where an alias could come to lie before its anchor."""
    if part.kind == "list" or not form.order:
        return part.items
    order = form.sorted(part.key_texts)
    marked = [at for at in order if part.items[at].value.marked or _marked_key(part.items[at])]
    return part.items if marked != sorted(marked) else [part.items[at] for at in order]


def _marked_key(item: Item) -> bool:
    return item.key is not None and item.key.marked


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _indented(line: str, indent: int) -> str:
    shown = line.strip()
    return " " * indent + shown if shown else ""


def _shifted(line: str, shift: int) -> str:
    shown = line.lstrip(" ")
    return " " * max(len(line) - len(shown) + shift, 0) + shown if shown else ""


def _squeezed(lines: list[str]) -> list[str]:
    """At most one blank line at a time."""
    return [line for at, line in enumerate(lines) if line.strip() or at == 0 or lines[at - 1].strip()]


def _begun(lines: list[str]) -> list[str]:
    """Without the blank line at the beginning."""
    return lines[1:] if lines and not lines[0].strip() else lines
