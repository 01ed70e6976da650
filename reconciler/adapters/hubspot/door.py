"""HubSpot behind the CRM door: what `type: hubspot` opens. Contacts, properties and tags have modules of their own.

Never called: deletion for privacy, archiving of contacts, emptying of lists.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from reconciler.adapters.crm import ID, TAGS, Done, Record, WireRecord
from reconciler.adapters.errors import AdapterError, CrmFailed, NotFound, Rejected
from reconciler.adapters.http import Http, Request, bearer
from reconciler.adapters.hubspot.abilities import CANNOT, NO_OBJECTS, capabilities, scopes
from reconciler.adapters.hubspot.contacts import Contacts
from reconciler.adapters.hubspot.errors import lacking
from reconciler.adapters.hubspot.options import HubSpotOptions, TagProperty
from reconciler.adapters.hubspot.paths import Paths, vendor
from reconciler.adapters.hubspot.properties import Fields
from reconciler.adapters.hubspot.shapes import Contact, Portal, Token
from reconciler.adapters.hubspot.tags import ListTags, OptionTags, Tags
from reconciler.adapters.meter import Meter
from reconciler.adapters.opening import Opening
from reconciler.adapters.singly import Singly
from reconciler.model.capabilities import Ability, Call
from reconciler.model.inventory import Account, CrmField, CrmOption, CrmTag

if TYPE_CHECKING:
    import pyarrow as pa


def opened(options: HubSpotOptions, opening: Opening, object: str) -> HubSpotDoor:
    if object != "contact":
        raise CrmFailed("E310", NO_OBJECTS.get(object, ""))
    auth = bearer(options.token.get_secret_value())
    http = opening.once("hubspot", lambda: Http(vendor(options), options.url, auth, opening))
    return HubSpotDoor(options, http)


class HubSpotDoor(Singly):
    """A `Crm` with every optional ability, over one account."""

    def __init__(self, options: HubSpotOptions, http: Http) -> None:
        self.capabilities = capabilities(options)
        self._options, self._http, self._paths = options, http, Paths(options.version)
        held = options.tags.property if isinstance(options.tags, TagProperty) else ""
        self._contacts = Contacts(http, self._paths, options)
        self._fields = Fields(http, self._paths, held)
        self._tags: Tags = (
            OptionTags(self._contacts, self._fields, held) if held else ListTags(http, self._paths, options.page)
        )
        self._scopes: frozenset[str] | None = None

    @property
    def meter(self) -> Meter:
        return self._http.meter

    def connect(self) -> Account:
        request = Request(Call.CONNECT, "GET", self._paths.account, Portal, endpoint="account-info/details")
        portal = self._http.send(request)
        self._scopes = self._allowed()
        return Account(str(portal.portal_id), portal.ui_domain)

    def check_rights(self, calls: Collection[Call]) -> None:
        if self._scopes is None:
            return
        needed = scopes(self._options)
        wanted = {needed[call] for call in calls if call in needed}
        missing = sorted(any_of[0] for any_of in wanted if self._scopes.isdisjoint(any_of))
        if missing:
            raise lacking(missing)

    def time(self) -> datetime | None:
        return self._http.time()

    def sync_crm_fields(self) -> Sequence[CrmField]:
        return self._fields.sync()

    def kept_keys(self) -> Mapping[str, frozenset[str]]:
        return dict.fromkeys(self._fields.archived, frozenset())

    def groups(self) -> Collection[str]:
        return self._fields.groups

    def sync_tags(self) -> Sequence[CrmTag]:
        return self._tags.sync()

    def get_contact_id(self, email: str) -> str | None:
        return self._contacts.find(email)

    def get_tags(self, contact_id: str) -> Sequence[str]:
        """Of a contact that is not there HubSpot may say that it is on no list; so it is asked for first."""
        found = self._contacts.read([contact_id], self._tags.names)
        if not found:
            raise NotFound("there is no such contact")
        return self._tags.of(found).get(contact_id, [])

    def load_contacts(self, tag: str) -> Iterator[str]:
        return self._tags.carriers(tag)

    def all_contacts(self, fields: Sequence[str], since: datetime | None = None) -> Iterator[pa.RecordBatch]:
        """While the tags of one page are read, the next page is."""
        names = list(dict.fromkeys((*fields, *self._tags.names)))
        pages = self._contacts.pages(names) if since is None else self._contacts.changed(names, since)
        yield from self.meter.in_order(partial(self._page, page, fields) for page in pages)

    def add_field(self, field: CrmField) -> CrmField:
        return self._fields.add(field)

    def update_field(
        self,
        key: str,
        *,
        label: str | None = None,
        group: str | None = None,
        options: Sequence[CrmOption] | None = None,
    ) -> None:
        self._fields.update(key, label, group, options)

    def rename_field(self, key: str, new_key: str) -> None:  # noqa: ARG002  the door's signature
        raise Rejected(CANNOT[Ability.RENAME_FIELD])

    def delete_field(self, key: str) -> None:
        self._fields.delete(key)

    def add_tag(self, name: str) -> CrmTag:
        return self._tags.add(name)

    def rename_tag(self, key: str, name: str) -> CrmTag:
        return self._tags.rename(key, name)

    def delete_tag(self, key: str) -> None:
        self._tags.delete(key)

    def add_contacts(self, items: Sequence[Record]) -> Sequence[Done]:
        return self._contacts.create(items)

    def update_contacts(self, items: Sequence[tuple[str, Record]]) -> Sequence[Done]:
        return self._contacts.update(items)

    def upsert_contacts(self, items: Sequence[Record]) -> Sequence[Done]:
        return self._contacts.upsert(items)

    def load_many(self, ids: Sequence[str], fields: Sequence[str]) -> Sequence[WireRecord]:
        found = self._contacts.read(ids, fields)
        return [{ID: contact.id, **{key: contact.properties.get(key) for key in fields}} for contact in found]

    def apply_tag(self, tag: str, contact_ids: Sequence[str]) -> Sequence[Done]:
        return self._tags.move(Call.APPLY_TAG, tag, contact_ids)

    def remove_tag(self, tag: str, contact_ids: Sequence[str]) -> Sequence[Done]:
        return self._tags.move(Call.REMOVE_TAG, tag, contact_ids)

    def close(self) -> None:
        """The connection is the run's (`Opening.once`), which closes it."""

    def _allowed(self) -> frozenset[str] | None:
        """The token's scopes; None where HubSpot does not tell, as for tokens that are no private app's."""
        body = {"tokenKey": self._options.token.get_secret_value()}
        try:
            told = self._http.send(Request(Call.CONNECT, "POST", self._paths.token, Token, body=body, repeat=True))
        except AdapterError:
            return None
        return frozenset(told.scopes)

    def _page(self, contacts: Sequence[Contact], fields: Sequence[str]) -> pa.RecordBatch:
        import pyarrow as pa

        tags = self._tags.of(contacts)
        columns = [
            pa.array([contact.id for contact in contacts], pa.string()),
            pa.array([tags.get(contact.id, []) for contact in contacts], pa.list_(pa.string())),
            *(pa.array([contact.properties.get(key) for contact in contacts], pa.string()) for key in fields),
        ]
        return pa.RecordBatch.from_arrays(columns, names=[ID, TAGS, *fields])
