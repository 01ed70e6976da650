"""The kernel: columns of raw text become columns of canonical text, once per distinct value.

A lane is one output column: its inputs, and a pure converter written for a single record. The kernel decides per lane,
from the first batch, whether values repeat enough to be converted once each or are converted row by row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from reconciler.model.types import Unreadable
from reconciler.tables import guard
from reconciler.tables.cells import ours_mark

Convert = Callable[..., str | None]
"""convert(text, ...) -> canonical text, or None for empty; each argument is a str or None; raises `Unreadable`."""

_JUDGED_FROM = 1024
_DISTINCT_SHARE = 0.5
_MEMO_ENTRIES = 200_000


@dataclass(slots=True)
class Refusals:
    """Values of one lane that could not be read, by reason: how many, and the first source rows."""

    count: int = 0
    rows: list[int] = field(default_factory=list)

    MOST_ROWS = 10

    def add(self, rows: Sequence[int]) -> None:
        self.count += len(rows)
        self.rows = sorted({*self.rows, *rows})[: self.MOST_ROWS]


@dataclass(slots=True)
class Lane:
    """One output column.

    `plain`: values that `guard` calls plain are their own canonical text. `mark`: what an unreadable value becomes
    (None: the mark of its reason). `reasons`: (reason, key of the file that resolves it), in order of appearance.
    """

    name: str
    inputs: tuple[str, ...]
    convert: Convert
    plain: bool = False
    mark: str | None = None
    reasons: list[tuple[str, str]] = field(default_factory=list)
    refusals: dict[int, Refusals] = field(default_factory=dict)
    _memo: dict[tuple[str | None, ...], str | None] = field(default_factory=dict)
    _repeats: bool | None = None

    def run(self, batch: pa.RecordBatch, rows: pa.Array | None = None) -> pa.Array:
        """The lane's column for this batch. `rows`: source row numbers for the refusals; null rows are not counted."""
        columns = [batch.column(name) for name in self.inputs]
        if not columns:
            return self._constant(batch.num_rows, rows)
        if self.plain:
            return self._guarded(columns[0], rows)
        return self._converted(columns, rows)

    def one(self, *texts: str | None) -> str | None:
        """The cell for a single record."""
        try:
            return self.convert(*texts)
        except Unreadable as refusal:
            return self._refused(refusal)

    def _constant(self, length: int, rows: pa.Array | None) -> pa.Array:
        if length == 0:
            return pa.array([], pa.string())
        out = pa.repeat(pa.scalar(self.one(), pa.string()), length)
        self._note(out, rows)
        return out

    def _guarded(self, column: pa.Array, rows: pa.Array | None) -> pa.Array:
        column = empty_to_null(column)
        if guard.all_plain(column):
            return column
        sure = guard.plain(column)
        doubtful = pc.invert(sure)
        noted = rows.filter(doubtful) if rows is not None else None
        return pc.replace_with_mask(column, doubtful, self._converted([column.filter(doubtful)], noted))

    def _converted(self, columns: list[pa.Array], rows: pa.Array | None) -> pa.Array:
        if self._repeats is False:
            out = self._row_by_row(columns)
        else:
            tuples, indices = _distinct(columns)
            if self._repeats is None and len(columns[0]) >= _JUDGED_FROM:
                self._repeats = len(tuples) <= _DISTINCT_SHARE * len(columns[0])
            out = pa.array([self._remembered(t) for t in tuples], pa.string()).take(indices)
        self._note(out, rows)
        return out

    def _row_by_row(self, columns: list[pa.Array]) -> pa.Array:
        one = self.one
        return pa.array([one(*texts) for texts in zip(*(c.to_pylist() for c in columns), strict=True)], pa.string())

    def _remembered(self, texts: tuple[str | None, ...]) -> str | None:
        try:
            return self._memo[texts]
        except KeyError:
            out = self.one(*texts)
            if len(self._memo) < _MEMO_ENTRIES:
                self._memo[texts] = out
            return out

    def _refused(self, refusal: Unreadable) -> str:
        known = (refusal.reason, refusal.key)
        if known not in self.reasons:
            self.reasons.append(known)
        return self.mark or ours_mark(self.reasons.index(known))

    def _note(self, out: pa.Array, rows: pa.Array | None) -> None:
        if rows is None or not self.reasons:
            return
        for number in range(1 if self.mark else len(self.reasons)):
            hit = rows.filter(pc.fill_null(pc.equal(out, self.mark or ours_mark(number)), False)).drop_null()
            if len(hit):
                self.refusals.setdefault(number, Refusals()).add(hit.to_pylist())


def empty_to_null(column: pa.Array) -> pa.Array:
    """The column with "" as null: absent, null and "" are one thing."""
    blank = pc.equal(column, "")
    return pc.if_else(blank, pa.scalar(None, pa.string()), column) if pc.any(blank).as_py() else column


def _distinct(columns: list[pa.Array]) -> tuple[list[tuple[str | None, ...]], pa.Array]:
    """The distinct combinations of several columns, and for each row the index of its combination."""
    encoded = [pc.dictionary_encode(column, null_encoding="encode") for column in columns]
    values = [column.dictionary.to_pylist() for column in encoded]
    if len(columns) == 1:
        return [(value,) for value in values[0]], encoded[0].indices
    code = encoded[0].indices.cast(pa.int64())
    for column, known in zip(encoded[1:], values[1:], strict=True):
        # Folding after each step keeps the code below rows x distinct values, far from 64 bits.
        folded = pc.dictionary_encode(pc.add(pc.multiply(code, len(known)), column.indices.cast(pa.int64())))
        code, combined = folded.indices.cast(pa.int64()), folded.dictionary.to_pylist()
        values[0] = [(*_as_tuple(values[0][c // len(known)]), known[c % len(known)]) for c in combined]
    return values[0], code


def _as_tuple(value: object) -> tuple[object, ...]:
    return value if isinstance(value, tuple) else (value,)
