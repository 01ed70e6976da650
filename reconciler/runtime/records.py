"""What of a plan's changes of people is sent: rows, and the record of each in the CRM's own shapes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import compress, islice

import pyarrow as pa
import pyarrow.compute as pc

from reconciler.adapters.crm import STATUS
from reconciler.model.addresses import person_digest
from reconciler.model.capabilities import Call, Json
from reconciler.model.desired import Desired, Push
from reconciler.model.plan import ContactAction, Plan, TagAction, Verdict
from reconciler.runtime.applying import Applying
from reconciler.runtime.inventory import InventoryWriter
from reconciler.runtime.rows import Row, Was
from reconciler.runtime.writer import Item

_PULL = pa.scalar(int(Verdict.PULL), pa.int8())
_ROWS = 1_000  # rows that are Python objects at a time


@dataclass(frozen=True, slots=True)
class Way:
    """How values of one field of the file are written. `doubtful`: some of its options could not be added."""

    live: str
    encode: Callable[[str], Json]
    overwrites: bool
    doubtful: bool


class Records:
    """Of one apply, once fields and tags are what they are going to be."""

    def __init__(self, applying: Applying, plan: Plan, desired: Desired, inventory: InventoryWriter) -> None:
        self._plan, self._desired, self._inventory = plan, desired, inventory
        self._two_way = frozenset(key for key, entry in desired.fields.items() if entry.pull)
        self._on_create = frozenset(tag.name for tag in desired.tags.values() if tag.on_create)
        gateway = applying.gateway
        self._weighed = any(gateway.max_bytes(kind) for kind in (Call.ADD_CONTACTS, Call.UPDATE_CONTACTS))
        self._key = applying.state.key
        self._empty = gateway.capabilities.clears_with
        self.ways: Mapping[str, Way] = {key: way for key in plan.people.keys if (way := self._way(key)) is not None}

    def _way(self, key: str) -> Way | None:
        """None: the field is not there."""
        live = self._inventory.field_key(key)
        if live is None:
            return None
        bound, entry = self._plan.bound.get(key), self._desired.fields.get(key)
        overwrites = entry is not None and entry.push is Push.ALWAYS
        return Way(live, bound.wire.encode if bound else str, overwrites, self._inventory.lost_options(key))

    def rows(self, befores: bool) -> Iterator[Row]:
        """All rows in the order of the plan. `befores`: with what it saw there."""
        for batch in self._plan.people.batches():
            for start in range(0, batch.num_rows, _ROWS):
                yield from self._some_rows(batch.slice(start, _ROWS), befores)

    def _some_rows(self, batch: pa.RecordBatch, befores: bool) -> Iterator[Row]:
        """The rows of a small batch, lists read as columns: a fraction of the cost of reading them as objects."""
        keys = self._plan.people.keys
        values, tags = batch.column("values"), batch.column("tags")
        changed, tagged = values.flatten(), tags.flatten()
        fields = [keys[field] for field in changed.field("field").to_pylist()]
        afters = iter(zip(fields, changed.field("after").to_pylist(), strict=True))
        ours = iter(pc.not_equal(changed.field("verdict"), _PULL).to_pylist() if self._two_way else ())
        ranks = batch.column("rank").to_pylist()
        looks = befores or any(ranks)
        looked, causes = changed.field("before").to_pylist(), changed.field("cause").to_pylist()
        unread = pc.and_(changed.field("filled"), pc.is_null(changed.field("before"))).to_pylist()
        at = 0
        actions = map(TagAction, tagged.field("action").to_pylist())
        taggings = iter(zip(tagged.field("tag").to_pylist(), actions, strict=True))
        people = (batch.column(name).to_pylist() for name in ("person", "match", "contact", "action"))
        counts = values.value_lengths().to_pylist(), tags.value_lengths().to_pylist()
        for person, email, contact, action, filled, carried, rank in zip(*people, *counts, ranks, strict=True):
            written = islice(afters, filled)
            was = Was(*(told[at : at + filled] for told in (fields, looked, causes, unread)))
            at += filled
            yield Row(
                digest=person_digest(self._key, person),
                email=email,
                contact=contact,
                create=action == ContactAction.CREATE,
                values=dict(compress(written, islice(ours, filled)) if self._two_way else written),
                tags=list(islice(taggings, carried)),
                before=dict(zip(was.keys, was.befores, strict=True)) if looks else None,
                rank=rank,
                person=person,
                was=was,
                made=action == ContactAction.CREATE,
            )

    def prepare(self, row: Row) -> None:
        """Leave out what depends on a field, option or tag that could not be made; encode the rest."""
        wanted = len(row.values) + len(row.tags)
        if row.create:
            row.owed = frozenset(name for name, _ in row.tags if name in self._on_create)
        ways = self.ways
        row.values = {
            key: after
            for key, after in row.values.items()
            if key in ways and not (ways[key].doubtful and self._inventory.lost_value(key, after))
        }
        row.tags = [(name, action) for name, action in row.tags if self._inventory.tag_key(name)]
        row.short = row.short or len(row.values) + len(row.tags) < wanted
        row.parts = (1 if row.create or row.values else 0) + len(row.tags)
        record: dict[str, Json] = {}
        existing: dict[str, Json] = {}
        for key, after in row.values.items():
            way = ways[key]
            record[way.live] = value = self._empty if after is None else way.encode(after)
            if way.overwrites:
                existing[way.live] = value
        if row.create:
            self._complete(record, row)
        row.item = Item(record, row.email, row.contact, existing)
        if self._weighed:
            row.bytes = len(json.dumps(record, ensure_ascii=False).encode()) + len(row.contact or "")

    def _complete(self, record: dict[str, Json], row: Row) -> None:
        """A new contact has its e-mail, and the status that the file says."""
        match = self._desired.identity.match
        live = self._inventory.field_key(match) or match
        if row.email and live not in record:
            bound = self._plan.bound.get(match)
            record[live] = bound.wire.encode(row.email) if bound else row.email
        if self._desired.contacts.status:
            record[STATUS] = self._desired.contacts.status
