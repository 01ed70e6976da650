"""People in JSON Lines: `type: jsonl`. One object a line; its names are the columns, in the order of their first use.

Texts are taken as they are, null is absent; true, false and numbers are the text that stands in the file (`1.10` stays
`1.10`), lists and objects compact JSON (in there, numbers are written the short way). All names of all lines are
columns, so the file is read once for its names and once for its people; a name that a line does not have is absent.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import orjson
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from reconciler.adapters.errors import SourceFailed
from reconciler.adapters.files import watched

_ROWS = 2_048  # objects that are Python's at a time
_PARTS = 8  # of so many rows become a batch
_EXACT = json.JSONDecoder(parse_float=str, parse_int=str)


class JsonlOptions(BaseModel):
    """Options of `type: jsonl`."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", hide_input_in_errors=True)

    path: str = Field(min_length=1, description="the file, relative to this one")


class JsonlSource:
    """A `Source` over one JSON Lines file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def label(self) -> str:
        return self._path.name

    def columns(self) -> Sequence[str]:
        shapes: dict[tuple[str, ...], None] = {}
        with watched(self._path) as handle:
            for part in _parts(handle):
                shapes.update(dict.fromkeys(map(tuple, part.records)))
        if not shapes:
            raise SourceFailed("E410", "there is no line with an object")
        return tuple(dict.fromkeys(name for shape in shapes for name in shape))

    def read(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        missing = set(columns)
        rows = 0
        schema = pa.schema([(name, pa.string()) for name in columns])
        waiting: list[pa.RecordBatch] = []
        with watched(self._path) as handle:
            for part in _parts(handle):
                rows += len(part.records)
                if missing:
                    missing.difference_update(*part.records)
                waiting.append(_batch(part, schema))
                if len(waiting) == _PARTS:
                    yield _joined(waiting)
                    waiting.clear()
            if waiting:
                yield _joined(waiting)
        if not rows:
            raise SourceFailed("E410", "there is no line with an object")
        if missing:
            raise SourceFailed("E414", "no line has " + ", ".join(f"`{name}`" for name in sorted(missing)))

    def close(self) -> None:
        pass


@dataclass(frozen=True, slots=True)
class _Part:
    """Some lines that follow each other, and the object that stands in each."""

    records: list[dict[str, Any]]
    lines: list[bytes]


def _parts(handle: BinaryIO) -> Iterator[_Part]:
    """All lines with an object. Raises SourceFailed with the row."""
    lines = _lines(handle)
    row = 0
    while numbered := list(islice(lines, _ROWS)):
        numbers, texts = map(list, zip(*numbered, strict=True))
        records = _at_once(texts)
        yield _Part(_one_by_one(texts, numbers, row) if records is None else records, texts)
        row += len(texts)


def _lines(handle: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank, with their numbers in the file."""
    for number, line in enumerate(handle, 1):
        if number == 1:
            line = line.removeprefix(codecs.BOM_UTF8)
        if not line.isspace() and line:
            yield number, line


def _at_once(lines: list[bytes]) -> list[dict[str, Any]] | None:
    """The objects of all lines, read as one list; None if it is not certain that each line has exactly one.

    Between two lines stands a text that none of them can hold, since it is made from all of them: two objects in one
    line, or one in two lines, would move it to another place.
    """
    between = blake2b(b"".join(lines), digest_size=16).hexdigest()
    try:
        found = orjson.loads(b"[" + f',"{between}",'.encode().join(lines) + b"]")
    except orjson.JSONDecodeError:
        return None
    records, marks = found[::2], found[1::2]
    if len(records) != len(lines) or marks.count(between) != len(lines) - 1 or set(map(type, records)) != {dict}:
        return None
    return list(records)


def _one_by_one(lines: list[bytes], numbers: list[int], before: int) -> list[dict[str, Any]]:
    """The same with every line for itself, after so many rows before: slower, and knows which one is at fault."""
    records = []
    for row, (number, line) in enumerate(zip(numbers, lines, strict=True), before + 1):
        where = f"row {row}, line {number} of the file"
        try:
            record = orjson.loads(line)
        except orjson.JSONDecodeError:
            raise SourceFailed(_fault(line), where, row=row) from None
        if type(record) is not dict:
            raise SourceFailed("E424", where, row=row)
        records.append(record)
    return records


def _fault(line: bytes) -> str:
    """The code of a line that is not JSON: its letters, or its shape."""
    try:
        line.decode()
    except UnicodeDecodeError:
        return "E422"
    return "E423"


def _text(value: Any, name: str, line: bytes) -> str:
    """A value that is neither a text nor null, as text."""
    if type(value) is bool:
        return "true" if value else "false"
    if type(value) is int:
        return str(value)
    if type(value) is float:
        return _number(name, line)
    return orjson.dumps(value).decode()


def _number(name: str, line: bytes) -> str:
    """The number of that name as it stands in the line: found where it can be only one, else by a slower reading."""
    found = _pattern(name).findall(line)
    if len(found) == 1 and b"\\u" not in line:
        return str(found[0], "ascii")
    return str(_EXACT.decode(line.decode("utf-8-sig"))[name])


@cache
def _pattern(name: str) -> re.Pattern[bytes]:
    """A name and the number behind it. In a string every quote is escaped, so this is never found inside of one."""
    return re.compile(re.escape(orjson.dumps(name)) + rb"[ \t\r]*:[ \t\r]*(-?[0-9][0-9.eE+-]*)")


def _batch(part: _Part, schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([_column(part, name) for name in schema.names], schema=schema)


def _column(part: _Part, name: str) -> pa.Array:
    values = [record.get(name) for record in part.records]
    try:
        return pa.array(values, pa.string())
    except (pa.ArrowTypeError, pa.ArrowInvalid):  # not only texts and nulls
        pairs = zip(values, part.lines, strict=True)
        return pa.array([v if v is None or type(v) is str else _text(v, name, line) for v, line in pairs], pa.string())


def _joined(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    return pa.Table.from_batches(batches).combine_chunks().to_batches()[0]


class _Adapter:
    Options = JsonlOptions

    def open(self, options: JsonlOptions, base: Path) -> JsonlSource:
        return JsonlSource(base / options.path)


ADAPTER = _Adapter()
