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
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

import orjson
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from reconciler.adapters.errors import SourceFailed
from reconciler.adapters.files import watched

_ROWS = 16_384
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
        names: dict[str, None] = {}
        shapes: set[tuple[str, ...]] = set()
        with watched(self._path) as handle:
            for _row, record, _line in _records(handle):
                shape = tuple(record)
                if shape not in shapes:
                    shapes.add(shape)
                    names.update(dict.fromkeys(shape))
        if not shapes:
            raise SourceFailed("E410", "there is no line with an object")
        return tuple(names)

    def read(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        missing = set(columns)
        cells: list[list[str | None]] = [[] for _ in columns]
        rows = 0
        schema = pa.schema([(name, pa.string()) for name in columns])
        with watched(self._path) as handle:
            for rows, record, line in _records(handle):
                if missing:
                    missing.difference_update(record)
                for name, cell in zip(columns, cells, strict=True):
                    value = record.get(name)
                    cell.append(value if value is None or type(value) is str else _text(value, name, line))
                if rows % _ROWS == 0:
                    yield _batch(cells, schema)
            if rows % _ROWS:
                yield _batch(cells, schema)
        if not rows:
            raise SourceFailed("E410", "there is no line with an object")
        if missing:
            raise SourceFailed("E414", "no line has " + ", ".join(f"`{name}`" for name in sorted(missing)))

    def close(self) -> None:
        pass


def _records(handle: BinaryIO) -> Iterator[tuple[int, dict[str, Any], bytes]]:
    """Row number from 1, object, and the line it stands in. Raises SourceFailed with the row."""
    row = 0
    for number, line in enumerate(handle, 1):
        if number == 1:
            line = line.removeprefix(codecs.BOM_UTF8)
        if not line.strip():
            continue
        row += 1
        where = f"row {row}, line {number} of the file"
        try:
            record = orjson.loads(line)
        except orjson.JSONDecodeError:
            raise SourceFailed(_fault(line), where, row=row) from None
        if type(record) is not dict:
            raise SourceFailed("E424", where, row=row)
        yield row, record, line


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


def _batch(cells: list[list[str | None]], schema: pa.Schema) -> pa.RecordBatch:
    batch = pa.RecordBatch.from_arrays([pa.array(cell, pa.string()) for cell in cells], schema=schema)
    for cell in cells:
        cell.clear()
    return batch


class _Adapter:
    Options = JsonlOptions

    def open(self, options: JsonlOptions, base: Path) -> JsonlSource:
        return JsonlSource(base / options.path)


ADAPTER = _Adapter()
