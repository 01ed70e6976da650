"""The operations of an OpenAPI document: which one a request is, and what the document says of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from reconciler.testing.contracts.closing import Json, Unusable, pointed

VERBS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """One verb of one path template. `schemes`: each of them a set of security schemes that do together; `said`: what
    the document says of it, references to parameters, bodies and answers resolved."""

    verb: str
    template: str
    parameters: Sequence[Json]
    schemes: Sequence[Sequence[Json]]
    said: Json

    @property
    def name(self) -> str:
        """As it is claimed and shown: `POST /path/{id}`."""
        return f"{self.verb} {self.template}"

    def kept_in(self, place: str) -> Mapping[str, Json]:
        """Parameters in the path, the query or a header, by name."""
        return {p["name"]: p for p in self.parameters if p["in"] == place}


class Operations:
    """All of a document. `base`: the part of paths before the templates; None: the path of its first server."""

    def __init__(self, document: Json, base: str | None = None) -> None:
        self._document = document
        servers = document.get("servers") or [{"url": ""}]
        self._base = urlsplit(servers[0]["url"]).path.rstrip("/") if base is None else base.rstrip("/")
        self.all = {operation.name: operation for operation in self._read()}
        self._by_length: dict[tuple[str, int], list[tuple[Sequence[str], Operation]]] = {}
        for operation in self.all.values():
            parts = operation.template.split("/")
            self._by_length.setdefault((operation.verb, len(parts)), []).append((parts, operation))
        for candidates in self._by_length.values():
            candidates.sort(key=lambda c: [("{" in part, part) for part in c[0]])
        self._words = {part for o in self.all.values() for part in o.template.split("/") if "{" not in part}

    def find(self, verb: str, path: str) -> tuple[Operation, Mapping[str, str]] | None:
        """The operation and its path parameters, decoded. `path` as it was sent. Literal parts win over parameters."""
        if not path.startswith(self._base):
            return None
        parts = path[len(self._base) :].split("/")
        for wanted, operation in self._by_length.get((verb.upper(), len(parts)), ()):
            found: dict[str, str] = {}
            if all(_fits(want, part, found) for want, part in zip(wanted, parts, strict=True)):
                return operation, found
        return None

    def shown(self, path: str) -> str:
        """A path that the document does not have, without what may be somebody's value."""
        return "/".join(part if part in self._words else "*" for part in path.removeprefix(self._base).split("/"))

    def _read(self) -> Iterator[Operation]:
        for template, item in self._document.get("paths", {}).items():
            shared = [self._resolved(p) for p in item.get("parameters", ())]
            for verb in VERBS:
                if verb in item:
                    yield self._operation(verb, template, item[verb], shared)

    def _operation(self, verb: str, template: str, raw: Json, shared: Sequence[Json]) -> Operation:
        own = {(p["in"], p["name"]): p for p in (*shared, *map(self._resolved, raw.get("parameters", ())))}
        said = {
            **raw,
            "responses": {str(s): self._resolved(r) for s, r in raw.get("responses", {}).items()},
            **({"requestBody": self._resolved(raw["requestBody"])} if "requestBody" in raw else {}),
        }
        return Operation(verb.upper(), template, tuple(own.values()), self._schemes(raw), said)

    def _schemes(self, raw: Json) -> Sequence[Sequence[Json]]:
        known = self._document.get("components", {}).get("securitySchemes", {})
        wanted: Sequence[Sequence[str]] = raw["security"] if "security" in raw else self._document.get("security", ())
        try:
            return [[known[name] for name in choice] for choice in wanted]
        except KeyError:
            raise Unusable("an operation asks for a security scheme that the document does not have") from None

    def _resolved(self, part: Json) -> Json:
        found: Any = pointed(self._document, part["$ref"]) if "$ref" in part else part
        if not isinstance(found, dict):
            raise Unusable("a reference points to no object")
        return found


def _fits(wanted: str, part: str, found: dict[str, str]) -> bool:
    if "{" not in wanted:
        return wanted == unquote(part)
    names = re.findall(r"\{([^}]+)\}", wanted)
    pattern = "".join(
        "(.+)" if piece.startswith("{") else re.escape(piece) for piece in re.split(r"(\{[^}]+\})", wanted)
    )
    match = re.fullmatch(pattern, part)
    if match is None:
        return False
    found.update(zip(names, map(unquote, match.groups()), strict=True))
    return True
