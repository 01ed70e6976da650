"""PHP's serialised settings, nested as WordPress stores options: read by their declared byte lengths, never run.

The values of people are read by `model.types`, which takes no nesting. Numbers are their digits, keys are texts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from reconciler.model.types.php import looks_serialised
from reconciler.model.wp_fusion import Plain

DEEPEST = 32
"""Arrays within arrays."""

LONGEST = 64 * 1024 * 1024
"""Bytes of one value."""

_array = re.compile(rb"a:([0-9]{1,9}):\{").match
_string = re.compile(rb's:([0-9]{1,9}):"').match
_REFUSED = {b"O": "an object", b"C": "an object", b"E": "an enumeration", b"R": "a reference", b"r": "a reference"}


class Unserialisable(ValueError):
    """Why a text is not read, as the end of a sentence. Never quotes the text."""


def is_serialised(text: str) -> bool:
    """Whether a text begins as a serialised value does."""
    return looks_serialised(text) is not None


def unserialised(text: str) -> Plain:
    """The value that the text stands for. Raises Unserialisable."""
    try:
        data = text.encode()
    except UnicodeEncodeError:
        raise Unserialisable("holds characters that are no text") from None
    if len(data) > LONGEST:
        raise Unserialisable(f"is longer than {LONGEST // 1024 // 1024} MiB")
    value, end = _value(data, 0, 0)
    if end != len(data):
        raise Unserialisable("goes on after its end")
    return value


def _value(data: bytes, at: int, depth: int) -> tuple[Plain, int]:
    if found := _array(data, at):
        if depth == DEEPEST:
            raise Unserialisable(f"has more than {DEEPEST} arrays within each other")
        return _entries(data, found.end(), int(found[1]), depth + 1)
    if found := _string(data, at):
        return _text(data, found.end(), int(found[1]))
    for shape, made in _SCALARS.items():
        if found := shape.match(data, at):
            return made(found), found.end()
    raise _broken(data, at)


def _entries(data: bytes, at: int, count: int, depth: int) -> tuple[Mapping[str, Plain], int]:
    entries: dict[str, Plain] = {}
    for _ in range(count):
        key, at = (None, at) if _array(data, at) else _value(data, at, depth)
        if not isinstance(key, str):
            raise Unserialisable("has a key that is neither a text nor a number")
        entries[key], at = _value(data, at, depth)
    if data[at : at + 1] != b"}":
        raise _broken(data, at)
    return entries, at + 1


def _text(data: bytes, begin: int, length: int) -> tuple[str, int]:
    end = begin + length
    if data[end : end + 2] != b'";':
        raise _broken(data, end) if end >= len(data) else Unserialisable("says a wrong length of a text")
    try:
        return data[begin:end].decode(), end + 2
    except UnicodeDecodeError:
        raise Unserialisable("says a wrong length of a text") from None


def _broken(data: bytes, at: int) -> Unserialisable:
    if at >= len(data):
        return Unserialisable("ends too early")
    if what := _REFUSED.get(data[at : at + 1]):
        return Unserialisable(f"holds {what}, which is never made")
    return Unserialisable("is not as PHP writes values, or was cut")


_SCALARS: Mapping[re.Pattern[bytes], Callable[[re.Match[bytes]], Plain]] = {
    re.compile(rb"N;"): lambda _: None,
    re.compile(rb"b:([01]);"): lambda found: found[1] == b"1",
    re.compile(rb"i:(-?[0-9]{1,20});"): lambda found: found[1].decode(),
    re.compile(rb"d:(-?(?:[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?|INF|NAN));"): lambda found: found[1].decode(),
}
