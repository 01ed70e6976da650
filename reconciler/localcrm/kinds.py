"""The native types of the embedded CRM: what each of them takes, and the text that it stores.

Stored text is wire text: strings as they are, numbers and booleans as their JSON, a multiselect as a JSON list.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from reconciler.model.capabilities import Json

_NUMBER = re.compile(r"[+-]?[0-9]{1,300}(\.[0-9]{1,300})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{3})?Z")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Unfit(ValueError):
    """The native type refuses the value. The text is a constant phrase."""


Settle = Callable[[Json, frozenset[str]], str]
"""settle(filled value, option values) -> stored text; raises `Unfit`."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One native type. `choices`: its fields may have options; without any they take every value. `free`: any text."""

    name: str
    settle: Settle
    choices: bool = False
    free: bool = False


def _text(value: Json, _options: frozenset[str] = frozenset()) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        raise Unfit("takes one text, not a list")
    if isinstance(value, float) and not math.isfinite(value):
        raise Unfit("takes finite numbers only")
    return json.dumps(value)


def _matching(pattern: re.Pattern[str], phrase: str, check: Callable[[str], object] = str) -> Settle:
    def settle(value: Json, _options: frozenset[str]) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise Unfit(phrase)
        try:
            check(value)
        except ValueError:
            raise Unfit(phrase) from None
        return value

    return settle


def _phone(value: Json, _options: frozenset[str]) -> str:
    text = _text(value)
    if not any("0" <= c <= "9" for c in text):
        raise Unfit("takes a phone number")
    return text


def _number(value: Json, _options: frozenset[str]) -> str:
    """Plain decimal without trailing zeros, whichever way it came."""
    if isinstance(value, bool | list) or (isinstance(value, float) and not math.isfinite(value)):
        raise Unfit("takes a number")
    text = value.strip() if isinstance(value, str) else format(Decimal(repr(value)), "f")
    if not _NUMBER.fullmatch(text):
        raise Unfit("takes a number")
    plain = format(Decimal(text), "f")
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    return "0" if plain in ("-0", "0") else plain


def _integer(value: Json, options: frozenset[str]) -> str:
    text = _number(value, options)
    if "." in text:
        raise Unfit("takes a whole number")
    return text


def _boolean(value: Json, _options: frozenset[str]) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value in ("true", "false"):
        return str(value)
    raise Unfit("takes true or false")


def _chosen(value: Json, options: frozenset[str]) -> str:
    text = _text(value)
    if options and text not in options:
        raise Unfit("has no such option")
    return text


def _several(value: Json, options: frozenset[str]) -> str:
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise Unfit("takes a list of texts")
    distinct = list(dict.fromkeys(v for v in value if v))
    if options and not options.issuperset(distinct):
        raise Unfit("has no such option")
    return _compact(distinct) if distinct else ""


_ROWS = (
    Kind("text", _text, free=True),
    Kind("email", _matching(_EMAIL, "takes an e-mail address")),
    Kind("phone", _phone),
    Kind("url", _text, free=True),
    Kind("number", _number),
    Kind("integer", _integer),
    Kind("boolean", _boolean),
    Kind("date", _matching(_DATE, "takes a day as YYYY-MM-DD", date.fromisoformat)),
    Kind("datetime", _matching(_MOMENT, "takes a moment as YYYY-MM-DDTHH:MM:SSZ", datetime.fromisoformat)),
    Kind("select", _chosen, choices=True),
    Kind("multiselect", _several, choices=True),
    Kind("country", _text, free=True),
)
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _ROWS}
