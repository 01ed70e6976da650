"""One entry of `fields` in several kinds of objects: it stands in each for itself, and its values travel in one way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from reconciler.model.capabilities import Capabilities
from reconciler.model.desired import Desired, Field
from reconciler.model.inventory import CrmField, Inventory
from reconciler.model.plan import InventoryChange
from reconciler.model.problems import Problem
from reconciler.planning.attributes import CHOICES
from reconciler.planning.bindings import Binding, Held
from reconciler.planning.fields import FieldPlan, LiveFields, blocked_field, plan_field
from reconciler.planning.obstacles import Case, Obstacle, taken


@dataclass(slots=True)
class _Kind:
    """One kind of object. `name`: "" is the first."""

    name: str
    live: LiveFields
    meant_by: dict[str, str] = field(default_factory=dict)

    def there(self, entry: Field) -> CrmField | None:
        found = self.live.find(entry.key, entry.label)
        return found[0] if len(found) == 1 else None

    def plan(self, entry: Field) -> FieldPlan:
        plan = plan_field(entry, self.live)
        if plan.uses and (other := self.meant_by.setdefault(plan.uses.key, entry.key)) != entry.key:
            plan = blocked_field(entry, self.live, plan.uses, taken(plan.uses.key, other))
        return plan


def plan_fields(desired: Desired, inventory: Inventory, capabilities: Capabilities) -> Iterator[FieldPlan]:
    """What each entry needs, in the file's order."""
    kinds = [
        _Kind(name, LiveFields(there, capabilities, frozenset(desired.fields)))
        for name, there in {"": inventory, **inventory.others}.items()
    ]
    for entry in _as_looked_up(desired):
        typed = entry if len(kinds) == 1 else _typed(entry, kinds)
        plans = {kind.name: kind.plan(typed) for kind in kinds}
        yield plans[""] if len(kinds) == 1 else _together(typed, plans, kinds)


def _as_looked_up(desired: Desired) -> Iterator[Field]:
    """The entries; the one that people are looked up by is read as an e-mail in a CRM that keeps it as plain text too:
    whoever differs in upper and lower case alone would be created a second time."""
    for entry in desired.fields.values():
        plain = entry.key == desired.identity.match and entry.type in (None, "text")
        yield entry._replace(type="email") if plain else entry


def _typed(entry: Field, kinds: list[_Kind]) -> Field:
    """A field that is there in one kind is made in the others as it is there."""
    there = next((found for kind in kinds if (found := kind.there(entry)) is not None), None)
    if entry.type is not None or there is None:
        return entry
    case = Case(entry, there, kinds[0].live.capabilities)
    return entry._replace(type=case.type) if there.native in case.capabilities.holds else entry


def _together(entry: Field, plans: Mapping[str, FieldPlan], kinds: list[_Kind]) -> FieldPlan:
    """One plan of all. Values travel as in the first kind that can have the field, and are blocked in those that
    cannot."""
    able = next((plan.binding for plan in plans.values() if plan.binding and not plan.binding.blocked), None)
    for kind in kinds if able else ():
        if reason := _other_choices(able, plans[kind.name]):
            obstacle = Obstacle(reason, "declare `options`, or give the field the same options in each object")
            plans = {**plans, kind.name: blocked_field(entry, kind.live, kind.there(entry), obstacle)}
    first, *others = plans.values()
    names = list(plans)[1:]
    changes = [*first.changes]
    counts: dict[str, Held] = dict(first.count)
    problems: list[Problem] = list(first.problems)
    for name, plan in zip(names, others, strict=True):
        changes += (of_object(change, name) for change in plan.changes)
        counts |= {f"{address} ({name})": replace(held, object=name) for address, held in plan.count.items()}
        problems += (p for p in plan.problems if (p.code, p.where) not in {(q.code, q.where) for q in problems})
    binding = able or first.binding
    if able:
        blocked = {name: p.binding.blocked for name, p in plans.items() if p.binding and p.binding.blocked}
        read = next((p.binding.read_key for p in plans.values() if p.binding and p.binding.read_key), None)
        binding = replace(able, blocked_in=blocked, read_key=read)
    return FieldPlan(tuple(changes), binding, tuple(problems), first.uses, counts)


def _other_choices(able: Binding | None, plan: FieldPlan) -> str:
    """Why values that the file does not name may not be choices of another kind, or ""."""
    if able is None or plan.binding is None or plan.binding.blocked or able.type not in CHOICES:
        return ""
    missing = {o.value for o in able.entry.options or ()} - {o.value for o in plan.binding.entry.options or ()}
    has = plan.binding.crm_field is not None and plan.binding.crm_field.options
    return "its options are not those that the field has elsewhere" if missing and has else ""


def of_object(change: InventoryChange, name: str) -> InventoryChange:
    """The change in another kind of object than the first."""
    return replace(change, address=f"{change.address} ({name})", object=name)
