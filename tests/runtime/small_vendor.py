"""A small vendor of a web API, and the adapter for it: batches of 100, two limits, groups of fields, tags that are read
before they are written. It counts what comes and when, on a clock that only waiting and answering moves."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

import httpx
import pyarrow as pa
from pydantic import BaseModel

from reconciler.adapters.crm import ID, TAGS, Done, Record, WireRecord
from reconciler.adapters.errors import AuthFailed
from reconciler.adapters.http import Bucket, Http, Request, Vendor, bearer
from reconciler.adapters.http.paging import by_cursor
from reconciler.adapters.local.door import capabilities as local_capabilities
from reconciler.adapters.meter import Meter
from reconciler.adapters.opening import Opening
from reconciler.model.capabilities import Call, Capabilities, Endpoint
from reconciler.model.clock import Clock
from reconciler.model.inventory import Account, CrmField, CrmOption, CrmTag

from .memory_crm import NOW

BATCH = 100
GENERAL = Bucket(190, 10.0, "X-Left", "X-Window-Ms")
SLOW = Bucket(5, 1.0)
TAGS_FIRST = (Call.GET_TAGS,)


@dataclass
class SmallVendor:
    """`latency`: seconds that an answer takes. `came`: when each call of the general limit came."""

    latency: float = 0.0
    at: float = 0.0
    fields: dict[str, dict[str, Any]] = field(default_factory=lambda: {"email": {"type": "email", "group": "base"}})
    groups: set[str] = field(default_factory=lambda: {"base"})
    tags: dict[str, str] = field(default_factory=dict)
    contacts: dict[str, dict[str, Any]] = field(default_factory=dict)
    carried: dict[str, set[str]] = field(default_factory=dict)
    came: list[float] = field(default_factory=list)
    paths: Counter[str] = field(default_factory=Counter)
    lock: Lock = field(default_factory=Lock)

    def clock(self) -> Clock:
        return Clock(now=lambda: NOW + timedelta(seconds=self.at), sleep=self._pass, monotonic=lambda: self.at)

    def _pass(self, seconds: float) -> None:
        self.at += seconds

    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self._one_by_one)

    def _one_by_one(self, request: httpx.Request) -> httpx.Response:
        with self.lock:
            return self._answer(request)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.paths[path] += 1
        if path != "/find":
            self.came.append(self.at)
        used = sum(at > self.at - 10.0 for at in self.came[-400:])
        if used > GENERAL.calls:
            return httpx.Response(429)
        self._pass(self.latency)
        body = json.loads(request.content) if request.content else {}
        done = getattr(self, "_" + path.strip("/").replace("/", "_"))({**dict(request.url.params), **body})
        return httpx.Response(200, json=done, headers={"X-Left": str(GENERAL.calls - used), "X-Window-Ms": "10000"})

    def _me(self, _asked: Any) -> Any:
        return {"ids": ["acct-1"]}

    def _fields(self, asked: Any) -> Any:
        for made in asked.get("make", ()):
            self.fields[made["key"]] = made
            assert made["group"] in (None, *self.groups)
        return {"rows": [{"key": key, **about} for key, about in self.fields.items()]}

    def _groups(self, asked: Any) -> Any:
        self.groups |= set(asked.get("make", ()))
        return {"ids": sorted(self.groups)}

    def _tags(self, asked: Any) -> Any:
        for name in asked.get("make", ()):
            self.tags[f"t{len(self.tags) + 1}"] = name
        return {"rows": [{"id": id, "name": name} for id, name in self.tags.items()]}

    def _contacts(self, asked: Any) -> Any:
        start = int(asked.get("after", 0))
        ids = list(self.contacts)
        some = ids[start : start + BATCH]
        rows = [{**self.contacts[id], ID: id, TAGS: sorted(self.carried.get(id, ()))} for id in some]
        return {"rows": rows, "ids": some, "after": str(start + BATCH) if start + BATCH < len(ids) else None}

    def _find(self, asked: Any) -> Any:
        return {"ids": [id for id, contact in self.contacts.items() if contact["email"] == asked["email"]]}

    def _create(self, asked: Any) -> Any:
        ids = [f"c{len(self.contacts) + n}" for n in range(1, len(asked["rows"]) + 1)]
        self.contacts |= dict(zip(ids, asked["rows"], strict=True))
        return {"ids": ids}

    def _update(self, asked: Any) -> Any:
        for row in asked["rows"]:
            self.contacts[row.pop(ID)].update(row)
        return {"ids": []}

    def _load(self, asked: Any) -> Any:
        return {"rows": [{**self.contacts[id], ID: id} for id in asked["ids"]]}

    def _carried(self, asked: Any) -> Any:
        return {"rows": [{"ids": sorted(self.carried.get(id, ()))} for id in asked["ids"]]}

    def _carry(self, asked: Any) -> Any:
        for id in asked["ids"]:
            (set.add if asked["on"] else set.discard)(self.carried.setdefault(id, set()), asked["tag"])
        return {"ids": []}

    def most_in_any_window(self) -> int:
        """Of any 10 seconds that begin with a call."""
        most, first = 0, 0
        for last, at in enumerate(self.came):
            while self.came[first] <= at - 10.0 + 1e-9:
                first += 1
            most = max(most, last - first + 1)
        return most


class Options(BaseModel):
    may_write: bool = True


class Answer(BaseModel):
    ids: list[str] = []
    rows: list[dict[str, Any]] = []
    after: str | None = None


def capabilities(_options: Any) -> Capabilities:
    sizes = dict.fromkeys((Call.LOAD_CONTACTS, Call.ADD_CONTACTS, Call.UPDATE_CONTACTS), BATCH)
    endpoints = {kind: Endpoint(kind.value, sizes.get(kind, 1)) for kind in Call}
    endpoints[Call.GET_CONTACT_ID] = Endpoint("find", rate=SLOW.rate)
    endpoints[Call.APPLY_TAG] = Endpoint("carry", BATCH, also=TAGS_FIRST)
    endpoints[Call.REMOVE_TAG] = Endpoint("carry", BATCH, also=TAGS_FIRST)
    has = local_capabilities(GENERAL.rate)
    return replace(has, endpoints=endpoints, since_covers=frozenset(), objects=("contact",), ids_begin={})


class Door:
    def __init__(self, options: Options, http: Http) -> None:
        self.capabilities = capabilities(None)
        self._options, self._http = options, http
        self._groups: set[str] = set()

    @property
    def meter(self) -> Meter:
        return self._http.meter

    def _call(self, kind: Call, path: str, bucket: str = "", **body: Any) -> Answer:
        repeat = kind is not Call.ADD_CONTACTS
        return self._http.send(Request(kind, "POST", path, Answer, body=body, bucket=bucket, repeat=repeat))

    def check_rights(self, calls: Collection[Call]) -> None:
        if not self._options.may_write and Call.ADD_CONTACTS in calls:
            raise AuthFailed("the scope `contacts.write` is missing")

    def connect(self) -> Account:
        return Account(self._call(Call.CONNECT, "/me").ids[0])

    def sync_crm_fields(self) -> Sequence[CrmField]:
        rows = self._call(Call.SYNC_FIELDS, "/fields").rows
        self._groups = {row["group"] for row in rows}
        return [CrmField(row["key"], row["key"], row["type"], group=row["group"]) for row in rows]

    def sync_tags(self) -> Sequence[CrmTag]:
        return [CrmTag(row["id"], row["name"]) for row in self._call(Call.SYNC_TAGS, "/tags").rows]

    def get_contact_id(self, email: str) -> str | None:
        return next(iter(self._call(Call.GET_CONTACT_ID, "/find", "search", email=email).ids), None)

    def get_tags(self, contact_id: str) -> Sequence[str]:
        return list(self._call(Call.GET_TAGS, "/carried", ids=[contact_id]).rows[0]["ids"])

    def apply_tags(self, tags: Sequence[str], contact_id: str) -> None:
        self.apply_tag(tags[0], [contact_id])

    def remove_tags(self, tags: Sequence[str], contact_id: str) -> None:
        self.remove_tag(tags[0], [contact_id])

    def add_contact(self, data: Record) -> str:
        return self.add_contacts([data])[0].id or ""

    def update_contact(self, contact_id: str, data: Record) -> None:
        self.update_contacts([(contact_id, data)])

    def load_contact(self, contact_id: str, fields: Sequence[str]) -> WireRecord:
        return self.load_many([contact_id], fields)[0]

    def load_contacts(self, tag: str) -> Iterator[str]:
        return iter(())

    def all_contacts(self, fields: Sequence[str], since: datetime | None = None) -> Iterator[pa.RecordBatch]:
        schema = pa.schema([(ID, pa.string()), (TAGS, pa.list_(pa.string())), *((key, pa.string()) for key in fields)])
        request = Request(Call.ALL_CONTACTS, "GET", "/contacts", Answer)
        for page in by_cursor(self._http, request, lambda page: page.after, lambda page: page.ids):
            yield pa.RecordBatch.from_pylist([{key: row.get(key) for key in schema.names} for row in page.rows], schema)

    def add_contacts(self, items: Sequence[Record]) -> Sequence[Done]:
        return [Done(id) for id in self._call(Call.ADD_CONTACTS, "/create", rows=list(items)).ids]

    def update_contacts(self, items: Sequence[tuple[str, Record]]) -> Sequence[Done]:
        self._call(Call.UPDATE_CONTACTS, "/update", rows=[{**data, ID: id} for id, data in items])
        return [Done(id) for id, _ in items]

    def load_many(self, ids: Sequence[str], fields: Sequence[str]) -> Sequence[WireRecord]:
        rows = self._call(Call.LOAD_CONTACTS, "/load", ids=list(ids)).rows
        return [{key: row.get(key) for key in (ID, *fields)} for row in rows]

    def _carry(self, kind: Call, tag: str, ids: Sequence[str], on: bool) -> Sequence[Done]:
        self._call(Call.GET_TAGS, "/carried", ids=list(ids))
        self._call(kind, "/carry", ids=list(ids), tag=tag, on=on)
        return [Done(id) for id in ids]

    def apply_tag(self, tag: str, contact_ids: Sequence[str]) -> Sequence[Done]:
        return self._carry(Call.APPLY_TAG, tag, contact_ids, True)

    def remove_tag(self, tag: str, contact_ids: Sequence[str]) -> Sequence[Done]:
        return self._carry(Call.REMOVE_TAG, tag, contact_ids, False)

    def add_field(self, field: CrmField) -> CrmField:
        if field.group and field.group not in self._groups:
            self._groups |= set(self._call(Call.ADD_GROUP, "/groups", make=[field.group]).ids)
        self._call(Call.ADD_FIELD, "/fields", make=[{"key": field.key, "type": field.native, "group": field.group}])
        return field

    def update_field(
        self,
        key: str,
        *,
        label: str | None = None,
        group: str | None = None,
        options: Sequence[CrmOption] | None = None,
    ) -> None:
        raise AssertionError("not used")

    def rename_field(self, key: str, new_key: str) -> None:
        raise AssertionError("not used")

    def delete_field(self, key: str) -> None:
        raise AssertionError("not used")

    def add_tag(self, name: str) -> CrmTag:
        return next(tag for tag in self._made(name) if tag.name == name)

    def _made(self, name: str) -> Sequence[CrmTag]:
        return [CrmTag(row["id"], row["name"]) for row in self._call(Call.ADD_TAG, "/tags", make=[name]).rows]

    def rename_tag(self, key: str, name: str) -> CrmTag:
        raise AssertionError("not used")

    def delete_tag(self, key: str) -> None:
        raise AssertionError("not used")

    def close(self) -> None:
        pass


class Adapter:
    Options = Options

    def capabilities(self, options: Any) -> Capabilities:
        return capabilities(options)

    def open(self, options: Options, opening: Opening, _object: str) -> Door:
        vendor = Vendor("Small", {"": GENERAL, "search": SLOW})
        http = opening.once("small", lambda: Http(vendor, "https://small.example", bearer("tok"), opening))
        return Door(options, http)


ADAPTER = Adapter()
