"""How many values are written as one: in the shape in which another list of the column is, then plainly."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence

from reconciler.model.types.lists import SEPARATOR, SEPARATORS, is_position, write_set
from reconciler.model.types.php import looks_serialised, read_serialised, write_scalar, write_serialised
from reconciler.model.types.spec import Unreadable

_Shape = Callable[[Sequence[str]], str | None]
"""items -> the text, or None where this shape cannot have such items."""

_literals = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL).sub
_json_number = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?").fullmatch
_php_integer = re.compile(r"0|-?[1-9][0-9]{0,17}").fullmatch


def ways_of_items(items: Sequence[str], like: str | None) -> Iterator[str]:
    """Texts for these items, which are in order: shaped as `like`, then parted by commas, then as a JSON list."""
    for shape in _shapes(like) if like else ():
        text = shape(items)
        if text is not None:
            yield text
    yield SEPARATOR.join(items)
    yield write_set(items)


def _shapes(like: str) -> Iterator[_Shape]:
    if like[0] in "[{" and (known := _json(like)) is not None:
        yield from _json_shapes(like, known)
    elif looks_serialised(like):
        yield from _php_shapes(like)
    else:
        yield _parted(like)


class _Number(str):
    """A number of JSON, as it is written."""

    __slots__ = ()


def _json(text: str) -> object:
    try:
        return json.loads(text, strict=False, parse_int=_Number, parse_float=_Number)
    except (ValueError, RecursionError):
        return None


def _json_shapes(like: str, known: object) -> Iterator[_Shape]:
    """The spaces after commas and colons, and escapes, are those of `like`."""
    bare = _literals("", like)
    colon = ": " if ": " in bare else ":"
    comma = ", " if ", " in bare or (colon == ": " and "," not in bare) else ","
    write = json.JSONEncoder(ensure_ascii="\\u" in like, separators=(comma, colon)).encode
    if isinstance(known, dict):
        if not all(map(is_position, known)):
            yield lambda items: write(dict.fromkeys(items, True))
    elif isinstance(known, list) and known and all(isinstance(value, _Number) for value in known):
        yield lambda items: f"[{comma.join(items)}]" if all(map(_json_number, items)) else None
    yield lambda items: write(list(items))


def _php_shapes(like: str) -> Iterator[_Shape]:
    """A set of switches has the items as its keys; a list has whole numbers as such if it has nothing else. A text is
    one of several items."""
    try:
        known = read_serialised(like)
    except Unreadable:
        known = None
    if isinstance(known, str) and '"' in like:
        join = _parted(known)
        yield lambda items: write_scalar(join(items))
    elif isinstance(known, list) and not all(is_position(key) for key, _ in known):
        yield lambda items: write_serialised([(item, True) for item in items])
    elif known and '"' not in like:
        yield lambda items: write_serialised(enumerate(map(int, items))) if all(map(_php_integer, items)) else None
    yield lambda items: write_serialised(enumerate(items))


def _parted(like: str) -> Callable[[Sequence[str]], str]:
    """What stands between the first two items stands between all, what stands around them as well."""
    separator = next((s for s in SEPARATORS if s in like), SEPARATOR)
    edge = separator + " "
    body = like.strip(edge)
    if not body:
        return separator.join
    start = like.index(body)
    before, after = like[:start], like[start + len(body) :]
    between = _between(body, separator)
    return lambda items: before + between.join(items) + after


def _between(body: str, separator: str) -> str:
    start = body.find(separator)
    if start < 0:
        return separator
    left, right = body[:start].rstrip(), body[start:].lstrip(separator + " ")
    between = body[len(left) : len(body) - len(right)]
    # A gap that is not everywhere (`a,,b,c`) is an item left out there, and no way to part items.
    return between if all(separator not in part for part in body.split(between)) else separator
