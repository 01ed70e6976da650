"""Taggings, gathered per tag until a call is full: as many calls as the taggings of each tag need, and no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Protocol

from reconciler.adapters.errors import AdapterError
from reconciler.model.capabilities import Call
from reconciler.model.plan import TagAction
from reconciler.runtime.applying import Applying, Halted, Why
from reconciler.runtime.rows import Row, Settling
from reconciler.runtime.writer import DOWN

_CALLS = {TagAction.APPLY: Call.APPLY_TAG, TagAction.REMOVE: Call.REMOVE_TAG}
_OTHER = {TagAction.APPLY: TagAction.REMOVE, TagAction.REMOVE: TagAction.APPLY}


class Keys(Protocol):
    def tag_key(self, name: str) -> str | None: ...


class Owed(Protocol):
    def calls_after(self, more: int) -> int: ...


class Taggings:
    """Each tagging settles one part of its row when it has an outcome, good or bad."""

    def __init__(self, applying: Applying, keys: Keys, owed: Owed, rows: Settling) -> None:
        """`owed`: reads that come after the writes, and need calls too."""
        self._applying, self._keys, self._owed, self._rows = applying, keys, owed, rows
        self._waiting: dict[tuple[str, TagAction], dict[str, Row]] = {}

    def add(self, name: str, action: TagAction, contact: str, row: Row) -> None:
        """One tagging. The opposite one of the same tag and contact, still waiting, cancels both out."""
        opposite = self._waiting.get((name, _OTHER[action]), {})
        if contact in opposite:
            self._rows.settle(opposite.pop(contact), 1)
            self._rows.settle(row, 1)
            return
        waiting = self._waiting.setdefault((name, action), {})
        if contact in waiting:
            self._rows.settle(row, 1)
            return
        waiting[contact] = row
        if len(waiting) >= self._applying.gateway.batch(_CALLS[action]):
            self._call(name, action)

    def flush(self) -> None:
        """Write what is waiting, tags to be taken away first. Raises Halted."""
        for name, action in sorted(self._waiting, key=lambda at: (-at[1], at[0])):
            self._call(name, action)

    def _call(self, name: str, action: TagAction) -> None:
        waiting = self._waiting.get((name, action))
        tag = self._keys.tag_key(name)
        if not waiting or tag is None:
            return
        applying = self._applying
        kind = _CALLS[action]
        applying.before_call(self._owed.calls_after(0), kind)
        del self._waiting[name, action]
        # Where tags are read first and then written as a whole, two calls for one contact would undo each other.
        whole = applying.gateway.requests(kind) > 1
        alone = frozenset(contact if whole else f"{contact} {tag}" for contact in waiting)
        applying.on_the_way.make_room(alone)
        seq = applying.intent(kind, len(waiting))
        first = applying.writes.tagging(name, action, waiting)
        applying.on_the_way.send(
            partial(applying.writer.tag, action, tag, list(waiting)),
            partial(self._ended, name, action, (seq, first), waiting),
            alone,
        )

    def _ended(
        self,
        name: str,
        action: TagAction,
        numbers: tuple[int, int],
        waiting: Mapping[str, Row],
        errors: Sequence[AdapterError | None],
    ) -> None:
        """`numbers`: of the call in the journal, of its first tagging in the history."""
        applying, (seq, first) = self._applying, numbers
        failed = sum(error is not None for error in errors)
        applying.outcome(seq, len(waiting) - failed, failed)
        applying.writes.tagged(first, errors)
        self._count(action, len(waiting) - failed)
        tagged = [row for row, error in zip(waiting.values(), errors, strict=True) if error is None]
        if paid := [(row.digest, name) for row in tagged if name in row.owed]:
            applying.state.paid(paid)
        down = None
        for row, error in zip(waiting.values(), errors, strict=True):
            if isinstance(error, DOWN):
                down = error
                continue
            if error is not None:
                applying.refuse(error)
            self._rows.settle(row, 1)
        if down is not None:
            raise Halted(Why.DOWN, down)

    def _count(self, action: TagAction, taggings: int) -> None:
        written = self._applying.written
        if action is TagAction.APPLY:
            written.tags_applied += taggings
        else:
            written.tags_removed += taggings
