"""How the contacts of one run are read: all of them, or what changed since the last read on top of the snapshot."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa

from reconciler.model.inventory import Inventory
from reconciler.runtime.caches import OVERLAP, Kept, Seen, too_many
from reconciler.runtime.gateway import Gateway
from reconciler.tables.snapshot import Piece, Snapshot
from reconciler.tables.spool import SALT_BYTES, Seal, Spool, rebatched

_BATCH = 65_536
_VALUES = frozenset({"values"})
_VALUES_AND_TAGS = frozenset({"values", "tags"})
"""What a read of changes must notice: of a file without tags, and of one with them. A contact that somebody deleted is
noticed by the next full read."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """How fresh it has to be. `now`: the real clock. `full_every`: after so long all contacts are read again; None: as
    long as it is possible, only what changed is. `applied`: when the last apply ended; "" for one that did not, None
    where there was none."""

    now: Callable[[], datetime]
    full_every: timedelta | None
    applied: str | None = None

    def unsettled(self, lag: float) -> bool:
        """Whether a CRM that tells of changes so many seconds late may not yet tell of what we wrote."""
        if not lag or self.applied is None:
            return False
        return not self.applied or self.now() - datetime.fromisoformat(self.applied) < timedelta(seconds=lag)


class ContactsRead:
    """`snapshot` first, then `pages` where that gave None. `seen` says afterwards how they were read."""

    def __init__(
        self,
        gateway: Gateway,
        inventory: Inventory,
        kept: Kept | None,
        fresh: Freshness,
        seal: Callable[[], Seal],
        tags: bool = True,
    ) -> None:
        """`kept`: what an earlier run left; None: all contacts are read. `seal`: for what is kept of this run. `tags`:
        whether the file manages who carries which."""
        self._gateway, self._inventory, self._kept, self._fresh, self._seal = gateway, inventory, kept, fresh, seal
        self._needed = _VALUES_AND_TAGS if tags else _VALUES
        self._merged: Snapshot | None = None
        self.seen: Seen | None = None

    def snapshot(self, keys: Sequence[str], workdir: Path) -> Snapshot | None:
        """All contacts, brought up to date; None where they have to be asked for page by page."""
        began, kept = self._fresh.now(), self._kept
        told = self._gateway.capabilities.since_covers >= self._needed
        self.seen = Seen(began - OVERLAP, began, self._inventory.natives(keys), told)
        if kept is None or kept.snapshot is None or not told:
            return None
        if self._fresh.unsettled(self._gateway.capabilities.since_lag):
            return None
        if kept.why_full(keys, self._inventory, began, self._fresh.full_every or timedelta.max):
            return None
        changed = Spool(workdir / "changed.arrow", seal=self._seal())
        for page in rebatched(self._gateway.contacts(kept.seen.keys(self._inventory), kept.seen.since), _BATCH):
            changed.append(page)
        newer = (Piece(changed),) if changed.rows else ()
        merged = Snapshot((*kept.snapshot.pieces, *newer))
        self.seen = Seen(began - OVERLAP, kept.seen.full_at, kept.seen.fields)
        if too_many(merged):
            self.seen = Seen(began - OVERLAP, kept.seen.full_at, self._inventory.natives(keys))
            self._merged = merged
            return None
        return merged

    def pages(self, keys: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """All contacts, each once: from the CRM, or from a snapshot that is to be made anew."""
        return self._gateway.contacts(keys) if self._merged is None else self._merged.live(keys)

    @property
    def incremental(self) -> bool:
        """Whether only what changed was read of the CRM."""
        return self.seen is not None and self._kept is not None and self.seen.full_at == self._kept.seen.full_at


def new_seal(secret: bytes, token_bytes: Callable[[int], bytes]) -> Callable[[], Seal]:
    return lambda: Seal(secret, token_bytes(SALT_BYTES))
