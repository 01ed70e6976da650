"""What BottleCRM can do, as data: how values travel, what its calls are called, and why it cannot do the rest."""

from __future__ import annotations

from dataclasses import replace

from reconciler.adapters import codecs
from reconciler.adapters.codecs import wire
from reconciler.model.capabilities import Ability, Call, Capabilities, Checked, Endpoint

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
CANNOT = {
    Ability.RENAME_FIELD: "BottleCRM keeps the key that a field was made with",
    Ability.REGROUP_FIELD: "BottleCRM has no groups of fields",
    Ability.SET_STATUS: "BottleCRM's contacts have no subscription status",
    Ability.TELL_MERGES: "BottleCRM removes the contact that is merged into another and keeps no trace of its id",
}
ENDPOINTS = {
    Call.CONNECT: Endpoint("org/settings"),
    Call.SYNC_FIELDS: Endpoint("custom-fields/list"),
    Call.SYNC_TAGS: Endpoint("tags/list"),
    Call.ALL_CONTACTS: Endpoint("contacts/list"),
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


def capabilities(calls_per_second: float, page_size: int) -> Capabilities:
    """What BottleCRM can do, at that pace; that many contacts are read at once."""
    can = frozenset(Ability) - CANNOT.keys()
    return Capabilities(
        can=can,
        cannot=CANNOT,
        wires=_WIRES,
        holds=_HOLDS,
        endpoints={**ENDPOINTS, Call.ALL_CONTACTS: Endpoint("contacts/list", page_size)},
        rate=calls_per_second,
        checked=dict.fromkeys(can, (Checked.LIVE,)),
    )
