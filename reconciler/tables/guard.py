"""The vectorised guard of text: which cells are canonical already, so that no converter has to look at them.

It answers only yes or not sure. Plain means: ASCII, no control character, no space at either end. A property test
holds it together with the converters of the types that declare it.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

_CONTROLS = bytes(range(0x20)) + b"\x7f"
_CONTROL_PATTERN = r"[\x00-\x1f\x7f]"


def content(column: pa.Array) -> bytes:
    """The bytes of all values of a string column, in order and without separators."""
    _validity, offsets, data = column.buffers()
    if data is None or len(column) == 0:
        return b""
    ends = memoryview(offsets).cast("i")
    return bytes(memoryview(data)[ends[column.offset] : ends[column.offset + len(column)]])


def all_plain(column: pa.Array) -> bool:
    """Whether every value of the column is plain; costs a few nanoseconds a value."""
    text = content(column)
    if not text.isascii() or len(text.translate(None, _CONTROLS)) != len(text):
        return False
    return bool(pc.sum(pc.binary_length(pc.ascii_trim(column, " "))).as_py() in (None, len(text)))


def plain(column: pa.Array) -> pa.Array:
    """Boolean per row: the value is plain (null is)."""
    trimmed = pc.equal(pc.ascii_trim(column, " "), column)
    controls = pc.match_substring_regex(column, _CONTROL_PATTERN)
    return pc.fill_null(pc.and_(pc.and_(pc.string_is_ascii(column), trimmed), pc.invert(controls)), True)
