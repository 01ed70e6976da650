"""The `crm` and `source` sections: which adapter, what we ourselves know about it, and its own options."""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from pathlib import PurePath
from typing import Any, NamedTuple

from pydantic import BaseModel

from reconciler.config.collect import Problems, listed, shown
from reconciler.config.kinds import checked_region, checked_timezone, checked_type
from reconciler.config.models import CrmSection, SourceSection
from reconciler.config.options import read_options
from reconciler.config.reading import keys_of, places_of, read
from reconciler.config.tree import Mapping, Node, Scalar
from reconciler.model.desired import Door
from reconciler.model.problems import Place

Models = AnyMapping[str, type[BaseModel]]

CRM_KEYS = frozenset(keys_of(CrmSection))
SOURCE_KEYS = frozenset(keys_of(SourceSection))
_FORMS = {"crm": "crm: {type: local, path: crm.db}", "source": "source: {type: csv, path: people.csv}"}


def read_crm(root: Mapping, models: Models, problems: Problems) -> Door | None:
    """The `crm` section; None if it cannot be used, which has been noted."""
    section = _section(root, "crm", problems)
    if section is None:
        return None
    options = _options(section, "crm", models, CRM_KEYS, problems)
    entry = read(CrmSection, _only(section, CRM_KEYS), "crm", problems)
    if entry is None or options is None:
        return None
    places = dict(places_of(section))
    objects = (entry.object,) if isinstance(entry.object, str) else entry.object
    if wrong := _wrong_objects(objects):
        problems.add("E114", f"`crm.object`: {wrong}", places["object"], "write for example `object: [contact, lead]`")
        return None
    rate = float(entry.rate.calls / entry.rate.per) if entry.rate else None
    return Door(
        type=entry.type,
        options=options,
        where=root.place_of("crm"),
        object=", ".join(objects),
        account=entry.account,
        rate=rate,
        label=_label(entry.type, options),
        where_of=places,
    )


def _wrong_objects(objects: tuple[str, ...]) -> str:
    """Why these cannot be the kinds of objects, or ""."""
    if not objects:
        return "one object at least is wanted"
    if len(set(objects)) != len(objects):
        return "an object is named twice"
    return "an object has a name without a comma" if any("," in name for name in objects) else ""


class SourceRead(NamedTuple):
    """What other sections need of `source`, even if the section itself cannot be used.

    `types` None: not everything about them could be read, so expressions cannot be tried.
    """

    door: Door | None
    types: AnyMapping[str, str] | None
    timezone: str = "UTC"
    region: str | None = None


def read_source(root: Mapping, models: Models, problems: Problems) -> SourceRead:
    """The `source` section; all that cannot be used of it has been noted."""
    section = _section(root, "source", problems)
    if section is None:
        return SourceRead(None, None)
    options = _options(section, "source", models, SOURCE_KEYS, problems)
    entry = read(SourceSection, _only(section, SOURCE_KEYS), "source", problems)
    if entry is None:
        return SourceRead(None, None)
    places = dict(places_of(section))
    types = _types(entry, section, places, problems)
    if any(key not in SOURCE_KEYS for key in section.items) and options is None:
        types = types or None  # `types` itself may be the key that is misspelt
    timezone = checked_timezone(entry.timezone or "UTC", "timezone", "source", places, problems)
    region = checked_region(entry.region, "region", "source", places, problems)
    door = Door(
        type=entry.type,
        options=options,
        where=root.place_of("source"),
        types=types or {},
        timezone=timezone or "UTC",
        region=region,
        label=_label(entry.type, options),
        where_of=places,
    )
    return SourceRead(None if options is None else door, types, door.timezone, region)


def _types(
    entry: SourceSection, section: Mapping, places: dict[str, Place], problems: Problems
) -> dict[str, str] | None:
    node = section.get("types")
    places |= {f"types.{column}": place for column, place in places_of(node).items()}
    found = {
        column: checked_type(name, f"types.{column}", "source", places, problems)
        for column, name in (entry.types or {}).items()
    }
    types = {column: name for column, name in found.items() if name is not None}
    return types if len(types) == len(found) else None


def _section(root: Mapping, name: str, problems: Problems) -> Mapping | None:
    node = root.get(name)
    if isinstance(node, Mapping):
        return node
    if node is None:
        problems.add("E112", f"the section `{name}` is missing", Place(root.file.name, 1), f"add {_FORMS[name]}")
    else:
        problems.add("E113", f"`{name}` is a mapping of keys", node.where, f"write {_FORMS[name]}")
    return None


def _only(section: Mapping, keys: frozenset[str]) -> Node:
    kept = {key: pair for key, pair in section.items.items() if key in keys}
    return Mapping(section.file, section.line, section.column, kept)


def _options(section: Mapping, name: str, models: Models, own: frozenset[str], problems: Problems) -> BaseModel | None:
    node = section.get("type")
    if not isinstance(node, Scalar) or node.broken or node.is_null:
        return None
    model = models.get(node.text)
    if model is not None:
        return read_options(model, section, own, name, problems)
    fix = (None if node.foreign else problems.meant(node.text, models)) or f"installed are {listed(sorted(models))}"
    what = "the one that is named" if node.foreign else shown(node.text)
    problems.add("E121", f"{what} is not installed for `{name}`", node.where, fix if models else None)
    return None


def _label(type: str, options: Any) -> str:
    """The file's or table's name; never an address."""
    table, query, path = (getattr(options, name, None) for name in ("table", "query", "path"))
    if table or query:
        return table if isinstance(table, str) and table else "query"
    return PurePath(path).name if isinstance(path, str | PurePath) and str(path) else type
