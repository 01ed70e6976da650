"""Sets of tags as columns: a signature that compares a whole set at once, and who carries one tag.

A set's signature is the sum of keyed 64-bit weights of its tags: order does not matter and one pass computes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b

import pyarrow as pa
import pyarrow.compute as pc


def weight(key: bytes, name: str) -> int:
    """A signed 64-bit number for a tag's name; keyed, so that nobody can choose names that cancel out."""
    return int.from_bytes(blake2b(name.encode(), key=key, digest_size=8, person=b"tag").digest(), "little", signed=True)


def signatures(lists: pa.Array, weights: Mapping[str, int]) -> pa.Array:
    """int64 per row: the sum, modulo 2**64, of the weights of the list's tags; tags without a weight count nothing."""
    codes = pc.dictionary_encode(lists.flatten())
    known = pa.array([weights.get(tag, 0) for tag in codes.dictionary.to_pylist()], pa.int64())
    # Unchecked sums wrap around, and so do their differences: the result is exact modulo 2**64.
    running = pa.concat_arrays([pa.array([0], pa.int64()), pc.cumulative_sum(known.take(codes.indices))])
    ends = pc.cumulative_sum(_lengths(lists))
    return pc.subtract(running.take(ends), running.take(pc.subtract(ends, _lengths(lists))))


def carried(lists: pa.Array, tag: str) -> pa.Array:
    """Boolean per row: the list holds the tag."""
    owners = _parents(lists).filter(pc.equal(lists.flatten(), tag))
    return pc.is_in(pa.arange(0, len(lists)), owners)


def counts(lists: pa.Array) -> dict[str, int]:
    """Tag -> how many rows carry it."""
    return {entry["values"]: entry["counts"] for entry in pc.value_counts(lists.flatten()).to_pylist()}


def _lengths(lists: pa.Array) -> pa.Array:
    return pc.fill_null(pc.list_value_length(lists), 0).cast(pa.int64())


def _parents(lists: pa.Array) -> pa.Array:
    return pc.list_parent_indices(lists).cast(pa.int64())
