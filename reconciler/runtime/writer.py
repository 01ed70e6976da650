"""Writing contacts through the gateway: one result per contact, recovery included. No order and no plan here.

What an error means: `Uncertain` is settled by an upsert, or looked up, before a creation is repeated, and repeated at
once where repeating is harmless; `Duplicate` becomes an update; `NotFound` is looked up by e-mail; a call refused as a
whole is halved until only the one at fault is refused. RateLimited and Unavailable, after their repetitions, stay on
the items that they hit: nothing of those was done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from reconciler.adapters.crm import Batches, Crm, Done, Record, Upserts
from reconciler.adapters.errors import (
    AdapterError,
    CrmFailed,
    Duplicate,
    NotFound,
    RateLimited,
    Rejected,
    Unavailable,
    Uncertain,
)
from reconciler.model.capabilities import Call
from reconciler.model.plan import TagAction
from reconciler.runtime.gateway import Gateway

Many = Callable[[Sequence[Any]], Sequence[Done]]
One = Callable[[Any], str]
"""An adapter's method for many items, and for one: what the items are depends on the kind of call."""

DOWN = (RateLimited, Unavailable)
"""Errors after which nothing more should be tried now."""

_ONE_AT_FAULT = (Rejected, Duplicate, NotFound)


@dataclass(frozen=True, slots=True)
class Item:
    """One contact to write. `record`: encoded values. `existing`: what is written if the contact turns out to exist
    already without being ours (values whose policy lets them overwrite). `contact`: None for a creation."""

    record: Record
    email: str | None
    contact: str | None = None
    existing: Record | None = None


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one item: the contact it is now, or why not. `recovered`: it went another way than planned;
    `foreign`: the contact was there already and made by somebody else. `down`: the CRM stopped answering while it was
    looked for."""

    contact: str | None = None
    error: AdapterError | None = None
    recovered: bool = False
    foreign: bool = False
    down: AdapterError | None = None

    @property
    def uncertain(self) -> bool:
        return isinstance(self.error, Uncertain)


class Writer:
    """Creates, updates and tags; every method gives one result per item, in order."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def create(self, items: Sequence[Item]) -> list[Fate]:
        """Create contacts; one that exists already is updated instead."""
        fates: dict[int, Fate] = {}
        open = list(range(len(items)))
        found: dict[int, Fate] = {}
        for _attempt in range(2):
            done = self._call(Call.ADD_CONTACTS, [items[i].record for i in open])
            again = []
            down: AdapterError | None = None
            settled = self._settled(items, [i for i, one in zip(open, done, strict=True) if _lost(one)])
            for i, one in zip(open, done, strict=True):
                if i in settled:
                    fates[i] = Fate(settled[i], recovered=True)
                elif isinstance(one.error, (Duplicate, Uncertain)):
                    fate = self._found(items[i], one.error) if down is None else _unknown(down)
                    down = down or fate.down
                    if fate.contact:
                        found[i] = fate
                    elif fate.uncertain and fate.recovered:
                        again.append(i)
                    else:
                        fates[i] = fate
                else:
                    fates[i] = Fate(one.id, one.error)
            open = again
            if not open:
                break
        fates |= {i: Fate(error=Uncertain("a creation was not confirmed")) for i in open}
        fates |= self._take_over(items, found)
        return [fates[i] for i in range(len(items))]

    def _settled(self, items: Sequence[Item], lost: Sequence[int]) -> dict[int, str]:
        """Contacts of those whose answer was lost that one call settled, which creates or updates; the others have to
        be looked up. Only where all values may overwrite those of a contact that was there."""
        crm = self._gateway.doors[self._gateway.objects.create_as]
        asked = [i for i in lost if items[i].email and items[i].existing == items[i].record]
        if not asked or len(self._gateway.doors) > 1 or not isinstance(crm, Upserts):
            return {}
        upsert, records = crm.upsert_contacts, [items[i].record for i in asked]
        try:
            done = self._gateway.calls.make(Call.ADD_CONTACTS, lambda: upsert(records))
        except (*_ONE_AT_FAULT, Uncertain, *DOWN):
            return {}
        if len(done) != len(asked):
            return {}
        return {i: one.id for i, one in zip(asked, done, strict=True) if one.id and not one.error}

    def _found(self, item: Item, error: Duplicate | Uncertain) -> Fate:
        """Which contact an unclear creation led to. Without one: `recovered` says that looking showed there is none."""
        if isinstance(error, Duplicate) and error.existing:
            return Fate(error.existing, recovered=True, foreign=True)
        try:
            contact = self._gateway.look_up(item.email) if item.email else None
        except DOWN as down:
            return _unknown(down)
        if contact is None:
            return Fate(error=error, recovered=True)
        return Fate(contact, recovered=True, foreign=isinstance(error, Duplicate))

    def _take_over(self, items: Sequence[Item], found: dict[int, Fate]) -> dict[int, Fate]:
        """Write to contacts that were found instead of created; those without anything to write are only linked."""
        records = {i: (items[i].existing or {}) if fate.foreign else items[i].record for i, fate in found.items()}
        fates = dict(found)
        write = [i for i, record in records.items() if record]
        updated = self.update([Item(records[i], items[i].email, found[i].contact) for i in write])
        for i, fate in zip(write, updated, strict=True):
            fates[i] = Fate(fate.contact, fate.error, recovered=True, foreign=found[i].foreign)
        return fates

    def update(self, items: Sequence[Item]) -> list[Fate]:
        """Update contacts; a lost answer is repeated, a contact that is gone looked up by its e-mail, once."""
        done = self._call(Call.UPDATE_CONTACTS, [(item.contact or "", item.record) for item in items])
        fates = [Fate(one.id or item.contact, one.error) for item, one in zip(items, done, strict=True)]
        again: dict[int, str] = {}
        for i, (item, fate) in enumerate(zip(items, fates, strict=True)):
            if isinstance(fate.error, Uncertain):
                again[i] = item.contact or ""
            elif isinstance(fate.error, NotFound) and (other := self._other(item)):
                again[i] = other
        if again:
            repeated = self._call(Call.UPDATE_CONTACTS, [(again[i], items[i].record) for i in again])
            for (i, contact), one in zip(again.items(), repeated, strict=True):
                fates[i] = Fate(contact, one.error, recovered=contact != items[i].contact)
        return [Fate(None if f.error else f.contact, f.error, f.recovered, f.foreign) for f in fates]

    def _other(self, item: Item) -> str | None:
        """The contact that has the item's e-mail now, if it is another one than was meant."""
        if not item.email:
            return None
        try:
            contact = self._gateway.look_up(item.email)
        except DOWN:
            return None
        return contact if contact != item.contact else None

    def tag(self, action: TagAction, tag: str, contacts: Sequence[str]) -> list[AdapterError | None]:
        """Apply or remove one tag (its key) on many contacts; a lost answer is repeated once."""
        kind = Call.APPLY_TAG if action is TagAction.APPLY else Call.REMOVE_TAG
        errors = [one.error for one in self._call(kind, list(contacts), tag)]
        lost = [i for i, error in enumerate(errors) if isinstance(error, Uncertain)]
        if lost:
            for i, one in zip(lost, self._call(kind, [contacts[i] for i in lost], tag), strict=True):
                errors[i] = one.error
        return errors

    def _call(self, kind: Call, items: Sequence[Any], tag: str = "") -> list[Done]:
        """One outcome per item, in order; those of one kind of object are written together."""
        done: list[Done] = [Done()] * len(items)
        for crm, places in self._apart(kind, items):
            some = [items[at] for at in places]
            many, one = _methods(crm, kind, tag)
            found = self._many(kind, some, many) if many else self._singly(kind, some, one)
            for at, outcome in zip(places, found, strict=True):
                done[at] = outcome
        return done

    def _apart(self, kind: Call, items: Sequence[Any]) -> list[tuple[Crm, list[int]]]:
        """The doors to write through, each with the places of its items."""
        if not items:
            return []
        gateway = self._gateway
        if kind is Call.ADD_CONTACTS:
            return [(gateway.doors[gateway.objects.create_as], list(range(len(items))))]
        return gateway.apart([item if isinstance(item, str) else item[0] for item in items])

    def _many(self, kind: Call, items: Sequence[Any], many: Many) -> list[Done]:
        try:
            done = list(self._gateway.calls.make(kind, lambda: many(items)))
        except _ONE_AT_FAULT as error:
            if len(items) == 1:
                return [Done(error=error)]
            half = len(items) // 2
            return [*self._many(kind, items[:half], many), *self._many(kind, items[half:], many)]
        except (Uncertain, *DOWN) as error:
            return [Done(error=error) for _ in items]
        if len(done) != len(items):
            raise CrmFailed("E309", f"{len(items)} items were sent to {kind.value}, {len(done)} were answered")
        later = [i for i, one in enumerate(done) if isinstance(one.error, DOWN)]
        if later and len(later) < len(items):
            for i, one in zip(later, self._many(kind, [items[i] for i in later], many), strict=True):
                done[i] = one
        return done

    def _singly(self, kind: Call, items: Sequence[Any], one: One) -> list[Done]:
        down: list[AdapterError] = []

        def call(item: Any) -> Done:
            if down:
                return Done(error=down[0])
            try:
                return Done(self._gateway.calls.make(kind, partial(one, item)))
            except (*_ONE_AT_FAULT, Uncertain, *DOWN) as error:
                if isinstance(error, DOWN):
                    down.append(error)
                return Done(error=error)

        return list(self._gateway.in_order(partial(call, item) for item in items))


