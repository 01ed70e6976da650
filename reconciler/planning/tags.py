"""How one entry of `tags` stands in one CRM. Names that differ only in case, spaces or HTML entities are one tag."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from reconciler.model.addresses import tag_address
from reconciler.model.capabilities import Ability, Capabilities
from reconciler.model.desired import Tag
from reconciler.model.inventory import CrmTag, Inventory
from reconciler.model.messages import problem
from reconciler.model.plan import Action, Delta, InventoryChange
from reconciler.model.problems import Problem
from reconciler.planning.obstacles import Obstacle, both_there, still_declared


@dataclass(frozen=True, slots=True)
class TagPlan:
    """What one entry needs. `uses`: the live tag it stands for today. `blocked`: why it cannot be applied, or "".
    `count`: whether the change asks for the number of contacts that carry `uses`."""

    changes: tuple[InventoryChange, ...] = ()
    problems: tuple[Problem, ...] = ()
    uses: CrmTag | None = None
    blocked: str = ""
    count: bool = False


@dataclass(frozen=True, slots=True)
class LiveTags:
    """The CRM's tags with what it can do. `declared`: the names under `tags` of the file."""

    inventory: Inventory
    capabilities: Capabilities
    declared: frozenset[str] = frozenset()


def plan_tag(entry: Tag, live: LiveTags) -> TagPlan:
    """The change of one entry, and the live tag that it stands for."""
    there = live.inventory.tag(entry.name)
    former = live.inventory.tag(entry.renamed_from) if entry.renamed_from else None
    twins = tuple(t for t in live.inventory.tags_like(entry.name) if t not in (there, former))
    problems = tuple(_twin(entry, twin) for twin in twins)
    if entry.absent:
        return replace(_absent(entry, there, live.capabilities) if there else TagPlan(), problems=problems)
    if entry.renamed_from and entry.renamed_from in live.declared:
        plan = blocked_tag(entry, there, still_declared(entry.renamed_from, "tags"))
    elif twins and there is None:
        name = twins[0].name
        obstacle = Obstacle(f"the CRM has it as {name}", f"write the tag as `{name}`, or rename that one in the CRM")
        plan = blocked_tag(entry, former, obstacle)
    else:
        plan = _SITUATIONS[former is not None, there is not None](entry, former, there, live.capabilities)
    return replace(plan, problems=(*problems, *plan.problems))


def blocked_tag(entry: Tag, uses: CrmTag | None, obstacle: Obstacle) -> TagPlan:
    """Nobody gets the tag and nobody loses it: one blocked change with the reason."""
    change = replace(
        _change(entry, Action.BLOCKED), deltas=obstacle.deltas, reason=obstacle.reason, by_hand=obstacle.by_hand
    )
    return TagPlan((change,), uses=uses, blocked=obstacle.reason)


def _create(entry: Tag, _former: CrmTag | None, _there: CrmTag | None, capabilities: Capabilities) -> TagPlan:
    deltas = (Delta("name", None, entry.name),)
    if reason := capabilities.why_not(Ability.ADD_TAG):
        return blocked_tag(entry, None, Obstacle(reason, f"create the tag `{entry.name}` in the CRM", deltas))
    return TagPlan((replace(_change(entry, Action.CREATE), deltas=deltas),))


def _existing(entry: Tag, _former: CrmTag | None, there: CrmTag | None, _capabilities: Capabilities) -> TagPlan:
    if not entry.renamed_from:
        return TagPlan(uses=there)
    detail = f"`{entry.renamed_from}` is gone and `{entry.name}` is there"
    return TagPlan(problems=(problem("R302", detail, entry.where),), uses=there)


def _rename(entry: Tag, former: CrmTag | None, _there: CrmTag | None, capabilities: Capabilities) -> TagPlan:
    name = entry.renamed_from or ""
    deltas = (Delta("name", name, entry.name),)
    if reason := capabilities.why_not(Ability.RENAME_TAG):
        return blocked_tag(entry, former, Obstacle(reason, f"rename `{name}` to `{entry.name}` in the CRM", deltas))
    change = replace(_change(entry, Action.RENAME), key=name, new_key=entry.name, deltas=deltas)
    return TagPlan((change,), uses=former)


def _both(entry: Tag, _former: CrmTag | None, there: CrmTag | None, _capabilities: Capabilities) -> TagPlan:
    return blocked_tag(entry, there, both_there(entry.renamed_from or "", entry.name))


_SITUATIONS: dict[tuple[bool, bool], Callable[[Tag, CrmTag | None, CrmTag | None, Capabilities], TagPlan]] = {
    # is the former tag there, is the tag there
    (False, False): _create,
    (False, True): _existing,
    (True, False): _rename,
    (True, True): _both,
}


def _absent(entry: Tag, there: CrmTag, capabilities: Capabilities) -> TagPlan:
    change = replace(_change(entry, Action.DELETE), deltas=(Delta("name", entry.name, None),))
    if reason := capabilities.why_not(Ability.DELETE_TAG):
        by_hand = f"remove the tag `{entry.name}` in the CRM"
        change = replace(change, action=Action.BLOCKED, reason=reason, by_hand=by_hand)
    return TagPlan((change,), uses=there, count=True)


def _twin(entry: Tag, twin: CrmTag) -> Problem:
    return problem("R303", f"`{entry.name}` here, `{twin.name}` in the CRM", entry.where)


def _change(entry: Tag, action: Action) -> InventoryChange:
    return InventoryChange(tag_address(entry.name), "tag", entry.name, action, entry.where)
