"""Telephone numbers: E.164 where the country is known, digits where it is not."""

from __future__ import annotations

import re
from collections.abc import Callable

from reconciler.model.types.spec import Guard, Parse, Spec, Unreadable, ValueType
from reconciler.model.types.text import clean

_FEWEST, _MOST = 3, 17
"""Digits of a number without a country: an office's short number, and E.164's fifteen with a prefix."""

_not_digit = re.compile(r"[^0-9]").sub
_local = re.compile(r"[0-9 ()./\\\u00a0\u2010-\u2015\u202f-]+").fullmatch
_international = re.compile(r"[\s(]*(?:\+|\uff0b)").match


def build_phone(spec: Spec) -> Parse:
    """E.164 with a region, a leading + or 00; otherwise digits."""
    region = spec.region.upper() if spec.region else None
    to_e164 = _e164(region)

    def parse(raw: str | None) -> str | None:
        text = clean(raw) if raw else ""
        if not text:
            return None
        digits = _not_digit("", text)
        if _international(text):
            return to_e164(text)
        if digits.startswith("00") and _local(text):
            return to_e164("+" + digits[2:])
        if region is not None:
            return to_e164(text)
        if _local(text) is None or not _FEWEST <= len(digits) <= _MOST:
            raise Unreadable("not a phone number", "region")
        return digits

    return parse


def _e164(region: str | None) -> Callable[[str], str]:
    """text -> E.164; raises `Unreadable`."""
    import phonenumbers

    plain = phonenumbers.PhoneNumberFormat.E164

    def once(text: str) -> str:
        try:
            number = phonenumbers.parse(text, region)
        except phonenumbers.NumberParseException:
            raise Unreadable("not a phone number", "region") from None
        if number.extension:
            raise Unreadable("extension in the number", "type")
        if not phonenumbers.is_possible_number(number):
            raise Unreadable("not a phone number", "region")
        return phonenumbers.format_number(number, plain)

    def settled(text: str) -> str:
        found = once(text)
        # Numbers with a trunk prefix written twice lose one at each reading: they name nobody's telephone.
        if found != text and once(found) != found:
            raise Unreadable("not a phone number", "region")
        return found

    return settled


ROWS = (
    ValueType(
        name="phone",
        aliases=("tel", "telephone", "mobile", "phone number"),
        build=build_phone,
        cel=str,
        accepts="numbers as people write them, with spaces, brackets, dots, dashes; a leading `00` is a `+`",
        canonical="E.164 (`+4930123456`) with a `region` or a leading `+` or `00`; otherwise the digits",
        refuses="what cannot be a number there, or without a region anything but digits and punctuation (`region`); "
        "extensions (`type`)",
        samples=(("+49 (0)30 123456", "+4930123456"), ("0049 30 123456", "+4930123456"), ("030/123-456", "030123456")),
        guard=Guard("(?:[1-9][0-9]|0[1-9])[0-9]{1,15}", noise="()[ ()./-]"),
    ),
)
