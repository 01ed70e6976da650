"""The field of `identity.store`: an entry where `fields` has none, and what a declared one has to look like."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.config.collect import Problems, shown
from reconciler.model.desired import Field, FromColumn, Identity, Push

_IDS = (None, "text", "integer", "raw")
"""Types that give an id back as it was sent."""


def store_entry(
    identity: Identity | None, declared: Mapping[str, object], timezone: str, region: str | None
) -> dict[str, Field]:
    """By key, the entry that the file leaves to us: the person's id, always pushed; none where `fields` has one."""
    if identity is None or identity.store is None or identity.store in declared:
        return {}
    where = identity.where_of["store"]
    origin = FromColumn(identity.person)
    return {identity.store: Field(identity.store, where, origin, timezone=timezone, region=region)}


def check_store(identity: Identity | None, fields: Mapping[str, Field], problems: Problems) -> None:
    """Note why the field that `identity.store` names cannot keep the person's id as it is."""
    if identity is None or identity.store is None:
        return
    key, where = identity.store, identity.where_of["store"]
    if key == identity.match:
        detail = f"`identity.store` is {shown(key)}, the field that people are looked up by"
        problems.add("R102", detail, where, "name a field of its own for the person's id")
    elif (entry := fields.get(key)) is not None and (said := _unfit(entry, identity.person)):
        problems.add("R102", f"{shown(key)} keeps the person's id, {said[1]}", entry.where_of.get(said[0], entry.where),
                     f"fill it from {shown(identity.person)} as it is, or take it out of `fields`")  # fmt: skip


def _unfit(entry: Field, person: str) -> tuple[str, str] | None:
    """The key that is wrong, and how; None if nothing is."""
    if entry.column != person:
        return "from", f"and is not filled from {shown(person)}"
    if entry.map or entry.default is not None:
        return "map" if entry.map else "default", "and `map` and `default` would change it"
    if entry.type not in _IDS:
        return "type", f"and `{entry.type}` could change it"
    return ("push", "and is never pushed") if entry.push is Push.NEVER else None
