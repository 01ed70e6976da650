"""The CRM door: what an adapter of a CRM is.

An adapter translates and stores nothing. Data arrives encoded (`Wire.encode`) and keyed by the CRM's field keys; what
it returns is wire text. Tags are named by `CrmTag.key` in every call and page. Retries, pacing, batching, encoding,
recovery and counting live in the gateway, once.
Optional abilities are the small protocols below; `Capabilities` says which ones hold and why the others do not.
`delete_contact` does not exist.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from reconciler.adapters.errors import AdapterError
from reconciler.adapters.meter import Meter
from reconciler.model.capabilities import Call, Capabilities, Json
from reconciler.model.inventory import Account, CrmField, CrmOption, CrmTag

if TYPE_CHECKING:
    import pyarrow as pa

Record = Mapping[str, Json]
"""Field key -> encoded value; `Capabilities.clears_with` empties."""

WireRecord = dict[str, str | None]
"""Field key -> wire text; None or missing is absent. The pseudo key `ID` holds the contact's id."""

ID = "$id"
TAGS = "$tags"
"""Columns of a page beside the fields: `$id` string, `$tags` list<string> of tag keys, no tag twice."""

FORMER = "$former"
"""Of a CRM that can `tell_merges`: ids of contacts that were merged into this one, those of contacts that had been
merged into these before included. In a page a column list<string> behind `$tags`, in all pages of a read or in none; in
a loaded record their list as wire text, where there are any."""

STATUS = "$status"
"""Pseudo key of a record that creates a contact: one of `Capabilities.statuses`. Without it nobody is subscribed."""


@dataclass(frozen=True, slots=True)
class Done:
    """One item of a batch: the contact's id, or the error of this item alone."""

    id: str | None = None
    error: AdapterError | None = None


class Crm(Protocol):
    """What every adapter has. Every method may raise AuthFailed, CrmFailed, RateLimited, Unavailable; writes also
    Uncertain."""

    capabilities: Capabilities

    def connect(self) -> Account:
        """Who answers. Never creates anything; an account that does not exist yet has the id ""."""

    def sync_crm_fields(self) -> Sequence[CrmField]: ...

    def sync_tags(self) -> Sequence[CrmTag]: ...

    def get_contact_id(self, email: str) -> str | None:
        """The contact with that e-mail, strongly consistent; None if there is none."""

    def get_tags(self, contact_id: str) -> Sequence[str]: ...

    def apply_tags(self, tags: Sequence[str], contact_id: str) -> None: ...

    def remove_tags(self, tags: Sequence[str], contact_id: str) -> None: ...

    def add_contact(self, data: Record) -> str:
        """Create; the new id. Raises Duplicate, Rejected."""

    def update_contact(self, contact_id: str, data: Record) -> None:
        """Set what `data` names and leave every other field alone. Raises NotFound, Duplicate, Rejected."""

    def load_contact(self, contact_id: str, fields: Sequence[str]) -> WireRecord:
        """Raises NotFound. With `tell_merges`, a former id is answered with the contact that is left, `$id` and all."""

    def load_contacts(self, tag: str) -> Iterator[str]:
        """Ids of all contacts that carry the tag."""

    def close(self) -> None: ...


@runtime_checkable
class ReadsAll(Protocol):
    def all_contacts(self, fields: Sequence[str], since: datetime | None = None) -> Iterator[pa.RecordBatch]:
        """All contacts in pages: columns `$id`, `$tags`, if need be `$former`, and one string column per field, in that
        order. A contact into which another was merged has changed since."""


@runtime_checkable
class Metered(Protocol):
    """A door that counts, paces and repeats its requests itself, since one call of it may be several."""

    @property
    def meter(self) -> Meter: ...


@runtime_checkable
class ChecksRights(Protocol):
    def check_rights(self, calls: Collection[Call]) -> None:
        """Asked before the first write, after `connect`; `calls`: what will be made. Raises AuthFailed that names what
        the credentials may not do. Makes no call."""


@runtime_checkable
class KnowsGroups(Protocol):
    def groups(self) -> Collection[str]:
        """Labels of the groups that fields can be put into, those that no field is in included, as `sync_crm_fields`
        found them. Makes no call."""


@runtime_checkable
class KeepsKeys(Protocol):
    def kept_keys(self) -> Mapping[str, frozenset[str]]:
        """Keys that deleted fields keep, as `sync_crm_fields` found them, so that no new field can have them, but one
        of these native types. Makes no call."""


@runtime_checkable
class TellsTime(Protocol):
    def time(self) -> datetime | None:
        """The CRM's own clock, aware, as far as it is known by now; `doctor` compares this machine's with it."""


@runtime_checkable
class WritesFields(Protocol):
    """`add_field` may be given any `CrmField` whose native type is one of the wires'."""

    def add_field(self, field: CrmField) -> CrmField: ...

    def update_field(
        self,
        key: str,
        *,
        label: str | None = None,
        group: str | None = None,
        options: Sequence[CrmOption] | None = None,
    ) -> None:
        """Change what is given. `options` is the whole wanted list."""

    def rename_field(self, key: str, new_key: str) -> None: ...

    def delete_field(self, key: str) -> None: ...


@runtime_checkable
class WritesTags(Protocol):
    def add_tag(self, name: str) -> CrmTag: ...

    def rename_tag(self, key: str, name: str) -> CrmTag: ...

    def delete_tag(self, key: str) -> None: ...


@runtime_checkable
class Batches(Protocol):
    """Many items in one call, at most `Endpoint.batch`; one `Done` per item, in order."""

    def add_contacts(self, items: Sequence[Record]) -> Sequence[Done]: ...

    def update_contacts(self, items: Sequence[tuple[str, Record]]) -> Sequence[Done]: ...

    def load_many(self, ids: Sequence[str], fields: Sequence[str]) -> Sequence[WireRecord]:
        """Those that exist, in any order, each with `$id`; `$tags` is not included. Former ids as in `load_contact`."""

    def apply_tag(self, tag: str, contact_ids: Sequence[str]) -> Sequence[Done]: ...

    def remove_tag(self, tag: str, contact_ids: Sequence[str]) -> Sequence[Done]: ...


@runtime_checkable
class Upserts(Protocol):
    def upsert_contacts(self, items: Sequence[Record]) -> Sequence[Done]:
        """Create, or update the contact that has the record's e-mail; at most `Endpoint.batch` of `ADD_CONTACTS`. Sent
        twice it does no harm, so that it settles creations whose answer was lost."""
