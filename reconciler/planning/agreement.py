"""What both sides last agreed on, against what they hold: who moved, for the values of one column that differ."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from reconciler.model.addresses import value_digest
from reconciler.planning.decision import Moved
from reconciler.tables.remembered import TwoWay
from reconciler.tables.scalars import flags, whole

_MOVED = {(True, False): Moved.OURS, (False, True): Moved.THEIRS, (True, True): Moved.BOTH}


@dataclass(frozen=True, slots=True)
class Agreement:
    """Row by row: `neither` moved, though they differ: the CRM rewrote what it was sent. `number`: who moved and what
    each side had, as `Situation.number` counts it. `sent`, `stored`: the digests that are agreed on, null for none."""

    neither: pa.Array
    number: pa.Array
    sent: pa.Array
    stored: pa.Array


def agreement(
    key: bytes, field: TwoWay, batch: pa.RecordBatch, at: pa.Array, ours: pa.Array, theirs: pa.Array
) -> Agreement:
    """`ours`, `theirs`: the texts of the rows `at`. `batch` has the columns of `RememberedPeople.opened`."""
    sent, stored, flight, landing = (batch.column(name).take(at) for name in field.columns)
    known = pc.indices_nonzero(pc.or_(pc.or_(pc.is_valid(stored), pc.is_valid(flight)), pc.is_valid(landing)))
    neither, number = [False] * len(at), [0] * len(at)
    if not len(known):
        return Agreement(flags(False, len(at)), pa.repeat(whole(0, pa.int32()), len(at)), sent, stored)
    mine, its, was, kept = (c.to_pylist() for c in (ours, theirs, sent, stored))
    under_way, arriving = flight.to_pylist(), landing.to_pylist()
    for n in known.to_pylist():
        now = value_digest(key, mine[n]), value_digest(key, its[n])
        if under_way[n] is not None:
            was[n], kept[n] = _landed(under_way[n], now[1], was[n], kept[n])
        elif arriving[n] is not None and arriving[n] == now[0]:  # it came to the source, as the CRM held it then
            was[n] = kept[n] = arriving[n]
        if was[n] is None or kept[n] is None:
            continue
        moved = _MOVED.get((now[0] != was[n], now[1] != kept[n]))
        neither[n] = moved is None
        number[n] = ((moved or 0) * 2 + bool(was[n])) * 2 + bool(kept[n])
    return Agreement(
        pa.array(neither), pa.array(number, pa.int32()), pa.array(was, pa.uint64()), pa.array(kept, pa.uint64())
    )


def _landed(under_way: int, theirs: int, sent: int | None, stored: int | None) -> tuple[int | None, int | None]:
    """What is agreed on where a writing began and its outcome is not known: the CRM holds what was sent; or what it
    held before; or something else, and nobody knows whose that is."""
    if theirs == under_way:
        return under_way, under_way
    return (sent, stored) if theirs == stored else (None, None)
