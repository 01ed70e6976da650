"""Reading back what was written: where the CRM stores a value otherwise than it was sent, that pair is remembered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from reconciler.adapters.crm import ID, WireRecord
from reconciler.adapters.errors import NotFound
from reconciler.model.addresses import text_digest, value_digest
from reconciler.model.capabilities import Call
from reconciler.model.desired import Desired
from reconciler.model.plan import BoundField, Plan
from reconciler.planning.bindings import Binding
from reconciler.planning.conversion import theirs_lane
from reconciler.runtime.applying import Applying, Halted, Why
from reconciler.runtime.rows import Row
from reconciler.runtime.state import Rewrite
from reconciler.runtime.writer import DOWN
from reconciler.tables.lanes import Lane
from reconciler.tables.remembered import Move, move

_MEMO = 4_096  # distinct texts of a field

Sent = Mapping[str, tuple[str, str | None]]
"""The CRM's field key -> (field key of the file, canonical text sent, None for cleared)."""


class ReadBack:
    """Gathers written contacts and reads them in full batches."""

    def __init__(self, applying: Applying, plan: Plan, desired: Desired) -> None:
        self._applying = applying
        self._waiting: dict[str, dict[str, tuple[str, str | None]]] = {}
        self._rows: dict[str, Row] = {}
        self._doubted: set[str] = set()
        self._two_way = frozenset(key for key, entry in desired.fields.items() if entry.pull)
        self._size = applying.gateway.batch(Call.LOAD_CONTACTS)
        self._memo: dict[str, dict[str | None, str | None]] = {}
        # On a plain wire a canonical value is its own wire text: what came back as it was sent needs no decoding.
        self._plain = frozenset(key for key, bound in plan.bound.items() if bound.wire.plain)
        self._lanes = {key: _lane(desired, bound) for key, bound in plan.bound.items() if key in desired.fields}

    def calls_after(self, more: int) -> int:
        """How many reads are owed once so many more contacts are written."""
        return -(-(len(self._waiting) + more) // self._size)

    def add(self, row: Row, sent: Sent) -> None:
        """A contact that was just written. Raises Halted when the CRM stops answering."""
        if not sent:
            return
        contact = row.contact or ""
        self._rows[contact] = row
        self._waiting.setdefault(contact, {}).update(sent)
        if len(self._waiting) >= self._size:
            self.flush()

    def doubt(self, contact: str) -> None:
        """Something that was meant for another one may have been written to this contact: what it holds is not what
        the CRM made of ours."""
        self._doubted.add(contact)

    def flush(self) -> None:
        """Ask for what is waiting; what was stored is remembered when the answer is there."""
        if not self._waiting:
            return
        self._applying.on_the_way.check()
        waiting, self._waiting = self._waiting, {}
        rows, self._rows = self._rows, {}
        keys = tuple(dict.fromkeys(key for sent in waiting.values() for key in sent))
        read = partial(self._load, tuple(waiting), keys)
        self._applying.on_the_way.send(read, partial(self._remember, waiting, rows))

    def _load(self, contacts: Sequence[str], keys: Sequence[str]) -> list[WireRecord]:
        try:
            return self._applying.gateway.load(contacts, keys)
        except NotFound:
            return []
        except DOWN as error:
            raise Halted(Why.DOWN, error) from None

    def _remember(self, waiting: Mapping[str, Sent], rows: Mapping[str, Row], loaded: list[WireRecord]) -> None:
        secret = self._applying.state.key
        differing: list[Rewrite] = []
        same: list[tuple[str, str]] = []
        moves: list[Move] = []
        found: list[tuple[Row, str, str | None]] = []
        for record in loaded:
            contact = record.get(ID) or ""
            if contact in self._doubted:
                continue
            for live, (key, sent) in waiting.get(contact, {}).items():
                text = record.get(live) or None
                if key in self._two_way:
                    stored = self.stored(key, text, sent)
                    digests = value_digest(secret, sent), value_digest(secret, stored)
                    moves.append((rows[contact].digest, key, *digests))
                    if stored != sent:
                        found.append((rows[contact], key, stored))
                    self._applying.written.rewritten += stored != sent
                    same.append((contact, key))
                    continue
                if text == sent and (text is None or key in self._plain):
                    same.append((contact, key))
                    continue
                stored = self.stored(key, text, sent)
                if stored == sent:
                    same.append((contact, key))
                else:  # undecodable too: the mark stands for it here as it does when contacts are read
                    differing.append((contact, key, text_digest(secret, sent), text_digest(secret, stored)))
                    found.append((rows[contact], key, stored))
        self._applying.written.rewritten += len(differing)
        self._applying.writes.stored(found)
        self._applying.state.add_rewrites(differing, same)
        if moves:
            self._applying.state.add_moves(move(moves))

    def stored(self, key: str, text: str | None, sent: str | None) -> str | None:
        """What the contact holds, canonical, or a mark; `sent` where that cannot be told. Each distinct text is
        converted once."""
        lane = self._lanes.get(key)
        if lane is None:
            return sent
        known = self._memo.setdefault(key, {})
        if text not in known:
            if len(known) >= _MEMO:
                known.clear()
            known[text] = lane.one(text)
        return known[text]


def _lane(desired: Desired, bound: BoundField) -> Lane:
    """Wire text to canonical text, exactly as the next plan will read it."""
    return theirs_lane(
        bound.key, Binding(desired.fields[bound.key], bound.type, bound.wire, None, bound.key), bound.key
    )
