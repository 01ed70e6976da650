"""The shapes in which one value holds many: JSON, PHP-serialised, or text with separators."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, NoReturn

from reconciler.model.types.php import looks_serialised, read_serialised
from reconciler.model.types.spec import Unreadable
from reconciler.model.types.text import clean, refuse_unstorable

# What JSON writes with a backslash; everything else stands as it is, which is most of what there is to write.
_escaped = re.compile(r'["\\\x00-\x1f]').search
SEPARATOR = ","
"""The weakest one: it parts a text that has no other."""
SEPARATORS = ("|", ";", SEPARATOR)
"""The strongest first."""
_YES_NO = {True: True, False: False, "true": True, "false": False}


def read_items(raw: str) -> list[str]:
    """The items in the order found, untrimmed, blanks and repeats included. Raises `Unreadable`."""
    refuse_unstorable(raw)
    text = raw.strip()
    if text[:1] in ("[", "{"):
        found = _json_items(text)
        if found is not None:
            return found
    elif looks_serialised(text):
        value = read_serialised(text)
        if isinstance(value, list):
            return _of_pairs(value)
        return split(value) if isinstance(value, str) else _words((value,))
    return split(text)


def write_set(items: Iterable[str]) -> str:
    """The canonical text of a multiselect: a compact JSON list, sorted."""
    ordered = sorted(items)
    if _escaped("".join(ordered)):
        return _json()[1](ordered)
    return '["' + '","'.join(ordered) + '"]'


def read_set(canonical: str) -> list[str]:
    """The items of the canonical text of a multiselect."""
    if "\\" in canonical:
        return _words(_json()[0](canonical))
    return canonical[2:-2].split('","')


def item(part: str) -> str | None:
    """The item that a text between commas stands for whatever stands beside it, "" for none; None if that depends:
    another separator, the beginning of another shape, a character that JSON writes otherwise."""
    if ";" in part or "|" in part or _escaped(part):
        return None
    text = clean(part)
    return None if text[:1] in ("[", "{") or text[1:2] == ":" else text


def split(text: str) -> list[str]:
    """Parts at the strongest separator that occurs: pipe, then semicolon, then comma."""
    for separator in SEPARATORS:
        if separator in text:
            return text.split(separator)
    return [text]


def _json_items(text: str) -> list[str] | None:
    """The items of a JSON list or object, or None for text that merely begins with a bracket."""
    try:
        value = _json()[0](text)
    except RecursionError:
        raise Unreadable("nested list", "map") from None
    except ValueError:
        if text[-1] in "]}" or text[1:2] == '"':
            raise Unreadable("broken list", "map") from None
        return None
    return _of_pairs(list(value.items())) if isinstance(value, dict) else _words(value)


def _refuse(_name: str) -> NoReturn:
    raise ValueError


@cache
def _json() -> tuple[Callable[[str], Any], Callable[[object], str]]:
    """How JSON is read (numbers as they are written) and written, when first needed."""
    import json

    reader = json.JSONDecoder(strict=False, parse_int=str, parse_float=str, parse_constant=_refuse)
    return reader.decode, json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _of_pairs(pairs: Iterable[tuple[int | str, object]]) -> list[str]:
    """A list's values; or the chosen keys of a set of switches, as WordPress keeps roles: `{"editor": true}`."""
    pairs = list(pairs)
    if all(is_position(key) for key, _ in pairs):
        return _words(value for _, value in pairs)
    if not all(isinstance(value, str | bool) and value in _YES_NO for _, value in pairs):
        raise Unreadable("not a list", "map")
    return [str(key) for key, value in pairs if _YES_NO[value]]


def is_position(key: int | str) -> bool:
    """Whether a key only counts."""
    return isinstance(key, int) or (key.isascii() and key.isdigit())


def _words(values: Iterable[object]) -> list[str]:
    return [_word(value) for value in values if value is not None]


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    raise Unreadable("nested list", "map")
