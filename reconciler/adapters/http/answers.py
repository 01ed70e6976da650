"""Answers to requests, and their bodies: JSON, read through a shape.

What is wrong with one is said in our own words, and without its values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

import orjson
from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError


@dataclass(frozen=True, slots=True)
class Answer:
    """`headers`: by name, in any case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class Broken(Enum):
    """Why there is no answer."""

    NOT_SENT = auto()
    NO_HOST = auto()
    NO_TLS = auto()
    UNTRUSTED = auto()
    PROXY = auto()
    LOST = auto()  # it may have arrived
    TOO_LONG = auto()  # bytes, or seconds
    NO_PLACE = auto()  # what was to be asked for can be no address


@dataclass(frozen=True, slots=True)
class NotRead:
    """Why a body was not read. `json`: whether it is JSON, of another shape."""

    why: str
    json: bool
    page: bool = False  # it is a web page


def json_of(content: bytes) -> Any:
    """The JSON; None where it is none."""
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        return None


def read(shape: type[Any], content: bytes, headers: Mapping[str, str]) -> Any:
    """The body as that shape, or NotRead."""
    if not content.strip():
        return NotRead("the answer is empty", False)
    if page := web_page(content, headers):
        return page
    media = _media(headers)
    if media and media != "application/json" and not media.endswith("+json"):
        return NotRead("the answer says that it is no JSON", False)
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        return NotRead("the answer is no JSON", False)
    try:
        return _reader(shape).validate_python(body)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False, include_context=False)[0]["loc"]
    return NotRead(f"{_place(shape, found)} is not what it should be", True)


def web_page(content: bytes, headers: Mapping[str, str]) -> NotRead | None:
    """What no API answers with, but a proxy or a sign-in page in its place."""
    if content.strip() and _media(headers) in ("text/html", "application/xhtml+xml"):
        return NotRead("the answer is a web page and no JSON", False, page=True)
    return None


def _media(headers: Mapping[str, str]) -> str:
    return headers.get("Content-Type", "").partition(";")[0].strip().lower()


def _place(shape: type[Any], location: tuple[int | str, ...]) -> str:
    """Names that the shape has, numbers, and * for everything else, which may be somebody's data."""
    known = _names(shape)
    parts = [str(part) if isinstance(part, int) or part in known else "*" for part in location]
    return f"`{'.'.join(parts)}` of the answer" if parts else "the answer"


_READERS: dict[type[Any], TypeAdapter[Any]] = {}


def _reader(shape: type[Any]) -> TypeAdapter[Any]:
    if shape not in _READERS:
        _READERS[shape] = TypeAdapter(shape)
    return _READERS[shape]


def _names(shape: type[Any]) -> frozenset[str]:
    try:
        return frozenset(_properties(_reader(shape).json_schema()))
    except PydanticUserError:
        return frozenset()


def _properties(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        yield from schema.get("properties", ())
        for part in schema.values():
            yield from _properties(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _properties(part)
