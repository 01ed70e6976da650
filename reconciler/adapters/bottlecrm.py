"""BottleCRM (`django-crm`) behind the CRM door: what `type: bottlecrm` opens.

What is particular there: a contact's tags are written as a whole set; deleted fields and archived tags live on under
their names; fields and tags that are unknown are ignored without a word, so keys are checked here; a look-up by e-mail
finds parts of addresses; pages are counted by offset while contacts come and go.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from reconciler.adapters import codecs
from reconciler.adapters.bottlecrm_answers import refused
from reconciler.adapters.bottlecrm_shapes import (
    EMPTIES,
    STANDARD,
    Added,
    Contact,
    Definition,
    Definitions,
    Memberships,
    One,
    Page,
    Settings,
    Tag,
    Tagged,
    Tags,
)
from reconciler.adapters.codecs import wire, wire_text
from reconciler.adapters.crm import ID, TAGS, Record, WireRecord
from reconciler.adapters.errors import AuthFailed, CrmFailed, NotFound, Rejected
from reconciler.adapters.http import Bucket, Http, Request, Shape, Vendor, bearer
from reconciler.model.capabilities import Ability, Call, Capabilities, Checked, Endpoint
from reconciler.model.inventory import Account, CrmField, CrmOption, CrmTag

if TYPE_CHECKING:
    import pyarrow as pa

    from reconciler.adapters.bottlecrm_options import BottleOptions
    from reconciler.adapters.meter import Meter
    from reconciler.adapters.opening import Opening

_INTEGER = replace(codecs.INTEGER, plain=False)  # 12 comes back as 12.0
_WIRES = {
    "text": wire(codecs.TEXT, "text", "textarea", "phone", "url", "country"),
    "email": wire(codecs.EMAIL, "text", "email"),
    "phone": wire(codecs.PHONE, "text", "phone"),
    "url": wire(codecs.TEXT, "text", "url"),
    "number": wire(codecs.NUMBER, "number"),
    "integer": wire(_INTEGER, "number"),
    "checkbox": wire(codecs.TRUE_FALSE, "checkbox"),
    "date": wire(codecs.DATE_ISO, "date"),
    "datetime": wire(codecs.DATETIME_ISO, "text"),
    "select": wire(codecs.TEXT, "dropdown", "text", "textarea"),
    "multiselect": wire(codecs.SET_SEMICOLON, "text", "textarea"),
    "country": wire(codecs.TEXT, "text", "country"),
    "state": wire(codecs.TEXT, "text"),
    "score": wire(codecs.NUMBER, "number"),
    "raw": wire(codecs.TEXT, "textarea", "text", "phone", "url", "country", "dropdown"),
}
_HOLDS = {
    "text": "text",
    "textarea": "text",
    "email": "email",
    "phone": "phone",
    "url": "url",
    "number": "number",
    "checkbox": "checkbox",
    "date": "date",
    "dropdown": "select",
    "country": "country",
}
_CANNOT = {
    Ability.RENAME_FIELD: "BottleCRM keeps the key that a field was made with",
    Ability.REGROUP_FIELD: "BottleCRM has no groups of fields",
    Ability.SET_STATUS: "BottleCRM's contacts have no subscription status",
    Ability.TELL_MERGES: "BottleCRM removes the contact that is merged into another and keeps no trace of its id",
}
_ENDPOINTS = {
    Call.CONNECT: Endpoint("org/settings"),
    Call.SYNC_FIELDS: Endpoint("custom-fields/list"),
    Call.SYNC_TAGS: Endpoint("tags/list"),
    Call.GET_CONTACT_ID: Endpoint("contacts/find"),
    Call.GET_TAGS: Endpoint("contacts/tags"),
    Call.LOAD_CONTACTS: Endpoint("contacts/read"),
    Call.ADD_CONTACTS: Endpoint("contacts/create"),
    Call.UPDATE_CONTACTS: Endpoint("contacts/update"),
    Call.APPLY_TAG: Endpoint("contacts/tag", also=(Call.GET_TAGS,)),
    Call.REMOVE_TAG: Endpoint("contacts/untag", also=(Call.GET_TAGS,)),
    Call.ADD_FIELD: Endpoint("custom-fields/create"),
    Call.UPDATE_FIELD: Endpoint("custom-fields/update"),
    Call.DELETE_FIELD: Endpoint("custom-fields/delete"),
    Call.ADD_TAG: Endpoint("tags/create"),
    Call.RENAME_TAG: Endpoint("tags/rename"),
    Call.DELETE_TAG: Endpoint("tags/delete"),
}
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NOBODY = "00000000-0000-0000-0000-000000000000"
_RIGHTS = (
    ("PATCH", "contacts", {Call.ADD_CONTACTS, Call.UPDATE_CONTACTS, Call.APPLY_TAG, Call.REMOVE_TAG}),
    ("PUT", "tags", {Call.ADD_TAG, Call.RENAME_TAG, Call.DELETE_TAG}),
    ("PUT", "custom-fields", {Call.ADD_FIELD, Call.UPDATE_FIELD, Call.DELETE_FIELD}),
)
"""How to ask for the right to make these calls: by a change of something that cannot exist."""
_READINGS = 4  # of all contacts, until none is missing
_FOUND = 100  # contacts that a look-up by e-mail reads at once
_LONGEST_TAG = 50


def capabilities(calls_per_second: float, page_size: int = 500) -> Capabilities:
    """What BottleCRM can do, at that pace; that many contacts are read at once."""
    can = frozenset(Ability) - _CANNOT.keys()
    return Capabilities(
        can=can,
        cannot=_CANNOT,
        wires=_WIRES,
        holds=_HOLDS,
        endpoints={**_ENDPOINTS, Call.ALL_CONTACTS: Endpoint("contacts/list", page_size)},
        rate=calls_per_second,
        checked=dict.fromkeys(can, (Checked.LIVE,)),
    )


class BottleDoor:
    """A `Crm` that writes one contact a call. Fields and tags are remembered from the last time they were listed,
    since every change of a contact is checked against them."""

    def __init__(self, options: BottleOptions, opening: Opening) -> None:
        self.capabilities = capabilities(options.calls_per_second, options.page_size)
        self._size = options.page_size
        self._missing_name = options.missing_name
        self._fields: dict[str, CrmField] = {}
        self._definitions: dict[str, Definition] = {}
        self._tags: dict[str, Tag] = {}
        self._rights: dict[Call, AuthFailed] = {}
        pace = Bucket(options.calls_per_second + 1, 1.0)
        vendor = Vendor("BottleCRM", {"": pace}, refused)

        def made() -> Http:
            return Http(vendor, options.url, bearer(options.token.get_secret_value()), opening)

        self._http = opening.once("bottlecrm", made)

    @property
    def meter(self) -> Meter:
        return self._http.meter

    def connect(self) -> Account:
        """The organisation of the token. Raises AuthFailed where its owner would only see some of the contacts."""
        here = self._read(Call.CONNECT, "org/settings", Settings)
        known = self._read(Call.CONNECT, "org", Memberships).profile_org_list
        if not any(one.is_organization_admin for one in known if one.org.id == here.id):
            fix = "make the token as an administrator of the organisation"
            raise AuthFailed("the token's owner is no administrator, and sees only some of the contacts", fix)
        self._ask_rights()
        return Account(here.id, here.name)

    def _ask_rights(self) -> None:
        self._rights = {}
        for method, what, calls in _RIGHTS:
            asked: Request[None] = Request(Call.CONNECT, method, f"/api/{what}/{_NOBODY}/", body={}, endpoint=what)
            try:
                self._http.send(asked)
            except AuthFailed as error:
                self._rights |= dict.fromkeys(calls, error)
            except (NotFound, Rejected):
                continue

    def check_rights(self, calls: Collection[Call]) -> None:
        """Raises what `connect` was told."""
        for call in calls:
            if call in self._rights:
                raise self._rights[call]

    def sync_crm_fields(self) -> Sequence[CrmField]:
        """Standard fields, then those of the organisation that are not switched off."""
        query = (("target_model", "Contact"), ("include_counts", "false"))
        listed = self._read(Call.SYNC_FIELDS, "custom-fields", Definitions, query).definitions
        self._definitions = {one.field.key: one for one in listed}
        custom = [one.field for one in listed if one.is_active]
        self._fields = {field.key: field for field in (*STANDARD.values(), *custom)}
        if self._missing_name:
            return [replace(f, required=False) if f.standard else f for f in self._fields.values()]
        return list(self._fields.values())

    def sync_tags(self) -> Sequence[CrmTag]:
        """Those that are not archived."""
        listed = self._read(Call.SYNC_TAGS, "tags", Tags, (("include_archived", "true"),)).tags
        self._tags = {tag.id: tag for tag in listed}
        return [tag.tag for tag in listed if tag.is_active]

    def get_contact_id(self, email: str) -> str | None:
        """BottleCRM finds every address that holds these letters."""
        wanted = email.strip().lower()
        pages = self._pages(Call.GET_CONTACT_ID, (("email", email.strip()),), _FOUND)
        found = (one.id for page in pages for one in page if (one.email or "").strip().lower() == wanted)
        return next(found, None) if wanted else None

    def get_tags(self, contact_id: str) -> Sequence[str]:
        contact = self._contact(Call.GET_TAGS, contact_id)
        return self._carried(contact)

    def apply_tags(self, tags: Sequence[str], contact_id: str) -> None:
        self._check_tags(tags)
        before = self.get_tags(contact_id)
        self._set_tags(
            Call.APPLY_TAG, contact_id, before, [*before, *(t for t in dict.fromkeys(tags) if t not in before)]
        )

    def remove_tags(self, tags: Sequence[str], contact_id: str) -> None:
        before = self.get_tags(contact_id)
        self._set_tags(Call.REMOVE_TAG, contact_id, before, [tag for tag in before if tag not in tags])

    def _set_tags(self, kind: Call, contact_id: str, before: Sequence[str], after: Sequence[str]) -> None:
        """The whole set at once. Archived tags that nobody sees leave it: BottleCRM takes none."""
        if list(before) != list(after):
            self._change(kind, contact_id, {"tags": list(after)})

    def _check_tags(self, tags: Sequence[str]) -> None:
        """An unknown tag would be ignored without a word."""
        for _attempt in range(2):
            if all(tag in self._tags and self._tags[tag].is_active for tag in tags):
                return
            self.sync_tags()
        raise NotFound("there is no such tag")

    def _carried(self, contact: Contact) -> list[str]:
        """Its tags without archived ones."""
        if not all(tag in self._tags for tag in contact.tags):
            self.sync_tags()
        return [tag for tag in contact.tags if tag not in self._tags or self._tags[tag].is_active]

    def add_contact(self, data: Record) -> str:
        names = {key: self._missing_name for key in ("first_name", "last_name") if self._missing_name}
        given = {key: value for key, value in data.items() if value is not None}
        body = self._body({**names, **given})
        request = Request(Call.ADD_CONTACTS, "POST", "/api/contacts/", Added, body=body, endpoint="contacts/create")
        return self._http.send(request).id

    def update_contact(self, contact_id: str, data: Record) -> None:
        self._change(Call.UPDATE_CONTACTS, contact_id, self._body(data))

    def _change(self, kind: Call, contact_id: str, body: Mapping[str, Any]) -> None:
        path = f"/api/contacts/{_existing(contact_id)}/"
        request: Request[None] = Request(kind, "PATCH", path, body=body, endpoint=self._name(kind))
        self._http.send(request)

    def _body(self, data: Record) -> dict[str, Any]:
        """The record as the API takes it. A key that is no field would be ignored without a word, so it is refused."""
        if not data.keys() <= self._fields.keys():
            self.sync_crm_fields()
        body: dict[str, Any] = {}
        custom: dict[str, Any] = {}
        for key, value in data.items():
            if key not in self._fields:
                raise Rejected(f"there is no field `{key}`", field=key)
            if key in STANDARD:
                body[key] = EMPTIES.get(key) if value is None else value
            else:
                custom[self._definitions[key].key] = value
        return {**body, "custom_fields": custom} if custom else body

    def load_contact(self, contact_id: str, fields: Sequence[str]) -> WireRecord:
        contact = self._contact(Call.LOAD_CONTACTS, contact_id)
        return {ID: contact.id, **{key: wire_text(contact.value(key)) for key in fields}}

    def _contact(self, kind: Call, contact_id: str) -> Contact:
        return self._read(kind, f"contacts/{_existing(contact_id)}", One).contact_obj

    def load_contacts(self, tag: str) -> Iterator[str]:
        if not _UUID.fullmatch(tag):
            return
        for page in self._pages(Call.ALL_CONTACTS, (("tags", tag),), self._size):
            yield from (contact.id for contact in page)

    def all_contacts(self, fields: Sequence[str], since: datetime | None = None) -> Iterator[pa.RecordBatch]:
        """`since` is not looked at: BottleCRM does not tell what changed."""
        import pyarrow as pa

        names = [ID, TAGS, *fields]
        schema = pa.schema([(name, pa.list_(pa.string()) if name == TAGS else pa.string()) for name in names])
        for page in self._pages(Call.ALL_CONTACTS, (), self._size):
            rows = [(one.id, self._carried(one), *(wire_text(one.value(key)) for key in fields)) for one in page]
            columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in names]
            yield pa.record_batch([pa.array(c, schema.field(n).type) for n, c in enumerate(columns)], schema=schema)

    def _pages(self, kind: Call, query: Sequence[tuple[str, str]], size: int) -> Iterator[list[Contact]]:
        """Every contact that the query finds, once, newest first. A contact that is removed meanwhile moves those
        behind it forward: as many as the count has fallen are read again, and where some are missing at the end, all."""
        given: set[str] = set()
        for _reading in range(_READINGS):
            offset, count = 0, 0
            while True:
                asked: list[tuple[str, str | int]] = [*query, ("limit", size), ("offset", offset)]
                page = self._read(kind, "contacts", Page, asked)
                new = [one for one in page.results if one.id not in given]
                given.update(one.id for one in new)
                if new:
                    yield new
                offset = max(0, offset + len(page.results) - max(0, count - page.count))
                count = page.count
                if offset >= count or not page.results:
                    break
            if len(given) >= count:
                return
        raise CrmFailed("E336", f"{len(given)} of {count} were read")

    def add_field(self, field: CrmField) -> CrmField:
        """A field of that key that was deleted is switched on again, with the label and the options of the new one."""
        former = self._definitions.get(field.key)
        if former is None or former.is_active:
            return self._written(
                Call.ADD_FIELD,
                "",
                {**_described(field), "target_model": "Contact", "key": field.key, "field_type": field.native},
            )
        if former.field_type != field.native:
            raise SwitchedOff(
                f"`{field.key}` is a deleted {former.field_type} field, {field.native} is wanted", field=field.key
            )
        return self._written(Call.ADD_FIELD, former.id, {**_described(field), "is_active": True})

    def update_field(
        self,
        key: str,
        *,
        label: str | None = None,
        group: str | None = None,
        options: Sequence[CrmOption] | None = None,
    ) -> None:
        if group is not None:
            raise Rejected(_CANNOT[Ability.REGROUP_FIELD], field=key)
        change = {"label": label, "options": None if options is None else _choices(options)}
        self._written(
            Call.UPDATE_FIELD,
            self._custom(key).id,
            {name: value for name, value in change.items() if value is not None},
        )

    def rename_field(self, key: str, new_key: str) -> None:
        raise Rejected(f"`{key}` cannot become `{new_key}`: {_CANNOT[Ability.RENAME_FIELD]}", field=key)

    def delete_field(self, key: str) -> None:
        definition = self._custom(key)
        request: Request[None] = Request(Call.DELETE_FIELD, "DELETE", f"/api/custom-fields/{definition.id}/")
        self._http.send(request)
        self._know(definition.model_copy(update={"is_active": False}))

    def _custom(self, key: str) -> Definition:
        """The field of the organisation with that key."""
        if key in STANDARD:
            raise Rejected(f"`{key}` is a standard field, which cannot be changed", field=key)
        if key not in self._fields:
            self.sync_crm_fields()
        if key not in self._fields:
            raise NotFound(f"there is no field `{key}`")
        return self._definitions[key]

    def _written(self, kind: Call, id: str, body: Mapping[str, Any]) -> CrmField:
        """A definition that is made (no `id`) or changed."""
        method, path = ("PUT", f"/api/custom-fields/{id}/") if id else ("POST", "/api/custom-fields/")
        definition = self._http.send(Request(kind, method, path, Definition, body=body, endpoint=self._name(kind)))
        self._know(definition)
        return definition.field

    def _know(self, definition: Definition) -> None:
        field = definition.field
        self._definitions[field.key] = definition
        self._fields.pop(field.key, None)
        if definition.is_active:
            self._fields[field.key] = field

    def add_tag(self, name: str) -> CrmTag:
        """BottleCRM would bring an archived tag of that name back with whoever carried it: that one is set aside."""
        self._make_room(Call.ADD_TAG, name)
        return self._named(Call.ADD_TAG, "POST", "/api/tags/", name)

    def rename_tag(self, key: str, name: str) -> CrmTag:
        self._make_room(Call.RENAME_TAG, name)
        return self._named(Call.RENAME_TAG, "PUT", f"/api/tags/{self._active_tag(key).id}/", name)

    def delete_tag(self, key: str) -> None:
        tag = self._active_tag(key)
        request: Request[None] = Request(Call.DELETE_TAG, "DELETE", f"/api/tags/{tag.id}/", endpoint="tags/delete")
        self._http.send(request)
        self._tags[tag.id] = tag.model_copy(update={"is_active": False, "usage": {"contacts": 1}})

    def _active_tag(self, key: str) -> Tag:
        self._check_tags([key])
        return self._tags[key]

    def _make_room(self, kind: Call, name: str) -> None:
        """An archived tag that would be taken for the new one gets another name; it stays archived, and carried."""
        if not self._tags:
            self.sync_tags()
        for tag in list(self._tags.values()):
            if not tag.is_active and _slug(tag.name) == _slug(name):
                mark = f" (archived {tag.id[:8]})"
                self._named(kind, "PUT", f"/api/tags/{tag.id}/", tag.name[: _LONGEST_TAG - len(mark)] + mark)

    def _named(self, kind: Call, method: str, path: str, name: str) -> CrmTag:
        tag = self._http.send(Request(kind, method, path, Tagged, body={"name": name}, endpoint=self._name(kind))).tag
        self._tags[tag.id] = tag
        return tag.tag

    def close(self) -> None:
        """The connection is the run's: it is closed with it."""

    def _read(self, kind: Call, what: str, shape: type[Shape], query: Sequence[tuple[str, str | int]] = ()) -> Shape:
        return self._http.send(Request(kind, "GET", f"/api/{what}/", shape, query, endpoint=self._name(kind)))

    def _name(self, kind: Call) -> str:
        return self.capabilities.endpoints[kind].name


class SwitchedOff(Rejected):
    """A new field has the key of a deleted one, which is of another type."""

    code = "E335"


def _existing(contact_id: str) -> str:
    """The id, if it can be one. Raises NotFound."""
    if not _UUID.fullmatch(contact_id):
        raise NotFound("there is no such contact")
    return contact_id


def _described(field: CrmField) -> dict[str, Any]:
    """What may be said of a new field beside its key and type; only a dropdown has options."""
    return {"label": field.label, **({"options": _choices(field.options)} if field.native == "dropdown" else {})}


def _choices(options: Sequence[CrmOption]) -> list[dict[str, str]]:
    return [{"value": option.value, "label": option.label} for option in options]


def _slug(name: str) -> str:
    """Names with the same letters and digits are one tag there."""
    return "-".join(re.findall(r"\w+", name.casefold()))
