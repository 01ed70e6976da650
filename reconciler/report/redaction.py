"""What of a plan is somebody's data, and what is shown instead.

Values never stand in a plan. Names of fields and tags are not personal, with one exception: a tag that is made from a
value carries the value in its name. Such tags are shown together, under the name of their list, unless the person at
the terminal asked for values.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace
from itertools import groupby

from reconciler.model.addresses import list_address
from reconciler.model.plan import Delta, InventoryChange, Plan, TagCount
from reconciler.report.words import some

TOGETHER = "dynamic_tags["
"""How the address begins under which tags made from values are shown together."""


def shown_changes(plan: Plan) -> tuple[InventoryChange, ...]:
    """The inventory's changes; tags made from values as one change per list and action."""
    if plan.values_shown:
        return plan.inventory
    made = sorted((c for c in plan.inventory if c.under), key=lambda c: (c.under, c.action))
    together = (_one_change(list(group)) for _, group in groupby(made, key=lambda c: (c.under, c.action)))
    return (*(c for c in plan.inventory if not c.under), *together)


def _one_change(changes: list[InventoryChange]) -> InventoryChange:
    first, count = changes[0], len(changes)
    return replace(
        first,
        address=list_address(first.under),
        key=first.under,
        deltas=(Delta("tags", None, count),),
        summary=f"{some(count, 'tag')} made from values",
        holders=sum(c.holders for c in changes),
    )


def shown_tags(plan: Plan) -> tuple[TagCount, ...]:
    """Taggings; of tags made from values one row per list and cause."""
    if plan.values_shown:
        return plan.tags
    made = sorted((t for t in plan.tags if t.under), key=lambda t: (t.under, t.cause))
    together = (_one_count(list(group)) for _, group in groupby(made, key=lambda t: (t.under, t.cause)))
    return (*(t for t in plan.tags if not t.under), *together)


def _one_count(counts: Iterable[TagCount]) -> TagCount:
    rows = list(counts)
    numbers = [f.name for f in fields(TagCount) if isinstance(getattr(rows[0], f.name), int)]
    return replace(rows[0], name=rows[0].under, **{name: sum(getattr(r, name) for r in rows) for name in numbers})
