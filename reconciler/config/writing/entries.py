"""One entry of the file as lines: on one line while it fits, else a key a line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from reconciler.config.writing.scalars import remark, scalar

WIDTH = 100

Value = str | Sequence[str] | Mapping[str, str]
"""A text, already written; names in a list; names and texts."""


def entry(name: str, parts: Mapping[str, Value], indent: int = 2) -> list[str]:
    """`name: {key: value}`. A text in `parts` is YAML already; lists and mappings hold names as they are."""
    written = scalar(name)
    one_line = f"{' ' * indent}{written}: {_flow(parts)}"
    if len(one_line) <= WIDTH:
        return [one_line]
    lines = [f"{' ' * indent}{written}:"]
    for key, value in parts.items():
        lines += _block(key, value, indent + 2)
    return lines


def short_entry(name: str, column: str, indent: int = 2) -> str:
    """`name: column`."""
    return f"{' ' * indent}{scalar(name)}: {scalar(column)}"


def with_remark(line: str, text: str) -> str:
    """The line with a comment behind it; the line alone without one."""
    return f"{line}   # {remark(text)}" if text else line


def commented(lines: Iterable[str], indent: int = 2) -> list[str]:
    """The lines of an entry as comments: taking the `# ` away makes them the entry again."""
    return [f"{' ' * indent}# {line[indent:]}" for line in lines]


def paragraph(*lines: str, indent: int = 0) -> list[str]:
    """Comment lines."""
    return [f"{' ' * indent}# {remark(line)}".rstrip() for line in lines]


def _flow(parts: Mapping[str, Value]) -> str:
    return "{" + ", ".join(f"{key}: {_inline(value)}" for key, value in parts.items()) + "}"


def _inline(value: Value) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(name)}: {scalar(text)}" for name, text in value.items()) + "}"
    return "[" + ", ".join(map(scalar, value)) + "]"


def _block(key: str, value: Value, indent: int) -> list[str]:
    lead = " " * indent
    if isinstance(value, str) or len(f"{lead}{key}: {_inline(value)}") <= WIDTH:
        return [f"{lead}{key}: {_inline(value)}"]
    if isinstance(value, Mapping):
        return [f"{lead}{key}:", *(f"{lead}  {scalar(name)}: {scalar(text)}" for name, text in value.items())]
    return [f"{lead}{key}:", *(f"{lead}  - {scalar(name)}" for name in value)]
