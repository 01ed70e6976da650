"""One cell is one string: canonical text, null for empty, or a mark.

Canonical text never holds NUL, so a string that begins with it is a mark: an unreadable value of ours with the number
of its reason, or a stored value of theirs that cannot be decoded. Marks take part in the row hash like any text, which
is why a row with one never looks settled.
"""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from reconciler.tables.scalars import EMPTY, NO, NOTHING

MARK = "\x00"
THEIRS_MARK = MARK + "t"
BLANK_MARK = MARK + "b"
"""Stands before a value of ours that this CRM stores as nothing: it is sent, and compared as empty."""


def empty_to_null(column: pa.Array) -> pa.Array:
    """The column with "" as null: absent, null and "" are one thing."""
    blank = pc.equal(column, EMPTY)
    return pc.if_else(blank, NOTHING, column) if pc.any(blank).as_py() else column


def plain(column: pa.Array) -> pa.Array:
    """The column as an array of its values."""
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def once_each(column: pa.Array, told: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """What is told of each value, row by row; asked once for each where the column repeats. Null where the cell is."""
    if not pa.types.is_dictionary(column.type):
        return told(column)
    return told(column.dictionary).take(column.indices)


def ours_mark(reason: int) -> str:
    """The mark of an unreadable value of ours; `reason` indexes the lane's reasons."""
    return f"{MARK}o{reason}"


def is_marked(column: pa.Array) -> pa.Array:
    """Boolean per row: the cell is a mark. Null cells are not."""
    return pc.fill_null(once_each(column, lambda cells: pc.starts_with(cells, MARK)), NO)


def as_stored(column: pa.Array) -> pa.Array:
    """Our cells as the CRM would hold them: null where it stores the value as nothing."""
    blank = pc.fill_null(once_each(column, lambda cells: pc.starts_with(cells, BLANK_MARK)), NO)
    return pc.if_else(blank, NOTHING, plain(column)) if pc.any(blank).as_py() else column


def as_sent(column: pa.Array) -> pa.Array:
    """Our cells as they are judged and sent: values that the CRM stores as nothing without their mark."""
    blank = pc.fill_null(pc.starts_with(column, BLANK_MARK), NO)
    if not pc.any(blank).as_py():
        return column
    return pc.if_else(blank, pc.utf8_slice_codeunits(column, len(BLANK_MARK)), column)
