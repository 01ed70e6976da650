"""A CRM in memory behind the real door, with faults that are scheduled as data; and short ways to a plan for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pyarrow as pa

from reconciler.adapters.crm import ID, TAGS, Done, Record, WireRecord
from reconciler.adapters.errors import AdapterError, Duplicate, NotFound, Uncertain
from reconciler.model.capabilities import Ability, Call, Capabilities, Endpoint, Wire
from reconciler.model.clock import Clock
from reconciler.model.desired import Contacts, Desired, Door, Field, FromColumn, Identity, Push, Tag
from reconciler.model.inventory import Account, CrmField, CrmOption, CrmTag, Inventory
from reconciler.model.plan import (
    CHANGES,
    BoundField,
    ContactAction,
    ContactCount,
    Cost,
    InventoryChange,
    Plan,
    Remembers,
    TagAction,
    Verdict,
)
from reconciler.model.problems import Place

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
CLOCK = Clock.fixed(NOW)
KEY = bytes(range(32))
HERE = Place("reconciler.yaml", 1)
TEXT = Wire("text", frozenset({"text", "email", "select"}), str, lambda text: text or None)
BATCH = 3

CAN_ALL = Capabilities(
    can=frozenset(Ability),
    cannot={},
    wires={name: replace(TEXT, native=name) for name in ("text", "email", "select")},
    holds={name: name for name in ("text", "email", "select")},
    endpoints={
        **{call: Endpoint(call.value) for call in Call},
        **{
            call: Endpoint(call.value, BATCH)
            for call in (
                Call.ADD_CONTACTS,
                Call.UPDATE_CONTACTS,
                Call.LOAD_CONTACTS,
                Call.APPLY_TAG,
                Call.REMOVE_TAG,
            )
        },
    },
    rate=50.0,
)

Faults = dict[tuple[str, int], "AdapterError | AfterDone"]
"""(method, how many-th call of it, from 1) -> what it raises instead of acting, or after it acted."""


@dataclass(frozen=True, slots=True)
class AfterDone:
    """The call is carried out, then this is raised: its answer is lost."""

    error: AdapterError


@dataclass(slots=True)
class SingleCrm:
    """Has no batches and cannot change its inventory."""

    capabilities: Capabilities = CAN_ALL
    contacts: dict[str, dict[str, str | None]] = field(default_factory=dict)
    tags_on: dict[str, set[str]] = field(default_factory=dict)
    fields: dict[str, CrmField] = field(default_factory=lambda: {"email": CrmField("email", "E-mail", "email")})
    tags: dict[str, str] = field(default_factory=dict)  # key -> name
    faults: Faults = field(default_factory=dict)
    item_faults: dict[str, AdapterError] = field(default_factory=dict)  # by e-mail or contact id
    stores: dict[str, str] = field(default_factory=dict)  # value sent -> value stored instead
    calls: list[str] = field(default_factory=list)
    account: str = "acct-1"
    page: int = 2

    def _called(self, method: str) -> AfterDone | None:
        self.calls.append(method)
        fault = self.faults.get((method, self.calls.count(method)))
        if isinstance(fault, AdapterError):
            raise fault
        return fault

    @staticmethod
    def _answer(fault: AfterDone | None) -> None:
        if fault is not None:
            raise fault.error

    def connect(self) -> Account:
        self._called("connect")
        return Account(self.account)

    def sync_crm_fields(self) -> Sequence[CrmField]:
        self._called("sync_crm_fields")
        return tuple(self.fields.values())

    def sync_tags(self) -> Sequence[CrmTag]:
        self._called("sync_tags")
        return tuple(CrmTag(key, name) for key, name in self.tags.items())

    def get_contact_id(self, email: str) -> str | None:
        self._called("get_contact_id")
        return self._find(email)

    def _find(self, email: object) -> str | None:
        return next((id for id, record in self.contacts.items() if record.get("email") == email), None)

    def get_tags(self, contact_id: str) -> Sequence[str]:
        self._called("get_tags")
        return sorted(self.tags_on.get(contact_id, ()))

    def apply_tags(self, tags: Sequence[str], contact_id: str) -> None:
        self._called("apply_tags")
        self._tag(tags[0], contact_id, True)

    def remove_tags(self, tags: Sequence[str], contact_id: str) -> None:
        self._called("remove_tags")
        self._tag(tags[0], contact_id, False)

    def _tag(self, tag: str, contact: str, on: bool) -> None:
        if contact not in self.contacts:
            raise NotFound("no such contact")
        carried = self.tags_on.setdefault(contact, set())
        (carried.add if on else carried.discard)(tag)

    def add_contact(self, data: Record) -> str:
        fault = self._called("add_contact")
        made = self._add(data)
        self._answer(fault)
        return made

    def _add(self, data: Record) -> str:
        email = str(data["email"])
        if email in self.item_faults:
            raise self.item_faults[email]
        if self._find(email):
            raise Duplicate("there already")
        id = f"c{len(self.contacts) + 1}"
        self.contacts[id] = {}
        self._set(id, data)
        return id

    def _set(self, id: str, data: Record) -> None:
        for key, value in data.items():
            text = None if value is None else str(value)
            self.contacts[id][key] = self.stores.get(text, text) if text else None

    def update_contact(self, contact_id: str, data: Record) -> None:
        fault = self._called("update_contact")
        self._update(contact_id, data)
        self._answer(fault)

    def _update(self, id: str, data: Record) -> None:
        if id in self.item_faults:
            raise self.item_faults[id]
        if id not in self.contacts:
            raise NotFound("no such contact")
        self._set(id, data)

    def load_contact(self, contact_id: str, fields: Sequence[str]) -> WireRecord:
        self._called("load_contact")
        if contact_id not in self.contacts:
            raise NotFound("no such contact")
        return {key: self.contacts[contact_id].get(key) for key in fields}

    def load_contacts(self, tag: str) -> Iterator[str]:
        return iter([id for id, tags in self.tags_on.items() if tag in tags])

    def all_contacts(self, fields: Sequence[str], since: datetime | None = None) -> Iterator[pa.RecordBatch]:
        texts = [pa.field(key, pa.string()) for key in fields]
        schema = pa.schema([pa.field(ID, pa.string()), pa.field(TAGS, pa.list_(pa.string())), *texts])
        ids = list(self.contacts)
        for start in range(0, len(ids), self.page):
            self._called("all_contacts")
            rows = [
                {ID: id, TAGS: sorted(self.tags_on.get(id, ())), **{k: self.contacts[id].get(k) for k in fields}}
                for id in ids[start : start + self.page]
            ]
            yield pa.RecordBatch.from_pylist(rows, schema=schema)

    def close(self) -> None:
        self.calls.append("close")


@dataclass(slots=True)
class MemoryCrm(SingleCrm):
    """Can do everything, in batches."""

    def _each(self, method: str, items: Sequence[object], act: Mapping[str, object] | object) -> list[Done]:
        fault = self._called(method)
        done = []
        for item in items:
            try:
                done.append(Done(act(item)))  # type: ignore[operator]  # one of the methods below
            except AdapterError as error:
                done.append(Done(error=error))
        self._answer(fault)
        return done

    def add_contacts(self, items: Sequence[Record]) -> Sequence[Done]:
        return self._each("add_contacts", items, self._add)

    def update_contacts(self, items: Sequence[tuple[str, Record]]) -> Sequence[Done]:
        return self._each("update_contacts", items, lambda pair: self._update(*pair) or pair[0])

    def apply_tag(self, tag: str, contact_ids: Sequence[str]) -> Sequence[Done]:
        return self._each("apply_tag", contact_ids, lambda contact: self._tag(tag, contact, True) or contact)

    def remove_tag(self, tag: str, contact_ids: Sequence[str]) -> Sequence[Done]:
        return self._each("remove_tag", contact_ids, lambda contact: self._tag(tag, contact, False) or contact)

    def load_many(self, ids: Sequence[str], fields: Sequence[str]) -> Sequence[WireRecord]:
        self._called("load_many")
        found = [id for id in ids if id in self.contacts]
        return [{ID: id, **{key: self.contacts[id].get(key) for key in fields}} for id in found]

    def add_field(self, field: CrmField) -> CrmField:
        fault = self._called("add_field")
        if field.key in self.fields:
            raise Duplicate("there already")
        self.fields[field.key] = field
        self._answer(fault)
        return field

    def update_field(
        self,
        key: str,
        *,
        label: str | None = None,
        group: str | None = None,
        options: Sequence[CrmOption] | None = None,
    ) -> None:
        fault = self._called("update_field")
        there = self.fields[key]
        self.fields[key] = replace(
            there,
            label=label or there.label,
            group=group or there.group,
            options=there.options if options is None else tuple(options),
        )
        self._answer(fault)

    def rename_field(self, key: str, new_key: str) -> None:
        self._called("rename_field")
        self.fields[new_key] = replace(self.fields.pop(key), key=new_key)
        for record in self.contacts.values():
            if key in record:
                record[new_key] = record.pop(key)

    def delete_field(self, key: str) -> None:
        self._called("delete_field")
        del self.fields[key]

    def add_tag(self, name: str) -> CrmTag:
        fault = self._called("add_tag")
        if name in self.tags.values():
            raise Duplicate("there already")
        key = f"t{len(self.tags) + 1}"
        self.tags[key] = name
        self._answer(fault)
        return CrmTag(key, name)

    def rename_tag(self, key: str, name: str) -> CrmTag:
        self._called("rename_tag")
        self.tags[key] = name
        return CrmTag(key, name)

    def delete_tag(self, key: str) -> None:
        self._called("delete_tag")
        del self.tags[key]

    def inventory(self) -> Inventory:
        return Inventory(tuple(self.fields.values()), tuple(CrmTag(k, n) for k, n in self.tags.items()))

    def names_on(self, contact: str) -> set[str]:
        return {self.tags[key] for key in self.tags_on.get(contact, ())}


def lost() -> AfterDone:
    return AfterDone(Uncertain("the answer was lost"))


# -- plans

Values = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Change:
    """One row of a change table. A person's id is their e-mail, so that a leak of either is found."""

    person: str
    contact: str | None
    values: Values
    tags: tuple[tuple[str, TagAction], ...] = ()
    email: str | None = None


