"""Whether a reading can be built: what `config` asks before any value is read."""

from __future__ import annotations

import zoneinfo

from reconciler.model.types.numbers import format_problem
from reconciler.model.types.patterns import pattern_problem
from reconciler.model.types.spec import Spec

_FORMATS = {
    **dict.fromkeys(("number", "integer", "score"), format_problem),
    **dict.fromkeys(("date", "datetime"), pattern_problem),
}
_MOST_DECIMALS = 15


def check_spec(spec: Spec) -> tuple[tuple[str, str], ...]:
    """All problems as (key of the file, sentence); empty if `parser(spec)` will work and every key has a meaning."""
    found = (
        ("format", _format(spec)),
        ("decimals", _decimals(spec)),
        ("as", _as(spec)),
        ("timezone", _timezone(spec)),
        ("region", _region(spec)),
        ("options", _options(spec)),
    )
    return tuple((key, sentence) for key, sentence in found if sentence)


def _format(spec: Spec) -> str | None:
    if spec.format is None:
        return None
    problem = _FORMATS.get(spec.type)
    return problem(spec.format) if problem else f"a {spec.type} has no format"


def _decimals(spec: Spec) -> str | None:
    if spec.decimals is None:
        return None
    if spec.type not in ("number", "score"):
        return f"a {spec.type} has no decimals"
    return None if 0 <= spec.decimals <= _MOST_DECIMALS else f"decimals go from 0 to {_MOST_DECIMALS}"


def _as(spec: Spec) -> str | None:
    if spec.as_ is None:
        return None
    if spec.type not in ("country", "state"):
        return f"a {spec.type} is written in one way only"
    return None if spec.as_ in ("code", "name") else "write `code` or `name`"


def _timezone(spec: Spec) -> str | None:
    try:
        zoneinfo.ZoneInfo(spec.timezone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return "not a time zone of the IANA database, such as `Europe/Berlin`"
    return None


def _region(spec: Spec) -> str | None:
    if spec.region is None or (len(spec.region) == 2 and spec.region.isascii() and spec.region.isalpha()):
        if spec.region is None or spec.type != "phone":
            return None
        import phonenumbers

        if spec.region.upper() in phonenumbers.SUPPORTED_REGIONS:
            return None
    return "not a region of the telephone world, such as `DE`"


def _options(spec: Spec) -> str | None:
    if not spec.options or spec.type in ("select", "multiselect"):
        return None
    return f"a {spec.type} has no options"
