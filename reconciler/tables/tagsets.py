"""Sets of tags as columns: a signature that compares a whole set at once, and who carries one tag.

A set's signature is the sum of keyed 64-bit weights of its tags: order does not matter and one pass computes it.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b

import pyarrow as pa
import pyarrow.compute as pc

from reconciler.tables.cells import MARK
from reconciler.tables.scalars import whole


def weight(key: bytes, name: str) -> int:
    """A signed 64-bit number for a tag's name; keyed, so that nobody can choose names that cancel out."""
    return int.from_bytes(blake2b(name.encode(), key=key, digest_size=8, person=b"tag").digest(), "little", signed=True)


def signatures(lists: pa.Array, weigh: Callable[[str], int]) -> pa.Array:
    """int64 per row: the sum, modulo 2**64, of what the list's tags weigh; each distinct tag is asked for once."""
    return counted(lists, weigh)[0]


def counted(lists: pa.Array, weigh: Callable[[str], int]) -> tuple[pa.Array, dict[str, int]]:
    """The signatures, and tag -> how many rows carry it."""
    codes = pc.dictionary_encode(lists.flatten())
    tags = codes.dictionary.to_pylist()
    known = pa.array([weigh(tag) for tag in tags], pa.int64())
    found = pc.value_counts(codes.indices)
    counts = dict(zip(found.field("values").to_pylist(), found.field("counts").to_pylist(), strict=True))
    return _sums(lists, known.take(codes.indices)), {tags[code]: count for code, count in counts.items()}


def carried(lists: pa.Array, *tags: str) -> pa.Array:
    """Boolean per row: the list holds one of the tags."""
    return _holding(lists, pc.is_in(lists.flatten(), value_set=pa.array(tags, pa.string())))


def marked(lists: pa.Array) -> pa.Array:
    """Boolean per row: a mark stands for the set."""
    return _holding(lists, pc.starts_with(lists.flatten(), MARK))


def parted(column: pa.Array, separator: str, item: Callable[[str], str | None]) -> tuple[pa.Array, pa.Array | None]:
    """Texts as lists of the distinct items in order that their parts stand for (no `separator`: the whole text is one
    part), and a boolean per row: of one part it is not known, so that the list says nothing; None: all are known."""
    lists = pc.split_pattern(column, separator or " ", max_splits=None if separator else 0)
    codes = pc.dictionary_encode(lists.flatten())
    parts = codes.dictionary.to_pylist()
    found = [item(part) for part in parts]
    odd = pa.array([one is None for one in found], pa.bool_())
    doubtful = _holding(lists, odd.take(codes.indices)) if pc.any(odd).as_py() else None
    items = ["", *sorted({one for one in found if one})]
    rank = {one: n for n, one in enumerate(items)}
    ranks = pa.array([rank[one or ""] for one in found], pa.int64()).take(codes.indices)
    keys = pc.add(pc.multiply(_parents(lists), whole(len(items))), ranks)
    if found == parts and "" not in found and _ascend(keys):
        return lists, doubtful
    return _ordered(keys, pa.array(items, pa.string()), len(lists)), doubtful


def _ordered(keys: pa.Array, items: pa.Array, length: int) -> pa.Array:
    """Lists of items, each once and in order, null where there is none. `keys`: row * len(items) + rank of the item,
    for each element; the first item is none."""
    size = whole(len(items))
    keys = pc.unique(pa.concat_arrays([keys, pc.multiply(pa.arange(0, length), size)]))
    keys = keys.take(pc.array_sort_indices(keys))
    ranks = pc.subtract(keys, pc.multiply(pc.divide(keys, size), size))
    starts = pc.equal(ranks, whole(0))  # one in each row, before its items
    firsts = pc.subtract(pc.indices_nonzero(starts).cast(pa.int64()), pa.arange(0, length))
    ends = pa.concat_arrays([firsts, pa.array([len(keys) - length])]).cast(pa.int32())
    made = pa.ListArray.from_arrays(ends, items.take(ranks.filter(pc.invert(starts))))
    return pc.if_else(pc.greater(pc.list_value_length(made), whole(0, pa.int32())), made, pa.scalar(None, made.type))


def _ascend(keys: pa.Array) -> bool:
    return pc.all(pc.less(keys[:-1], keys[1:])).as_py() in (None, True)


def _holding(lists: pa.Array, elements: pa.Array) -> pa.Array:
    """Boolean per row: one of the list's elements is true."""
    return pc.is_in(pa.arange(0, len(lists)), value_set=_parents(lists).filter(elements))


def _sums(lists: pa.Array, elements: pa.Array) -> pa.Array:
    """int64 per row: the sum of the list's elements. Unchecked sums wrap around, and so do their differences: the
    result is exact modulo 2**64."""
    running = pa.concat_arrays([pa.array([0], pa.int64()), pc.cumulative_sum(elements)])
    ends = pc.cumulative_sum(_lengths(lists))
    return pc.subtract(running.take(ends), running.take(pc.subtract(ends, _lengths(lists))))


def _lengths(lists: pa.Array) -> pa.Array:
    return pc.fill_null(pc.list_value_length(lists), whole(0, pa.int32())).cast(pa.int64())


def _parents(lists: pa.Array) -> pa.Array:
    return pc.list_parent_indices(lists).cast(pa.int64())
