"""BottleCRM (`django-crm`) behind the CRM door: what `type: bottlecrm` opens.

What is particular there: a contact's tags are written as a whole set; deleted fields and archived tags live on under
their names; unknown fields and tags are ignored without a word, so keys are checked here; a look-up by e-mail finds
parts of addresses; pages are counted by offset while contacts come and go.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from reconciler.adapters.bottlecrm.abilities import CANNOT, capabilities
from reconciler.adapters.bottlecrm.api import Api
from reconciler.adapters.bottlecrm.fields import Fields, cannot_rename
from reconciler.adapters.bottlecrm.shapes import Added, Contact, Memberships, One, Page, Settings
from reconciler.adapters.bottlecrm.tags import TagList
from reconciler.adapters.codecs import wire_text
from reconciler.adapters.crm import ID, TAGS, Record, WireRecord
from reconciler.adapters.errors import AuthFailed, CrmFailed, NotFound, Rejected
from reconciler.model.capabilities import Ability, Call
from reconciler.model.inventory import Account, CrmField, CrmOption, CrmTag

if TYPE_CHECKING:
    import pyarrow as pa

    from reconciler.adapters.bottlecrm.options import BottleOptions
    from reconciler.adapters.meter import Meter
    from reconciler.adapters.opening import Opening

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NOBODY = "00000000-0000-0000-0000-000000000000"
_RIGHTS = (
    ("PATCH", "contacts", {Call.ADD_CONTACTS, Call.UPDATE_CONTACTS, Call.APPLY_TAG, Call.REMOVE_TAG}),
    ("PUT", "tags", {Call.ADD_TAG, Call.RENAME_TAG, Call.DELETE_TAG}),
    ("PUT", "custom-fields", {Call.ADD_FIELD, Call.UPDATE_FIELD, Call.DELETE_FIELD}),
)
"""How to ask for the right to make these calls, which a token cannot be asked for: by a change of what cannot exist."""
_READINGS = 4  # of all contacts, until none is missing
_FOUND = 100  # contacts that a look-up by e-mail reads at once


class BottleDoor:
    """A `Crm` that reads contacts in pages and writes one a call."""

    def __init__(self, options: BottleOptions, opening: Opening) -> None:
        self.capabilities = capabilities(options.calls_per_second, options.page_size)
        self._size = options.page_size
        self._api = Api(options.url, options.token.get_secret_value(), options.calls_per_second, opening)
        self._fields = Fields(self._api, options.missing_name)
        self._tags = TagList(self._api)
        self._denied: dict[Call, AuthFailed] = {}

    @property
    def meter(self) -> Meter:
        return self._api.http.meter

    def connect(self) -> Account:
        """The organisation of the token. Raises AuthFailed where its owner would only see some of the contacts."""
        here = self._api.read(Call.CONNECT, "org/settings", Settings)
        known = self._api.read(Call.CONNECT, "org", Memberships).profile_org_list
        if not any(one.is_organization_admin for one in known if one.org.id == here.id):
            fix = "make the token as an administrator of the organisation"
            raise AuthFailed("the token's owner is no administrator, and sees only some of the contacts", fix)
        self._ask_rights()
        return Account(here.id, here.name)

    def _ask_rights(self) -> None:
        self._denied = {}
        for method, what, calls in _RIGHTS:
            try:
                self._api.do(Call.CONNECT, method, f"{what}/{_NOBODY}", {})
            except AuthFailed as error:
                self._denied |= dict.fromkeys(calls, error)
            except (NotFound, Rejected):
                continue

    def check_rights(self, calls: Collection[Call]) -> None:
        """Raises what `connect` was answered."""
        for call in sorted(calls):
            if call in self._denied:
                raise self._denied[call]

    def time(self) -> datetime | None:
        return self._api.http.time()

    def sync_crm_fields(self) -> Sequence[CrmField]:
        return self._fields.sync()

    def kept_keys(self) -> Mapping[str, frozenset[str]]:
        return self._fields.kept()

    def sync_tags(self) -> Sequence[CrmTag]:
        return self._tags.sync()

    def get_contact_id(self, email: str) -> str | None:
        """BottleCRM finds every address that has these letters in it."""
        wanted = email.strip().lower()
        pages = self._pages(Call.GET_CONTACT_ID, (("email", wanted),), _FOUND)
        found = (one.id for page in pages for one in page if (one.email or "").strip().lower() == wanted)
        return next(found, None) if wanted else None

    def get_tags(self, contact_id: str) -> Sequence[str]:
        return self._tags.carried(self._contact(Call.GET_TAGS, contact_id).tags)

    def apply_tags(self, tags: Sequence[str], contact_id: str) -> None:
        self._tags.check(tags)
        before = self.get_tags(contact_id)
        self._set_tags(Call.APPLY_TAG, contact_id, before, [*before, *tags])

    def remove_tags(self, tags: Sequence[str], contact_id: str) -> None:
        before = self.get_tags(contact_id)
        self._set_tags(Call.REMOVE_TAG, contact_id, before, [tag for tag in before if tag not in tags])

    def _set_tags(self, kind: Call, contact_id: str, before: Sequence[str], after: Sequence[str]) -> None:
        """The whole set at once; archived tags, which nobody sees, do not stay in it."""
        if set(before) != set(after):
            self._api.do(kind, "PATCH", f"contacts/{contact_id}", {"tags": list(dict.fromkeys(after))})

    def add_contact(self, data: Record) -> str:
        return self._api.write(Call.ADD_CONTACTS, "POST", "contacts", self._fields.creation(data), Added).id

    def update_contact(self, contact_id: str, data: Record) -> None:
        body = self._fields.body(data)
        self._api.do(Call.UPDATE_CONTACTS, "PATCH", f"contacts/{_possible(contact_id)}", body)

    def load_contact(self, contact_id: str, fields: Sequence[str]) -> WireRecord:
        contact = self._contact(Call.LOAD_CONTACTS, contact_id)
        return {ID: contact.id, **{key: wire_text(contact.value(key)) for key in fields}}

    def _contact(self, kind: Call, contact_id: str) -> Contact:
        return self._api.read(kind, f"contacts/{_possible(contact_id)}", One).contact_obj

    def load_contacts(self, tag: str) -> Iterator[str]:
        self._tags.check([tag])
        for page in self._pages(Call.ALL_CONTACTS, (("tags", tag),), self._size):
            yield from (contact.id for contact in page)

    def all_contacts(
        self,
        fields: Sequence[str],
        since: datetime | None = None,  # noqa: ARG002 # BottleCRM does not tell what changed: everybody is read
    ) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        names = [ID, TAGS, *fields]
        schema = pa.schema([(name, pa.list_(pa.string()) if name == TAGS else pa.string()) for name in names])
        for page in self._pages(Call.ALL_CONTACTS, (), self._size):
            rows = [(one.id, self._tags.carried(one.tags), *(wire_text(one.value(f)) for f in fields)) for one in page]
            columns = zip(*rows, strict=True)
            arrays = [pa.array(column, type) for column, type in zip(columns, schema.types, strict=True)]
            yield pa.record_batch(arrays, schema=schema)

    def _pages(self, kind: Call, query: Sequence[tuple[str, str]], size: int) -> Iterator[list[Contact]]:
        """Every contact that the query finds, once, newest first, in pages that are never empty.

        Who is removed meanwhile moves those behind forward: reading goes back by as much as the count has fallen, and
        where some are missing at the end, begins anew. Who is added moves the others back, so that some come twice.
        """
        given: set[str] = set()
        for _reading in range(_READINGS):
            offset, count, least = 0, 0, math.inf
            while True:
                page = self._api.read(kind, "contacts", Page, [*query, ("limit", size), ("offset", offset)])
                if new := [one for one in page.results if one.id not in given]:
                    given.update(one.id for one in new)
                    yield new
                gone, count, least = max(0, count - page.count), page.count, min(least, page.count)
                offset = max(0, offset - gone) if gone else offset + len(page.results)
                if offset >= count or not (gone or page.results):
                    break
            if len(given) >= least:
                return
        raise CrmFailed("E327", f"{len(given)} of {least} were read")

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
        if group is not None:
            raise Rejected(CANNOT[Ability.REGROUP_FIELD], field=key)
        self._fields.update(key, label, options)

    def rename_field(self, key: str, new_key: str) -> None:
        raise cannot_rename(key, new_key)

    def delete_field(self, key: str) -> None:
        self._fields.delete(key)

    def add_tag(self, name: str) -> CrmTag:
        return self._tags.add(name)

    def rename_tag(self, key: str, name: str) -> CrmTag:
        return self._tags.rename(key, name)

    def delete_tag(self, key: str) -> None:
        self._tags.delete(key)

    def close(self) -> None:
        """The connection is the run's, and closed with it."""


def _possible(contact_id: str) -> str:
    """The id, if it can be one. Raises NotFound."""
    if not _UUID.fullmatch(contact_id):
        raise NotFound("there is no such contact")
    return contact_id
