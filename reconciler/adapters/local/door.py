"""The embedded CRM behind the CRM door: what `type: local` opens, one SQLite file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from reconciler import localcrm
from reconciler.adapters import codecs
from reconciler.adapters.codecs import wire, wire_text
from reconciler.adapters.crm import FORMER, ID, STATUS, Done, Record, WireRecord
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
from reconciler.adapters.singly import Singly
from reconciler.localcrm import OBJECTS, STATUSES, Limits, LocalCrm, LocalCrmError, Trouble
from reconciler.model.capabilities import Ability, Call, Capabilities, Endpoint
from reconciler.model.inventory import Account, CrmField, CrmOption, CrmTag

if TYPE_CHECKING:
    import pyarrow as pa

_LIMITS = Limits()
_WIRES = {
    "text": wire(codecs.TEXT, "text", "url", "phone", "country"),
    "email": wire(codecs.EMAIL, "email", "text"),
    "phone": wire(codecs.PHONE, "phone", "text"),
    "url": wire(codecs.TEXT, "url", "text"),
    "number": wire(codecs.NUMBER_TEXT, "number"),
    "integer": wire(codecs.INTEGER, "integer", "number"),
    "checkbox": wire(codecs.TRUE_FALSE, "boolean"),
    "date": wire(codecs.DATE_ISO, "date"),
    "datetime": wire(codecs.DATETIME_ISO, "datetime"),
    "select": wire(codecs.TEXT, "select", "text"),
    "multiselect": wire(codecs.SET_LIST, "multiselect"),
    "country": wire(codecs.TEXT, "country", "text"),
    "state": wire(codecs.TEXT, "text"),
    "score": wire(codecs.NUMBER_TEXT, "number", "integer"),
    "raw": wire(codecs.TEXT, "text", "url", "phone", "country", "select"),
}
_HOLDS = {
    "text": "text",
    "email": "email",
    "phone": "phone",
    "url": "url",
    "number": "number",
    "integer": "integer",
    "boolean": "checkbox",
    "date": "date",
    "datetime": "datetime",
    "select": "select",
    "multiselect": "multiselect",
    "country": "country",
}
_ENDPOINTS = {
    Call.CONNECT: ("account", 1),
    Call.SYNC_FIELDS: ("fields/list", 1),
    Call.SYNC_TAGS: ("tags/list", 1),
    Call.ALL_CONTACTS: ("contacts/list", _LIMITS.page),
    Call.GET_CONTACT_ID: ("contacts/find", 1),
    Call.GET_TAGS: ("contacts/tags", 1),
    Call.LOAD_CONTACTS: ("contacts/batch/read", _LIMITS.batch),
    Call.ADD_CONTACTS: ("contacts/batch/create", _LIMITS.batch),
    Call.UPDATE_CONTACTS: ("contacts/batch/update", _LIMITS.batch),
    Call.APPLY_TAG: ("contacts/batch/tag", _LIMITS.batch),
    Call.REMOVE_TAG: ("contacts/batch/untag", _LIMITS.batch),
    Call.ADD_FIELD: ("fields/create", 1),
    Call.UPDATE_FIELD: ("fields/update", 1),
    Call.DELETE_FIELD: ("fields/delete", 1),
    Call.ADD_TAG: ("tags/create", 1),
    Call.RENAME_TAG: ("tags/rename", 1),
    Call.DELETE_TAG: ("tags/delete", 1),
}
_TROUBLES = {Trouble.NEWER: "E320", Trouble.FOREIGN: "E321", Trouble.CLOSED: "E322"}

_Same = Callable[..., AdapterError]
_PLAIN: Mapping[type[LocalCrmError], _Same] = {
    localcrm.Missing: NotFound,
    localcrm.Down: Unavailable,
    localcrm.AnswerLost: Uncertain,
}


def capabilities(calls_per_second: float) -> Capabilities:
    """What the embedded CRM can do: everything. What changed since a moment covers values and tags; a contact that
    somebody deleted is only noticed by reading all."""
    return Capabilities(
        can=frozenset(Ability),
        cannot={},
        wires=_WIRES,
        holds=_HOLDS,
        endpoints={call: Endpoint(name, batch) for call, (name, batch) in _ENDPOINTS.items()},
        rate=calls_per_second,
        statuses=STATUSES,
        objects=tuple(OBJECTS),
        ids_begin={name: object.begins for name, object in OBJECTS.items()},
        since_covers=frozenset({"values", "tags"}),
    )


class LocalDoor(Singly):
    """A `Crm` with every optional ability, over one `LocalCrm`."""

    def __init__(self, crm: LocalCrm, name: str = "", calls_per_second: float = 50.0) -> None:
        self.capabilities = capabilities(calls_per_second)
        self._crm = crm
        self._name = name

    def connect(self) -> Account:
        with _translated():
            return Account(self._crm.account(), self._name)

    def sync_crm_fields(self) -> Sequence[CrmField]:
        with _translated():
            return self._crm.fields()

    def sync_tags(self) -> Sequence[CrmTag]:
        with _translated():
            return self._crm.tags()

    def get_contact_id(self, email: str) -> str | None:
        with _translated():
            return self._crm.find(email)

    def get_tags(self, contact_id: str) -> Sequence[str]:
        with _translated():
            return self._crm.tags_of(contact_id)

    def load_contacts(self, tag: str) -> Iterator[str]:
        with _translated():
            yield from self._crm.carriers(tag)

    def all_contacts(self, fields: Sequence[str], since: datetime | None = None) -> Iterator[pa.RecordBatch]:
        with _translated():
            yield from self._crm.pages(fields, since)

    def add_field(self, field: CrmField) -> CrmField:
        with _translated():
            return self._crm.add_field(field)

    def update_field(
        self,
        key: str,
        *,
        label: str | None = None,
        group: str | None = None,
        options: Sequence[CrmOption] | None = None,
    ) -> None:
        with _translated():
            self._crm.update_field(key, label=label, group=group, options=options)

    def rename_field(self, key: str, new_key: str) -> None:
        with _translated():
            self._crm.rename_field(key, new_key)

    def delete_field(self, key: str) -> None:
        with _translated():
            self._crm.delete_field(key)

    def add_tag(self, name: str) -> CrmTag:
        with _translated():
            return self._crm.add_tag(name)

    def rename_tag(self, key: str, name: str) -> CrmTag:
        with _translated():
            return self._crm.rename_tag(key, name)

    def delete_tag(self, key: str) -> None:
        with _translated():
            self._crm.delete_tag(key)

    def add_contacts(self, items: Sequence[Record]) -> Sequence[Done]:
        with _translated():
            return _all(self._crm.add(*_with_statuses(items)))

    def update_contacts(self, items: Sequence[tuple[str, Record]]) -> Sequence[Done]:
        with _translated():
            return _all(self._crm.update(items))

    def load_many(self, ids: Sequence[str], fields: Sequence[str]) -> Sequence[WireRecord]:
        with _translated():
            found = self._crm.load(ids, fields)
            former = self._crm.former(list(found))
        merged = {id: {FORMER: wire_text(former[id])} if id in former else {} for id in found}
        return [{ID: id, **merged[id], **dict(zip(fields, texts, strict=True))} for id, texts in found.items()]

    def apply_tag(self, tag: str, contact_ids: Sequence[str]) -> Sequence[Done]:
        with _translated():
            return _all(self._crm.tag([tag], contact_ids, on=True))

    def remove_tag(self, tag: str, contact_ids: Sequence[str]) -> Sequence[Done]:
        with _translated():
            return _all(self._crm.tag([tag], contact_ids, on=False))

    def close(self) -> None:
        self._crm.close()


def translated(error: LocalCrmError) -> AdapterError:
    """The door's error for one of the embedded CRM's."""
    match error:
        case localcrm.Taken():
            return Duplicate(error.detail, existing=error.existing)
        case localcrm.Refused():
            return Rejected(error.detail, field=error.field)
        case localcrm.TooManyCalls():
            return RateLimited(error.detail, after=error.after)
        case localcrm.Unusable():
            return CrmFailed(_TROUBLES[error.trouble], error.detail)
    return _PLAIN[type(error)](error.detail)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except LocalCrmError as error:
        raise translated(error) from None


def _all(results: Sequence[localcrm.Result]) -> list[Done]:
    return [Done(r.id, translated(r.error) if r.error else None) for r in results]


def _with_statuses(items: Sequence[Record]) -> tuple[list[Record], list[str | None]]:
    """Records without the pseudo key, and the statuses that they ask for."""
    asked = [None if item.get(STATUS) is None else str(item[STATUS]) for item in items]
    return [{key: value for key, value in item.items() if key != STATUS} for item in items], asked
