"""What the CRM's inventory needs so that it is as the file declares it, and how mappings and tags stand in it.

Undeclared is untouched: a field or tag that the file does not name is never part of a change. What the last applied
file named and this one does not is released, once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from reconciler.model.addresses import field_address, tag_address
from reconciler.model.capabilities import Ability, Capabilities
from reconciler.model.desired import Desired, Push
from reconciler.model.inventory import Inventory
from reconciler.model.messages import problem
from reconciler.model.names import near_matches
from reconciler.model.plan import Action, Finding, InventoryChange
from reconciler.model.problems import Failure, Level, Problem
from reconciler.planning.allowances import leveled
from reconciler.planning.bindings import Binding, Held, InventoryPlan
from reconciler.planning.fields import FieldPlan, LiveFields
from reconciler.planning.objects import plan_fields
from reconciler.planning.obstacles import taken
from reconciler.planning.tags import LiveTags, TagPlan, blocked_tag, plan_tag

_RANK = {action: rank for rank, action in enumerate((Action.RENAME, *(a for a in Action if a is not Action.RENAME)))}


def plan_inventory(
    desired: Desired, inventory: Inventory, capabilities: Capabilities, applied: Mapping[str, str]
) -> InventoryPlan:
    """Every change of the inventory, sorted by kind, address, action; bindings in the file's order.

    `applied`: what the last applied file declared, by address. Raises Failure when the file cannot be carried out in
    this CRM at all: the match field is not there, or contacts cannot have the status that new ones shall have.
    """
    if problems := [*_match_problems(desired, inventory, capabilities), *_status_problems(desired, capabilities)]:
        raise Failure(problems)
    gathered = _Gathered()
    _add_fields(gathered, desired, inventory, capabilities)
    _add_tags(gathered, desired, inventory, capabilities)
    gathered.problems += _required_problems(desired, inventory)
    changes = [*gathered.changes, *_released(desired, inventory, capabilities, applied)]
    return InventoryPlan(
        changes=tuple(sorted(changes, key=lambda c: (c.kind, c.address, _RANK[c.action]))),
        bindings=tuple(gathered.bindings),
        findings=findings_of(gathered.problems, desired.rules),
        tag_keys=gathered.tag_keys,
        blocked_tags=gathered.blocked_tags,
        count_held=gathered.count_held,
        count_tags=gathered.count_tags,
    )


@dataclass(slots=True)
class _Gathered:
    changes: list[InventoryChange] = field(default_factory=list)
    bindings: list[Binding] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    tag_keys: dict[str, str | None] = field(default_factory=dict)
    blocked_tags: dict[str, str] = field(default_factory=dict)
    count_held: dict[str, Held] = field(default_factory=dict)
    count_tags: dict[str, str] = field(default_factory=dict)

    def add_field(self, plan: FieldPlan) -> None:
        self.changes += plan.changes
        self.problems += plan.problems
        self.count_held |= plan.count
        if plan.binding:
            self.bindings.append(plan.binding)

    def add_tag(self, name: str, plan: TagPlan, ruled: bool) -> None:
        self.changes += plan.changes
        self.problems += plan.problems
        if plan.count and plan.uses:
            self.count_tags[tag_address(name)] = plan.uses.key
        if ruled:
            self.tag_keys[name] = plan.uses.key if plan.uses else None
            if plan.blocked:
                self.blocked_tags[name] = plan.blocked


def _add_fields(gathered: _Gathered, desired: Desired, inventory: Inventory, capabilities: Capabilities) -> None:
    for plan in plan_fields(desired, inventory, capabilities):
        gathered.add_field(plan)


def _add_tags(gathered: _Gathered, desired: Desired, inventory: Inventory, capabilities: Capabilities) -> None:
    live = LiveTags(inventory, capabilities, frozenset(desired.tags))
    meant_by: dict[str, str] = {}
    for entry in desired.tags.values():
        plan = plan_tag(entry, live)
        if plan.uses and (other := meant_by.setdefault(plan.uses.key, entry.name)) != entry.name:
            plan = blocked_tag(entry, plan.uses, taken(plan.uses.name, other))
        gathered.add_tag(entry.name, plan, ruled=entry.when is not None and not entry.absent)


def _match_problems(desired: Desired, inventory: Inventory, capabilities: Capabilities) -> Iterator[Problem]:
    match = desired.identity.match
    for name, there in {"": inventory, **inventory.others}.items():
        live = LiveFields(there, capabilities)
        if len(live.find(match)) == 1:
            continue
        near = live.near(match)
        fix = f"Did you mean {' or '.join(f'`{key}`' for key in near)}?" if near else None
        detail = f"`identity.match` is `{match}`" + (f", of {name}" if name else "")
        yield problem("R304", detail, desired.identity.where, fix)


def _status_problems(desired: Desired, capabilities: Capabilities) -> Iterator[Problem]:
    status, where = desired.contacts.status, desired.contacts.where
    if status is None:
        return
    if reason := capabilities.why_not(Ability.SET_STATUS):
        yield problem("R305", f"`contacts.status` is `{status}`: {reason}", where)
    elif status not in capabilities.statuses:
        near = near_matches(status, capabilities.statuses) or capabilities.statuses
        fix = f"Use {' or '.join(f'`{known}`' for known in near)}, or take `contacts.status` out of the file."
        yield problem("R305", f"`contacts.status` is `{status}`, which this CRM does not know", where, fix)


def _required_problems(desired: Desired, inventory: Inventory) -> Iterator[Problem]:
    """Fields without which no contact is created, and which no entry fills; unless people are created elsewhere."""
    if desired.contacts.create is False or desired.contacts.create_as not in (None, desired.crm.objects[0]):
        return
    filled = {key for key, entry in desired.fields.items() if entry.origin is not None and entry.push is not Push.NEVER}
    for there in inventory.fields:
        if there.required and there.key not in filled:
            yield problem("R306", f"`{there.key}`", desired.contacts.where)


def _released(
    desired: Desired, inventory: Inventory, capabilities: Capabilities, applied: Mapping[str, str]
) -> Iterator[InventoryChange]:
    """What the last applied file declared, this one does not, and the CRM still has; the start of a rename is not."""
    here = {
        *desired.entry_digests,
        *(field_address(k) for k in desired.fields),
        *(tag_address(n) for n in desired.tags),
    }
    here |= {f"dynamic_tags[{json.dumps(d.prefix, ensure_ascii=False)}]" for d in desired.dynamic_tags}
    here |= {field_address(f.renamed_from) for f in desired.fields.values() if f.renamed_from}
    here |= {tag_address(t.renamed_from) for t in desired.tags.values() if t.renamed_from}
    live = LiveFields(inventory, capabilities)
    for address in applied.keys() - here:
        if address.startswith("field.") and live.find(key := address.removeprefix("field.")):
            yield InventoryChange(address, "field", key, Action.RELEASED, None)
        elif address.startswith("tag[") and inventory.tag(name := json.loads(address[4:-1])):
            yield InventoryChange(address, "tag", name, Action.RELEASED, None)
        elif address.startswith("dynamic_tags["):
            yield InventoryChange(address, "tag", json.loads(address[13:-1]), Action.RELEASED, None)


def findings_of(problems: Iterable[Problem], rules: Mapping[str, Level]) -> tuple[Finding, ...]:
    """Problems as findings, at the level that the file's `rules` give them; those switched off are left out."""
    shown = leveled(problems, rules)
    found = [Finding(p.code, p.level, p.summary, 1, p.detail, p.fix, p.where) for p in shown]
    return tuple(sorted(found, key=lambda f: (f.code, f.detail)))
