"""Rows of a JSON Lines file that take edits. In an edited row only the texts of the edited values change.

A value keeps its JSON kind where the new text can be one of that kind: what stands there is tried, and read again. A
null has the kind that the column's first value has.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, BinaryIO, NamedTuple

import orjson

from reconciler.adapters.errors import SourceFailed
from reconciler.adapters.json_lines import parsed, text_of
from reconciler.adapters.replacing import Patch
from reconciler.adapters.row_edits import Found, moved
from reconciler.adapters.source import Edit, Same, Wrote

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_SPACE = re.compile(rb"[ \t\r\n]*+")
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_SCALAR = re.compile(rb"[^,}\] \t\r\n]++")
_NESTED = re.compile(rb'(?P<open>[\[{])|(?P<close>[\]}])|"[^"\\]*+(?:\\.[^"\\]*+)*+"|[^\[\]{}"]++', re.DOTALL)


class JsonlRows:
    """The rows of an open file; `columns`: those that edits name."""

    def __init__(self, handle: BinaryIO, person: str, columns: Collection[str]) -> None:
        self._handle = handle
        self._person = person
        self._unknown = set(columns)
        self._kinds: dict[str, type] = {}

    def find(self, persons: Collection[str]) -> Iterator[Found]:
        self._handle.seek(0)
        at = row = 0
        for number, line in enumerate(self._handle, 1):
            at += len(line)
            if number == 1:
                line = line.removeprefix(codecs.BOM_UTF8)
            if not line.strip():
                continue
            row += 1
            record = parsed(line, row, number)
            if self._unknown:
                self._learn(record)
            person = text_of(record.get(self._person), self._person, line)
            if person is not None and person in persons:
                yield Found(person, at - len(line), at)
        if not row:
            raise SourceFailed("E410", "there is no line with an object")

    def row(self, content: bytes, person: str) -> JsonlRow | None:
        row = JsonlRow(content, self._kinds)
        return row if row.text(self._person) == person else None

    def _learn(self, record: Mapping[str, Any]) -> None:
        """The kinds of columns whose first value stands in this line."""
        for name in [name for name in self._unknown if record.get(name) is not None]:
            self._kinds[name] = type(record[name])
            self._unknown.discard(name)


class Member(NamedTuple):
    """A name and its value in an object: where each begins and ends."""

    name: str
    begin: int
    colon: int
    start: int
    end: int


class JsonlRow:
    """One line. What edits change is kept apart, as name -> JSON."""

    def __init__(self, line: bytes, kinds: Mapping[str, type]) -> None:
        self._line = line
        self._kinds = kinds
        self._record: dict[str, Any] = orjson.loads(line)
        self._members = list(members(line))
        self._changes: dict[str, bytes] = {}
        self._now = line

    def text(self, name: str) -> str | None:
        return text_of(self._record.get(name), name, self._now)

    def edit(self, edit: Edit, same: Same) -> Wrote:
        if moved(edit, {name: self.text(name) for name in edit.cells}):
            return Wrote.MOVED
        before = self._changes, self._record, self._now
        for name, (_, meant) in edit.cells.items():
            wrote = self._set(name, meant, same)
            if wrote is not Wrote.DONE:
                self._changes, self._record, self._now = before
                return wrote
        return Wrote.DONE

    def patches(self) -> Sequence[Patch]:
        return self._patches(self._changes)

    def _set(self, name: str, meant: str | None, same: Same) -> Wrote:
        """One value: the first form of the text that reads as what is meant."""
        if (self.text(name) or "") == (meant or ""):
            return Wrote.DONE
        wrote = Wrote.REFUSED
        for json in forms(meant, self._kind(name)):
            changes = {**self._changes, name: json}
            line = _patched(self._line, self._patches(changes))
            try:
                record = orjson.loads(line)
            except orjson.JSONDecodeError:
                continue
            if {**record, name: None} != {**self._record, name: None}:
                continue
            if same(name, meant, text_of(record.get(name), name, line)):
                self._changes, self._record, self._now = changes, record, line
                return Wrote.DONE
            wrote = Wrote.ALTERED
        return wrote

    def _kind(self, name: str) -> type:
        value = self._record.get(name)
        return type(value) if value is not None else self._kinds.get(name, str)

    def _patches(self, changes: Mapping[str, bytes]) -> list[Patch]:
        """What the changes do to the line. A name that it has not got is added at the end of the object."""
        there = {member.name: member for member in self._members}  # of a name that stands twice the last one counts
        found = [Patch(there[name].start, there[name].end, json) for name, json in changes.items() if name in there]
        comma, colon = self._joints()
        more = [orjson.dumps(name) + colon + json for name, json in changes.items() if name not in there]
        if more:
            end = self._members[-1].end if self._members else self._line.index(b"{") + 1
            found.append(Patch(end, end, (comma if self._members else b"") + comma.join(more)))
        return sorted(found)

    def _joints(self) -> tuple[bytes, bytes]:
        """What stands between two members, and between a name and its value: as the last of this line have it."""
        if not self._members:
            return b",", b":"
        last = self._members[-1]
        colon = self._line[last.colon : last.start]
        if len(self._members) == 1:
            return b"," + colon.partition(b":")[2], colon
        return self._line[self._members[-2].end : last.begin], colon


def _patched(line: bytes, patches: Sequence[Patch]) -> bytes:
    for start, end, text in reversed(patches):
        line = line[:start] + text + line[end:]
    return line


def members(line: bytes) -> Iterator[Member]:
    """The members of the object in a line of valid JSON, in order."""
    at = _after(_SPACE, line, 0) + 1  # behind the brace
    while not line.startswith(b"}", begin := _after(_SPACE, line, at)):
        colon = _after(_STRING, line, begin)
        start = _after(_SPACE, line, _after(_SPACE, line, colon) + 1)
        end = _value_end(line, start)
        yield Member(orjson.loads(line[begin:colon]), begin, colon, start, end)
        at = _after(_SPACE, line, end)
        if line[at : at + 1] == b",":
            at += 1


def _value_end(line: bytes, start: int) -> int:
    first = line[start : start + 1]
    if first == b'"':
        return _after(_STRING, line, start)
    if first not in (b"[", b"{"):
        return _after(_SCALAR, line, start)
    depth = 0
    for found in _NESTED.finditer(line, start):
        depth += bool(found["open"]) - bool(found["close"])
        if not depth:
            return found.end()
    raise ValueError("the line is not JSON")


def _after(pattern: re.Pattern[bytes], line: bytes, at: int) -> int:
    found = pattern.match(line, at)
    if found is None:
        raise ValueError("the line is not JSON")
    return found.end()


def forms(text: str | None, kind: type) -> Iterator[bytes]:
    """The ways in which a text may stand as JSON, the one of that kind first. Nothing, if it cannot be written."""
    if not text:
        yield from (b'""', b"null") if kind is str and text == "" else (b"null",)
        return
    if kind is bool:
        yield from sorted((b"true", b"false"), key=lambda word: word != text.encode(errors="replace"))
    elif kind in (int, float) and _NUMBER.fullmatch(text):
        yield text.encode()
    elif kind in (list, dict) and _is(kind, text):
        yield re.sub("[\r\n]", " ", text).encode()  # between its parts: inside of a string they are escaped
    with suppress(orjson.JSONEncodeError):
        yield orjson.dumps(text)


def _is(kind: type, text: str) -> bool:
    try:
        return type(orjson.loads(text)) is kind
    except orjson.JSONDecodeError:
        return False
