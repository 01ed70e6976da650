"""What changes in a text file, line by line, as `patch` understands it."""

from __future__ import annotations

import difflib

from reconciler.report.words import plain


def unified(name: str, before: bytes, after: bytes) -> str:
    """The unified difference of two UTF-8 texts; "" for none. Signs that could steer a terminal are made visible."""
    old, new = (_lines(content) for content in (before, after))
    return "".join(map(_shown, difflib.unified_diff(old, new, name, name, lineterm="")))


_NO_END = "\0"  # marks a last line without an end; no file that can be read holds it


def _lines(content: bytes) -> list[str]:
    *lines, last = content.decode("utf-8").split("\n")
    return [*lines, last + _NO_END] if last else lines


def _shown(line: str) -> str:
    note = "\\ No newline at end of file\n" if line.endswith(_NO_END) else ""
    return plain(line.removesuffix(_NO_END)) + "\n" + note
