"""People in JSON Lines: `type: jsonl`. One object a line; its names are the columns, in the order of their first use.

Texts are taken as they are, null is absent; true, false and numbers are the text that stands in the file (`1.10` stays
`1.10`), lists and objects compact JSON (in there, numbers are written the short way). All names of all lines are
columns, so the file is read once for its names and once for its people; a name that a line does not have is absent.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import orjson
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from reconciler.adapters.errors import SourceFailed
from reconciler.adapters.files import AT_ONCE, WRITE, cannot_write, check_writing, watched
from reconciler.adapters.json_lines import parsed, text_of
from reconciler.adapters.source import Edit, Same, Wrote
from reconciler.model.capabilities import Writes

if TYPE_CHECKING:
    from reconciler.adapters.opening import Opening

_ROWS = 1_024  # objects that are Python's at a time
_PARTS = 16  # of so many rows become a batch


class JsonlOptions(BaseModel):
    """Options of `type: jsonl`."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", hide_input_in_errors=True)

    path: str = Field(min_length=1, description="the file, relative to this one")
    write: bool = Field(default=False, description=WRITE)


class JsonlSource:
    """A `Source` over one JSON Lines file."""

    at_once = AT_ONCE

    def __init__(self, path: Path, write: bool = False) -> None:
        self._path = path
        self._write = write

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
                cells = map(partial(_column, part), columns, _values(part, columns))
                waiting.append(pa.RecordBatch.from_arrays(list(cells), schema=schema))
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

    def cannot_write(self) -> str:
        return cannot_write(self._write)

    def write(self, person: str, edits: Sequence[Edit], same: Same) -> Sequence[Wrote]:
        check_writing(self._write)
        from reconciler.adapters import row_edits
        from reconciler.adapters.jsonl_writing import JsonlRows

        columns = {column for edit in edits for column in edit.cells}
        return row_edits.write(self._path, lambda handle: JsonlRows(handle, person, columns), edits, same)


@dataclass(frozen=True, slots=True)
class _Part:
    """Some lines that follow each other, and the object that stands in each."""

    records: list[dict[str, Any]]
    lines: list[bytes]


def _parts(handle: BinaryIO) -> Iterator[_Part]:
    """All lines with an object, blank ones left out. Raises SourceFailed with the row."""
    above = rows = 0
    while read := list(islice(handle, _ROWS)):
        if not above:
            read[0] = read[0].removeprefix(codecs.BOM_UTF8)
        lines = [line for line in read if line.strip()]
        if lines:
            records = _at_once(lines)
            yield _Part(_one_by_one(read, above, rows) if records is None else records, lines)
        above += len(read)
        rows += len(lines)


def _at_once(lines: list[bytes]) -> list[dict[str, Any]] | None:
    """The object of each line; None if there is a line without one."""
    try:
        records = list(map(orjson.loads, lines))
    except orjson.JSONDecodeError:
        return None
    return records if set(map(type, records)) == {dict} else None


def _one_by_one(lines: list[bytes], above: int, rows: int) -> list[dict[str, Any]]:
    """The same, slower, and it knows which line is at fault. So many lines and rows of the file come before."""
    records: list[dict[str, Any]] = []
    for number, line in enumerate(lines, above + 1):
        if not line.strip():
            continue
        records.append(parsed(line, rows + len(records) + 1, number))
    return records


def _values(part: _Part, names: Sequence[str]) -> Iterable[Sequence[Any]]:
    """The values of each name, as they were read."""
    if len(names) > 1:
        try:
            return list(zip(*map(itemgetter(*names), part.records), strict=True))
        except KeyError:  # some lines do not have all names
            pass
    return ([record.get(name) for record in part.records] for name in names)


def _column(part: _Part, name: str, values: Sequence[Any]) -> pa.Array:
    try:
        return pa.array(values, pa.string())
    except (pa.ArrowTypeError, pa.ArrowInvalid):  # not only texts and nulls
        pairs = zip(values, part.lines, strict=True)
        return pa.array([text_of(v, name, line) for v, line in pairs], pa.string())


def _joined(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    return pa.Table.from_batches(batches).combine_chunks().to_batches()[0]


class _Adapter:
    Options = JsonlOptions
    writes = Writes("with `write: true`; the file is replaced")
    endings = ("jsonl", "ndjson")

    def open(self, options: JsonlOptions, opening: Opening) -> JsonlSource:
        return JsonlSource(opening.base / options.path, options.write)


ADAPTER = _Adapter()
