"""The gateway: everything between the program and a CRM's adapter. Reading is here, writing in `Writer`.

It counts, paces and repeats calls, makes batches where the adapter has them and single calls where it has not, and
raises adapters' errors; `runtime.failures` gives them words. Where the file names several kinds of objects each has a
door of its own, and what is asked of all of them is asked of one after the other.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime
from functools import partial
from types import GeneratorType
from typing import TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from reconciler.adapters.crm import (
    FORMER,
    ID,
    Batches,
    ChecksRights,
    Crm,
    KeepsKeys,
    KnowsGroups,
    Metered,
    ReadsAll,
    WireRecord,
)
from reconciler.adapters.errors import CrmFailed, NotFound, RateLimited, Unavailable
from reconciler.adapters.meter import Meter
from reconciler.model.capabilities import READS, Ability, Call, Capabilities
from reconciler.model.clock import Clock
from reconciler.model.inventory import Account, Inventory
from reconciler.model.objects import ONE, Objects
from reconciler.model.plan import EndpointCost
from reconciler.runtime.calls import ATTEMPTS, Calls, pause
from reconciler.runtime.objects import door_of_one

T = TypeVar("T")

_BATCHED = frozenset({Call.ADD_CONTACTS, Call.UPDATE_CONTACTS, Call.APPLY_TAG, Call.REMOVE_TAG, Call.LOAD_CONTACTS})


class Gateway:
    """One CRM, reads and the means of writing. Every method may raise `AdapterError`."""

    def __init__(
        self,
        crm: Crm,
        clock: Clock,
        rate: float | None = None,
        most: int | None = None,
        objects: tuple[Objects, Sequence[Crm]] = (ONE, ()),
    ) -> None:
        """`rate`: calls a second, where the file says so; `most`: the number of calls after which writing stops.
        `objects`: the kinds of objects, and the doors to all but the first of them."""
        self.crm = crm
        self.objects, others = objects
        self._own_doors = self.doors = (crm, *others)
        if self.objects.several or self.objects.keys:
            named = zip(self.objects.names, (crm, *others), strict=True)
            self.doors = tuple(door_of_one(door, self.objects.keys.get(name, {})) for name, door in named)
        self.capabilities = _as_used(crm, rate)
        # A door that does not pace its calls itself is called by one thread; so is one whose calls are numbered.
        self._meter = crm.meter if isinstance(crm, Metered) else Meter()
        self._alone = most is not None
        self.calls = Calls(self.capabilities, clock, most, self._meter if isinstance(crm, Metered) else None)
        self._clock = clock

    @property
    def workers(self) -> int:
        """How many calls may be on the way at once now."""
        return 1 if self._alone else self._meter.workers

    def begin(self, work: Callable[[], T]) -> Future[T]:
        """Make calls beside what else is on the way."""
        return self._meter.begin(work)

    def in_order(self, tasks: Iterable[Callable[[], T]]) -> Iterator[T]:
        """The results of these calls, in their order; several are on the way at once where the door allows it."""
        return (task() for task in tasks) if self.workers == 1 else self._meter.in_order(tasks)

    def requests(self, kind: Call) -> int:
        """How many calls one of that kind is."""
        return self.calls.requests(kind)

    def check_rights(self, costs: Iterable[EndpointCost]) -> None:
        """Before the first write: whether the credentials may make all calls of that cost. Raises AuthFailed."""
        named = {(cost.name, cost.write) for cost in costs}
        rows = self.capabilities.endpoints.items()
        kinds = frozenset(kind for kind, row in rows if (row.name, kind not in READS) in named)
        for door in self._own_doors:
            if isinstance(door, ChecksRights):
                door.check_rights(kinds)

    def batch(self, kind: Call) -> int:
        """Items that one call of that kind takes."""
        endpoint = self.capabilities.endpoints.get(kind)
        return endpoint.batch if endpoint else 1

    def max_bytes(self, kind: Call) -> int | None:
        endpoint = self.capabilities.endpoints.get(kind)
        return endpoint.max_bytes if endpoint else None

    def connect(self) -> Account:
        return self.calls.make(Call.CONNECT, self.crm.connect)

    def inventory(self) -> Inventory:
        """The live fields and tags."""
        fields, *others = (self.calls.make(Call.SYNC_FIELDS, door.sync_crm_fields) for door in self.doors)
        tags = tuple(self.calls.make(Call.SYNC_TAGS, self.crm.sync_tags))
        names = self.objects.names[1:]
        first, *more = self._own_doors
        rows = zip(names, others, more, strict=False)
        beside = {
            name: Inventory(tuple(found), tags, groups=_groups(door), kept=_kept(door)) for name, found, door in rows
        }
        return Inventory(tuple(fields), tags, beside, _groups(first), _kept(first))

    def door_of(self, object: str) -> Crm:
        """The door of one kind of object; "" is the first."""
        return self.doors[self.objects.names.index(object) if object else 0]

    def apart(self, ids: Sequence[str]) -> list[tuple[Crm, list[int]]]:
        """The doors that these contacts are behind, each with their places in `ids`."""
        if len(self.doors) == 1:
            return [(self.doors[0], list(range(len(ids))))]
        places: list[list[int]] = [[] for _ in self.doors]
        for at, id in enumerate(ids):
            places[self.objects.number(id)].append(at)
        return [(door, some) for door, some in zip(self.doors, places, strict=True) if some]

    def contacts(self, keys: Sequence[str], since: datetime | None = None) -> Iterator[pa.RecordBatch]:
        """All contacts in pages, or those that changed `since` a moment (that one included): to the end or an error,
        never a part of them as if it were all, none twice. Those of each kind of object follow those of the one before.
        """
        for door in self.doors:
            yield from self._pages(door, keys, since)

    def _pages(self, crm: Crm, keys: Sequence[str], since: datetime | None) -> Iterator[pa.RecordBatch]:
        """Those of one kind. After RateLimited or Unavailable an iterator is asked again for the same page. A generator
        cannot be: it is begun anew, and contacts that were given already are left out.
        """
        if not isinstance(crm, ReadsAll):
            raise CrmFailed("E390")
        kind = Call.ALL_CONTACTS
        if since is not None and Call.CHANGED_CONTACTS in self.capabilities.endpoints:
            kind = Call.CHANGED_CONTACTS
        before = self.calls.counts[kind]
        pages = crm.all_contacts(keys, since)
        given: list[pa.Array] = []
        attempt = 1
        anew = False
        while True:
            try:
                page = next(pages, None)
            except (RateLimited, Unavailable) as error:
                self.calls.spend(kind)
                if attempt == ATTEMPTS or error.repeated:
                    raise
                self._clock.sleep(pause(attempt, error))
                attempt += 1
                if isinstance(pages, GeneratorType):
                    pages, anew = crm.all_contacts(keys, since), True
                continue
            if page is None:
                break
            self.calls.spend(kind)
            attempt = 1
            if anew:
                page = _without(page, given)
            if isinstance(pages, GeneratorType):
                given.append(pa.concat_arrays([page.column(ID), pa.array([], pa.string())]))
            yield page
        if not given and self.calls.counts[kind] == before:
            self.calls.spend(kind)

    def look_up(self, email: str) -> str | None:
        """The contact with that e-mail now, or None; of several kinds the first that has one."""
        for door in self.doors:
            found = self.calls.make(Call.GET_CONTACT_ID, partial(door.get_contact_id, email))
            if found is not None:
                return found
        return None

    def tags_of(self, contact: str) -> Sequence[str]:
        door = self.doors[self.objects.number(contact)]
        return self.calls.make(Call.GET_TAGS, lambda: door.get_tags(contact))

    def load(self, ids: Sequence[str], keys: Sequence[str]) -> list[WireRecord]:
        """Those of these contacts that exist, each with `$id`; as many calls as batches are needed. Who was merged into
        another contact is answered with that one, which names them as `$former`, of whichever kind it is."""
        loaded: list[WireRecord] = []
        for door, places in self.apart(ids):
            loaded += self._load(door, [ids[at] for at in places], keys)
        if len(self.doors) > 1 and Ability.TELL_MERGES in self.capabilities.can:
            loaded += self._elsewhere(ids, loaded, keys)
        return loaded

    def _elsewhere(self, ids: Sequence[str], loaded: list[WireRecord], keys: Sequence[str]) -> list[WireRecord]:
        """Those that no door knows as its own: something of another kind may be what they have become."""
        known = {id for record in loaded for id in (record.get(ID), *json.loads(record.get(FORMER) or "[]"))}
        missing = [id for id in ids if id not in known]
        found: list[WireRecord] = []
        for number, door in enumerate(self.doors):
            if asked := [id for id in missing if self.objects.number(id) != number]:
                found += self._load(door, asked, keys)
        return found

    def _load(self, crm: Crm, ids: Sequence[str], keys: Sequence[str]) -> list[WireRecord]:
        if not isinstance(crm, Batches):
            singles = self.in_order(partial(self._load_one, crm, contact, keys) for contact in ids)
            return [record for record in singles if record is not None]
        many, size = crm.load_many, self.batch(Call.LOAD_CONTACTS)
        parts = (partial(many, ids[start : start + size], keys) for start in range(0, len(ids), size))
        batches = self.in_order(partial(self.calls.make, Call.LOAD_CONTACTS, part) for part in parts)
        return [record for batch in batches for record in batch]

    def _load_one(self, crm: Crm, contact: str, keys: Sequence[str]) -> WireRecord | None:
        try:
            record = self.calls.make(Call.LOAD_CONTACTS, lambda: crm.load_contact(contact, keys))
        except NotFound:
            return None
        return {**record, ID: record.get(ID) or contact}


def _as_used(crm: Crm, rate: float | None) -> Capabilities:
    """What the CRM can do, with the file's rate, and one item a call where it has no batches: so that a plan is priced
    as it is carried out. A vendor's limit holds whatever the file says; without one the file's rate replaces ours."""
    has = crm.capabilities
    single = frozenset() if isinstance(crm, Batches) else _BATCHED
    rows = {
        kind: replace(row, batch=1 if kind in single else max(1, row.batch), rate=_slower(row.rate, rate))
        for kind, row in has.endpoints.items()
    }
    used = rate or has.rate
    return replace(
        has,
        endpoints=rows,
        rate=min(used, has.rate) if isinstance(crm, Metered) else used,
        paced=has.paced or rate is not None,
    )


def _kept(door: Crm) -> Mapping[str, frozenset[str]]:
    return door.kept_keys() if isinstance(door, KeepsKeys) else {}


def _groups(door: Crm) -> frozenset[str]:
    return frozenset(door.groups()) if isinstance(door, KnowsGroups) else frozenset()


def _slower(own: float | None, file: float | None) -> float | None:
    return min(own, file) if own and file else own


def _without(page: pa.RecordBatch, given: list[pa.Array]) -> pa.RecordBatch:
    """The contacts of the page that were not given before."""
    known = pa.chunked_array(given, pa.string())
    return page.filter(pc.invert(pc.is_in(page.column(ID), value_set=known)))
