"""Value types: how raw text of each becomes canonical text and is written again, and what expressions see of it.

A type is a row. `TYPES` has them all; `docs/types.md` is printed from it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache

from reconciler.model.types import choices, moments, numbers, phones, places, text
from reconciler.model.types.checks import check_spec
from reconciler.model.types.lists import SEPARATOR, item, read_set, write_set
from reconciler.model.types.spec import Guard, Parse, Spec, Unreadable, ValueType, Ways
from reconciler.model.types.text import clean
from reconciler.model.types.writing import first_read_as

__all__ = [
    "SEPARATOR",
    "TYPES",
    "Guard",
    "Parse",
    "Spec",
    "Unreadable",
    "ValueType",
    "Ways",
    "cel_value",
    "check_spec",
    "first_read_as",
    "guard",
    "item",
    "parser",
    "read_set",
    "resolve_type",
    "unparser",
    "ways",
    "write_set",
]

_ORDER = (
    "text",
    "email",
    "phone",
    "url",
    "number",
    "integer",
    "checkbox",
    "date",
    "datetime",
    "select",
    "multiselect",
    "country",
    "state",
    "score",
    "raw",
)
_ROWS = {row.name: row for room in (text, numbers, moments, choices, places, phones) for row in room.ROWS}

TYPES: dict[str, ValueType] = {name: _ROWS[name] for name in _ORDER}
"""Every value type by its name, in the order of the documentation."""


def _fold(name: str) -> str:
    return re.sub(r"[\s_-]+", "", name.casefold())


_NAMES = {_fold(called): row.name for row in TYPES.values() for called in (row.name, *row.aliases)}


@cache
def resolve_type(name: str) -> str | None:
    """The value type that `name` means, by its own name or an alias; case, spaces, - and _ do not matter."""
    return _NAMES.get(_fold(name))


def parser(spec: Spec) -> Parse:
    """The reader for one field: build it once, call it for every value. A spec with a problem raises ValueError.

    It takes `None` for a missing value. A state with `country` takes the raw country as a second argument.
    """
    return TYPES[spec.type].build(spec)


def ways(spec: Spec) -> Ways:
    """How values of one field may be written in its column: build it once, ask it for every value.

    `ways(canonical, like, *context)` gives raw texts, best first. `like` is any raw text of that column; what cannot
    be used of it is not followed. Text that is not canonical has no way. None of them is to be used unread.
    """
    propose = TYPES[spec.type].ways(spec)
    settle = parser(replace(spec, format=None, options=(), country=False))

    def propose_all(canonical: str, like: str | None = None, *context: str | None) -> Iterator[str]:
        if _read(settle, canonical) == canonical:
            yield from propose(canonical, _example(like), *context)

    return propose_all


def _read(parse: Parse, text: str) -> str | None:
    try:
        return parse(text)
    except Unreadable:
        return None


def _example(like: str | None) -> str | None:
    try:
        return clean(like or "") or None
    except Unreadable:
        return None


def unparser(spec: Spec) -> Callable[..., str]:
    """The writer for one field: unparse(canonical, like, *context) -> the raw text that is read as that value again.

    It takes the context that `parser(spec)` takes. Raises `Unreadable` where no text is read so.
    """
    propose, parse = ways(spec), parser(spec)

    def unparse(canonical: str, like: str | None = None, *context: str | None) -> str:
        unlike = Unreadable("reads as something else", "format" if spec.format else "")
        return first_read_as(canonical, propose(canonical, like, *context), lambda raw: parse(raw, *context), unlike)

    return unparse


def cel_value(type: str, canonical: str | None) -> object:
    """The typed value that expressions see. Empty text is "", any other empty is None, and so is what CEL cannot hold.

    CEL cannot hold integers beyond 64 bits nor numbers beyond a double.
    """
    if canonical is None:
        return "" if type == "text" else None
    return TYPES[type].cel(canonical)


def guard(spec: Spec) -> Guard | None:
    """The type's guard, as far as this spec leaves it true; what depends on anything else is parsed every time."""
    depends = spec.options or spec.country or spec.format or spec.decimals is not None or spec.region
    found = TYPES[spec.type].guard
    if depends or found is None:
        return None
    return found._replace(serialised=True) if spec.serialised and spec.type == "text" else found