def _unknown(down: AdapterError) -> Fate:
    return Fate(error=Uncertain("a creation was not confirmed"), down=down)


def _lost(one: Done) -> bool:
    return isinstance(one.error, Uncertain)


def _methods(crm: Crm, kind: Call, tag: str) -> tuple[Many | None, One]:
    """The adapter's method for many items, if it has one, and the one for a single item."""

    def updated(pair: tuple[str, Record]) -> str:
        crm.update_contact(*pair)
        return pair[0]

    def tagged(act: Callable[[Sequence[str], str], None]) -> One:
        def one(contact: str) -> str:
            act([tag], contact)
            return contact

        return one

    singles: dict[Call, One] = {
        Call.ADD_CONTACTS: crm.add_contact,
        Call.UPDATE_CONTACTS: updated,
        Call.APPLY_TAG: tagged(crm.apply_tags),
        Call.REMOVE_TAG: tagged(crm.remove_tags),
    }
    if not isinstance(crm, Batches):
        return None, singles[kind]
    apply_tag, remove_tag = crm.apply_tag, crm.remove_tag
    batches: dict[Call, Many] = {
        Call.ADD_CONTACTS: crm.add_contacts,
        Call.UPDATE_CONTACTS: crm.update_contacts,
        Call.APPLY_TAG: lambda contacts: apply_tag(tag, contacts),
        Call.REMOVE_TAG: lambda contacts: remove_tag(tag, contacts),
    }
    return batches[kind], singles[kind]
