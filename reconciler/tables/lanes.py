"""The kernel: columns of raw text become columns of canonical text, once per distinct value.

A lane is one output column: its inputs, and a pure converter written for a single record. Which way a lane goes about
its column is judged per lane, from the first batch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum

import pyarrow as pa
import pyarrow.compute as pc

from reconciler.model.types import Guard, Unreadable, read_set
from reconciler.tables import guard as guards
from reconciler.tables import tagsets
from reconciler.tables.cells import MARK, empty_to_null, ours_mark
from reconciler.tables.scalars import NO, text, whole

Texts = tuple[str | None, ...]

Convert = Callable[..., str | None]
"""convert(text, ...) -> canonical text, or None for empty; each argument is a str or None; raises `Unreadable`."""

_JUDGED_BY = 4096
_REPEATING = 0.2
_MOSTLY = 0.5
_MEMO_ENTRIES = 40_000


@dataclass(slots=True)
class Refusals:
    """Values of one lane that could not be read, by reason: how many, and the first source rows."""

    count: int = 0
    rows: list[int] = field(default_factory=list)

    MOST_ROWS = 10

    def add(self, rows: Sequence[int]) -> None:
        self.count += len(rows)
        self.rows = sorted({*self.rows, *rows})[: self.MOST_ROWS]


class Way(Enum):
    """How a lane goes about its column; judged once, from the first batch that says enough."""

    DISTINCT = "once per distinct value"
    GUARDED = "only what the guard is not sure of"
    ROWS = "row by row"


@dataclass(slots=True)
class Lane:
    """One output column.

    `guard`: what is canonical already, or None. `mark`: what an unreadable value becomes (None: the mark of its
    reason). `reasons`: (reason, key of the file that resolves it), in order of appearance. `verbatim`: everything until
    now came out as it came in.
    """

    name: str
    inputs: tuple[str, ...]
    convert: Convert
    guard: Guard | None = None
    mark: str | None = None
    reasons: list[tuple[str, str]] = field(default_factory=list)
    refusals: dict[int, Refusals] = field(default_factory=dict)
    verbatim: bool = True
    _memo: dict[Texts, str | None] = field(default_factory=dict)
    _way: Way | None = None

    def run(self, batch: pa.RecordBatch, rows: pa.Array | None = None) -> pa.Array:
        """The lane's column for this batch. `rows`: source row numbers for the refusals; null rows are not counted."""
        columns = [batch.column(name) for name in self.inputs]
        if columns and self._way is None:
            self._judge(columns)
        if not columns:
            self.verbatim = False
            out = pa.repeat(text(self.one()), batch.num_rows)
        elif self._way is Way.GUARDED and self.guard is not None:
            out = self._guarded(columns[0], self.guard)
        elif self._way is Way.ROWS:
            out = self._row_by_row(columns)
        else:
            out = self._once_each(columns)
        self._note(out, rows)
        return out

    def one(self, *texts: str | None) -> str | None:
        """The cell for a single record."""
        try:
            return self.convert(*texts)
        except Unreadable as refusal:
            return self._refused(refusal)

    def _guarded(self, column: pa.Array, guard: Guard) -> pa.Array:
        raw = empty_to_null(column)
        settled, doubtful = guards.settled(raw, guard)
        self.verbatim = self.verbatim and settled is raw and doubtful is None
        if doubtful is None:
            return settled
        texts = raw.filter(doubtful).to_pylist()
        converted = pa.array([self._remembered((text,)) for text in texts], pa.string())
        return pc.replace_with_mask(settled, doubtful, converted)

    def _row_by_row(self, columns: list[pa.Array]) -> pa.Array:
        self.verbatim = False
        texts = [column.to_pylist() for column in columns]
        try:
            return pa.array(list(map(self.convert, *texts)), pa.string())
        except Unreadable:
            return pa.array(list(map(self.one, *texts)), pa.string())

    def _once_each(self, columns: list[pa.Array]) -> pa.Array:
        distinct, indices = _distinct(columns)
        converted = [self._remembered(texts) for texts in distinct]
        if len(columns) == 1 and all(out == (texts[0] or None) for out, texts in zip(converted, distinct, strict=True)):
            return empty_to_null(columns[0])
        self.verbatim = False
        return pa.array(converted, pa.string()).take(indices)

    def _judge(self, columns: list[pa.Array]) -> None:
        """Too few rows say nothing: then each distinct value is converted once, and the next batch is judged."""
        sample = [column.slice(0, _JUDGED_BY) for column in columns]
        if len(sample[0]) < _JUDGED_BY:
            return
        distinct, indices = _distinct(sample)
        if len(distinct) <= _REPEATING * len(indices):
            self._way = Way.DISTINCT
        else:
            self._way = Way.GUARDED if self.guard and len(self.inputs) == 1 else Way.ROWS

    def _remembered(self, texts: Texts) -> str | None:
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
            marked = pc.equal(out, text(self.mark or ours_mark(number)))
            hit = rows.filter(pc.fill_null(marked, NO)).drop_null()
            if len(hit):
                self.refusals.setdefault(number, Refusals()).add(hit.to_pylist())


@dataclass(slots=True)
class SetLane(Lane):
    """An output column of sets: lists of distinct items in order, null for none. The converter gives a set's canonical
    text; what it refuses becomes a list of the mark alone.

    `separator`: what parts a value, "" for nothing. `item(part)`: the item that a part stands for beside any others,
    "" for none, None if that depends.
    """

    separator: str = ""
    item: Callable[[str], str | None] = str

    def run(self, batch: pa.RecordBatch, rows: pa.Array | None = None) -> pa.Array:
        raw = empty_to_null(batch.column(self.inputs[0]))
        if self._way is Way.ROWS:
            return self._read(raw, rows)
        lists, doubtful = tagsets.parted(raw, self.separator, self.item)
        if doubtful is None:
            return lists
        count = pc.sum(doubtful).as_py()
        if count > _MOSTLY * len(raw) and len(raw) >= _JUDGED_BY:
            self._way = Way.ROWS
        read = self._read(raw.filter(doubtful), None if rows is None else rows.filter(doubtful))
        at = pc.if_else(doubtful, pc.cumulative_sum(doubtful.cast(pa.int64())), whole(0))
        at = pc.if_else(doubtful, pc.add(at, whole(len(raw) - 1)), pa.arange(0, len(raw)))
        return pa.concat_arrays([lists, read]).take(at)

    def _read(self, raw: pa.Array, rows: pa.Array | None) -> pa.Array:
        texts = [None if text is None else self._remembered((text,)) for text in raw.to_pylist()]
        self._note(pa.array(texts, pa.string()), rows)
        sets = [None if text is None else [text] if text[0] == MARK else read_set(text) for text in texts]
        return pa.array(sets, pa.list_(pa.string()))


def _distinct(columns: list[pa.Array]) -> tuple[list[Texts], pa.Array]:
    """The distinct combinations of several columns, and for each row the index of its combination."""
    encoded = [pc.dictionary_encode(column, null_encoding="encode") for column in columns]
    combinations: list[Texts] = [(value,) for value in encoded[0].dictionary.to_pylist()]
    indices = encoded[0].indices
    for column in encoded[1:]:
        known = column.dictionary.to_pylist()
        # Folding after each step keeps the code below rows x distinct values, far from 64 bits.
        code = pc.add(pc.multiply(indices.cast(pa.int64()), whole(len(known))), column.indices.cast(pa.int64()))
        folded = pc.dictionary_encode(code)
        indices = folded.indices
        combinations = [(*combinations[c // len(known)], known[c % len(known)]) for c in folded.dictionary.to_pylist()]
    return combinations, indices
