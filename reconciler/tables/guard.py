"""Vectorised guards: which cells are canonical already, so that no converter has to look at them.

A guard answers only yes or not sure. "text": no control character, nothing at or above U+0300 (below it every text is
in Unicode form NFC), no white space at either end. Any other guard is a regular expression that canonical texts of the
type match as a whole. Property tests hold both together with the converters of the types that declare them.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

TEXT = "text"

_SUSPECT_BYTES = bytes([*range(0x20), 0x7F, *range(0xCC, 0x100)])  # controls, and lead bytes from U+0300 on
_SUSPECT = r"[\x00-\x1f\x7f\x{300}-\x{10ffff}]"


def sure(column: pa.Array, guard: str) -> pa.Array | None:
    """Boolean per row: the value is canonical (null is). None: all are, which is cheap to find out for text."""
    if guard != TEXT:
        return pc.fill_null(pc.match_substring_regex(column, f"^(?:{guard})$"), True)
    return None if _all_text(column) else _text(column)


def _all_text(column: pa.Array) -> bool:
    text = _content(column)
    if len(text.translate(None, _SUSPECT_BYTES)) != len(text):
        return False
    return bool(pc.sum(pc.binary_length(pc.utf8_trim_whitespace(column))).as_py() in (None, len(text)))


def _text(column: pa.Array) -> pa.Array:
    trimmed = pc.equal(pc.utf8_trim_whitespace(column), column)
    return pc.fill_null(pc.and_not(trimmed, pc.match_substring_regex(column, _SUSPECT)), True)


def _content(column: pa.Array) -> bytes:
    """The bytes of all values, in order and without separators."""
    _validity, offsets, data = column.buffers()
    if data is None or len(column) == 0:
        return b""
    ends = memoryview(offsets).cast("i")
    return bytes(memoryview(data)[ends[column.offset] : ends[column.offset + len(column)]])
