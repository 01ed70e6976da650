"""People whom a server wrote as lines of CSV, one a row, and PyArrow reads: every value is text before it leaves there.

A null is nothing between two commas, an empty text is two quotes. A quote is a character that people do not write: what
stands in a value has to be doubled, which some servers do slowly. A line comes whole, so that no value straddles two
blocks, and the lines are counted: what was read is what was sent, or the reading fails.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from reconciler.adapters.errors import SourceFailed

if TYPE_CHECKING:
    import pyarrow as pa

QUOTE = "\x01"
_BLOCK = 2 << 20  # bytes
_MARK = codecs.BOM_UTF8  # one that begins a block is taken off: ours, and never a value's
_ROWS = 16_384


def batches(lines: Iterable[bytes], columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The lines as batches of text. Each ends with its line break. Raises SourceFailed with the row."""
    waiting: list[bytes] = []
    size = rows = 0
    for line in lines:
        waiting.append(line)
        size += len(line)
        if size >= _BLOCK or len(waiting) == _ROWS:
            yield _batch(waiting, columns, rows)
            rows += len(waiting)
            waiting, size = [], 0
    if waiting:
        yield _batch(waiting, columns, rows)


def block(data: bytes, rows: int, columns: Sequence[str]) -> pa.RecordBatch:
    """So many lines that came together. Raises SourceFailed, with no row."""
    import pyarrow as pa

    if not rows:
        return pa.RecordBatch.from_arrays([pa.array([], pa.string()) for _ in columns], names=list(columns))
    try:
        return _parsed([data], columns, pa.string(), rows)
    except pa.ArrowException:
        raise SourceFailed("E404", "rows came in a form that is not understood") from None


def _batch(lines: list[bytes], columns: Sequence[str], before: int) -> pa.RecordBatch:
    """One batch; so many rows came before it."""
    import pyarrow as pa

    try:
        return _parsed(lines, columns, pa.string())
    except pa.ArrowException:
        raise _fault(lines, columns, before) from None


def _parsed(lines: list[bytes], columns: Sequence[str], kind: pa.DataType, rows: int = 0) -> pa.RecordBatch:
    """`rows`: where a line holds more than one."""
    import pyarrow as pa
    import pyarrow.csv as arrow_csv

    block = b"".join([_MARK, *lines])
    keys = [str(place) for place in range(len(columns))]
    table = arrow_csv.read_csv(
        pa.BufferReader(block),
        arrow_csv.ReadOptions(column_names=keys, block_size=len(block) + 1, use_threads=False),
        arrow_csv.ParseOptions(quote_char=QUOTE, newlines_in_values=True, ignore_empty_lines=False),
        arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(keys, kind),
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            null_values=[""],
        ),
    )
    if table.num_rows != (rows or len(lines)):
        raise SourceFailed("E404", f"{rows or len(lines)} rows came and {table.num_rows} could be read")
    return table.rename_columns(list(columns)).combine_chunks().to_batches()[0]


def _fault(lines: list[bytes], columns: Sequence[str], before: int) -> SourceFailed:
    """Which value is not text, or that the lines are not in order."""
    import pyarrow as pa

    try:
        found = _parsed(lines, columns, pa.binary())
    except pa.ArrowException:
        return SourceFailed("E404", "rows came in a form that is not understood")
    for name, column in zip(columns, found.columns, strict=True):
        row = first_not_text(column)
        if row is not None:
            return not_text(name, before + row + 1)
    return SourceFailed("E404", "rows came in a form that is not understood")


def first_not_text(values: Iterable[pa.BinaryScalar]) -> int | None:
    """The place of the first value whose bytes are no UTF-8."""
    for place, value in enumerate(values):
        try:
            (value.as_py() or b"").decode()
        except UnicodeDecodeError:
            return place
    return None


def not_text(column: str, row: int) -> SourceFailed:
    return SourceFailed("E425", f"a value of `{column}` is bytes that are no text", row=row)
