"""Digests of what the file asks for: the same however it is laid out, different when a plan could differ.

Keys left at their defaults are left out, so that a new key of a later version does not make every entry look changed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from functools import cache
from hashlib import blake2b
from typing import Any

from reconciler.config.tree import Mapping as Tree
from reconciler.config.tree import Node, Scalar, Sequence
from reconciler.model.addresses import field_address, tag_address
from reconciler.model.desired import Desired, DynamicTags, Field, FromScore, Option, ScoreRule, Tag

_SECRET = {"secret": True}
_DOOR_KEYS = ("type", "object", "account", "types", "timezone", "region", "rate")
_PLACES = frozenset({"where", "where_of"})
_ENCODER = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def file_digest(desired: Desired, crm: Tree, source: Tree, secrets: frozenset[str]) -> str:
    """`blake2b:` and hex: of everything that can change a plan. What comes from outside of the files is a constant.

    `desired` must have its `entry_digests`.
    """
    content = {
        "version": 1,
        "crm": _door(desired.crm, crm, secrets),
        "source": _door(desired.source, source, secrets),
        "identity": plain(desired.identity),
        "entries": desired.entry_digests,
        "scores": {name: plain(rules) for name, rules in desired.scores.items()},
        "contacts": plain(desired.contacts),
        "limits": plain(desired.limits),
        "rules": plain(desired.rules),
        **_permitted(desired),
    }
    return "blake2b:" + _digest(content)


def _permitted(desired: Desired) -> dict[str, Any]:
    """Checks, and what may pass them and the limits. Nothing where the file has neither, as before there were any."""
    allow = [plain(entry) for entry in desired.allow]
    checks = {code: plain(check) for code, check in desired.checks.items()}
    return {name: content for name, content in (("allow", allow), ("checks", checks)) if content}


def entry_digests(
    entries: Mapping[str, Field],
    tags: Mapping[str, Tag],
    dynamic_tags: Iterable[DynamicTags],
    scores: Mapping[str, tuple[ScoreRule, ...]],
) -> dict[str, str]:
    """Address -> digest of that entry; a field that is filled by a score changes with the score's rules."""
    found = {}
    for key, entry in entries.items():
        content = plain(entry)
        if isinstance(entry.origin, FromScore):
            content = [content, plain(scores.get(entry.origin.score, ()))]
        found[field_address(key)] = _digest(content)
    for name, tag in tags.items():
        found[tag_address(name)] = _digest(plain(tag))
    by_prefix: dict[str, list[Any]] = {}
    for dynamic in dynamic_tags:
        by_prefix.setdefault(dynamic.prefix, []).append(plain(dynamic))
    return found | {f"dynamic_tags[{_json(prefix)}]": _digest(of) for prefix, of in by_prefix.items()}


def plain(value: Any) -> Any:
    """JSON data without places and without attributes that are left at their defaults."""
    if value is None or isinstance(value, str | bool | int):
        return value.value if isinstance(value, Enum) else value
    kind: Any = type(value)
    if attributes := _attributes(kind):
        return {
            name: plain(content)
            for name, default in attributes
            if (content := getattr(value, name)) is not default
            and (content != default or type(content) is not type(default))
        }
    if isinstance(value, Mapping):
        return {str(key): plain(content) for key, content in value.items()}
    if isinstance(value, tuple | list):
        named = bool(value) and isinstance(value[0], Option)
        return [plain(content) for content in (sorted(value, key=lambda option: option.value) if named else value)]
    if isinstance(value, date):
        return value.isoformat()
    return format(value.normalize(), "f") if isinstance(value, Decimal) else value


@cache
def _attributes(kind: Any) -> tuple[tuple[str, Any], ...]:
    """Names and defaults of a dataclass or a named tuple, places left out; none of any other type."""
    if is_dataclass(kind):
        made = {f.name: f.default if f.default_factory is MISSING else f.default_factory() for f in fields(kind)}
    else:
        made = {name: kind._field_defaults.get(name, MISSING) for name in getattr(kind, "_fields", ())}
    return tuple((name, default) for name, default in made.items() if name not in _PLACES)


def _door(door: Any, section: Tree, secrets: frozenset[str]) -> Any:
    known = {key: plain(getattr(door, key)) for key in _DOOR_KEYS}
    options = {
        key: _SECRET if key in secrets else _written(pair.value)
        for key, pair in section.items.items()
        if key not in _DOOR_KEYS
    }
    return {"known": known, "options": options}


def _written(node: Node) -> Any:
    """Options as the file writes them; texts from outside are a constant, since any of them may hold a secret."""
    if isinstance(node, Scalar):
        return _SECRET if node.foreign else node.text
    if isinstance(node, Sequence):
        return [_written(item) for item in node.items]
    return {key: _written(pair.value) for key, pair in node.items.items()}


def _digest(content: Any) -> str:
    return blake2b(_json(content).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _json(content: Any) -> str:
    return _ENCODER.encode(content)
