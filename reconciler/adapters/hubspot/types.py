"""Which property of HubSpot holds which value type, as tables. A native type is `TYPE/FIELDTYPE` of HubSpot's."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from reconciler.adapters import codecs
from reconciler.adapters.codecs import Codec, wire
from reconciler.model.capabilities import Json, Undecodable, Wire

STRING = "string/text"
AREA = "string/textarea"
HTML = "string/html"
PHONE = "string/phonenumber"
PHONE_NUMBER = "phone_number/phonenumber"
NUMBER = "number/number"
BOOL = "bool/booleancheckbox"
TICK = "enumeration/booleancheckbox"
DATE = "date/date"
DATETIME = "datetime/date"
SELECT = "enumeration/select"
RADIO = "enumeration/radio"
CHECKBOXES = "enumeration/checkbox"
EXTERNAL = "enumeration/external"  # its options are people or things of HubSpot, and stand in no list

MAIN: Mapping[str, str] = {
    "string": STRING,
    "number": NUMBER,
    "bool": BOOL,
    "date": DATE,
    "datetime": DATETIME,
    "phone_number": PHONE_NUMBER,
}
"""Type -> the native type of all its field types that have no row of their own: they differ in looks alone."""

SHOWN: frozenset[str] = frozenset({"json", "object_coordinates"})
"""Types that are read as text, and never written: how, HubSpot does not say."""

KNOWN: frozenset[str] = frozenset({AREA, HTML, PHONE, TICK, SELECT, RADIO, CHECKBOXES, *MAIN.values()})
TICKS: frozenset[str] = frozenset({BOOL, TICK})


def native(type: str, field_type: str, external: bool = False) -> str:
    """The native type of a property. One that no table has is as HubSpot calls it, and nothing is stored there."""
    pair = f"{type}/{field_type}"
    if external:
        return EXTERNAL
    if type in SHOWN:
        return type
    return pair if pair in KNOWN else MAIN.get(type, pair)


def _digits(text: str) -> bool:
    return text.strip().removeprefix("-").isdecimal()


def _dated(iso: Codec, milliseconds: Codec) -> Codec:
    """Written as ISO 8601, read as that or as milliseconds since 1970."""

    def decode(text: str) -> str | None:
        return (milliseconds if _digits(text) else iso).decode(text)

    return Codec(iso.encode, decode, plain=True)


def _join(canonical: str) -> Json:
    """`a;b`. Members that hold the separator stay a list, which the door refuses: joined they would be others."""
    members = orjson.loads(canonical)
    return ";".join(members) if not any(";" in member for member in members) else list(members)


def _split(text: str) -> str | None:
    """In any order, with a `;` before them or not."""
    return (codecs.SET_LIST if text.startswith('["') else codecs.SET_SEMICOLON).decode(text)


def _truth(text: str) -> str | None:
    if text.strip().lower() not in ("", "true", "false"):
        raise Undecodable
    return codecs.TRUE_FALSE_TEXT.decode(text)


_TEXTS = (STRING, AREA, HTML, PHONE, EXTERNAL, *SHOWN)
_CHOSEN = (SELECT, RADIO, STRING)
_INTEGER = Codec(codecs.NUMBER_TEXT.encode, codecs.INTEGER.decode, plain=True)
_SET = Codec(_join, _split)

WIRES: Mapping[str, Wire] = {
    "text": wire(codecs.TEXT, *_TEXTS),
    "email": wire(codecs.EMAIL, STRING),
    "phone": wire(codecs.PHONE, PHONE, PHONE_NUMBER, STRING),
    "url": wire(codecs.TEXT, STRING, AREA),
    "number": wire(codecs.NUMBER_TEXT, NUMBER),
    "integer": wire(_INTEGER, NUMBER),
    "checkbox": wire(Codec(codecs.TRUE_FALSE_TEXT.encode, _truth, plain=True), BOOL, TICK),
    "date": wire(_dated(codecs.DATE_ISO, codecs.DATE_MILLISECONDS), DATE),
    "datetime": wire(_dated(codecs.DATETIME_ISO, codecs.DATETIME_MILLISECONDS), DATETIME),
    "select": wire(codecs.TEXT, *_CHOSEN),
    "multiselect": wire(_SET, CHECKBOXES),
    "country": wire(codecs.TEXT, STRING, SELECT, RADIO),
    "state": wire(codecs.TEXT, STRING, SELECT, RADIO),
    "score": wire(codecs.NUMBER_TEXT, NUMBER),
    "raw": wire(codecs.TEXT, *_TEXTS, SELECT, RADIO),
}
HOLDS: Mapping[str, str] = {
    **dict.fromkeys(_TEXTS, "text"),
    PHONE: "phone",
    PHONE_NUMBER: "phone",
    NUMBER: "number",
    BOOL: "checkbox",
    TICK: "checkbox",
    DATE: "date",
    DATETIME: "datetime",
    SELECT: "select",
    RADIO: "select",
    CHECKBOXES: "multiselect",
}
