"""Single values beside columns, each with its type: to guess a type costs Arrow thirty times as much as to be told."""

from __future__ import annotations

import pyarrow as pa


def text(value: str | None) -> pa.Scalar:
    return pa.scalar(value, pa.string())


def flag(value: bool) -> pa.Scalar:
    return pa.scalar(value, pa.bool_())


def whole(value: int | None, type: pa.DataType | None = None) -> pa.Scalar:
    """A whole number; int64 if it is not said otherwise."""
    return pa.scalar(value, type or pa.int64())


NO = flag(False)
EMPTY = text("")
NOTHING = text(None)


def flags(value: bool, length: int) -> pa.Array:
    """The same flag for each row."""
    return pa.repeat(flag(value), length)
