"""Vectorised guards: which cells are canonical already, so that no converter has to look at them.

A guard (`reconciler.model.types.Guard`) answers only yes or not sure. Property tests hold it together with the
converters of the types that declare it.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from reconciler.model.types import Guard

_SUSPECT_BYTES = bytes([*range(0x20), 0x7F, *range(0xCC, 0x100)])  # controls, and lead bytes from U+0300 on
_SUSPECT = r"[\x00-\x1f\x7f\x{300}-\x{10ffff}]"


def settled(column: pa.Array, guard: Guard) -> tuple[pa.Array, pa.Array | None]:
    """The column with everything that is sure in its canonical text (null is), and a boolean per row for what is not
    sure; None: all is."""
    if not guard.shape:
        return column, None if _all_text(column) else _doubtful(_is_text(column))
    if guard.noise:
        column = pc.replace_substring_regex(column, guard.noise, "")
    return column, _doubtful(pc.match_substring_regex(column, f"^(?:{guard.shape})$"))


def _doubtful(sure: pa.Array) -> pa.Array | None:
    return None if pc.all(sure).as_py() in (None, True) else pc.invert(pc.fill_null(sure, True))


def _all_text(column: pa.Array) -> bool:
    """Cheap to find out, and true of most columns."""
    text = _content(column)
    if len(text.translate(None, _SUSPECT_BYTES)) != len(text):
        return False
    return bool(pc.sum(pc.binary_length(pc.utf8_trim_whitespace(column))).as_py() in (None, len(text)))


def _is_text(column: pa.Array) -> pa.Array:
    trimmed = pc.equal(pc.utf8_trim_whitespace(column), column)
    return pc.and_not(trimmed, pc.match_substring_regex(column, _SUSPECT))


def _content(column: pa.Array) -> bytes:
    """The bytes of all values, in order and without separators."""
    _validity, offsets, data = column.buffers()
    if data is None or len(column) == 0:
        return b""
    ends = memoryview(offsets).cast("i")
    return bytes(memoryview(data)[ends[column.offset] : ends[column.offset + len(column)]])
