"""Property values: what each type takes, what the embedded CRM stores for it, and what is answered.

All answers are texts. A choice of several is `a;b`; a date is `YYYY-MM-DD`; a moment ISO 8601; a blank is null. What is
refused is quoted, as HubSpot does it: whoever reads such an answer must not show it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from reconciler.emulators.hubspot.errors import Detail, about
from reconciler.emulators.hubspot.moments import milliseconds_of, text_of
from reconciler.emulators.hubspot.properties import Property

_ADDRESS = re.compile(r"[^@\s,;<>()\[\]\"]+@[^@\s,;<>()\[\]\"]+\.[^@\s.,;<>()\[\]\"]+")
_DAY = 86_400_000  # milliseconds
_LONGEST = 65_536  # characters of a text
_WORDS = {"true": "true", "false": "false"}


class Unfit(Exception):
    """`detail`: what the answer says of it."""

    def __init__(self, detail: Detail) -> None:
        self.detail = detail
        super().__init__(detail["message"])


def stored(property: Property, value: Any) -> Any:
    """What the embedded CRM is given for it; None is a blank. Raises Unfit."""
    if value is None or value == "":
        return None
    text = _WORDS.get(str(value).lower(), "") if isinstance(value, bool) else str(value)
    return _STORED.get(property.native, _text)(property, text)


def shown(native: str, text: str | None) -> str | None:
    """What is answered for a stored text."""
    if text is None or native != "multiselect":
        return text
    return ";".join(json.loads(text)) or None


def _text(property: Property, text: str) -> str:
    if len(text) > _LONGEST:
        raise Unfit(about("PROPERTY_VALUE_TOO_LONG", property.name, f"takes at most {_LONGEST:,} characters"))
    return text


def _email(property: Property, text: str) -> str:
    bare = text.strip().lower()
    if not _ADDRESS.fullmatch(bare):
        raise Unfit(about("INVALID_EMAIL", property.name, f"Email address {text} is invalid"))
    return bare


def _number(property: Property, text: str) -> str:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number.adjusted()) > 300:
        raise Unfit(about("INVALID_NUMBER", property.name, f"{text} was not a valid number"))
    return format(number, "f")


def _date(property: Property, text: str) -> str:
    moment = milliseconds_of(text)
    if moment is None:
        raise Unfit(about("INVALID_DATE", property.name, f"{text} was not a valid date"))
    if moment % _DAY:
        raise Unfit(about("INVALID_DATE", property.name, f"{text} is not midnight UTC"))
    return _iso(property, moment)[:10]


def _moment(property: Property, text: str) -> str:
    moment = milliseconds_of(text)
    if moment is None:
        raise Unfit(about("INVALID_LONG", property.name, f"{text} was not a valid moment"))
    return _iso(property, moment)


def _iso(property: Property, moment: int) -> str:
    try:
        return text_of(moment * 1000)
    except OverflowError:
        raise Unfit(about("INVALID_DATE", property.name, f"{moment} is out of range")) from None


def _boolean(property: Property, text: str) -> str:
    word = _WORDS.get(text.strip().lower())
    if word is None:
        raise Unfit(_no_option(property, text))
    return word


def _choice(property: Property, text: str) -> str:
    if text not in property.values:
        raise Unfit(_no_option(property, text))
    return text


def _choices(property: Property, text: str) -> list[str] | None:
    """A text that begins with `;` adds to what is there in some accounts. Not documented, so it replaces here."""
    chosen = list(dict.fromkeys(part for part in text.split(";") if part))
    if not property.values.issuperset(chosen):
        raise Unfit(_no_option(property, text))
    return chosen or None


def _no_option(property: Property, text: str) -> Detail:
    return about("INVALID_OPTION", property.name, f"{text} was not one of the allowed options")


_STORED: Mapping[str, Callable[[Property, str], Any]] = {
    "text": _text,
    "email": _email,
    "number": _number,
    "integer": _number,
    "date": _date,
    "datetime": _moment,
    "boolean": _boolean,
    "select": _choice,
    "multiselect": _choices,
}
"""By native type of the embedded CRM."""