def create(person: str, tags: Sequence[str] = (), **values: str | None) -> Change:
    return Change(person, None, {"email": person, **values}, tuple((t, TagAction.APPLY) for t in tags))


def update(
    person: str, contact: str, apply: Sequence[str] = (), remove: Sequence[str] = (), **values: str | None
) -> Change:
    tags = [*((t, TagAction.APPLY) for t in apply), *((t, TagAction.REMOVE) for t in remove)]
    return Change(person, contact, values, tuple(tags))


class SomeChanges:
    """What `Plan.people` is, over rows in memory; `size` rows a batch."""

    def __init__(self, rows: Sequence[Change], size: int = 4) -> None:
        self.keys = tuple(dict.fromkeys(["email", *(key for row in rows for key in row.values)]))
        self.contacts = len(rows)
        self._rows, self._size = rows, size

    def batches(self) -> Iterator[pa.RecordBatch]:
        for start in range(0, len(self._rows), self._size):
            some = [self._as_row(n, row) for n, row in enumerate(self._rows[start : start + self._size], start + 1)]
            yield pa.RecordBatch.from_pylist(some, schema=CHANGES)

    def _as_row(self, number: int, row: Change) -> dict[str, object]:
        values = [
            {
                "field": self.keys.index(key),
                "verdict": int(Verdict.CLEAR if after is None else Verdict.SET),
                "cause": 0,
                "before": None,
                "after": after,
            }
            for key, after in row.values.items()
        ]
        return {
            "person": row.person,
            "row": number,
            "match": row.email or row.person,
            "contact": row.contact,
            "action": int(ContactAction.UPDATE if row.contact else ContactAction.CREATE),
            "values": values,
            "tags": [{"tag": tag, "action": int(action)} for tag, action in row.tags],
            "rank": 0,
        }


