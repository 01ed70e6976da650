"""Carrying out a plan's changes of fields and tags, and knowing afterwards under which keys they are written."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import TypeVar

from reconciler.adapters.crm import WritesFields, WritesTags
from reconciler.adapters.errors import CrmFailed, Duplicate, NotFound, Rejected, Uncertain
from reconciler.model.capabilities import Call
from reconciler.model.desired import Desired
from reconciler.model.inventory import CrmField, CrmOption, Inventory
from reconciler.model.plan import Action, InventoryChange
from reconciler.planning.attributes import wanted_options
from reconciler.planning.fields import LiveFields, new_field
from reconciler.runtime.applying import Applying, Halted, Why
from reconciler.runtime.writer import DOWN

T = TypeVar("T")

_LOOK_FIRST = (Duplicate, NotFound, Uncertain)

_BEFORE: tuple[tuple[str, Action], ...] = (
    ("tag", Action.CREATE),
    ("tag", Action.RENAME),
    ("field", Action.CREATE),
    ("field", Action.RENAME),
)
_CHANGING = frozenset({("field", Action.UPDATE), ("option", Action.CREATE), ("option", Action.UPDATE)})
_AFTER: tuple[tuple[str, Action], ...] = (("field", Action.DELETE), ("tag", Action.DELETE))


class InventoryWriter:
    """`before` people: creations, renames, changes; `after` them: removals. A failed change is counted and the others
    go on; what depends on it is `lost`."""

    def __init__(self, applying: Applying, desired: Desired, inventory: Inventory, object: str = "") -> None:
        """`object`: the kind of object whose fields are written; "" is the first, with whose writer the others are."""
        self._object = object
        self._others = [InventoryWriter(applying, desired, there, name) for name, there in inventory.others.items()]
        self._applying = applying
        self._desired = desired
        self._live = LiveFields(inventory, applying.gateway.capabilities)
        self._tags = {tag.name: tag.key for tag in inventory.tags}
        self._options = {f.key: f.options for f in inventory.fields}
        self._keys: dict[str, str] = {}  # field key of the file -> the CRM's, where this apply made or renamed it
        self._lost_options: dict[str, set[str]] = {}
        self.lost: set[str] = set()  # addresses of entries whose change failed
        self._steps: dict[tuple[str, Action], Callable[[InventoryChange], None]] = {
            ("tag", Action.CREATE): self._add_tag,
            ("tag", Action.RENAME): self._rename_tag,
            ("tag", Action.DELETE): self._delete_tag,
            ("field", Action.CREATE): self._add_field,
            ("field", Action.RENAME): self._rename_field,
            ("field", Action.DELETE): self._delete_field,
        }

    def before(self, changes: Sequence[InventoryChange]) -> None:
        """All but removals. Raises Halted."""
        own = self._own(changes)
        self._in_order(_BEFORE, own)
        for key, group in _by_field(c for c in own if (c.kind, c.action) in _CHANGING):
            self._update_field(key, group)
        for other in self._others:
            other.before(changes)
            self._take(other)

    def after(self, changes: Sequence[InventoryChange]) -> None:
        """Declared removals. Raises Halted."""
        own = self._own(changes)
        for key, group in _by_field(c for c in own if (c.kind, c.action) == ("option", Action.DELETE)):
            self._update_field(key, group)
        self._in_order(_AFTER, own)
        for other in self._others:
            other.after(changes)
            self._take(other)

    def _own(self, changes: Sequence[InventoryChange]) -> list[InventoryChange]:
        return [change for change in changes if change.object == self._object]

    def _take(self, other: InventoryWriter) -> None:
        """What became of another kind of object: what failed there is lost for the entry."""
        self.lost |= other.lost
        for key, options in other._lost_options.items():
            self._lost_options.setdefault(key, set()).update(options)

    def field_key(self, key: str) -> str | None:
        """The CRM's key for a field of the file; None if it is not there."""
        if key in self._keys:
            return self._keys[key]
        entry = self._desired.fields.get(key)
        found = self._live.find(key, entry.label if entry else None)
        if len(found) == 1:
            return found[0].key
        return next((there for other in self._others if (there := other.field_key(key)) is not None), None)

    def tag_key(self, name: str) -> str | None:
        """The CRM's key for a tag; None if it is not there."""
        return self._tags.get(name)

    def lost_options(self, key: str) -> bool:
        """Whether options of that field could not be added."""
        return bool(self._lost_options.get(key))

    def lost_value(self, key: str, after: str | None) -> bool:
        """Whether a value needs an option that could not be added."""
        lost = self._lost_options.get(key)
        if not lost or after is None:
            return False
        if after in lost:
            return True
        listed = json.loads(after) if after.startswith("[") and after.endswith("]") else []
        return any(value in lost for value in listed)

    def _in_order(self, order: Iterable[tuple[str, Action]], changes: Sequence[InventoryChange]) -> None:
        for step in order:
            for change in changes:
                if (change.kind, change.action) == step:
                    self._steps[step](change)

    def _add_tag(self, change: InventoryChange) -> None:
        crm = self._tag_crm()
        tag = self._carry_out(
            [change], Call.ADD_TAG, lambda: crm.add_tag(change.key), lambda live: live.tag(change.key)
        )
        if tag is not None:
            self._tags[change.key] = tag.key

    def _rename_tag(self, change: InventoryChange) -> None:
        crm, new = self._tag_crm(), change.new_key or ""
        key = self._tags.get(change.key, "")
        tag = self._carry_out([change], Call.RENAME_TAG, lambda: crm.rename_tag(key, new), lambda live: live.tag(new))
        if tag is not None:
            self._tags.pop(change.key, None)
            self._tags[new] = tag.key

    def _delete_tag(self, change: InventoryChange) -> None:
        crm, key = self._tag_crm(), self._tags.get(change.key, "")

        def gone(live: Inventory) -> bool | None:
            return None if live.tag(change.key) else True

        self._carry_out([change], Call.DELETE_TAG, _acted(crm.delete_tag, key), gone)

    def _add_field(self, change: InventoryChange) -> None:
        crm = self._field_crm()
        wanted = new_field(change, self._applying.gateway.capabilities)

        def there(live: Inventory) -> CrmField | None:
            found = LiveFields(live, self._applying.gateway.capabilities).find(wanted.key, wanted.label)
            return found[0] if len(found) == 1 else None

        made = self._carry_out([change], Call.ADD_FIELD, lambda: crm.add_field(wanted), there)
        if made is not None:
            self._keys[change.key] = made.key
            self._options[made.key] = made.options

    def _rename_field(self, change: InventoryChange) -> None:
        crm, new = self._field_crm(), change.new_key or ""

        def there(live: Inventory) -> bool | None:
            return True if live.field(new) else None

        if self._carry_out([change], Call.UPDATE_FIELD, _acted(crm.rename_field, change.key, new), there):
            assigned = self._applying.gateway.capabilities.assigns_keys
            self._keys[new] = change.key if assigned else new
            self._options[self._keys[new]] = self._options.get(change.key, ())

    def _delete_field(self, change: InventoryChange) -> None:
        crm = self._field_crm()

        def gone(live: Inventory) -> bool | None:
            return None if live.field(change.key) else True

        self._carry_out([change], Call.DELETE_FIELD, _acted(crm.delete_field, change.key), gone)

    def _update_field(self, key: str, changes: list[InventoryChange]) -> None:
        """Everything about one field in one call; the options are the whole wanted list."""
        crm, live_key = self._field_crm(), self._keys.get(key, key)
        said = {delta.path: delta.after for c in changes if c.kind == "field" for delta in c.deltas}
        options: tuple[CrmOption, ...] | None = None
        if any(c.kind == "option" for c in changes):
            options = wanted_options(self._options.get(live_key, ()), changes)

        def act() -> bool:
            crm.update_field(live_key, label=said.get("label"), group=said.get("group"), options=options)
            return True

        def same(live: Inventory) -> bool | None:
            there = live.field(live_key)
            return True if there and options is not None and not said and there.options == options else None

        if self._carry_out(changes, Call.UPDATE_FIELD, act, same):
            self._options[live_key] = self._options.get(live_key, ()) if options is None else options
        else:
            added = {c.option for c in changes if c.kind == "option" and c.action is Action.CREATE and c.option}
            entry = changes[0].entry.removeprefix("field.").split(".option.")[0]
            self._lost_options.setdefault(entry, set()).update(added)

    def _carry_out(
        self,
        changes: Sequence[InventoryChange],
        kind: Call,
        act: Callable[[], T],
        there: Callable[[Inventory], T | None],
    ) -> T | None:
        """One call with its intent and outcome; None if it failed. `there`: the result, if it is so already."""
        applying = self._applying
        applying.before_call()
        seq = applying.intent(kind, len(changes))
        try:
            result = self._surely(kind, act, there)
        except DOWN as error:
            applying.outcome(seq, 0, len(changes))
            raise Halted(Why.DOWN, error) from None
        except (*_LOOK_FIRST, Rejected) as error:
            applying.outcome(seq, 0, len(changes))
            applying.refuse(error, len(changes))
            self.lost.update(c.entry.split(".option.")[0] for c in changes)
            return None
        applying.outcome(seq, len(changes), 0)
        applying.written.inventory += len(changes)
        return result

    def _surely(self, kind: Call, act: Callable[[], T], there: Callable[[Inventory], T | None]) -> T:
        """Act; after an unclear answer look whether it is so, and only then repeat, once."""
        gateway = self._applying.gateway
        try:
            return gateway.calls.make(kind, act)
        except _LOOK_FIRST as error:
            live = gateway.inventory()
            found = there(live.others[self._object] if self._object else live)
            if found is not None:
                return found
            if not isinstance(error, Uncertain):
                raise
        return gateway.calls.make(kind, act)

    def _field_crm(self) -> WritesFields:
        crm = self._applying.gateway.door_of(self._object)
        if not isinstance(crm, WritesFields):
            raise CrmFailed("E309", "the adapter says that it can change fields, and has no way to")
        return crm

    def _tag_crm(self) -> WritesTags:
        crm = self._applying.gateway.crm
        if not isinstance(crm, WritesTags):
            raise CrmFailed("E309", "the adapter says that it can change tags, and has no way to")
        return crm


def pending(changes: Iterable[InventoryChange]) -> int:
    """Changes that an apply carries out."""
    return sum(c.action not in (Action.BLOCKED, Action.RELEASED) for c in changes)


def _by_field(changes: Iterable[InventoryChange]) -> list[tuple[str, list[InventoryChange]]]:
    ordered = sorted(changes, key=lambda c: c.key)
    return [(key, list(group)) for key, group in groupby(ordered, key=lambda c: c.key)]


def _acted(method: Callable[..., None], *arguments: str) -> Callable[[], bool]:
    """The method as something that gives True when it came back."""

    def act() -> bool:
        method(*arguments)
        return True

    return act
