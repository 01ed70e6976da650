"""Keys dropped from answers on the way: what an adapter does when a vendor leaves out what it reads."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import httpx
from pydantic import BaseModel

from reconciler.testing.contracts.checker import Checker

EACH = "*"
"""A part of a place: each item of a list, each value of a map."""


@dataclass(frozen=True, slots=True)
class ReadKey:
    """A key that a shape reads. `place`: how to get there in the JSON; `needed`: the shape has no default for it."""

    place: tuple[str, ...]
    needed: bool

    def __str__(self) -> str:
        return "/".join(self.place)


def read_keys(shape: type, place: tuple[str, ...] = (), within: tuple[type, ...] = ()) -> Iterator[ReadKey]:
    """Every key that the shape reads, at every depth; a shape that contains itself is followed once."""
    if not issubclass(shape, BaseModel):
        raise TypeError(f"{shape.__name__} is no pydantic model")
    for name, field in shape.model_fields.items():
        key = field.validation_alias if isinstance(field.validation_alias, str) else field.alias or name
        here = (*place, key)
        yield ReadKey(here, field.is_required())
        for below, inner in _models(field.annotation, ()):
            if inner not in within and inner is not shape:
                yield from read_keys(inner, (*here, *below), (*within, shape))


def _models(kind: Any, below: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], type[BaseModel]]]:
    """Models within a type, and how deep they lie."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield below, kind
        return
    arguments = get_args(kind)
    nested = bool(arguments) and isinstance(getattr(kind, "__origin__", None), type)
    for argument in arguments:
        yield from _models(argument, (*below, EACH) if nested else below)


class DroppingTransport(httpx.BaseTransport):
    """Takes one key out of every answer of one operation that is a success. `dropped`: how often it did."""

    def __init__(self, inner: httpx.BaseTransport, checker: Checker, operation: str, place: Sequence[str]) -> None:
        self._inner = inner
        self._checker = checker
        self._operation = operation
        self._place = tuple(place)
        self.dropped = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._inner.handle_request(request)
        path = request.url.raw_path.decode("ascii").partition("?")[0]
        found = self._checker.operations.find(request.method, path)
        if found is None or found[0].name != self._operation or not answer.is_success or not answer.read():
            return answer
        body = json.loads(answer.content)
        self.dropped += without(body, self._place)
        headers = {"Content-Type": answer.headers["Content-Type"]}
        return httpx.Response(answer.status_code, headers=headers, content=json.dumps(body).encode())


def without(body: Any, place: Sequence[str]) -> int:
    """Takes the key at the place out of the body, wherever it is there; how often."""
    part, *rest = place
    if part == EACH:
        items = body.values() if isinstance(body, dict) else body if isinstance(body, list) else ()
        return sum(without(item, rest) for item in items)
    if not isinstance(body, dict) or part not in body:
        return 0
    if not rest:
        del body[part]
        return 1
    return without(body[part], rest)
