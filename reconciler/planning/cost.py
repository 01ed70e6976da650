"""What a plan costs: calls per endpoint, reads and writes apart, and the time they take at the rates of the CRM.

Counted in items per call (`Endpoint.batch`); a vendor's limit in bytes depends on the values and is not looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.model.capabilities import READS, Call, Capabilities, Endpoint
from reconciler.model.inventory import Inventory
from reconciler.model.plan import Action, Cost, EndpointCost, InventoryChange

_INVENTORY_CALLS: dict[tuple[str, Action], tuple[Call, str]] = {
    # Changes of one field with the same word beside the call go out in one call. Options are removed after people
    # are written, everything else before.
    ("field", Action.CREATE): (Call.ADD_FIELD, ""),
    ("field", Action.RENAME): (Call.UPDATE_FIELD, "rename"),
    ("field", Action.UPDATE): (Call.UPDATE_FIELD, "before people"),
    ("option", Action.CREATE): (Call.UPDATE_FIELD, "before people"),
    ("option", Action.UPDATE): (Call.UPDATE_FIELD, "before people"),
    ("option", Action.DELETE): (Call.UPDATE_FIELD, "after people"),
    ("field", Action.DELETE): (Call.DELETE_FIELD, ""),
    ("tag", Action.CREATE): (Call.ADD_TAG, ""),
    ("tag", Action.RENAME): (Call.RENAME_TAG, ""),
    ("tag", Action.DELETE): (Call.DELETE_TAG, ""),
}


NOTHING = Inventory()


@dataclass(frozen=True, slots=True)
class Work:
    """What apply has to do for people, in items: contacts to create, contacts to update with values, people per tag
    name to apply it to and to take it from, contacts to look up by e-mail, contacts known from a snapshot to be read
    again before they are changed, written contacts to read back; of creates and updates those whose address moves,
    rank by rank; and whether the account answers with an id only once something was written."""

    creates: int = 0
    updates: int = 0
    applied: Mapping[str, int] = field(default_factory=dict)
    removed: Mapping[str, int] = field(default_factory=dict)
    lookups: int = 0
    again: int = 0
    read_back: int = 0
    new_account: bool = False
    ranked_creates: Sequence[int] = ()
    ranked_updates: Sequence[int] = ()


def plan_cost(
    capabilities: Capabilities,
    reads: Mapping[Call, int],
    inventory_changes: Iterable[InventoryChange],
    work: Work,
    inventory: Inventory = NOTHING,
) -> Cost:
    """Calls made so far (`reads`) and those that apply will make; seconds are all of them, each at its own rate.
    `inventory`: the live one, which knows what groups of fields there are."""
    changes = tuple(inventory_changes)
    made = _inventory_calls(changes)
    if Call.ADD_GROUP in capabilities.endpoints:
        made[Call.ADD_GROUP] += len(_new_groups(changes, inventory))
    for call, items in _items(work):
        made[call] += -(-items // _endpoint(capabilities, call).batch)
    calls = Counter(reads)
    for call, count in made.items():
        for kind in (call, *_endpoint(capabilities, call).also):
            calls[kind] += count
    rows: Counter[tuple[str, bool]] = Counter()
    for call, count in calls.items():
        rows[_endpoint(capabilities, call).name, call not in READS] += count
    endpoints = tuple(EndpointCost(name, count, write) for (name, write), count in sorted(rows.items()) if count)
    written = sum(e.calls for e in endpoints if e.write)
    read = sum(e.calls for e in endpoints if not e.write)
    seconds = sum(count / rate for call, count in calls.items() if (rate := _rate(capabilities, call)) > 0)
    return Cost(read, written, seconds, capabilities.rate, endpoints)


def _items(work: Work) -> Iterator[tuple[Call, int]]:
    """Items that share calls; a tag's people share calls with nobody else's, nor do contacts of different ranks."""
    waiting = sum(work.ranked_updates)
    for creates in (work.creates - sum(work.ranked_creates), *work.ranked_creates):
        yield Call.ADD_CONTACTS, creates
    for updates in (work.updates - waiting, *work.ranked_updates):
        yield Call.UPDATE_CONTACTS, updates
    yield Call.GET_CONTACT_ID, work.lookups
    yield Call.CONNECT, int(work.new_account)
    for again in (work.again - waiting, *work.ranked_updates) if work.again else ():
        yield Call.LOAD_CONTACTS, again
    yield Call.LOAD_CONTACTS, work.read_back
    for people in work.applied.values():
        yield Call.APPLY_TAG, people
    for people in work.removed.values():
        yield Call.REMOVE_TAG, people


def _inventory_calls(changes: Iterable[InventoryChange]) -> Counter[Call]:
    objects = {
        (*found, change.shown) for change in changes if (found := _INVENTORY_CALLS.get((change.kind, change.action)))
    }
    return Counter(call for call, *_ in objects)


def _new_groups(changes: Iterable[InventoryChange], inventory: Inventory) -> frozenset[tuple[str, str]]:
    """Groups, by kind of object, that fields are put into and that are not there so far."""
    live = {"": inventory, **inventory.others}
    there = {(name, field.group) for name, fields in live.items() for field in fields.fields}
    there |= {(name, group) for name, fields in live.items() for group in fields.groups}
    groups = {
        (change.object, delta.after)
        for change in changes
        if (change.kind, change.action) in (("field", Action.CREATE), ("field", Action.UPDATE))
        for delta in change.deltas
        if delta.path == "group" and delta.after
    }
    return frozenset((name, group) for name, group in groups if (name, group) not in there)


def _rate(capabilities: Capabilities, call: Call) -> float:
    return _endpoint(capabilities, call).rate or capabilities.rate


def _endpoint(capabilities: Capabilities, call: Call) -> Endpoint:
    return capabilities.endpoints.get(call) or Endpoint(call.value)
