"""Vectorised guards: which cells are canonical already, so that no converter has to look at them.

A guard (`reconciler.model.types.Guard`) answers only yes or not sure. Property tests hold it together with the
converters of the types that declare it.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from reconciler.model.types import Guard
from reconciler.tables.cells import empty_to_null
from reconciler.tables.scalars import NO

_SUSPECT_BYTES = bytes([*range(0x20), 0x7F, *range(0xCC, 0x100)])  # controls, and lead bytes from U+0300 on
_STORED = r"^\s*[aOCE]:\+?[0-9]"
_SUSPECT = r"[\x00-\x1f\x7f\x{300}-\x{10ffff}]"


def settled(column: pa.Array, guard: Guard) -> tuple[pa.Array, pa.Array | None]:
    """The column with everything that is sure in its canonical text (null is), and a boolean per row for what is not
    sure; None: all is."""
    return _text(column, guard) if not guard.shape else _shaped(column, guard)


def _text(column: pa.Array, guard: Guard) -> tuple[pa.Array, pa.Array | None]:
    trimmed = pc.utf8_trim_whitespace(column)
    padded = pc.sum(pc.binary_length(trimmed)).as_py() not in (None, len(_content(column)))
    odd = None
    if padded and guard.trim:
        column = empty_to_null(trimmed)
    elif padded:
        odd = pc.not_equal(trimmed, column)
    text = _content(column)
    if len(text.translate(None, _SUSPECT_BYTES)) != len(text):  # cheap to find out, and not so of most columns
        odd = _or(odd, pc.match_substring_regex(column, _SUSPECT))
    if guard.serialised and (b":{" in text or b':"' in text):
        odd = _or(odd, pc.match_substring_regex(column, _STORED))
    return column, _any(odd)


def _shaped(column: pa.Array, guard: Guard) -> tuple[pa.Array, pa.Array | None]:
    """Values that have the shape as they are, then what has it once it is trimmed and without noise."""
    shape = f"^(?:{guard.shape})$"
    doubtful = _any(pc.invert(pc.match_substring_regex(column, shape)))
    if doubtful is None:
        return column, None
    quiet = column.filter(doubtful)
    if guard.trim:
        quiet = pc.utf8_trim_whitespace(quiet)
    if guard.lower:
        quiet = pc.ascii_lower(quiet)
    if guard.noise:
        quiet = pc.replace_substring_regex(quiet, guard.noise, r"\1")
    still = pc.invert(pc.match_substring_regex(quiet, shape))
    return pc.replace_with_mask(column, doubtful, quiet), _any(pc.replace_with_mask(doubtful, doubtful, still))


def _or(one: pa.Array | None, other: pa.Array) -> pa.Array:
    return other if one is None else pc.or_(one, other)


def _any(doubtful: pa.Array | None) -> pa.Array | None:
    """None if there is no doubt at all; null rows are sure."""
    if doubtful is None or not pc.any(doubtful).as_py():
        return None
    return pc.fill_null(doubtful, NO)


def _content(column: pa.Array) -> bytes:
    """The bytes of all values, in order and without separators."""
    _validity, offsets, data = column.buffers()
    if data is None or len(column) == 0:
        return b""
    ends = memoryview(offsets).cast("i")
    return bytes(memoryview(data)[ends[column.offset] : ends[column.offset + len(column)]])
