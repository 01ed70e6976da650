"""The kernel: columns of raw text become columns of canonical text, once per distinct value.

A lane is one output column: its inputs, and a pure converter written for a single record. A column that repeats is
converted once per distinct value; of others, a guard says what need not be converted at all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from reconciler.model.types import Guard, Unreadable, read_set
from reconciler.tables import guard as guards
from reconciler.tables import tagsets
from reconciler.tables.cells import MARK, once_each, ours_mark, plain
from reconciler.tables.repeating import JUDGED_BY, distinct, repeats
from reconciler.tables.scalars import NO, text, whole

Texts = tuple[str | None, ...]

Convert = Callable[..., str | None]
"""convert(text, ...) -> canonical text, or None for empty; each argument is a str or None; raises `Unreadable`."""

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
    _repeats: bool | None = None

    def run(self, batch: pa.RecordBatch, rows: pa.Array | None = None) -> pa.Array:
        """The lane's column for this batch, in which cells without text are null (see `tables.repeating`). `rows`:
        source row numbers for the refusals; null rows are not counted."""
        columns = [batch.column(name) for name in self.inputs]
        if not columns:
            out = pa.repeat(text(self.one()), batch.num_rows)
        elif len(columns) > 1:
            out = self._combined(columns)
        elif pa.types.is_dictionary(columns[0].type):
            out = self._once_each(columns[0])
        elif self.guard is not None:
            out = self._guarded(columns[0], self.guard)
        else:
            out = self._row_by_row(columns)
        self.verbatim = self.verbatim and len(columns) == 1 and out is columns[0]
        self._note(out, rows)
        return out

    def one(self, *texts: str | None) -> str | None:
        """The cell for a single record."""
        try:
            return self.convert(*texts)
        except Unreadable as refusal:
            return self._refused(refusal)

    def _guarded(self, column: pa.Array, guard: Guard) -> pa.Array:
        settled, doubtful = guards.settled(column, guard)
        if doubtful is None:
            return settled
        texts = column.filter(doubtful).to_pylist()
        converted = pa.array([self._remembered((text,)) for text in texts], pa.string())
        return pc.replace_with_mask(settled, doubtful, converted)

    def _row_by_row(self, columns: list[pa.Array]) -> pa.Array:
        texts = [plain(column).to_pylist() for column in columns]
        try:
            return pa.array(list(map(self.convert, *texts)), pa.string())
        except Unreadable:
            return pa.array(list(map(self.one, *texts)), pa.string())

    def _once_each(self, column: pa.Array) -> pa.Array:
        values = column.dictionary.to_pylist()
        converted = [self._remembered((value,)) for value in values]
        empty = self.one(None) if column.null_count else None
        if converted == values and empty is None:
            return column
        cells = pa.array([*converted, empty], pa.string())
        if empty is None and cells.null_count == 1:
            return pa.DictionaryArray.from_arrays(column.indices, cells[:-1])
        return cells.take(pc.fill_null(column.indices.cast(pa.int64()), whole(len(values))))

    def _combined(self, columns: list[pa.Array]) -> pa.Array:
        """Too few rows say nothing: then each combination is converted once, and the next batch is judged."""
        if self._repeats is None:
            self._repeats = repeats(columns)
        if self._repeats is False:
            return self._row_by_row(columns)
        combinations, indices = distinct(columns)
        return pa.array([self._remembered(texts) for texts in combinations], pa.string()).take(indices)

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
            marked = once_each(out, partial(pc.equal, text(self.mark or ours_mark(number))))
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
    _one_by_one: bool = False

    def run(self, batch: pa.RecordBatch, rows: pa.Array | None = None) -> pa.Array:
        raw = plain(batch.column(self.inputs[0]))
        if self._one_by_one:
            return self._read(raw, rows)
        lists, doubtful = tagsets.parted(raw, self.separator, self.item)
        if doubtful is None:
            return lists
        count = pc.sum(doubtful).as_py()
        if count > _MOSTLY * len(raw) and len(raw) >= JUDGED_BY:
            self._one_by_one = True
        read = self._read(raw.filter(doubtful), None if rows is None else rows.filter(doubtful))
        at = pc.if_else(doubtful, pc.cumulative_sum(doubtful.cast(pa.int64())), whole(0))
        at = pc.if_else(doubtful, pc.add(at, whole(len(raw) - 1)), pa.arange(0, len(raw)))
        return pa.concat_arrays([lists, read]).take(at)

    def _read(self, raw: pa.Array, rows: pa.Array | None) -> pa.Array:
        texts = [None if text is None else self._remembered((text,)) for text in raw.to_pylist()]
        self._note(pa.array(texts, pa.string()), rows)
        sets = [None if text is None else [text] if text[0] == MARK else read_set(text) for text in texts]
        return pa.array(sets, pa.list_(pa.string()))
