"""Schemas of an OpenAPI document as closed JSON schemas: what a message may hold is what the document names.

An object holds the keys that are named and no other, whatever the document says of further ones; a place without a type
holds nothing. Only what a document's overlay has opened (`x-open: true`) is open, as far as the document says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

Json = dict[str, Any]

OPEN = "x-open"
"""Key of a schema that may hold what the document does not name."""

_KEPT = frozenset(
    {
        "const",
        "enum",
        "exclusiveMaximum",
        "exclusiveMinimum",
        "format",
        "maxItems",
        "maxLength",
        "maxProperties",
        "maximum",
        "minItems",
        "minLength",
        "minProperties",
        "minimum",
        "multipleOf",
        "pattern",
        "type",
        "uniqueItems",
    }
)
_SHAPING = frozenset({"$ref", "additionalProperties", "allOf", "anyOf", "items", "oneOf", "properties"})
_BOUNDS = (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum"))


class Side(StrEnum):
    REQUEST = "request"
    RESPONSE = "response"


_FOREIGN = {Side.REQUEST: "readOnly", Side.RESPONSE: "writeOnly"}


class Unusable(Exception):
    """The document says something that cannot be checked. Holds names of the document only."""


class Closing:
    """Closes the schemas of one document for one side of its messages."""

    def __init__(self, document: Json, side: Side) -> None:
        self._document = document
        self._foreign = _FOREIGN[side]
        self._closed: dict[str, Json | bool] = {}

    def whole(self, schema: Json) -> Json:
        """A schema that stands alone: closed, with all that it refers to."""
        top = self.closed(schema)
        waiting, defs = list(_refs(top)), {}
        while waiting:
            ref = waiting.pop()
            name = _defined(ref)
            if name not in defs:
                if ref not in self._closed:
                    self._closed[ref] = self.closed(self.pointed(ref))
                defs[name] = _renamed(self._closed[ref])
                waiting += _refs(self._closed[ref])
        return {"allOf": [_renamed(top)], "$defs": defs}

    def pointed(self, ref: str) -> Json:
        """What a reference within the document points to; one that leads out of it is refused."""
        found = pointed(self._document, ref)
        if not isinstance(found, dict):
            raise Unusable(f"`{ref}` is no schema")
        return found

    def closed(self, schema: Json) -> Json | bool:
        if "$ref" in schema:
            ref = {"$ref": schema["$ref"]}
            return {"anyOf": [ref, {"type": "null"}]} if schema.get("nullable") else ref
        if "allOf" in schema:
            schema = self._flat(schema)
        for choice in ("oneOf", "anyOf"):
            if choice in schema:
                branches = [self.closed(self._joined(schema, branch, choice)) for branch in schema[choice]]
                return {choice: branches + ([{"type": "null"}] if schema.get("nullable") else [])}
        if not (_KEPT | _SHAPING) & schema.keys():
            return bool(schema.get(OPEN))
        closed = {key: value for key, value in schema.items() if key in _KEPT}
        closed.update(self._object(schema))
        if "items" in schema or schema.get("type") == "array":
            closed["items"] = self.closed(schema["items"]) if "items" in schema else bool(schema.get(OPEN))
        return _modern(closed, bool(schema.get("nullable")))

    def _object(self, schema: Json) -> Json:
        if not ({"properties", "additionalProperties"} & schema.keys() or schema.get("type") == "object"):
            return {}
        named = schema.get("properties", {})
        properties = {key: self.closed(part) for key, part in named.items() if not part.get(self._foreign)}
        required = [key for key in schema.get("required", ()) if key in properties or key not in named]
        return {"properties": properties, "additionalProperties": self._further(schema), "required": required}

    def _further(self, schema: Json) -> Json | bool:
        further = schema.get("additionalProperties", True)
        if not schema.get(OPEN) or further is False:
            return False
        return True if further is True else self.closed(further) if further else True

    def _joined(self, schema: Json, branch: Json, choice: str) -> Json:
        """A branch with what stands beside the choice, so that both can be closed at once."""
        beside = {key: value for key, value in schema.items() if key not in (choice, "nullable", "discriminator")}
        return self._flat({"allOf": [beside, branch]}) if _SHAPING & beside.keys() else branch

    def _flat(self, schema: Json) -> Json:
        """One schema instead of its `allOf`."""
        flat: Json = {key: value for key, value in schema.items() if key != "allOf"}
        for part in schema["allOf"]:
            resolved = self.pointed(part["$ref"]) if "$ref" in part else part
            resolved = self._flat(resolved) if "allOf" in resolved else resolved
            for key, value in resolved.items():
                flat[key] = _both(key, flat[key], value) if key in flat else value
        return flat


def _both(key: str, ours: Any, theirs: Any) -> Any:
    if key == "properties":
        return {**ours, **theirs}
    if key == "required":
        return sorted({*ours, *theirs})
    if key == "enum":
        return [value for value in ours if value in theirs]
    if key in _KEPT and ours != theirs:
        raise Unusable(f"parts of an `allOf` contradict each other in `{key}`")
    return theirs


def _modern(schema: Json, nullable: bool) -> Json:
    """OpenAPI 3.0's own keywords as JSON Schema has them."""
    for exclusive, bound in _BOUNDS:
        if isinstance(schema.get(exclusive), bool):
            strict = schema.pop(exclusive)
            if strict and bound in schema:
                schema[exclusive] = schema.pop(bound)
    if nullable:
        kinds = schema.get("type", [])
        schema["type"] = [*([kinds] if isinstance(kinds, str) else kinds), "null"]
        if "enum" in schema and None not in schema["enum"]:
            schema["enum"] = [*schema["enum"], None]
    return schema


def pointed(document: Any, ref: str) -> Any:
    """What a reference within the document points to. Raises Unusable."""
    if not ref.startswith("#/"):
        raise Unusable(f"`{ref}` leads out of the document")
    found = document
    for part in ref[2:].split("/"):
        try:
            found = found[part.replace("~1", "/").replace("~0", "~")]
        except (KeyError, TypeError):
            raise Unusable(f"`{ref}` points to nothing") from None
    return found


def _refs(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"]
        for value in schema.values():
            yield from _refs(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _refs(value)


def _defined(ref: str) -> str:
    return ref[2:].replace("~", "_").replace("/", ".").replace("%", "_")


def _renamed(schema: Any) -> Any:
    """The schema with its references to the document as references to `$defs`."""
    if isinstance(schema, Mapping):
        return {
            key: f"#/$defs/{_defined(value)}" if key == "$ref" and isinstance(value, str) else _renamed(value)
            for key, value in schema.items()
        }
    return [_renamed(value) for value in schema] if isinstance(schema, list) else schema
