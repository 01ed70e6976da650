"""What spares a later plan work, and when it is true: one digest for the memo, keys of contacts and settled pairs.

With them and without them a plan is the same; they only remember what conversion and decision came to.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from reconciler import __version__
from reconciler.model.desired import Desired, Expression, Field, FromExpression, FromScore
from reconciler.model.expressions import compile_expression
from reconciler.planning.layout import Layout
from reconciler.planning.observed import Observed, Options

_CONVERTS = ("pyarrow", "duckdb", "common-expression-language", "phonenumbers", "pycountry", "tzdata")
"""Every library that converts or hashes: another version may do it otherwise."""


def agreeing_digest(desired: Desired, layout: Layout, observed: Observed) -> str:
    """Hex; equal when hashes of people's rows may be compared: the same entries in the same order under the same key.

    What a value converts to is not part of it: where that changed, the hashes differ.
    """
    content = {
        "hashes": _version("duckdb"),
        "key": _fingerprint(observed),
        "entries": desired.entry_digests,
        "columns": [[c.name, c.binding.entry.key, c.binding.type] for c in layout.fields],
        "tags": [[t.name, t.tag.name] for t in layout.tags],
        "dynamic": [[d.name, d.entry.prefix] for d in layout.dynamic],
    }
    return _digest(content)


def caching_digest(desired: Desired, layout: Layout, observed: Observed, options: Options, raw: tuple[str, ...]) -> str:
    """Hex; equal exactly when a row converts to the same keys and a pair is decided in the same way.

    `raw`: the source's columns that are read, in order. Live tags that could be made of values are part of it: a name
    whose tag is gone has to be counted as new again, which is done while rows are converted. Where an expression uses
    `now`, the clock is part of it: with the clock of a plan at the start of its day, a memo lasts a day then.
    """
    prefixes = tuple(d.entry.prefix for d in layout.dynamic)
    content = {
        "release": __version__,
        "python": sys.version_info[:3],
        "libraries": [_version(name) for name in _CONVERTS],
        "key": _fingerprint(observed),
        "entries": desired.entry_digests,
        "crm": [desired.crm.type, desired.crm.object],
        "source": [dict(desired.source.types), desired.source.timezone, desired.source.region, raw],
        "identity": [desired.identity.person, desired.identity.match, desired.identity.link, desired.identity.store],
        "contacts": [_condition(desired.contacts.when), _condition(desired.contacts.create)],
        "columns": [_bound(c.name, c.binding) for c in (*layout.fields, *layout.blocked)],
        "tags": [[t.name, t.tag.name] for t in layout.tags],
        "dynamic": [[d.name, d.entry.prefix] for d in layout.dynamic],
        "made": sorted(t.name for t in observed.inventory.tags if t.name.startswith(prefixes)),
        "counted": [t.name for t in layout.tags_compared(observed.remembered.owed)],
        "now": options.now.isoformat() if any(_uses_now(desired)) else "",
    }
    return _digest(content)


def _digest(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, default=str)
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _fingerprint(observed: Observed) -> str:
    return blake2b(observed.remembered.key, digest_size=8).hexdigest()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:  # bundled without its metadata: no release is known, so none is remembered
        return "unknown"


def _condition(condition: bool | Expression | None) -> str:
    return condition.text if isinstance(condition, Expression) else str(condition)


def _bound(name: str, binding: Any) -> list[Any]:
    """What makes one column of a field: its type, where it is read and what this CRM's field can hold."""
    there = binding.crm_field
    holds = [there.key, there.native, there.max_length, [o.value for o in there.options]] if there else None
    wire = binding.wire
    travels = [wire.native, wire.plain, _named(wire.encode), _named(wire.decode)] if wire else None
    return [name, binding.entry.key, binding.type, binding.read_key, bool(binding.blocked), holds, travels]


def _named(function: Any) -> str:
    return f"{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', '')}"


def _uses_now(desired: Desired) -> Iterator[bool]:
    """For each expression of the file, whether it looks at the clock."""
    for condition in (desired.contacts.when, desired.contacts.create, *(t.when for t in desired.tags.values())):
        if isinstance(condition, Expression):
            yield compile_expression(condition.text).uses_now
    for entry in desired.fields.values():
        yield _field_uses_now(entry, desired)


def _field_uses_now(entry: Field, desired: Desired) -> bool:
    if isinstance(entry.origin, FromExpression):
        return compile_expression(entry.origin.expression.text).uses_now
    if isinstance(entry.origin, FromScore):
        return any(compile_expression(rule.when.text).uses_now for rule in desired.scores[entry.origin.score])
    return False
