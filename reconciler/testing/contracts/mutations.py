"""Messages generated from a closed schema, and their mutations: the test of the checker itself.

A mutation drops, retypes or renames one key that the schema names. A checker that lets a renamed or retyped key pass
would also let an adapter's misspelt one pass, so the share that it catches has a floor.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from jsonschema_rs import Draft202012Validator

from reconciler.testing.contracts.closing import Closing, Json, Side
from reconciler.testing.contracts.operations import Operation, Operations


class Mutation(StrEnum):
    DROP = "drop"
    RETYPE = "retype"
    RENAME = "rename"


_FORMATS = {
    "date": "2026-05-04",
    "date-time": "2026-05-04T03:02:01Z",
    "email": "ada@example.org",
    "uri": "https://example.org",
    "uuid": "0f5c7a52-3e6b-4a3f-9a55-0c53a6b7b1ce",
}
_OTHER: Sequence[tuple[type | tuple[type, ...], Any]] = (
    (bool, "true"),
    (str, 7),
    ((int, float), "7"),
    (list, {}),
    (dict, []),
    (type(None), 7),
)
_RENAMED = "Renamed"


@dataclass(frozen=True, slots=True)
class Caught:
    """How many mutations of one kind there were, and how many were refused."""

    made: int
    refused: int

    @property
    def share(self) -> float:
        return self.refused / self.made if self.made else 0.0


def mutated(document: Json, names: Sequence[str], side: Side) -> Mapping[Mutation, Caught]:
    """Generates each JSON body of one side of these operations, mutates each of its keys, and tells what was caught.
    Raises AssertionError if a generated body is refused as it is."""
    closing = Closing(document, side)
    operations = Operations(document).all
    made: Counter[Mutation] = Counter()
    refused: Counter[Mutation] = Counter()
    for schema in (s for name in names for s in _bodies(operations[name], side)):
        whole = closing.whole(schema)
        validator = Draft202012Validator(whole, validate_formats=True, offline=True)
        body = generated(whole)
        if not validator.is_valid(body):
            raise AssertionError(f"what was generated for one of {', '.join(names)} is refused")
        for mutation, changed in mutants(body, whole):
            made[mutation] += 1
            refused[mutation] += not validator.is_valid(changed)
    return {mutation: Caught(made[mutation], refused[mutation]) for mutation in Mutation}


def _bodies(operation: Operation, side: Side) -> Iterator[Json]:
    parts = [operation.said.get("requestBody", {})] if side is Side.REQUEST else operation.said["responses"].values()
    for part in parts:
        for media, said in part.get("content", {}).items():
            if media.endswith("json") and "schema" in said:
                yield said["schema"]


def generated(whole: Json) -> Any:
    """A valid message with every key that the closed schema names; recursion ends where it may."""
    return _Generating(whole["$defs"]).made(whole["allOf"][0], ())


def mutants(body: Any, whole: Json) -> Iterator[tuple[Mutation, Any]]:
    """The body with one named key changed, each key and each mutation in turn."""
    for place in _places(body, whole["allOf"][0], whole["$defs"]):
        for mutation in Mutation:
            yield mutation, _changed(body, place, mutation)


class _Generating:
    def __init__(self, defs: Json) -> None:
        self._defs = defs

    def made(self, schema: Json | bool, within: tuple[str, ...]) -> Any:
        if isinstance(schema, bool):
            return "anything"
        if "$ref" in schema:
            name = schema["$ref"].removeprefix("#/$defs/")
            return self.made(self._defs[name], (*within, name))
        for choice in ("oneOf", "anyOf"):
            if choice in schema:
                return self.made(schema[choice][0], within)
        if "const" in schema or "enum" in schema:
            return schema.get("const", schema.get("enum", [None])[0])
        kind = schema.get("type", "object" if "properties" in schema else "string")
        kind = kind if isinstance(kind, str) else kind[0]
        if kind == "object":
            return self._object(schema, within)
        if kind == "array":
            return [] if self._returns(schema["items"], within) else [self.made(schema["items"], within)]
        return _scalar(kind, schema)

    def _object(self, schema: Json, within: tuple[str, ...]) -> Json:
        made = {}
        for key, part in schema["properties"].items():
            if key in schema["required"] or not self._returns(part, within):
                made[key] = self.made(part, within)
        if isinstance(schema["additionalProperties"], dict):
            made["any_key"] = self.made(schema["additionalProperties"], within)
        return made

    def _returns(self, schema: Json | bool, within: tuple[str, ...]) -> bool:
        """Whether it leads back to what it is part of."""
        if isinstance(schema, bool):
            return schema is False
        if "items" in schema:
            return self._returns(schema["items"], within)
        return schema.get("$ref", "").removeprefix("#/$defs/") in within


def _scalar(kind: str, schema: Json) -> Any:
    if kind == "string":
        return _FORMATS.get(schema.get("format", ""), "text" + "x" * max(0, schema.get("minLength", 0) - 4))
    if kind == "boolean":
        return True
    return None if kind == "null" else schema.get("minimum", 1)


def _places(body: Any, schema: Json | bool, defs: Json) -> Iterator[tuple[str | int, ...]]:
    """Where in the body a key stands that the schema names."""
    schema = _resolved(schema, defs)
    if isinstance(body, list):
        for number, item in enumerate(body):
            yield from ((number, *rest) for rest in _places(item, schema.get("items", {}), defs))
    elif isinstance(body, dict):
        named = schema.get("properties", {})
        for key, value in body.items():
            if key in named:
                yield (key,)
            inner = named.get(key, schema.get("additionalProperties", {}))
            yield from ((key, *rest) for rest in _places(value, inner, defs))


def _resolved(schema: Json | bool, defs: Json) -> Json:
    if isinstance(schema, bool):
        return {}
    if "$ref" in schema:
        return _resolved(defs[schema["$ref"].removeprefix("#/$defs/")], defs)
    return next((_resolved(schema[choice][0], defs) for choice in ("oneOf", "anyOf") if choice in schema), schema)


def _changed(body: Any, place: Sequence[str | int], mutation: Mutation) -> Any:
    body = deepcopy(body)
    *parents, key = place
    holder = body
    for part in parents:
        holder = holder[part]
    value = holder.pop(key)
    if mutation is Mutation.RETYPE:
        holder[key] = next(other for kinds, other in _OTHER if isinstance(value, kinds))
    elif mutation is Mutation.RENAME:
        holder[f"{key}{_RENAMED}"] = value
    return body
