"""Numbers: number, integer, score. Exact decimal arithmetic, never a float."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation

from reconciler.model.types.spec import Guard, Parse, Spec, Unreadable, ValueType, Ways
from reconciler.model.types.text import clean

NUMBER_FORMATS: dict[str, tuple[str, str]] = {
    "1,234.56": (",", "."),
    "1.234,56": (".", ","),
    "1 234,56": (" ", ","),
    "1 234.56": (" ", "."),
    "1'234.56": ("'", "."),
    "1234,56": ("", ","),
    "1234.56": ("", "."),
}
"""How numbers may be written, as `format` says it: (between thousands, before decimals)."""

DIGITS = 15
"""Significant digits kept where a field declares no decimals: what survives a double in any CRM."""

LARGEST = 308
"""Powers of ten beyond which a number is refused: no CRM stores it, and its plain text would be thousands of digits."""

_SPACES = "\u00a0\u202f\u2009"
_INT64 = 2**63
_THOUSAND = 3

_short_whole = re.compile(r"-?[1-9][0-9]{0,14}|0").fullmatch
_short_fraction = re.compile(r"(-?(?:0|[1-9][0-9]{0,7}))\.([0-9]{1,7})").fullmatch
_plain = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?").fullmatch
_separated = re.compile(r"[+-]?[0-9][0-9.,' \u00a0\u202f\u2009]*").fullmatch

_FIFTEEN = Context(prec=DIGITS, rounding=ROUND_HALF_UP)
_EXACT = Context(prec=2000, rounding=ROUND_HALF_UP)


def plain(value: Decimal) -> str:
    """Plain decimal text: no exponent, no trailing zeros, no negative zero."""
    if not value:
        return "0"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def format_problem(format: str) -> str | None:
    """Why this is not a way to write numbers, or None."""
    if format in NUMBER_FORMATS:
        return None
    return "write one of " + ", ".join(f"`{known}`" for known in NUMBER_FORMATS)


def _unformatted(format: str) -> re.Pattern[str]:
    group, point = NUMBER_FORMATS[format]
    between = f"[ {_SPACES}]" if group == " " else re.escape(group)
    whole = rf"(?:[0-9]{{1,3}}(?:{between}[0-9]{{3}})+|[0-9]+)" if group else "[0-9]+"
    return re.compile(rf"([+-]?{whole})(?:{re.escape(point)}([0-9]+))?")


def _reader(spec: Spec) -> Callable[[str], Decimal]:
    """text -> Decimal, as written or as `format` says. Raises `Unreadable`."""
    shape = _unformatted(spec.format).fullmatch if spec.format else None

    def read(text: str) -> Decimal:
        if shape is not None:
            found = shape(text)
            if found is None:
                raise Unreadable("not written as `format` says", "format")
            text = re.sub(r"[^0-9+-]", "", found[1]) + "." + (found[2] or "0")
        elif _plain(text) is None:
            if _separated(text):
                raise Unreadable("thousands or decimals unclear", "format")
            raise Unreadable("not a number", "map")
        if len(text) > 2 * LARGEST:
            raise Unreadable("number too large", "type")
        value = Decimal(text)
        if value and abs(value.adjusted()) > LARGEST:
            raise Unreadable("number too large", "type")
        return value

    return read


def build_number(spec: Spec) -> Parse:
    """Rounded half away from zero, to the declared decimals or else to 15 significant digits."""
    read, decimals = _reader(spec), spec.decimals
    quick = spec.format is None
    most = DIGITS if decimals is None else decimals
    step = None if decimals is None else Decimal(1).scaleb(-decimals)

    def parse(raw: str | None) -> str | None:
        if not raw:
            return None
        if quick:
            if _short_whole(raw):
                return raw
            found = _short_fraction(raw)
            if found is not None:
                fraction = found[2].rstrip("0")
                if fraction and len(fraction) <= most:
                    return f"{found[1]}.{fraction}"
        text = clean(raw)
        if not text:
            return None
        value = read(text)
        return plain(_FIFTEEN.plus(value) if step is None else value.quantize(step, context=_EXACT))

    return parse


def build_integer(spec: Spec) -> Parse:
    """Whole numbers of any length, exact."""
    read, quick = _reader(spec), spec.format is None

    def parse(raw: str | None) -> str | None:
        if not raw:
            return None
        if quick and _short_whole(raw):
            return raw
        text = clean(raw)
        if not text:
            return None
        value = read(text)
        try:
            whole = value.quantize(Decimal(1), context=_EXACT)
        except InvalidOperation:
            raise Unreadable("number too large", "type") from None
        if whole != value:
            raise Unreadable("not a whole number", "type")
        return plain(whole)

    return parse


def ways_of_number(spec: Spec) -> Ways:
    """With the separators of `format`; thousands apart and decimals as many as `like` has them, none cut off."""
    shape = _unformatted(spec.format or "1234.56").fullmatch
    group, point = NUMBER_FORMATS[spec.format or "1234.56"]

    def write(canonical: str, between: str, decimals: int) -> str:
        whole, _, fraction = canonical.partition(".")
        fraction = fraction.ljust(decimals, "0")
        if between:
            whole = _in_thousands(whole, between)
        return whole + point + fraction if fraction else whole

    def ways(canonical: str, like: str | None, *_: str | None) -> Iterator[str]:
        found = shape(like) if like else None
        if found is not None:
            yield write(canonical, _between(found[1], group), min(len(found[2] or ""), DIGITS))
        yield write(canonical, group, 0)

    return ways


def _between(whole: str, group: str) -> str:
    """What parts the thousands of a number written like this one; one without thousands says nothing."""
    digits = whole.lstrip("+-")
    other = re.sub("[0-9]", "", digits)
    return other[:1] if other else group if len(digits) <= _THOUSAND else ""


def _in_thousands(whole: str, between: str) -> str:
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    first = len(digits) % _THOUSAND or _THOUSAND
    return sign + between.join(
        (digits[:first], *(digits[n : n + _THOUSAND] for n in range(first, len(digits), _THOUSAND)))
    )


def _double(canonical: str) -> float | None:
    value = float(canonical)
    return value if math.isfinite(value) else None


def _int64(canonical: str) -> int | None:
    # Expressions have 64-bit integers; a longer one would silently become an inexact double.
    if len(canonical) > 20:
        return None
    value = int(canonical)
    return value if -_INT64 <= value < _INT64 else None


_ACCEPTS = "plain decimals (`12`, `-0.50`, `+3`, `.5`, `1e3`); with thousands only as `format` says (`1,234.56`)"
_REFUSES = "`1,234` (`format`), NaN, infinity and other text (`map`), beyond 308 powers of ten (`type`)"
_WRITTEN = "as `format` says; with as many decimals as the example, if it needs no more; thousands as there"

_WHOLE = "0|-?[1-9][0-9]{0,14}"
_CANONICAL = rf"{_WHOLE}|-?(?:0|[1-9][0-9]{{0,9}})\.[0-9]{{0,3}}[1-9]"
"""At most fifteen digits, no zero that says nothing."""
_ZEROS = r"^(-?[0-9]+\.[0-9]*[1-9])0+$"

ROWS = (
    ValueType(
        name="number",
        aliases=("float", "double", "decimal", "currency", "money", "numeric"),
        build=build_number,
        cel=_double,
        accepts=_ACCEPTS,
        canonical="plain decimal text, rounded half away from zero to `decimals`, or else to 15 significant digits",
        refuses=_REFUSES,
        samples=(
            ("12", "12"),
            ("-0.50", "-0.5"),
            ("+3", "3"),
            (".5", "0.5"),
            ("1e3", "1000"),
            ("-0", "0"),
            ("0.1234567890123456", "0.123456789012346"),
        ),
        guard=Guard(_CANONICAL, noise=_ZEROS),
        ways=ways_of_number,
        written=_WRITTEN,
    ),
    ValueType(
        name="integer",
        aliases=("int", "bigint", "whole number"),
        build=build_integer,
        cel=_int64,
        accepts=_ACCEPTS + ", if the value is whole (`3.0`)",
        canonical="digits, with a minus sign below zero; any length, exact",
        refuses="`3.5` (`type`), " + _REFUSES,
        samples=(("007", "7"), ("3.0", "3"), ("-0", "0"), ("12345678901234567890", "12345678901234567890")),
        guard=Guard(_WHOLE),
        ways=ways_of_number,
        written=_WRITTEN,
    ),
    ValueType(
        name="score",
        aliases=("points", "lead score"),
        build=build_number,
        cel=_double,
        accepts=_ACCEPTS,
        canonical="as `number`",
        refuses=_REFUSES,
        samples=(("10", "10"), ("-2.50", "-2.5")),
        guard=Guard(_CANONICAL, noise=_ZEROS),
        ways=ways_of_number,
        written=_WRITTEN,
    ),
)
