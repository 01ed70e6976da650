"""How one entry of `fields` stands in one CRM: there, to be created, renamed, changed, removed, or blocked."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from reconciler.model.addresses import field_address
from reconciler.model.capabilities import Ability, Capabilities
from reconciler.model.desired import Field
from reconciler.model.inventory import CrmField, CrmOption, Inventory
from reconciler.model.messages import problem
from reconciler.model.names import fold_name, near_matches
from reconciler.model.plan import Action, Delta, InventoryChange
from reconciler.model.problems import Problem
from reconciler.planning.attributes import (
    CHOICES,
    attribute_changes,
    declared_options,
    with_live_options,
    without_missing_options,
)
from reconciler.planning.bindings import Binding, Held
from reconciler.planning.obstacles import (
    CREATING,
    FILLING,
    RENAMING,
    Case,
    Obstacle,
    ambiguous,
    both_there,
    first_obstacle,
    kept_key,
    still_declared,
)


@dataclass(frozen=True, slots=True)
class FieldPlan:
    """What one entry needs. `uses`: the live field it stands for. `count`: whose holders to count, by address."""

    changes: tuple[InventoryChange, ...] = ()
    binding: Binding | None = None
    problems: tuple[Problem, ...] = ()
    uses: CrmField | None = None
    count: Mapping[str, Held] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LiveFields:
    """The CRM's fields with what it can do. `declared`: the keys under `fields` of the file."""

    inventory: Inventory
    capabilities: Capabilities
    declared: frozenset[str] = frozenset()

    def find(self, key: str, label: str | None = None) -> tuple[CrmField, ...]:
        """The field of that key; where the CRM assigns keys, else all whose label says the key or the wanted label."""
        if (exact := self.inventory.field(key)) is not None:
            return (exact,)
        if not self.capabilities.assigns_keys:
            return ()
        for said in (key, label or readable(key)):
            folded = fold_name(said)
            if found := tuple(f for f in self.inventory.fields if fold_name(f.label) == folded):
                return found
        return ()

    def near(self, key: str) -> tuple[str, ...]:
        """Keys of live fields that `key` was probably meant to be."""
        return near_matches(key, (f.key for f in self.inventory.fields))


def plan_field(entry: Field, live: LiveFields) -> FieldPlan:
    """The changes of one entry and, if it has an origin, how its values travel."""
    found = live.find(entry.key, entry.label)
    former = live.find(entry.renamed_from) if entry.renamed_from else ()
    if len(found) > 1 or len(former) > 1:
        return blocked_field(entry, live, None, ambiguous(entry.key, max(len(found), len(former))))
    there = found[0] if found else None
    if entry.absent:
        return _absent(entry, there, live.capabilities) if there else FieldPlan()
    if entry.renamed_from and entry.renamed_from in live.declared:
        return blocked_field(entry, live, there, still_declared(entry.renamed_from))
    return _SITUATIONS[bool(former), bool(found)](entry, (*former, *found), live)


def blocked_field(entry: Field, live: LiveFields, there: CrmField | None, obstacle: Obstacle) -> FieldPlan:
    """Nothing is written to the field: one blocked change with the reason, and a binding that says the same."""
    change = replace(
        _change(entry, Action.BLOCKED), deltas=obstacle.deltas, reason=obstacle.reason, by_hand=obstacle.by_hand
    )
    return FieldPlan((change,), _binding(entry, live, there, obstacle.reason), uses=there)


def readable(key: str) -> str:
    """The label of a new field that declares none: `membership_level` becomes `Membership level`."""
    words = " ".join(re.split(r"[\s_.\-]+", key)).strip() or key
    return words[:1].upper() + words[1:]


def new_field(change: InventoryChange, capabilities: Capabilities) -> CrmField:
    """The field that a planned creation asks for, in the CRM's own words."""
    said = {delta.path: delta.after for delta in change.deltas}
    prefix = "options."
    options = (CrmOption(p.removeprefix(prefix), str(v)) for p, v in said.items() if p.startswith(prefix))
    native = capabilities.wires[str(said["type"])].native
    return CrmField(change.key, str(said["label"]), native, tuple(options), said.get("group"))


def _create(entry: Field, _found: tuple[CrmField, ...], live: LiveFields) -> FieldPlan:
    case = Case(entry, None, live.capabilities)
    if obstacle := first_obstacle(CREATING, case):
        return blocked_field(entry, live, None, obstacle)
    if reason := live.capabilities.why_not(Ability.ADD_FIELD):
        return _unknown(case, live, reason)
    kept = live.inventory.kept.get(entry.key)
    if kept is not None and live.capabilities.wires[case.type].native not in kept:
        return blocked_field(entry, live, None, kept_key(entry.key))
    options = declared_options(entry)
    deltas = [Delta("type", None, case.type), Delta("label", None, entry.label or readable(entry.key))]
    if entry.group is not None:
        deltas.append(Delta("group", None, entry.group))
    deltas += [Delta(f"options.{o.value}", None, o.label if o.label is not None else o.value) for o in options]
    summary = case.type + (f", {len(options)} option{'s' if len(options) > 1 else ''}" if options else "")
    change = replace(_change(entry, Action.CREATE), deltas=tuple(deltas), summary=summary)
    return FieldPlan((change,), _binding(entry, live, None))


