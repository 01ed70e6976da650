"""Looking again: contacts that a plan knows from a snapshot are read once more before they are changed.

A value that is not any more what the plan saw is left: the next plan shows what is there now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from reconciler.adapters.crm import ID, WireRecord
from reconciler.runtime.addresses import Addresses
from reconciler.runtime.applying import Applying, Halted, Why
from reconciler.runtime.readback import ReadBack
from reconciler.runtime.rows import Row
from reconciler.runtime.writer import DOWN
from reconciler.tables.cells import MARK


class LookAgain:
    """For one apply. `live`: field key of the file -> the CRM's key of it."""

    def __init__(self, applying: Applying, readback: ReadBack, addresses: Addresses, live: Mapping[str, str]) -> None:
        self._applying, self._readback, self._addresses, self._live = applying, readback, addresses, live

    def load(self, rows: Sequence[Row]) -> list[WireRecord]:
        """What the contacts of one batch hold now. Raises Halted."""
        keys = tuple(dict.fromkeys(self._live[key] for row in rows for key in row.values))
        try:
            return self._applying.gateway.load([row.contact or "" for row in rows], keys)
        except DOWN as error:
            raise Halted(Why.DOWN, error) from None

    def still_wanted(self, rows: Sequence[Row], loaded: Sequence[WireRecord]) -> list[Row]:
        """The rows of one batch that still have a value to write, each with only those."""
        found = {record.get(ID): record for record in loaded}
        left: list[tuple[Row, str, str | None]] = []
        for row in rows:
            if (now := found.get(row.contact)) is not None and row.before is not None:
                wanted = dict(row.values)
                self._drop(row, row.before, now)
                left += ((row, key, wanted[key]) for key in wanted.keys() - row.values.keys())
        self._applying.writes.left(left)
        return [row for row in rows if row.values]

    def _drop(self, row: Row, before: Mapping[str, str | None], now: WireRecord) -> None:
        moved = False
        for key, after in list(row.values.items()):
            stored = self._readback.stored(key, now.get(self._live[key]) or None, after)
            there = None if stored is not None and stored.startswith(MARK) else stored
            if there == before.get(key) and stored != after:
                continue
            moved = moved or stored != after
            del row.values[key]
        self._addresses.keep_together(row)
        if len(row.values) < len(row.item.record):
            kept = {self._live[key] for key in row.values}
            record = {key: value for key, value in row.item.record.items() if key in kept}
            row.item = replace(row.item, record=record)
        self._applying.written.moved += moved
