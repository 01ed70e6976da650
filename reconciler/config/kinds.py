"""Names from fixed lists: value types, time zones, regions.

Each stands in the file as the value of `key`; `address` and `places` belong to what holds that key.
"""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.config.collect import Problems, shown
from reconciler.model.problems import Place
from reconciler.model.types import TYPES, Spec, check_spec, resolve_type

Places = Mapping[str, Place]


def checked_type(name: str, key: str, address: str, places: Places, problems: Problems) -> str | None:
    """The value type that the name or alias means; None if there is none, which has been noted."""
    found = resolve_type(name)
    if found is None:
        known = [*TYPES, *(alias for row in TYPES.values() for alias in row.aliases)]
        fix = problems.meant(name, known) or f"types are {', '.join(TYPES)}"
        problems.add("E125", f"{shown(f'{address}.{key}')}: there is no value type {shown(name)}", places[key], fix)
    return found


def checked_timezone(name: str, key: str, address: str, places: Places, problems: Problems) -> str | None:
    """The IANA name; None if there is no such zone, which has been noted."""
    if not check_spec(Spec(timezone=name)):
        return name
    import zoneinfo

    fix = problems.meant(name, zoneinfo.available_timezones())
    problems.add(
        "E125",
        f"{shown(f'{address}.{key}')}: there is no time zone {shown(name)}",
        places.get(key),
        fix or "write a name such as Europe/Berlin",
    )
    return None


def checked_region(name: str | None, key: str, address: str, places: Places, problems: Problems) -> str | None:
    """The region in upper case; None if none is given, or if there is no such region, which has been noted."""
    if name is None:
        return None
    if not check_spec(Spec(type="phone", region=name)):
        return name.upper()
    what = f"{shown(f'{address}.{key}')}: there is no region {shown(name)}"
    problems.add("E125", what, places[key], "write two letters such as DE")
    return None
