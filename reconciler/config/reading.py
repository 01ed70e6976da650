"""A node of the tree becomes a validated entry, or problems with places.

An entry that cannot be read becomes a hole: reading goes on, so that all problems come at once. The sentences of the
validation library are never shown, since they quote what they were given.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Mapping as AnyMapping
from collections.abc import Sequence as AnySequence
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from reconciler.config.collect import Problems, listed, shown
from reconciler.config.shapes import NOTED
from reconciler.config.syntax import quote_hint
from reconciler.config.tree import Mapping, Node, Pair, Sequence, is_null
from reconciler.model.problems import Place

Model = TypeVar("Model", bound=BaseModel)
Loc = AnySequence[str | int]

_PLAIN_STEP = re.compile(r"[A-Za-z0-9_-]+")


def read(model: type[Model], node: Node, address: str, problems: Problems) -> Model | None:
    """The entry at `node`; None if it could not be read, which has been noted. `address`: what sentences call it."""
    try:
        return model.model_validate(node)
    except ValidationError as error:
        for found in error.errors(include_url=False, include_input=False):
            _note(model, node, address, found["type"], found["loc"], found.get("ctx") or {}, problems)
        return None


def path_text(address: str, loc: Loc) -> str:
    """The way to a key as sentences show it: `fields.birthday.push`, `tags["New customer"].when`."""
    text = address
    for step in loc:
        plain = isinstance(step, str) and _PLAIN_STEP.fullmatch(step)
        text += (
            f".{step}"
            if plain and text
            else str(step)
            if plain
            else f"[{step}]"
            if isinstance(step, int)
            else f'["{step}"]'
        )
    return text


class Places(AnyMapping[str, Place]):
    """The place of every key of an entry; made when it is asked for, which for most keys is never."""

    __slots__ = ("_items",)

    def __init__(self, items: AnyMapping[str, Pair]) -> None:
        self._items = items

    def __getitem__(self, key: str) -> Place:
        return self._items[key].key.where

    def __contains__(self, key: object) -> bool:
        return key in self._items

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)


def places_of(node: Node | None) -> Places:
    """The places of the keys of an entry; of nothing that is no mapping."""
    return Places(node.items if isinstance(node, Mapping) else {})


def _note(
    model: type[BaseModel], node: Node, address: str, kind: str, loc: Loc, ctx: AnyMapping[str, Any], problems: Problems
) -> None:
    path = shown(path_text(address, loc))
    where, at_key = _locate(node, loc)
    if kind == NOTED:
        return
    if kind == "extra_forbidden":
        _note_unknown(model, node, loc, path, at_key, problems)
    elif kind == "missing":
        problems.add("E112", f"{path} is missing", where)
    elif kind == "ours" and "allowed" in ctx:
        allowed, given = ctx["allowed"], ctx["given"]
        fix = (problems.meant(given, allowed) if given else None) or f"write {listed(allowed)}"
        problems.add("E114", f"{path} is {listed(allowed)}", where, fix)
    elif kind == "ours":
        hint = quote_hint(_walk(node, loc).file, where.line) if ctx["code"] == "E116" else None
        problems.add(ctx["code"], f"{path}: {ctx['say']}", where, hint or ctx.get("fix"))
    else:
        problems.add("E114", f"{path} cannot be read", where)


def _note_unknown(model: type[BaseModel], node: Node, loc: Loc, path: str, where: Place, problems: Problems) -> None:
    parent = _walk(node, loc[:-1])
    name = str(loc[-1])
    if isinstance(parent, Mapping):
        hint = quote_hint(parent.file, where.line) if is_null(parent.get(name)) else None
        if hint is not None:
            problems.add("E116", "YAML cuts the expression in this line", Place(where.file, where.line), hint)
            return
    known = keys_of(_model_at(model, loc[:-1]))
    fix = problems.meant(name, known) or f"its keys are {listed(known)}"
    problems.add("E111", f"{path} is unknown", where, fix)


def keys_of(model: type[BaseModel]) -> tuple[str, ...]:
    """The keys of the model as the file writes them."""
    return tuple(field.alias or name for name, field in model.model_fields.items())


def _model_at(model: type[BaseModel], loc: Loc) -> type[BaseModel]:
    """The model that the keys under `loc` belong to."""
    for step in loc:
        field = next((f for name, f in model.model_fields.items() if (f.alias or name) == step), None)
        inner = None if field is None else _inner_model(field.annotation)
        model = inner or model
    return model


def _inner_model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_inner_model, get_args(annotation))), None)


def _walk(node: Node, loc: Loc) -> Node:
    """The node at `loc`, or the deepest one on the way to it."""
    for step in loc:
        if isinstance(node, Mapping) and isinstance(step, str) and step in node.items:
            node = node.items[step].value
        elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
        else:
            break
    return node


def _locate(node: Node, loc: Loc) -> tuple[Place, Place]:
    """The place of the value at `loc`, and that of its key."""
    found = _walk(node, loc)
    parent = _walk(node, loc[:-1])
    at_key = parent.place_of(str(loc[-1])) if loc and isinstance(parent, Mapping) else found.where
    return (at_key if is_null(found) else found.where), at_key
