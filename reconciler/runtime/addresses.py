"""Addresses that move from one contact to another: who takes one is written after who leaves it, or not at all."""

from __future__ import annotations

from reconciler.model.desired import Desired, FromPrevious
from reconciler.runtime.rows import Row


class Addresses:
    """For one apply, rank by rank. `rank`: the one that is being written."""

    def __init__(self, desired: Desired) -> None:
        self.rank = 0
        self._match = desired.identity.match
        self._previous = tuple(k for k, entry in desired.fields.items() if isinstance(entry.origin, FromPrevious))
        self._left: set[str] = set()  # in this rank, and in the one before
        self._free: set[str] = set()

    def go_on(self, rank: int) -> None:
        """Everything of the rank before has an outcome."""
        self.rank, self._free, self._left = rank, self._left, set()

    def may_take(self, row: Row) -> bool:
        """Whether nobody has the row's new address any more."""
        return row.rank < 2 or (row.values.get(self._match) or row.email) in self._free

    def written(self, row: Row) -> None:
        """The row was written: an address that it left can be taken."""
        if row.rank and row.before and self._match in row.values and (address := row.before.get(self._match)):
            self._left.add(address)

    def drop(self, row: Row) -> None:
        """Leave the row's address as it is."""
        row.values.pop(self._match, None)
        self.keep_together(row)

    def keep_together(self, row: Row) -> None:
        """Without a new address nothing is said of the previous one."""
        if self._match not in row.values:
            for key in self._previous:
                row.values.pop(key, None)
