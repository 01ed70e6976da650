"""Files as people write them: keys in any order, any indentation, quotes, brackets, comments and blank lines.

Every comment is one of a kind, so that a lost or doubled one is noticed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

MARK = "# comment"

PLAIN = ["orders", "user_email", "Free", "007", "no", "a b", "Ärzte 会員", "1.5", "true", "x#y", "it's", "a: b", "# no"]
EXPRESSIONS = ["true", "orders > 0", 'city == "Bonn"', "name == 'it'", "a && b", 'row["A: b"] != ""', "!c", "a ? b : c"]

Draw = Callable[[st.SearchStrategy[Any]], Any]


@dataclass
class Text:
    """A text that is being written."""

    draw: Draw
    lines: list[str] = field(default_factory=list)
    marks: int = 0
    anchors: list[str] = field(default_factory=list)

    def chance(self, of: int) -> bool:
        return bool(self.draw(st.integers(0, of)) == 0)

    def comment(self) -> str:
        self.marks += 1
        return f"{MARK} {self.marks}."

    def between(self, column: int) -> None:
        """Lines before an entry of that column."""
        for _ in range(self.draw(st.integers(0, 4)) // 2):
            if self.chance(2):
                self.lines.append(" " * self.draw(st.integers(0, 3)))
            else:
                self.lines.append(" " * self.draw(st.sampled_from([column, column, 0, column + 3])) + self.comment())

    def aside(self) -> str:
        return f"{' ' * self.draw(st.integers(1, 4))}{self.comment()}" if self.chance(5) else ""

    def scalar(self, text: str, flow: bool = False) -> str:
        """In quotes, or without if it can be."""
        way = self.draw(st.sampled_from(["plain", "single", "double"]))
        special = set(text) & set("\"'#:!&[]{},?|>%@`")
        if way == "plain" and text and not special:
            return text
        if way == "double":
            return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
        return "'" + text.replace("'", "''") + "'"

    def value(self, said: Any, flow: bool = False) -> str:
        """In one line: a scalar, or in brackets."""
        space = " " * self.draw(st.integers(0, 1))
        if isinstance(said, dict):
            pairs = [f"{self.scalar(k)}: {self.value(v, True)}" for k, v in self.shuffled(said)]
            return "{" + space + f",{' ' * self.draw(st.integers(0, 2))}".join(pairs) + space + "}"
        if isinstance(said, list):
            return "[" + space + ", ".join(self.value(v, True) for v in said) + space + "]"
        return self.scalar(said, flow)

    def shuffled(self, said: dict[str, Any]) -> list[tuple[str, Any]]:
        free = all(key in KNOWN for key in said)
        return list(self.draw(st.permutations(list(said.items())))) if free else list(said.items())

    def block(self, said: dict[str, Any], column: int, first: str = "") -> None:
        """A mapping, a line an entry. `first`: what stands before the first key already."""
        for number, (key, value) in enumerate(self.shuffled(said)):
            begun = first if number == 0 else ""
            if not begun:
                self.between(column)
            self.entry(begun or " " * column, self.scalar(key) + ":", value, column)

    def entry(self, before: str, head: str, value: Any, column: int) -> None:
        inner = column + self.draw(st.sampled_from([2, 2, 1, 4]))
        if isinstance(value, dict) and value and not self.chance(2):
            self.lines.append(before + head + self.aside())
            self.block(value, inner)
        elif isinstance(value, list) and value and not self.chance(2):
            self.lines.append(before + head + self.aside())
            self.items(value, column + self.draw(st.sampled_from([0, 2, 4])) if head else inner)
        elif isinstance(value, dict) and len(value) > 1 and self.chance(2):
            self.wide(before + head, value, inner)
        elif isinstance(value, str) and self.chance(6):
            self.long(before + head, inner)
        elif isinstance(value, str) and self.anchors and self.chance(6):
            self.lines.append(f"{before}{head} *{self.draw(st.sampled_from(self.anchors))}{self.aside()}")
        else:
            name = self.anchor() if isinstance(value, str) else ""
            self.lines.append(f"{before}{head}{name} {self.value(value)}{self.aside()}")

    def anchor(self) -> str:
        """Of a scalar, so that an alias can stand for any text."""
        if not self.chance(6):
            return ""
        self.anchors.append(f"a{len(self.anchors)}")
        return f" &{self.anchors[-1]}"

    def wide(self, head: str, value: dict[str, Any], column: int) -> None:
        """In brackets, over several lines."""
        pairs = [f"{self.scalar(k)}: {self.value(v, True)}" for k, v in self.shuffled(value)]
        self.lines.append(head + " {" + pairs[0] + ("," + self.aside() if len(pairs) > 1 else ""))
        for pair in pairs[1:-1]:
            self.lines.append(" " * column + pair + "," + self.aside())
        self.lines.append(" " * column + pairs[-1] + (" }" if self.chance(1) else "\n" + " " * column + "}"))

    def long(self, head: str, column: int) -> None:
        """A text of several lines."""
        shape = self.draw(st.sampled_from(["|", ">", "|-", ">+", "plain", "double", "single", "below"]))
        if shape in ("plain", "below"):
            self.lines.append(head + (" begun" if shape == "plain" else self.aside()))
            self.lines += [" " * column + "goes on", "", " " * (column + 1) + "to here" + self.aside()]
        elif shape in ("double", "single"):
            quote = '"' if shape == "double" else "'"
            self.lines.append(f"{head} {quote}begun # no comment")
            self.lines += ["", " " * column + f"to here{quote}" + self.aside()]
        else:
            self.lines.append(f"{head} {shape}{self.aside()}")
            self.lines += [" " * column + "one", " " * (column + 2) + "# no comment", "", " " * column + "end", ""]

    def items(self, values: list[Any], column: int) -> None:
        for value in values:
            self.between(column)
            dash = " " * column + "-"
            if isinstance(value, dict) and value and not self.chance(2):
                gap = " " * self.draw(st.integers(1, 3))
                self.block(value, column + 1 + len(gap), dash + gap)
            else:
                self.lines.append(f"{dash} {self.value(value)}{self.aside()}")


KNOWN = {
    key
    for words in (
        "version extends vars crm source identity defaults fields tags dynamic_tags scores contacts limits rules",
        "refresh type path rate calls per types timezone person match push empty from value label group options",
        "account when keep absent prefix max_new points create status delete",
    )
    for key in words.split()
}


def _some(**keys: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=keys)


_text = st.sampled_from(PLAIN)
_expression = st.sampled_from(EXPRESSIONS)
_options = st.lists(_text, max_size=3, unique=True) | st.dictionaries(_text, _text, max_size=3)
_field = _text | _some(**{"from": _text}, value=_expression, type=_text, label=_text, options=_options, push=_text)
_tag = _some(when=_expression, keep=st.just("true"), push=_text)
_rule = _some(when=_expression, points=st.just("5"))
_file = st.fixed_dictionaries(
    {"version": st.just("1"), "fields": st.dictionaries(_text, _field, min_size=1, max_size=4)},
    optional={
        "vars": st.dictionaries(_text, _text, min_size=1, max_size=3),
        "crm": _some(type=_text, path=_text, account=_text, rate=_some(calls=st.just("5"), per=st.just("1s"))),
        "source": _some(type=_text, path=_text, types=st.dictionaries(_text, _text, max_size=2)),
        "tags": st.dictionaries(_text, _tag, max_size=3),
        "dynamic_tags": st.lists(_some(**{"from": _text}, prefix=_text, max_new=st.just("3")), max_size=3),
        "scores": st.dictionaries(_text, st.lists(_rule, max_size=3), max_size=2),
        "contacts": _some(create=_expression, when=_expression, status=_text),
        "limits": _some(create=st.just("5"), delete=st.just("0")),
    },
)


@st.composite
def texts(draw: Draw) -> Text:
    """A file as somebody wrote it."""
    text = Text(draw)
    if text.chance(3):
        text.lines += [text.comment(), ""]
    text.block(draw(_file), 0)
    text.between(0)
    return text
