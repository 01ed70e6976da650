"""One kind of object of a CRM as the file names its fields: what goes in and out is renamed, and nothing else done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from types import GeneratorType
from typing import Any

import pyarrow as pa

from reconciler.adapters.crm import (
    FORMER,
    ID,
    TAGS,
    Batches,
    Crm,
    Done,
    ReadsAll,
    Record,
    Upserts,
    WireRecord,
    WritesFields,
)
from reconciler.adapters.errors import CrmFailed
from reconciler.model.inventory import Account, CrmField, CrmOption, CrmTag

_BESIDE = {ID: pa.string(), TAGS: pa.list_(pa.string()), FORMER: pa.list_(pa.string())}


def door_of_one(crm: Crm, keys: Mapping[str, str]) -> OneObject:
    """The door, by the file's keys. `keys`: field key of the file -> the CRM's, where they differ."""
    if not isinstance(crm, Batches):
        return OneObject(crm, keys)
    return OneObjectUpserting(crm, keys) if isinstance(crm, Upserts) else OneObjectInBatches(crm, keys)


class OneObject:
    """A `Crm` that reads all and writes fields, in front of another. Fields that this object does not have are read as
    empty, since another one may have them."""

    def __init__(self, crm: Crm, keys: Mapping[str, str]) -> None:
        self.capabilities = crm.capabilities
        self._crm = crm
        self._there = dict(keys)
        self._here = {there: here for here, there in keys.items()}
        self._known: set[str] | None = None  # the file's keys of the fields that there are

    def sync_crm_fields(self) -> Sequence[CrmField]:
        """What another field of the file is called here is not shown under its own key."""
        shown = [
            replace(field, key=self._here.get(field.key, field.key))
            for field in self._crm.sync_crm_fields()
            if field.key in self._here or field.key not in self._there
        ]
        self._known = {field.key for field in shown}
        return shown

    def all_contacts(self, fields: Sequence[str], since: datetime | None = None) -> Iterator[pa.RecordBatch]:
        """An iterator can be asked again for a page where the CRM's can."""
        crm = self._crm
        if not isinstance(crm, ReadsAll):
            raise CrmFailed("E390")
        pages = crm.all_contacts(self._asked(fields), since)
        shown = partial(self._page, fields)
        return (shown(page) for page in pages) if isinstance(pages, GeneratorType) else map(shown, pages)

    def connect(self) -> Account:
        return self._crm.connect()

    def sync_tags(self) -> Sequence[CrmTag]:
        return self._crm.sync_tags()

    def get_contact_id(self, email: str) -> str | None:
        return self._crm.get_contact_id(email)

    def get_tags(self, contact_id: str) -> Sequence[str]:
        return self._crm.get_tags(contact_id)

    def apply_tags(self, tags: Sequence[str], contact_id: str) -> None:
        self._crm.apply_tags(tags, contact_id)

    def remove_tags(self, tags: Sequence[str], contact_id: str) -> None:
        self._crm.remove_tags(tags, contact_id)

    def load_contacts(self, tag: str) -> Iterator[str]:
        return self._crm.load_contacts(tag)

    def close(self) -> None:
        self._crm.close()

    def add_contact(self, data: Record) -> str:
        return self._crm.add_contact(self._sent(data))

    def update_contact(self, contact_id: str, data: Record) -> None:
        self._crm.update_contact(contact_id, self._sent(data))

    def load_contact(self, contact_id: str, fields: Sequence[str]) -> WireRecord:
        return self._read(self._crm.load_contact(contact_id, self._asked(fields)))

    def add_field(self, field: CrmField) -> CrmField:
        made = self._fields().add_field(replace(field, key=self._key(field.key)))
        self._knows().add(field.key)
        return replace(made, key=field.key) if made.key == self._key(field.key) else made

    def update_field(
        self,
        key: str,
        *,
        label: str | None = None,
        group: str | None = None,
        options: Sequence[CrmOption] | None = None,
    ) -> None:
        self._fields().update_field(self._key(key), label=label, group=group, options=options)

    def rename_field(self, key: str, new_key: str) -> None:
        self._fields().rename_field(self._key(key), self._key(new_key))
        self._knows().discard(key)
        self._knows().add(new_key)

    def delete_field(self, key: str) -> None:
        self._fields().delete_field(self._key(key))
        self._knows().discard(key)

    def _fields(self) -> WritesFields:
        if not isinstance(self._crm, WritesFields):
            raise CrmFailed("E309", "the adapter says that it can change fields, and has no way to")
        return self._crm

    def _key(self, key: str) -> str:
        return self._there.get(key, key)

    def _knows(self) -> set[str]:
        if self._known is None:
            self.sync_crm_fields()
        return self._known or set()

    def _asked(self, fields: Sequence[str]) -> list[str]:
        """Those that are here, by the CRM's keys."""
        known = self._knows()
        return [self._key(key) for key in fields if key in known]

    def _sent(self, data: Record) -> Record:
        return {self._key(key): value for key, value in data.items()}

    def _read(self, record: WireRecord) -> WireRecord:
        return {self._here.get(key, key): text for key, text in record.items()}

    def _page(self, fields: Sequence[str], page: pa.RecordBatch) -> pa.RecordBatch:
        """The columns that pages of every object have."""
        columns = {self._here.get(name, name): page.column(name) for name in page.schema.names}
        schema = pa.schema([*_BESIDE.items(), *((key, pa.string()) for key in fields)])
        nothing: Callable[[Any], Any] = partial(pa.nulls, page.num_rows)
        given = [columns[f.name] if f.name in columns else nothing(f.type) for f in schema]
        return pa.RecordBatch.from_arrays(given, schema=schema)


class OneObjectInBatches(OneObject):
    """The same, where the CRM takes many items in one call."""

    _crm: Any

    def add_contacts(self, items: Sequence[Record]) -> Sequence[Done]:
        done: Sequence[Done] = self._crm.add_contacts([self._sent(item) for item in items])
        return done

    def update_contacts(self, items: Sequence[tuple[str, Record]]) -> Sequence[Done]:
        done: Sequence[Done] = self._crm.update_contacts([(contact, self._sent(data)) for contact, data in items])
        return done

    def load_many(self, ids: Sequence[str], fields: Sequence[str]) -> Sequence[WireRecord]:
        return [self._read(record) for record in self._crm.load_many(ids, self._asked(fields))]

    def apply_tag(self, tag: str, contact_ids: Sequence[str]) -> Sequence[Done]:
        done: Sequence[Done] = self._crm.apply_tag(tag, contact_ids)
        return done

    def remove_tag(self, tag: str, contact_ids: Sequence[str]) -> Sequence[Done]:
        done: Sequence[Done] = self._crm.remove_tag(tag, contact_ids)
        return done


class OneObjectUpserting(OneObjectInBatches):
    """The same, where the CRM creates or updates by e-mail in one call."""

    def upsert_contacts(self, items: Sequence[Record]) -> Sequence[Done]:
        done: Sequence[Done] = self._crm.upsert_contacts([self._sent(item) for item in items])
        return done
