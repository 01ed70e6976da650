"""What HubSpot can do under the options of a file: abilities with reasons, the price list, the scopes of calls."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.adapters.hubspot.options import HubSpotOptions, TagProperty
from reconciler.adapters.hubspot.paths import general, searches
from reconciler.adapters.hubspot.types import HOLDS, WIRES
from reconciler.model.capabilities import Ability, Call, Capabilities, Checked, Endpoint

CANNOT: Mapping[Ability, str] = {
    Ability.RENAME_FIELD: "the name of a property is fixed once it is made; make a new one and move the values",
    Ability.SET_STATUS: "whether a contact is a marketing contact is set in HubSpot, by people or workflows",
    Ability.TELL_MERGES: "HubSpot does not say in its API's documents which contacts went into a merged one",
}

NO_OBJECTS: Mapping[str, str] = {
    "lead": "a lead of HubSpot has no e-mail of its own, it belongs to a contact: none could be found for certain",
}

_ENDPOINTS: Mapping[Call, str] = {
    Call.CONNECT: "account-info/details",
    Call.SYNC_FIELDS: "properties/contacts",
    Call.ALL_CONTACTS: "objects/contacts",
    Call.CHANGED_CONTACTS: "objects/contacts/search",
    Call.GET_CONTACT_ID: "objects/contacts/{email}",
    Call.LOAD_CONTACTS: "objects/contacts/batch/read",
    Call.ADD_CONTACTS: "objects/contacts/batch/create",
    Call.UPDATE_CONTACTS: "objects/contacts/batch/update",
    Call.ADD_GROUP: "properties/contacts/groups",
    Call.ADD_FIELD: "properties/contacts",
    Call.UPDATE_FIELD: "properties/contacts/{name}",
    Call.DELETE_FIELD: "properties/contacts/{name}",
}
_LISTS: Mapping[Call, str] = {
    Call.SYNC_TAGS: "lists/search",
    Call.READ_TAGS: "lists/records/memberships/batch/read",
    Call.GET_TAGS: "lists/records/memberships/batch/read",
    Call.APPLY_TAG: "lists/{id}/memberships/add",
    Call.REMOVE_TAG: "lists/{id}/memberships/remove",
    Call.ADD_TAG: "lists",
    Call.RENAME_TAG: "lists/{id}/update-list-name",
    Call.DELETE_TAG: "lists/{id}",
}
_OPTIONS: Mapping[Call, str] = {
    Call.SYNC_TAGS: "properties/contacts/{name}",
    Call.GET_TAGS: "objects/contacts/batch/read",
    Call.APPLY_TAG: "objects/contacts/batch/update",
    Call.REMOVE_TAG: "objects/contacts/batch/update",
    Call.ADD_TAG: "properties/contacts/{name}",
    Call.RENAME_TAG: "properties/contacts/{name}",
    Call.DELETE_TAG: "properties/contacts/{name}",
}
_READ_FIRST: Mapping[Call, tuple[Call, ...]] = {Call.UPDATE_FIELD: (Call.SYNC_FIELDS,)}
_OPTIONS_READ_FIRST: Mapping[Call, tuple[Call, ...]] = {
    **_READ_FIRST,
    **dict.fromkeys((Call.ADD_TAG, Call.RENAME_TAG, Call.DELETE_TAG), (Call.SYNC_TAGS,)),
    **dict.fromkeys((Call.APPLY_TAG, Call.REMOVE_TAG), (Call.LOAD_CONTACTS,)),
}
_CONTACT_BATCHES = (Call.LOAD_CONTACTS, Call.ADD_CONTACTS, Call.UPDATE_CONTACTS)
_TAGGINGS = (Call.APPLY_TAG, Call.REMOVE_TAG)

_READ_CONTACTS = ("crm.objects.contacts.read",)
_WRITE_CONTACTS = ("crm.objects.contacts.write",)
_READ_FIELDS = ("crm.schemas.contacts.read", *_READ_CONTACTS, *_WRITE_CONTACTS)
_WRITE_FIELDS = ("crm.schemas.contacts.write",)
_READ_LISTS = ("crm.lists.read",)
_WRITE_LISTS = ("crm.lists.write",)

_CONTACT_READS = (Call.ALL_CONTACTS, Call.CHANGED_CONTACTS, Call.GET_CONTACT_ID, Call.LOAD_CONTACTS)
_FIELD_CHANGES = (Call.ADD_GROUP, Call.ADD_FIELD, Call.UPDATE_FIELD, Call.DELETE_FIELD)
_TAG_CHANGES = (Call.ADD_TAG, Call.RENAME_TAG, Call.DELETE_TAG)

_SCOPES: Mapping[Call, tuple[str, ...]] = {
    Call.SYNC_FIELDS: _READ_FIELDS,
    **dict.fromkeys(_CONTACT_READS, _READ_CONTACTS),
    **dict.fromkeys((Call.ADD_CONTACTS, Call.UPDATE_CONTACTS), _WRITE_CONTACTS),
    **dict.fromkeys(_FIELD_CHANGES, _WRITE_FIELDS),
}
_TAG_CALLS = ((Call.SYNC_TAGS,), (Call.GET_TAGS, Call.READ_TAGS), _TAGGINGS, _TAG_CHANGES)
_OF_LISTS = (_READ_LISTS, _READ_LISTS, _WRITE_LISTS, _WRITE_LISTS)
_OF_OPTIONS = (_READ_FIELDS, _READ_CONTACTS, _WRITE_CONTACTS, _WRITE_FIELDS)


def scopes(options: HubSpotOptions) -> Mapping[Call, tuple[str, ...]]:
    """Call -> the scopes one of which it needs, the fitting one first."""
    of_tags = _OF_OPTIONS if isinstance(options.tags, TagProperty) else _OF_LISTS
    return {**_SCOPES, **{call: scope for calls, scope in zip(_TAG_CALLS, of_tags, strict=True) for call in calls}}


def capabilities(options: HubSpotOptions) -> Capabilities:
    """With tags as lists, what changed covers values alone: who is put on a list has not changed by it."""
    as_options = isinstance(options.tags, TagProperty)
    return Capabilities(
        can=frozenset(Ability) - CANNOT.keys(),
        cannot=CANNOT,
        wires=WIRES,
        holds=HOLDS,
        endpoints=_endpoints(options),
        rate=general(options).rate,
        clears_with="",
        no_objects=NO_OBJECTS,
        since_covers=frozenset({"values", "tags"} if as_options else {"values"}),
        since_lag=options.search_lag,
        checked=dict.fromkeys(frozenset(Ability) - CANNOT.keys(), (Checked.CLIENT, Checked.DOCUMENT)),
    )


def _endpoints(options: HubSpotOptions) -> Mapping[Call, Endpoint]:
    as_options = isinstance(options.tags, TagProperty)
    names = {**_ENDPOINTS, **(_OPTIONS if as_options else _LISTS)}
    also = _OPTIONS_READ_FIRST if as_options else _READ_FIRST
    sizes = {
        **dict.fromkeys(_CONTACT_BATCHES, options.batch),
        **dict.fromkeys(_TAGGINGS, options.batch if as_options else options.list_batch),
        Call.ALL_CONTACTS: options.page,
        Call.READ_TAGS: options.page,
        Call.CHANGED_CONTACTS: options.search_page,
    }
    rates = {Call.CHANGED_CONTACTS: searches(options).rate}
    return {
        call: Endpoint(name, sizes.get(call, 1), rate=rates.get(call), also=also.get(call, ()))
        for call, name in names.items()
    }
