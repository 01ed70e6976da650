"""Holds messages against an OpenAPI document: every part of a request, every part of its answer.

Whatever the document does not say is refused: an unknown path, query key, media type, status or key of a body. What it
says too loosely or wrongly is put right in the vendor's overlay, never here. No error names a value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jsonschema_rs import Draft202012Validator, ValidationError

from reconciler.testing.contracts.closing import Closing, Json, Side
from reconciler.testing.contracts.operations import Operation, Operations

Headers = Mapping[str, str]
"""Names in lower case."""

_JSON = re.compile(r"application/([\w.+-]+\+)?json")
_CREDENTIALS = {"bearer": re.compile(r"Bearer \S+"), "basic": re.compile(r"Basic [A-Za-z0-9+/]+=*")}


class Violation(AssertionError):
    """A message that breaks the contract. `operation`: its name; `place`: where in the message, a JSON pointer below
    `path`, `query`, `header`, `status` or `body`; `rule`: what it breaks. Names of keys are said, values never."""

    def __init__(self, operation: str, side: Side, place: str, rule: str) -> None:
        self.operation, self.side, self.place, self.rule = operation, side, place, rule
        super().__init__(f"{operation}: {side} at {place}: {rule}")


@dataclass(frozen=True, slots=True)
class _At:
    operation: Operation
    side: Side

    def broken(self, place: str, rule: str) -> Violation:
        return Violation(self.operation.name, self.side, place, rule)


class Checker:
    """One document, its schemas compiled when they are first needed and kept. Threads may share it."""

    def __init__(self, document: Json, base: str | None = None) -> None:
        self.operations = Operations(document, base)
        self._closing = {side: Closing(document, side) for side in Side}
        self._compiled: dict[tuple[int, Side], Draft202012Validator] = {}
        self._kept: list[Json] = []  # so that no other schema gets the number of a compiled one

    def request(
        self, verb: str, path: str, query: Sequence[tuple[str, str]], headers: Headers, content: bytes
    ) -> Operation:
        """The operation that this is. Raises Violation. `path` as it was sent; `query` decoded."""
        found = self.operations.find(verb, path)
        if found is None:
            shown = f"{verb.upper()} {self.operations.shown(path)}"
            raise Violation(shown, Side.REQUEST, "path", "no such operation in the document")
        operation, in_path = found
        at = _At(operation, Side.REQUEST)
        for name, parameter in operation.kept_in("path").items():
            self._parameter(at, "path", parameter, [in_path[name]])
        self._query(at, query)
        self._headers(at, headers, dict(query))
        self._request_body(at, headers, content)
        return operation

    def response(self, operation: Operation, status: int, headers: Headers, content: bytes) -> None:
        """Raises Violation unless the document has such an answer to the operation."""
        at = _At(operation, Side.RESPONSE)
        said = _answer(operation, status)
        if said is None:
            raise at.broken("status", f"{status} is not declared")
        if "content" in said:
            if not content:
                raise at.broken("body", f"missing with status {status}")
            self._body(at, said["content"], headers, content)
        elif content:
            raise at.broken("body", f"none is declared with status {status}")
        elif 200 <= status < 300 and status not in (204, 205):
            raise at.broken("body", f"status {status} declares none: the overlay has to say so")

    def _query(self, at: _At, query: Sequence[tuple[str, str]]) -> None:
        known = at.operation.kept_in("query")
        given: dict[str, list[str]] = {}
        for name, value in query:
            if name not in known and not self._is_key(at, name):
                raise at.broken(f"query/{name}", "unknown")
            given.setdefault(name, []).append(value)
        for name, parameter in known.items():
            if name in given:
                self._parameter(at, "query", parameter, given[name])
            elif parameter.get("required"):
                raise at.broken(f"query/{name}", "required")

    def _headers(self, at: _At, headers: Headers, query: Mapping[str, str]) -> None:
        for name, parameter in at.operation.kept_in("header").items():
            if name.lower() in headers:
                self._parameter(at, "header", parameter, [headers[name.lower()]])
            elif parameter.get("required"):
                raise at.broken(f"header/{name}", "required")
        schemes = at.operation.schemes
        if schemes and not any(all(_shown(scheme, headers, query) for scheme in choice) for choice in schemes):
            raise at.broken("header/Authorization", "no credentials as the document wants them")

    def _is_key(self, at: _At, name: str) -> bool:
        return any(s.get("in") == "query" and s.get("name") == name for choice in at.operation.schemes for s in choice)

    def _parameter(self, at: _At, where: str, parameter: Json, values: Sequence[str]) -> None:
        place, schema = f"{where}/{parameter['name']}", parameter.get("schema")
        if schema is None:
            raise at.broken(place, "the document gives it no schema")
        schema = self._closing[at.side].pointed(schema["$ref"]) if "$ref" in schema else schema
        if schema.get("type") == "array":
            parts = list(values) if parameter.get("explode", where == "query") else values[0].split(",")
            self._valid(at, place, schema, [_typed(value, schema.get("items", {})) for value in parts])
        elif len(values) > 1:
            raise at.broken(place, "given more than once")
        else:
            self._valid(at, place, schema, _typed(values[0], schema))

    def _request_body(self, at: _At, headers: Headers, content: bytes) -> None:
        said = at.operation.said.get("requestBody")
        if said is None:
            if content:
                raise at.broken("body", "none is declared")
        elif content:
            self._body(at, said["content"], headers, content)
        elif said.get("required"):
            raise at.broken("body", "required")

    def _body(self, at: _At, declared: Mapping[str, Json], headers: Headers, content: bytes) -> None:
        media, *parameters = (part.strip().lower() for part in headers.get("content-type", "").split(";"))
        if media not in declared or any(p != "charset=utf-8" for p in parameters):
            raise at.broken("header/Content-Type", f"none of {', '.join(declared)}")
        if not _JSON.fullmatch(media):
            return  # bytes: the document says no more of them
        try:
            body = json.loads(content, parse_constant=_refused, object_pairs_hook=_once)
        except ValueError:
            raise at.broken("body", "no JSON, or a key that stands twice") from None
        schema = declared[media].get("schema")
        if schema is None:
            raise at.broken("body", "the document gives it no schema")
        self._valid(at, "body", schema, body)

    def _valid(self, at: _At, place: str, schema: Json, value: Any) -> None:
        validator = self._validator(schema, at.side)
        if validator.is_valid(value):
            return
        path, rule = _told(validator.iter_errors(value))
        raise at.broken("/".join((place, *path)), rule)

    def _validator(self, schema: Json, side: Side) -> Draft202012Validator:
        key = (id(schema), side)
        if key not in self._compiled:
            whole = self._closing[side].whole(schema)
            self._kept.append(schema)
            self._compiled[key] = Draft202012Validator(whole, validate_formats=True, offline=True)
        return self._compiled[key]


def _answer(operation: Operation, status: int) -> Json | None:
    """What the document declares for a status; `default` is never a success."""
    declared = operation.said["responses"]
    names = [str(status), f"{status // 100}XX", *(["default"] if not 200 <= status < 300 else [])]
    return next((declared[name] for name in names if name in declared), None)


def _shown(scheme: Json, headers: Headers, query: Mapping[str, str]) -> bool:
    """Whether the request has credentials of that scheme."""
    if scheme["type"] == "apiKey":
        return scheme["name"] in query if scheme["in"] == "query" else scheme["name"].lower() in headers
    wanted = _CREDENTIALS.get(scheme.get("scheme", "bearer").lower())
    return wanted is not None and wanted.fullmatch(headers.get("authorization", "")) is not None


def _typed(text: str, schema: Json) -> Any:
    """A parameter's text as the value that its type makes of it; the text itself where it is none."""
    kinds = schema.get("type")
    for kind in [kinds] if isinstance(kinds, str) else kinds or ():
        if kind == "integer" and re.fullmatch(r"-?\d{1,18}", text):
            return int(text)
        if kind == "number" and re.fullmatch(r"-?\d+(\.\d+)?([eE][-+]?\d+)?", text):
            return float(text)
        if kind == "boolean" and text in ("true", "false"):
            return text == "true"
    return text


def _told(errors: Iterable[ValidationError]) -> tuple[list[str], str]:
    """Place and rule of the first error, of the deepest one in a choice; never the value."""
    error = next(iter(errors))
    inner = [e for branch in getattr(error.kind, "context", ()) for e in branch if "null" not in _types(e)]
    if inner:
        return _told([max(inner, key=lambda e: len(e.instance_path))])
    path = [_escaped(str(part)) for part in error.instance_path]
    said = error.kind.as_dict()
    if "unexpected" in said:
        return [*path, _escaped(said["unexpected"][0])], "unknown key"
    if error.kind.name == "required":
        return [*path, _escaped(said["property"])], "required"
    if error.kind.name == "falseSchema":
        return path, "the document does not say what it is"
    rule = {"type": "/".join(_types(error)), "format": said.get("format", "")}.get(error.kind.name, "")
    return path, f"{error.kind.name} {rule}".strip()


def _types(error: ValidationError) -> Sequence[str]:
    types: Sequence[str] = error.kind.as_dict().get("types", ())
    return types


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")


def _once(pairs: list[tuple[str, Any]]) -> Json:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError
    return made


def _refused(_constant: str) -> Any:
    raise ValueError
