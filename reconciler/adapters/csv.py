"""People in a CSV file: `type: csv`. RFC 4180: quotes are doubled inside of quoted values, which may hold line breaks.

PyArrow reads it in blocks, every cell as the text that stands there. What PyArrow would let pass (a quote that is
never closed, text behind a closing quote) is suspected from the raw bytes, and a careful second reading then finds the
row or finds nothing wrong. PyArrow's messages quote the data and go no further.
"""

from __future__ import annotations

import codecs
import csv
import io
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from pydantic import BaseModel, ConfigDict, Field, field_validator

from reconciler.adapters.errors import SourceFailed
from reconciler.adapters.files import AT_ONCE, WRITE, cannot_write, check_writing, watched
from reconciler.adapters.source import Edit, Same, Wrote
from reconciler.model.capabilities import Writes

if TYPE_CHECKING:
    import pyarrow as pa

    from reconciler.adapters.opening import Opening

_BLOCK = 1 << 20  # bytes; PyArrow holds dozens of them at a time
_ROWS = 32_768
_UTF_8 = "utf-8-sig"  # with or without a byte order mark
_SURROGATE = "[\ud800-\udfff]"  # compiled when a file is read carefully


class CsvOptions(BaseModel):
    """Options of `type: csv`."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", hide_input_in_errors=True)

    path: str = Field(min_length=1, description="the file, relative to this one")
    delimiter: str = Field(default=",", description="the character between two values")
    encoding: str = Field(default="utf-8", description="how the file's letters are written as bytes")
    write: bool = Field(default=False, description=WRITE)

    @field_validator("delimiter")
    @classmethod
    def _one_character(cls, delimiter: str) -> str:
        if len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n\0':
            raise ValueError("a delimiter is one ASCII character other than a quote or a line break")
        return delimiter

    @field_validator("encoding")
    @classmethod
    def _known(cls, encoding: str) -> str:
        try:
            "".encode(encoding)
        except (LookupError, ValueError):
            raise ValueError("there is no such encoding") from None
        return encoding


class CsvSource:
    """A `Source` over one CSV file."""

    at_once = AT_ONCE

    def __init__(self, path: Path, delimiter: str = ",", encoding: str = "utf-8", write: bool = False) -> None:
        self._path = path
        self._write = write
        self._delimiter = delimiter
        name = codecs.lookup(encoding).name
        self._encoding = _UTF_8 if name == "utf-8" else name

    def label(self) -> str:
        return self._path.name

    def columns(self) -> Sequence[str]:
        with watched(self._path) as handle:
            return self._header(handle)

    def read(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        with watched(self._path) as handle:
            header = self._header(handle)
            _check_there(header, columns)
            rows = 0
            for batch in self._batches(handle, header, list(columns)):
                rows += batch.num_rows
                yield batch
            if not rows:
                raise SourceFailed("E410", "there is a header and nothing else")

    def close(self) -> None:
        pass

    def cannot_write(self) -> str:
        return cannot_write(self._write)

    def write(self, person: str, edits: Sequence[Edit], same: Same) -> Sequence[Wrote]:
        check_writing(self._write)
        from reconciler.adapters import row_edits
        from reconciler.adapters.csv_writing import CsvRows

        def opened(handle: BinaryIO) -> CsvRows:
            header = self._header(handle)
            _check_there(header, (person, *(column for edit in edits for column in edit.cells)))
            return CsvRows(handle, header, person, self._delimiter, self._encoding)

        return row_edits.write(self._path, opened, edits, same)

    def _batches(self, handle: BinaryIO, header: Sequence[str], columns: list[str]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        done = 0
        if self._encoding == _UTF_8:
            try:
                for batch in _merged(self._fast(handle, columns or list(header[:1]))):
                    done += batch.num_rows
                    yield batch.select(columns)
            except (pa.ArrowException, UnicodeError):
                pass  # a row that is not in order, or one value larger than a block: the careful reading tells
            else:
                if self._has_stray_quotes(handle):
                    self._examine(handle, len(header))
                return
        self._examine(handle, len(header))
        yield from self._slow(handle, header, columns, done)

    def _fast(self, handle: BinaryIO, columns: list[str]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa
        import pyarrow.csv as arrow_csv

        with pa.OSFile(str(self._path)) as stream:
            if not os.path.samestat(os.stat(self._path), os.fstat(handle.fileno())):
                raise SourceFailed("E405")
            yield from arrow_csv.open_csv(
                stream,
                arrow_csv.ReadOptions(block_size=_BLOCK),
                arrow_csv.ParseOptions(delimiter=self._delimiter, newlines_in_values=True),
                arrow_csv.ConvertOptions(
                    column_types=dict.fromkeys(columns, pa.string()),
                    include_columns=columns,
                    strings_can_be_null=False,
                    null_values=[],
                ),
            )

    def _has_stray_quotes(self, handle: BinaryIO) -> bool:
        """Whether a quote may stand where RFC 4180 has none: inside of a value, or opened and never closed."""
        plain = b'[^\\r\\n"' + re.escape(self._delimiter.encode()) + b"]"
        stray = re.compile(b'"(?<=' + plain + b'")(?=' + plain + b")")
        quotes, tail = 0, b""
        handle.seek(0)
        while piece := handle.read(_BLOCK):
            quotes += piece.count(b'"')
            if stray.search(tail + piece):
                return True
            tail = piece[-2:]
        return quotes % 2 == 1

    def _slow(self, handle: BinaryIO, header: Sequence[str], columns: list[str], done: int) -> Iterator[pa.RecordBatch]:
        """The rows after the first `done`: for a file that is in order but has a value larger than a block."""
        import pyarrow as pa

        places = [header.index(name) for name in columns]
        schema = pa.schema([(name, pa.string()) for name in columns])
        with self._records(handle) as records:
            rows = islice(filter(None, records), 1 + done, None)
            while part := list(islice(rows, _ROWS)):
                arrays = [pa.array([row[place] for row in part], pa.string()) for place in places]
                yield pa.RecordBatch.from_arrays(arrays, schema=schema)

    def _examine(self, handle: BinaryIO, width: int) -> None:
        """Read all of it carefully. Raises SourceFailed with the first row that is not in order."""
        row = -1  # the header becomes 0
        try:
            with self._records(handle) as records:
                for row, values in enumerate(filter(None, records)):
                    if len(values) != width:
                        raise SourceFailed("E420", f"row {row} has {len(values)} values for {width} columns", row=row)
                    if re.search(_SURROGATE, "".join(values)):
                        raise SourceFailed("E422", f"row {row} is not {self._shown_encoding()}", row=row)
        except csv.Error:
            raise SourceFailed("E421", f"the row is {row + 1}", row=row + 1) from None
        except UnicodeError:
            raise SourceFailed("E422", f"the file is not {self._shown_encoding()}") from None

    def _header(self, handle: BinaryIO) -> list[str]:
        try:
            with self._records(handle) as records:
                names = next(filter(None, records), None)
        except csv.Error:
            raise SourceFailed("E421", "it stands in the header") from None
        except UnicodeError:
            raise SourceFailed("E422", f"the file is not {self._shown_encoding()}") from None
        if names is None:
            raise SourceFailed("E411", "the file is empty")
        if re.search(_SURROGATE, "".join(names)):
            raise SourceFailed("E422", f"the header is not {self._shown_encoding()}")
        return _checked_names(names)

    @contextmanager
    def _records(self, handle: BinaryIO) -> Iterator[Iterator[list[str]]]:
        """All records from the start, the header included, blank lines as empty lists; bytes that are not in the
        encoding become lone surrogates, so that the row they stand in can be told."""
        handle.seek(0)
        limit = csv.field_size_limit(sys.maxsize)
        text = io.TextIOWrapper(handle, self._encoding, errors="surrogateescape", newline="")
        try:
            yield csv.reader(text, delimiter=self._delimiter, strict=True)
        finally:
            csv.field_size_limit(limit)
            text.detach()

    def _shown_encoding(self) -> str:
        return "UTF-8" if self._encoding == _UTF_8 else self._encoding


def _merged(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same rows in larger batches: PyArrow's blocks are small so that the few it holds at a time are small too."""
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        if sum(b.num_rows for b in waiting) >= _ROWS:
            yield from _one(waiting)
            waiting = []
    yield from _one(waiting)


def _one(batches: list[pa.RecordBatch]) -> list[pa.RecordBatch]:
    import pyarrow as pa

    return pa.Table.from_batches(batches).combine_chunks().to_batches() if batches else []


def _check_there(header: Sequence[str], columns: Iterable[str]) -> None:
    for name in dict.fromkeys(columns):
        if name not in header:
            raise SourceFailed("E414", f"there is no column `{name}`")


def _checked_names(names: list[str]) -> list[str]:
    """The names, if each has a column of its own. Positions, not names, are told: a file without a header begins with
    somebody's data."""
    for place, name in enumerate(names, 1):
        if not name.strip():
            raise SourceFailed("E412", f"it is column {place} of {len(names)}")
    seen: dict[str, int] = {}
    for place, name in enumerate(names, 1):
        if name in seen:
            raise SourceFailed("E413", f"they are columns {seen[name]} and {place}")
        seen[name] = place
    return names


class _Adapter:
    Options = CsvOptions
    writes = Writes("with `write: true`; the file is replaced")

    def open(self, options: CsvOptions, opening: Opening) -> CsvSource:
        return CsvSource(opening.base / options.path, options.delimiter, options.encoding, options.write)


ADAPTER = _Adapter()
