"""Tags of people: what the rules and the values ask for against what contacts carry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from reconciler.model.addresses import person_digest, tag_address
from reconciler.model.inventory import Inventory
from reconciler.model.plan import TagAction, TagCount
from reconciler.model.types import read_set
from reconciler.planning.causes import FILLING
from reconciler.planning.conversion import YES
from reconciler.planning.counts import Counts
from reconciler.planning.layout import DynamicColumn, Layout, TagColumn
from reconciler.planning.observed import Remembered
from reconciler.tables import tagsets
from reconciler.tables.cells import MARK, is_marked
from reconciler.tables.changes import TagChanges
from reconciler.tables.lanes import Refusals

_APPLY, _REMOVE = int(TagAction.APPLY), int(TagAction.REMOVE)


@dataclass(frozen=True, slots=True)
class Permissions:
    """What the tags of this plan may do.

    `names`: live tags, key -> name. `twins`: names from values that differ from a live tag only in case or spaces.
    `refused`: dynamic columns with more new names than `max_new`. `untag_first`: people may lose a tag in the very
    plan that makes it ours.
    """

    names: Mapping[str, str]
    twins: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
    untag_first: bool = False

    @classmethod
    def of(cls, inventory: Inventory, twins: Iterable[str], refused: Iterable[str], untag_first: bool) -> Permissions:
        return cls({t.key: t.name for t in inventory.tags}, frozenset(twins), frozenset(refused), untag_first)


class TagDecisions:
    """Rule tags by column; tags made from values row by row, only where a row has or wants one."""

    def __init__(self, layout: Layout, permissions: Permissions, counts: Counts, remembered: Remembered) -> None:
        self._layout, self._permissions, self._counts = layout, permissions, counts
        self._key, self._owed, self._kept = remembered.key, remembered.owed, remembered.kept
        self._live = frozenset(permissions.names.values())

    def decide(self, batch: pa.RecordBatch, new: bool) -> list[TagChanges]:
        """`batch`: the spooled columns of our side, and `tags` (keys) of theirs unless the contacts are `new`."""
        changes: list[TagChanges] = []
        for column in self._layout.tags:
            changes += self._new_rule(column, batch) if new else self._rule(column, batch)
        for dynamic in self._layout.dynamic:
            changes += self._dynamic(dynamic, batch, new)
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
        kept = self._kept.get(column.tag.name)
        if not kept:
            return pa.repeat(pa.scalar(False), batch.num_rows)
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
            return pa.repeat(pa.scalar(False), batch.num_rows)
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
        tag = pa.repeat(pa.scalar(column.tag.name), len(at))
        return [TagChanges(at, tag, pa.repeat(pa.scalar(action, pa.int8()), len(at)))]

    def _dynamic(self, column: DynamicColumn, batch: pa.RecordBatch, new: bool) -> list[TagChanges]:
        at: list[int] = []
        tags: list[str] = []
        actions: list[int] = []
        rows = batch.column("row").to_pylist()
        theirs = [()] * batch.num_rows if new else batch.column("tags").to_pylist()
        for n, (wanted_text, keys) in enumerate(zip(batch.column(column.name).to_pylist(), theirs, strict=True)):
            carried = {name for key in keys if (name := self._permissions.names.get(key)) is not None}
            for tag, action in self._of_row(column, wanted_text, carried, rows[n]):
                at.append(n)
                tags.append(tag)
                actions.append(action)
        if not at:
            return []
        return [TagChanges(pa.array(at, pa.int64()), pa.array(tags, pa.string()), pa.array(actions, pa.int8()))]

    def _of_row(
        self, column: DynamicColumn, text: str | None, carried: set[str], row: int
    ) -> Iterable[tuple[str, int]]:
        """Taggings of one contact. An unreadable value leaves all; an empty one takes away what the prefix owns."""
        if text is not None and text.startswith(MARK):
            return
        wanted = {column.entry.prefix + item for item in read_set(text)} if text else set()
        if wanted & self._permissions.twins:
            self._counts.twins.setdefault(column.name, Refusals()).add([row])
            wanted -= self._permissions.twins
        if column.name in self._permissions.refused and not wanted <= self._live:
            self._counts.dynamic_blocked.setdefault(column.name, Refusals()).add([row])
            return
        for tag in sorted(wanted - carried):
            self._count(column, tag).apply += 1
            self._counts.used_tags.setdefault(tag, column.entry)
            yield tag, _APPLY
        if column.entry.keep or not column.entry.prefix:
            return
        for tag in sorted(name for name in carried - wanted if name.startswith(column.entry.prefix)):
            self._count(column, tag).remove += 1
            yield tag, _REMOVE

    def _count(self, column: TagColumn | DynamicColumn, name: str) -> TagCount:
        cause = FILLING[column.since]
        if isinstance(column, TagColumn):
            counted = TagCount(name, column.tag.where, cause)
        else:
            counted = TagCount(name, column.entry.where, cause, under=column.entry.label)
        return self._counts.tags.setdefault(tag_address(name), counted)


def _holds(batch: pa.RecordBatch, column: TagColumn) -> pa.Array:
    return pc.fill_null(pc.equal(batch.column(column.name), YES), False)