def _unknown(case: Case, live: LiveFields, reason: str) -> FieldPlan:
    entry, near = case.entry, live.near(case.entry.key)
    meant = f"write {' or '.join(f'`{k}`' for k in near)} if that is meant, or " if near else ""
    native = live.capabilities.wires[case.type].native
    obstacle = Obstacle(reason, f"{meant}create `{entry.key}` in the CRM as {native}")
    detail = f"`{entry.key}` is not there" + (f"; near it: {', '.join(near)}" if near else "")
    return replace(blocked_field(entry, live, None, obstacle), problems=(problem("R301", detail, entry.where),))


def _existing(entry: Field, found: tuple[CrmField, ...], live: LiveFields) -> FieldPlan:
    there = found[0]
    done = _rename_done(entry)
    if obstacle := first_obstacle(FILLING, Case(entry, there, live.capabilities)):
        return replace(blocked_field(entry, live, there, obstacle), problems=done)
    changes = attribute_changes(entry, there, there.key, live.capabilities)
    binding = _binding(without_missing_options(entry, changes), live, there)
    return FieldPlan(changes, binding, done, there, _option_holders(changes, there, live.capabilities))


def _rename_done(entry: Field) -> tuple[Problem, ...]:
    if not entry.renamed_from:
        return ()
    detail = f"`{entry.renamed_from}` is gone and `{entry.key}` is there"
    return (problem("R302", detail, entry.where_of.get("renamed_from", entry.where)),)


def _rename(entry: Field, found: tuple[CrmField, ...], live: LiveFields) -> FieldPlan:
    former = found[0]
    if obstacle := first_obstacle(RENAMING, Case(entry, former, live.capabilities)):
        return blocked_field(entry, live, former, obstacle)
    deltas = (Delta("key", former.key, entry.key),)
    rename = replace(_change(entry, Action.RENAME), key=former.key, new_key=entry.key, deltas=deltas)
    changes = attribute_changes(entry, former, entry.key, live.capabilities)
    binding = _binding(without_missing_options(entry, changes), live, former)
    return FieldPlan((rename, *changes), binding, (), former, _option_holders(changes, former, live.capabilities))


def _both(entry: Field, found: tuple[CrmField, ...], live: LiveFields) -> FieldPlan:
    former, there = found
    return blocked_field(entry, live, there, both_there(former.key, there.key))


_SITUATIONS: dict[tuple[bool, bool], Callable[[Field, tuple[CrmField, ...], LiveFields], FieldPlan]] = {
    # is the former field there, is the field there
    (False, False): _create,
    (False, True): _existing,
    (True, False): _rename,
    (True, True): _both,
}


def _absent(entry: Field, there: CrmField, capabilities: Capabilities) -> FieldPlan:
    deltas = (Delta("type", there.native, None), Delta("label", there.label, None))
    change = replace(_change(entry, Action.DELETE), key=there.key, deltas=deltas, summary=there.native)
    if there.standard:
        reason, by_hand = "a standard field of the CRM cannot be removed", "take the entry out of the file"
        return FieldPlan((replace(change, action=Action.BLOCKED, reason=reason, by_hand=by_hand),), uses=there)
    count = {change.address: Held(there.key)}
    if missing := capabilities.why_not(Ability.DELETE_FIELD):
        by_hand = f"remove `{there.key}` in the CRM"
        change = replace(change, action=Action.BLOCKED, reason=missing, by_hand=by_hand)
    return FieldPlan((change,), uses=there, count=count)


def _option_holders(
    changes: tuple[InventoryChange, ...], there: CrmField, capabilities: Capabilities
) -> Mapping[str, Held]:
    """Whose option goes, by the address of its removal."""
    type = capabilities.holds.get(there.native, "")
    wire = capabilities.wires.get(type)
    if wire is None:
        return {}
    return {
        change.address: Held(there.key, change.option, wire.decode, type == "multiselect")
        for change in changes
        if change.kind == "option" and change.deltas[0].after is None
    }


def _change(entry: Field, action: Action) -> InventoryChange:
    return InventoryChange(field_address(entry.key), "field", entry.key, action, entry.where)


def _binding(entry: Field, live: LiveFields, there: CrmField | None, blocked: str = "") -> Binding | None:
    if entry.origin is None or entry.absent:
        return None
    type = Case(entry, there, live.capabilities).type
    if type in CHOICES:
        entry = with_live_options(entry, there)
    return Binding(entry, type, live.capabilities.wires.get(type), there, there.key if there else None, blocked)
