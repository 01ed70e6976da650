"""Tags of people: what the rules and the values ask for against what contacts carry."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from reconciler.model.addresses import person_digest
from reconciler.model.plan import Cause, TagAction, TagCount
from reconciler.planning.causes import FILLING
from reconciler.planning.conversion import YES
from reconciler.planning.counts import Counts
from reconciler.planning.layout import DynamicColumn, Layout, TagColumn
from reconciler.planning.made import Permissions
from reconciler.planning.observed import Remembered
from reconciler.tables import tagsets
from reconciler.tables.cells import MARK, is_marked
from reconciler.tables.changes import TagChanges
from reconciler.tables.lanes import Refusals
from reconciler.tables.scalars import NO, flags, text, whole

_APPLY, _REMOVE = int(TagAction.APPLY), int(TagAction.REMOVE)


@dataclass(frozen=True, slots=True)
class _Made:
    """What the values of one contact come to. `taken`: one of them makes a tag that is somebody else's."""

    apply: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    taken: bool = False
    too_many: bool = False


class TagDecisions:
    """Rule tags by column; tags made from values once per distinct case."""

    def __init__(self, layout: Layout, permissions: Permissions, counts: Counts, remembered: Remembered) -> None:
        self._layout, self._permissions, self._counts = layout, permissions, counts
        self._key, self._owed, self._kept = remembered.key, remembered.owed, remembered.kept
        self._live = frozenset(permissions.names.values())
        self._drift = False

    def decide(self, batch: pa.RecordBatch, new: bool, drift: bool = False) -> list[TagChanges]:
        """`batch`: the spooled columns of our side, and `tags` (keys) of theirs unless the contacts are `new`. `drift`:
        what differs was moved by somebody else."""
        self._drift = drift
        changes: list[TagChanges] = []
        for column in self._layout.tags:
            changes += self._new_rule(column, batch) if new else self._rule(column, batch)
        given: set[tuple[int, str]] = set()
        blocked: set[int] = set()
        for dynamic in self._layout.dynamic:
            changes += self._dynamic(dynamic, batch, new, given, blocked)
        if blocked:
            waits = batch.column("waits").take(pa.array(sorted(blocked), pa.int64()))
            self._counts.blocked_by_tags += len(blocked) - (pc.sum(waits).as_py() or 0)
        return changes

    def _new_rule(self, column: TagColumn, batch: pa.RecordBatch) -> list[TagChanges]:
        return self._tagged(column, _holds(batch, column), _APPLY)

    def _rule(self, column: TagColumn, batch: pa.RecordBatch) -> list[TagChanges]:
        if column.tag.on_create:
            return self._still_owed(column, batch)
        wanted, unknown = _holds(batch, column), is_marked(batch.column(column.name))
        carried = self._carried(column, batch)
        changes = self._tagged(column, pc.and_not(wanted, carried), _APPLY)
        lost = pc.and_not(pc.and_not(carried, wanted), unknown)
        if column.tag.keep or not pc.any(lost).as_py():
            return changes
        given = self._given_by_others(column, batch, lost)
        self._counts.first_lost[column.tag.name] += pc.sum(given).as_py() or 0
        if self._permissions.untag_first:
            return changes + self._tagged(column, lost, _REMOVE)
        self._keep(column, batch, given)
        return changes + self._tagged(column, pc.and_not(lost, given), _REMOVE)

    def _given_by_others(self, column: TagColumn, batch: pa.RecordBatch, lost: pa.Array) -> pa.Array:
        """Who of those carried the tag before it became ours, and was never wanted by its rule since."""
        if not column.ours:
            return lost
        kept = self._kept.get(column.tag.name) or self._kept.get(column.tag.renamed_from or "")
        if not kept:
            return flags(False, batch.num_rows)
        people = zip(batch.column("person").to_pylist(), lost.to_pylist(), strict=True)
        return pa.array([gone and person_digest(self._key, person) in kept for person, gone in people], pa.bool_())

    def _keep(self, column: TagColumn, batch: pa.RecordBatch, given: pa.Array) -> None:
        name, rows = column.tag.name, batch.column("row").filter(given).to_pylist()
        if rows:
            people = batch.column("person").filter(given).to_pylist()
            self._counts.first_kept.setdefault(name, Refusals()).add(rows)
            self._counts.kept_people.setdefault(name, []).extend(person_digest(self._key, p) for p in people)
            self._count(column, name).kept += len(rows)

    def _still_owed(self, column: TagColumn, batch: pa.RecordBatch) -> list[TagChanges]:
        """Contacts that an interrupted apply created, and did not come to tag."""
        owed = self._owed.get(column.tag.name)
        if not owed:
            return []
        people = pa.array([person_digest(self._key, p) in owed for p in batch.column("person").to_pylist()], pa.bool_())
        missing = pc.and_not(_holds(batch, column), self._carried(column, batch))
        return self._tagged(column, pc.and_(people, missing), _APPLY)

    def _carried(self, column: TagColumn, batch: pa.RecordBatch) -> pa.Array:
        if column.key is None:
            return flags(False, batch.num_rows)
        return tagsets.carried(batch.column("tags"), column.key)

    def _tagged(self, column: TagColumn, rows: pa.Array, action: int) -> list[TagChanges]:
        at = pc.indices_nonzero(rows).cast(pa.int64())
        if not len(at):
            return []
        count = self._count(column, column.tag.name)
        if action == _APPLY:
            count.apply += len(at)
        else:
            count.remove += len(at)
        tag = pa.repeat(text(column.tag.name), len(at))
        return [TagChanges(at, tag, pa.repeat(whole(action, pa.int8()), len(at)))]

    def _dynamic(
        self, column: DynamicColumn, batch: pa.RecordBatch, new: bool, given: set[tuple[int, str]], blocked: set[int]
    ) -> list[TagChanges]:
        """`given`: (row of the batch, tag) that a column before applies; `blocked`: rows that wait. Both grow."""
        made = self._cases(column, batch, new)
        taken = [n for n, case in enumerate(made) if case.taken]
        too_many = [n for n, case in enumerate(made) if case.too_many]
        rows = batch.column("row")
        for at, kept in ((taken, self._counts.taken_tags), (too_many, self._counts.too_many_tags)):
            if at:
                kept.setdefault(column.name, Refusals()).add(rows.take(pa.array(at, pa.int64())).to_pylist())
        found = [(n, tag, _APPLY) for n, case in enumerate(made) for tag in case.apply if (n, tag) not in given]
        given.update((n, tag) for n, tag, _ in found)
        blocked.update(taken, too_many)
        return self._told(column, found + [(n, tag, _REMOVE) for n, case in enumerate(made) for tag in case.remove])

    def _cases(self, column: DynamicColumn, batch: pa.RecordBatch, new: bool) -> list[_Made]:
        """What becomes of each row; worked out once per distinct value and set of carried tags."""
        ours = [tuple(items or ()) for items in batch.column(column.name).to_pylist()]
        theirs = [()] * batch.num_rows if new else map(tuple, batch.column("tags").to_pylist())
        cases: dict[tuple[tuple[str, ...], tuple[str, ...]], _Made] = {}
        made: list[_Made] = []
        for case in zip(ours, theirs, strict=True):
            if case not in cases:
                cases[case] = self._made(column, *case)
            made.append(cases[case])
        return made

    def _made(self, column: DynamicColumn, items: tuple[str, ...], keys: tuple[str, ...]) -> _Made:
        """An unreadable value leaves all; an empty one takes away what the prefix owns."""
        entry, allowed = column.entry, self._permissions
        if any(item.startswith(MARK) for item in items):
            return _Made()
        carried = {name for key in keys if (name := allowed.names.get(key)) is not None}
        wanted = {entry.prefix + item for item in items}
        taken = wanted & allowed.taken[column.name]
        wanted -= taken
        if column.name in allowed.refused and not wanted <= self._live:
            return _Made(taken=bool(taken), too_many=True)
        apply = tuple(sorted(wanted - carried))
        if taken or entry.keep or not entry.prefix:
            return _Made(apply, taken=bool(taken))
        return _Made(apply, tuple(sorted(name for name in carried - wanted if name.startswith(entry.prefix))))

    def _told(self, column: DynamicColumn, found: list[tuple[int, str, int]]) -> list[TagChanges]:
        """The taggings as columns, counted."""
        if not found:
            return []
        for (tag, action), count in Counter((tag, action) for _, tag, action in found).items():
            counted = self._count(column, tag)
            if action == _APPLY:
                counted.apply += count
                self._counts.used_tags.setdefault(tag, column.entry)
            else:
                counted.remove += count
        at, tags, actions = zip(*found, strict=True)
        return [TagChanges(pa.array(at, pa.int64()), pa.array(tags, pa.string()), pa.array(actions, pa.int8()))]

    def _count(self, column: TagColumn | DynamicColumn, name: str) -> TagCount:
        cause = Cause.DRIFT if self._drift else FILLING[column.since]
        if isinstance(column, TagColumn):
            counted = TagCount(name, column.tag.where, cause)
        else:
            counted = TagCount(name, column.entry.where, cause, under=column.entry.label)
        return self._counts.tags.setdefault((name, cause), counted)


def _holds(batch: pa.RecordBatch, column: TagColumn) -> pa.Array:
    return pc.fill_null(pc.equal(batch.column(column.name), text(YES)), NO)
