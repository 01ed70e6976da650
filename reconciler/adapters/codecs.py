"""The shapes in which CRMs take and give values: each an encode/decode pair over canonical text.

`encode(canonical)` gives the JSON value to send; `decode(text)` takes wire text and gives canonical text, None for
empty, or raises `Undecodable`. Decoding is generous where a shape cannot be mistaken (a date that carries a time of
day) and never guesses. Law: what is decoded from an encoded value encodes to the same again; an *exact* codec even
gives the value itself back. Texts are not tidied here, the value type does that.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import orjson

from reconciler.model.capabilities import Json, Undecodable, Wire

_EPOCH = date(1970, 1, 1)
_DAY = 86_400
_INTEGER = re.compile(r"[+-]?[0-9]{1,400}")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_US_DATE = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{4})")
_HOURS = re.compile(r"[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?")
_SECONDS = re.compile(r"[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:?[0-9]{2})?")
_TRUTHS = {"true": "true", "1": "true", "yes": "true", "false": "false", "0": "false", "no": "false"}
_MOST_DIGITS = 400


def wire_text(value: Json) -> str | None:
    """A JSON value as pages carry it: strings as they are, everything else as compact JSON, null as None."""
    if value is None or isinstance(value, str):
        return value
    if type(value) is int:
        return str(value)
    return orjson.dumps(value).decode()


@dataclass(frozen=True, slots=True)
class Codec:
    """One shape. `exact`: decode(wire_text(encode(v))) == v for every canonical value that the shape can hold.

    `plain`: exact, and the wire text of a canonical value is that very value.
    """

    encode: Callable[[str], Json]
    decode: Callable[[str], str | None]
    exact: bool = True
    plain: bool = False


def wire(codec: Codec, native: str, *also: str) -> Wire:
    """The wire of a value type: `native` is what we create for it, `also` are other native types that can hold it."""
    return Wire(native, frozenset({native, *also}), codec.encode, codec.decode, codec.plain)


def _same(canonical: str) -> Json:
    return canonical


def _text(text: str) -> str | None:
    return text or None


def _lower(text: str) -> str | None:
    return text.strip().lower() or None


def _phone(text: str) -> str | None:
    """Digits, and the + of an international number; words or an extension make it another thing than a number."""
    bare = text.strip()
    if not bare:
        return None
    digits = "".join(c for c in bare if c in "0123456789")
    if not digits or any(c.isalpha() or c in "#;," for c in bare):
        raise Undecodable
    return "+" + digits if bare.startswith("+") else digits


def _to_number(canonical: str) -> Json:
    """A JSON number where one can carry it; what no number can hold is sent as text, for the CRM to refuse."""
    if "." not in canonical:
        return _to_integer(canonical)
    value = float(canonical)
    return value if math.isfinite(value) else canonical


def _to_integer(canonical: str) -> Json:
    return int(canonical) if len(canonical) < 19 else canonical


def _number(text: str) -> str | None:
    bare = text.strip()
    if not bare:
        return None
    if not _NUMBER.fullmatch(bare):
        raise Undecodable
    value = Decimal(bare)
    if abs(value.adjusted()) > _MOST_DIGITS:
        raise Undecodable
    plain = format(value, "f")
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    return "0" if value == 0 else plain.lstrip("+")


def _integer(text: str) -> str | None:
    canonical = _number(text)
    if canonical is not None and not _INTEGER.fullmatch(canonical):
        raise Undecodable
    return canonical


def _truth(text: str) -> str | None:
    bare = text.strip().lower()
    if not bare:
        return None
    if bare not in _TRUTHS:
        raise Undecodable
    return _TRUTHS[bare]


def _day(text: str) -> str | None:
    """A day never shifts by a zone: the time of day that a CRM adds is dropped."""
    bare = text.strip()
    if not bare:
        return None
    day, hours = bare[:10], bare[10:]
    if not _DATE.fullmatch(day) or (hours and not _HOURS.fullmatch(hours)):
        raise Undecodable
    return _checked(bare)[:10]


def _checked(iso: str) -> str:
    """The same text, if there is such a day and hour."""
    try:
        datetime.fromisoformat(iso)
    except ValueError:
        raise Undecodable from None
    return iso


def _to_us_day(canonical: str) -> Json:
    return f"{canonical[5:7]}/{canonical[8:10]}/{canonical[:4]}"


def _us_day(text: str) -> str | None:
    bare = text.strip()
    if not bare:
        return None
    found = _US_DATE.fullmatch(bare)
    if not found:
        raise Undecodable
    return _checked(f"{found[3]}-{found[1]}-{found[2]}")


def _day_since_epoch(unit: int) -> Codec:
    """Midnight UTC of the day, in `unit` parts of a second since 1970; may be negative."""

    def encode(canonical: str) -> Json:
        return (date.fromisoformat(canonical) - _EPOCH).days * _DAY * unit

    def decode(text: str) -> str | None:
        count = _count(text)
        if count is None:
            return None
        try:
            return (_EPOCH + timedelta(days=count // (_DAY * unit))).isoformat()
        except OverflowError:
            raise Undecodable from None

    return Codec(encode, decode)


def _moment_since_epoch(unit: int) -> Codec:
    """Seconds since 1970 in UTC, times `unit`; parts of a second are dropped."""
    start = datetime(1970, 1, 1, tzinfo=UTC)

    def encode(canonical: str) -> Json:
        return (datetime.fromisoformat(canonical) - start) // timedelta(seconds=1) * unit

    def decode(text: str) -> str | None:
        count = _count(text)
        if count is None:
            return None
        try:
            return _moment_text(start + timedelta(seconds=count // unit))
        except OverflowError:
            raise Undecodable from None

    return Codec(encode, decode)


def _count(text: str) -> int | None:
    canonical = _integer(text)
    return None if canonical is None else int(canonical)


def _to_sql_moment(canonical: str) -> Json:
    return canonical[:10] + " " + canonical[11:19]


def _moment(text: str) -> str | None:
    """A moment in UTC to the second; one without a zone is UTC."""
    bare = text.strip()
    if not bare:
        return None
    if not _DATE.fullmatch(bare[:10]) or not _SECONDS.fullmatch(bare[10:]):
        raise Undecodable
    try:
        moment = datetime.fromisoformat(bare)
        return _moment_text(moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC))
    except (ValueError, OverflowError):
        raise Undecodable from None


def _moment_text(moment: datetime) -> str:
    return moment.replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def _members(canonical: str) -> list[str]:
    return list(orjson.loads(canonical))


def _set_text(members: Iterable[str]) -> str | None:
    """Canonical text of a set; None if it has no member."""
    distinct = sorted({m for m in members if m})
    return orjson.dumps(distinct).decode() if distinct else None


def _joined(separator: str, *, around: str = "", stripped: bool = False, exact: bool = True) -> Codec:
    """Members in one text. A member that holds the separator cannot be told from two: options should not have it."""

    def encode(canonical: str) -> Json:
        return around + separator.join(_members(canonical)) + around

    def decode(text: str) -> str | None:
        parts = text.split(separator)
        return _set_text(p.strip() for p in parts) if stripped else _set_text(parts)

    return Codec(encode, decode, exact)


def _listed(text: str) -> str | None:
    if not text.strip():
        return None
    try:
        members = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise Undecodable from None
    if not isinstance(members, list) or any(isinstance(m, dict | list) for m in members):
        raise Undecodable
    return _set_text(wire_text(m) or "" for m in members)


TEXT = Codec(_same, _text, plain=True)
EMAIL = Codec(_same, _lower, plain=True)
PHONE = Codec(_same, _phone, plain=True)

NUMBER = Codec(_to_number, _number, exact=False)  # a JSON number carries 15 digits
NUMBER_TEXT = Codec(_same, _number, plain=True)
INTEGER = Codec(_to_integer, _integer, plain=True)

TRUE_FALSE = Codec(lambda v: v == "true", _truth, plain=True)
TRUE_FALSE_TEXT = Codec(_same, _truth, plain=True)
ONE_ZERO = Codec(lambda v: 1 if v == "true" else 0, _truth)
ONE_BLANK = Codec(lambda v: 1 if v == "true" else "", _truth, exact=False)  # false and empty are one thing there

DATE_ISO = Codec(_same, _day, plain=True)
DATE_US = Codec(_to_us_day, _us_day)
DATE_SECONDS = _day_since_epoch(1)
DATE_MILLISECONDS = _day_since_epoch(1000)

DATETIME_ISO = Codec(_same, _moment, plain=True)
DATETIME_SQL = Codec(_to_sql_moment, _moment)
DATETIME_SECONDS = _moment_since_epoch(1)
DATETIME_MILLISECONDS = _moment_since_epoch(1000)

SET_LIST = Codec(lambda v: _members(v), _listed, plain=True)
SET_SEMICOLON = _joined(";")
SET_BAR = _joined("|")
SET_BARS = _joined("||", around="||")
SET_COMMA = _joined(",", stripped=True, exact=False)  # spaces around a member are lost
