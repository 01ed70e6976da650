"""Names from fixed lists: value types, time zones, regions."""

from __future__ import annotations

from reconciler.config.collect import Problems, shown
from reconciler.model.problems import Place
from reconciler.model.types import TYPES, Spec, check_spec, resolve_type


def checked_type(name: str, where: Place | None, path: str, problems: Problems) -> str | None:
    """The value type that the name or alias means; None if there is none, which has been noted."""
    found = resolve_type(name)
    if found is None:
        known = [*TYPES, *(alias for row in TYPES.values() for alias in row.aliases)]
        fix = problems.meant(name, known) or f"types are {', '.join(TYPES)}"
        problems.add("E125", f"{shown(path)}: there is no value type {shown(name)}", where, fix)
    return found


def checked_timezone(name: str, where: Place | None, path: str, problems: Problems) -> str | None:
    """The IANA name; None if there is no such zone, which has been noted."""
    if not check_spec(Spec(timezone=name)):
        return name
    import zoneinfo

    fix = problems.meant(name, zoneinfo.available_timezones())
    problems.add(
        "E125",
        f"{shown(path)}: there is no time zone {shown(name)}",
        where,
        fix or "write a name such as Europe/Berlin",
    )
    return None


def checked_region(name: str | None, where: Place | None, path: str, problems: Problems) -> str | None:
    """The region in upper case; None if none is given, or if there is no such region, which has been noted."""
    if name is None:
        return None
    if not check_spec(Spec(type="phone", region=name)):
        return name.upper()
    problems.add("E125", f"{shown(path)}: there is no region {shown(name)}", where, "write two letters such as DE")
    return None