def desired(*fields: Field, tags: Sequence[Tag] = (), **more: object) -> Desired:
    declared = {"email": Field("email", HERE, FromColumn("email"), "email"), **{f.key: f for f in fields}}
    made = Desired(
        files=("reconciler.yaml",),
        digest="blake2b:1",
        crm=Door("memory", None, HERE),
        source=Door("rows", None, HERE),
        identity=Identity("id", "email", HERE),
        fields=declared,
        tags={tag.name: tag for tag in tags},
        contacts=Contacts(create=True),
        entry_digests={**{f"field.{key}": "1" for key in declared}, **{f'tag["{t.name}"]': "1" for t in tags}},
    )
    return replace(made, **more)  # type: ignore[arg-type]  # a test names fields of Desired


def text_field(key: str, push: Push = Push.ALWAYS) -> Field:
    return Field(key, HERE, FromColumn(key), "text", push=push)


def plan_of(*rows: Change, inventory: Sequence[InventoryChange] = (), remembers: Remembers | None = None) -> Plan:
    people = SomeChanges(rows)
    return Plan(
        id="plan",
        now=NOW,
        file="reconciler.yaml",
        config="blake2b:1",
        crm="memory",
        object="contact",
        account="acct-1",
        source_label="rows",
        source_rows=len(rows),
        scope="full",
        inventory=tuple(inventory),
        contacts=ContactCount(),
        fields=(),
        tags=(),
        guards=(),
        findings=(),
        cost=Cost(),
        people=people,
        bound={key: BoundField(key, "text", TEXT) for key in people.keys},
        remembers=remembers,
    )
