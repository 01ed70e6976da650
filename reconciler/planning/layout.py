"""The columns of one comparison: what each is called on its way through convert, hash, pair and compare."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from reconciler.model.desired import DynamicTags, Push, Tag
from reconciler.model.objects import ONE, Objects
from reconciler.planning.bindings import Binding, InventoryPlan
from reconciler.planning.causes import Since


@dataclass(frozen=True, slots=True)
class FieldColumn:
    """One mapped field: `name` is its column on our side, `t_` + name on theirs; `number` indexes `Changes.keys`."""

    name: str
    number: int
    binding: Binding
    since: Since

    @property
    def theirs(self) -> str:
        return f"t_{self.name}"

    @property
    def plain(self) -> bool:
        """Whether the CRM gives every value back as it is."""
        return self.binding.wire is not None and self.binding.wire.plain


@dataclass(frozen=True, slots=True)
class TagColumn:
    """One rule tag; `key` is the CRM's key for it today, None while this plan creates it."""

    name: str
    tag: Tag
    key: str | None
    since: Since
    ours: bool  # it was ours before this plan


@dataclass(frozen=True, slots=True)
class DynamicColumn:
    """One entry of dynamic tags."""

    name: str
    entry: DynamicTags
    since: Since


@dataclass(frozen=True, slots=True)
class Layout:
    """`match` is the column of the field that people are looked up by; `store` that of the field that keeps their ids,
    if one does. `blocked` fields are only counted."""

    fields: tuple[FieldColumn, ...]
    blocked: tuple[FieldColumn, ...]
    match: FieldColumn
    tags: tuple[TagColumn, ...]
    dynamic: tuple[DynamicColumn, ...]
    inventory: InventoryPlan
    writes_match: bool = True  # False: --target leaves the match field out, it is read only
    previous: tuple[FieldColumn, ...] = ()  # filled with the address that a change overwrites; never compared
    store: FieldColumn | None = None
    writes_store: bool = True
    objects: Objects = ONE

    @property
    def keys(self) -> tuple[str, ...]:
        """Field keys by number: what a change table's `field` indexes."""
        return tuple(binding.entry.key for binding in self.inventory.bindings)

    @property
    def two_way(self) -> tuple[FieldColumn, ...]:
        """Fields that are pulled, too."""
        return tuple(column for column in self.fields if column.binding.entry.pull)

    @property
    def read(self) -> tuple[FieldColumn, ...]:
        """Fields of contacts that are read."""
        return (*self.fields, *self.previous)

    @property
    def moves_addresses(self) -> bool:
        """Whether every address that differs is written over the contact's."""
        entry = self.match.binding.entry
        return self.writes_match and entry.push is Push.ALWAYS and not entry.pull

    def writes(self, column: FieldColumn) -> bool:
        """Whether an existing contact's value of that field may be written."""
        held = (column is self.match and not self.writes_match) or (column is self.store and not self.writes_store)
        return not held

    def tags_compared(self, owed: Container[str]) -> tuple[TagColumn, ...]:
        """Rule tags that tell a contact in sync from one that is not. Tags for new contacts only say nothing of those
        that exist, unless an interrupted run still owes one."""
        return tuple(t for t in self.tags if not t.tag.on_create or t.tag.name in owed)
