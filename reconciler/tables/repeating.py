"""Columns that repeat their values go on as dictionaries: what is done to a value is done once, and they are small.

A column is a plain array of strings or a dictionary of them, either way with null for a cell without text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from reconciler.tables.cells import empty_to_null, plain

JUDGED_BY = 4096
"""Rows that say enough about a column."""
_REPEATING = 0.2


class Repeating:
    """Judges columns, each once, from the first batch that says enough; before that, each is taken to repeat."""

    def __init__(self, columns: Iterable[str]) -> None:
        self._columns = tuple(dict.fromkeys(columns))
        self._judged: dict[str, bool] = {}

    def encode(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The same rows with "" as null, and with a dictionary of each column that repeats."""
        columns = dict(zip(batch.schema.names, batch.columns, strict=True))
        for name in self._columns:
            column = empty_to_null(columns[name])
            columns[name] = _encoded(column) if self._repeats(name, column) else column
        return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))

    def _repeats(self, name: str, column: pa.Array) -> bool:
        if name not in self._judged and (judged := repeats([column])) is not None:
            self._judged[name] = judged
        return self._judged.get(name, True)


def repeats(columns: Sequence[pa.Array]) -> bool | None:
    """Whether the combinations of these columns repeat themselves enough to be worth telling apart; None where there
    are too few rows to say."""
    sample = [column.slice(0, JUDGED_BY) for column in columns]
    return None if len(sample[0]) < JUDGED_BY else len(distinct(sample)[0]) <= _REPEATING * JUDGED_BY


def distinct(columns: Sequence[pa.Array]) -> tuple[list[tuple[str | None, ...]], pa.Array]:
    """The distinct combinations of several columns, and for each row the index of its combination."""
    combinations: list[tuple[str | None, ...]] = [()]
    indices = pa.repeat(pa.scalar(0, pa.int64()), len(columns[0]))
    for column in columns:
        encoded = pc.dictionary_encode(plain(column), null_encoding="encode")
        known = encoded.dictionary.to_pylist()
        # Folding after each step keeps the code below rows x distinct values, far from 64 bits.
        code = pc.add(pc.multiply(indices, pa.scalar(len(known), pa.int64())), encoded.indices.cast(pa.int64()))
        folded = pc.dictionary_encode(code)
        indices = folded.indices.cast(pa.int64())
        combinations = [(*combinations[c // len(known)], known[c % len(known)]) for c in folded.dictionary.to_pylist()]
    return combinations, indices


def plain_batch(batch: pa.RecordBatch) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([plain(column) for column in batch.columns], names=batch.schema.names)


def _encoded(column: pa.Array) -> pa.Array:
    found = pc.dictionary_encode(column)
    narrow = next((kind for kind, most in _NARROW if len(found.dictionary) <= most), None)
    return found if narrow is None else pa.DictionaryArray.from_arrays(found.indices.cast(narrow), found.dictionary)


_NARROW = ((pa.int8(), 127), (pa.int16(), 32_767))
