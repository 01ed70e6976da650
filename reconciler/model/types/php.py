"""PHP's serialised values, as WordPress stores lists: read by their declared byte lengths, never run; and written."""

from __future__ import annotations

import re
from collections.abc import Iterable

from reconciler.model.types.spec import Unreadable

Scalar = str | bool | None
Pairs = list[tuple[int | str, Scalar]]

looks_serialised = re.compile(r'(?:a:[0-9]+:\{|[OCE]:\+?[0-9]+:"|s:[0-9]+:"|[bi]:-?[0-9]+;\Z|d:[^;]+;\Z|N;\Z)').match
"""Whether a text begins as a serialised value does."""

is_stored_list = re.compile(r'\s*(?:a:[0-9]+:\{|[OCE]:\+?[0-9]+:")').match
"""Whether a text begins as PHP stores a list, or an object, which is refused."""

_head = re.compile(rb"a:([0-9]{1,9}):\{").match
_string = re.compile(rb's:([0-9]{1,9}):"').match
_integer = re.compile(rb"i:(-?[0-9]{1,20});").match
_double = re.compile(rb"d:(-?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?);").match
_REFUSED = frozenset((b"O", b"C", b"E", b"R", b"r"))
_boolean = re.compile(rb"b:([01]);").match


def read_serialised(text: str) -> Scalar | Pairs:
    """The scalar, or an array's (key, value) pairs. Raises `Unreadable` for objects, nesting and broken lengths."""
    data = text.encode()
    value, end = _value(data, 0)
    if end != len(data):
        raise _broken()
    return value


def write_serialised(pairs: Iterable[tuple[int | str, int | str]]) -> str:
    """An array of these keys and values; `True` is a boolean."""
    written = [write_scalar(key) + write_scalar(value) for key, value in pairs]
    return f"a:{len(written)}:{{{''.join(written)}}}"


def write_scalar(value: int | str) -> str:
    """A text with the number of its bytes, a whole number or a boolean."""
    if isinstance(value, str):
        return f's:{len(value.encode())}:"{value}";'
    return f"b:{value:d};" if isinstance(value, bool) else f"i:{value};"


def _broken() -> Unreadable:
    return Unreadable("broken serialised list", "map")


def _value(data: bytes, at: int) -> tuple[Scalar | Pairs, int]:
    head = _head(data, at)
    return _array(data, head.end(), int(head[1])) if head else _scalar(data, at)


def _array(data: bytes, at: int, count: int) -> tuple[Pairs, int]:
    pairs: Pairs = []
    for _ in range(count):
        key, at = _scalar(data, at)
        if key is None or isinstance(key, bool):
            raise _broken()
        if data[at : at + 2] == b"a:":
            raise Unreadable("nested list", "map")
        value, end = _scalar(data, at)
        pairs.append((key, value))
        at = end
    if data[at : at + 1] != b"}":
        raise _broken()
    return pairs, at + 1


def _scalar(data: bytes, at: int) -> tuple[Scalar, int]:
    kind = data[at : at + 1]
    if kind == b"s":
        return _text(data, at)
    if kind == b"N" and data[at : at + 2] == b"N;":
        return None, at + 2
    if kind in _REFUSED:
        raise Unreadable("serialised object", "map")
    for shape in (_integer, _boolean, _double):
        found = shape(data, at)
        if found:
            written = found[1].decode()
            return (written == "1" if shape is _boolean else written), found.end()
    raise _broken()


def _text(data: bytes, at: int) -> tuple[str, int]:
    found = _string(data, at)
    if found is None:
        raise _broken()
    end = found.end() + int(found[1])
    if data[end : end + 2] != b'";':
        raise _broken()
    try:
        return data[found.end() : end].decode(), end + 2
    except UnicodeDecodeError:
        raise _broken() from None
