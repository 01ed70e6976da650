"""The one place where it is decided what of a plan leaves the program, and what is personal.

Personal is every value of a person, on either side and of any field; the id of a person and of a contact; and whatever
is made of a value: a tag of `dynamic_tags` carries the value in its name. Not personal are names of fields, columns,
files and declared tags, options that the file declares, counts, and row numbers of the source.

`redacted` is the one way from a plan to something that may be printed, saved or sent. Documents (`report.shapes`) are
made of a `Redacted` alone, every format but one is drawn from a document, and the modules that draw them may not know
what a plan is (the contracts of `pyproject.toml` see to it). The one format is the text at the terminal of somebody who
asked for values with `--show-values`: it is drawn from the plan, on stdout, and `cli` refuses it elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from itertools import groupby
from typing import TYPE_CHECKING

from reconciler.model.addresses import list_address
from reconciler.model.plan import Delta, InventoryChange, Plan, TagCount
from reconciler.report.words import some

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

TOGETHER = "dynamic_tags["
"""How the address begins under which tags made from values are shown together."""


class _People:
    """How many contacts change; who, and to what, is not there any more."""

    __slots__ = ("contacts", "keys")

    def __init__(self, contacts: int, keys: tuple[str, ...]) -> None:
        self.contacts = contacts
        self.keys = keys

    def batches(self) -> Iterator[pa.RecordBatch]:
        return iter(())


_SEAL = object()


@dataclass(frozen=True, slots=True, init=False)
class Redacted:
    """A plan without anything personal. Only `redacted` makes one."""

    plan: Plan

    def __init__(self, plan: Plan, seal: object = None) -> None:
        if seal is not _SEAL:
            raise TypeError("only redacted() makes a redacted plan")
        object.__setattr__(self, "plan", plan)


def redacted(plan: Plan) -> Redacted:
    """The plan with counts in the place of people, numbers in the place of the names of tags made from values, and no
    example."""
    public = replace(
        plan,
        values_shown=False,
        examples={},
        kept={},
        remembers=None,
        caches=None,
        bound={},
        people=_People(plan.people.contacts, plan.people.keys),
    )
    inventory = tuple(_nameless(change, at) for at, change in enumerate(plan.inventory))
    tags = tuple(replace(t, name=f"{t.under} {at}") if t.under else t for at, t in enumerate(plan.tags))
    return Redacted(replace(public, inventory=inventory, tags=tags), _SEAL)


def _nameless(change: InventoryChange, number: int) -> InventoryChange:
    if not change.under:
        return change
    return replace(change, address=list_address(change.under), key=f"{change.under} {number}", new_key=None, deltas=())


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
