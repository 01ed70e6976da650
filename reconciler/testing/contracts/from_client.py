"""A vendor's OpenAPI document, derived from the vendor's own generated Python client.

Clients that OpenAPI Generator's classic `python` template wrote keep all of a document but its prose: each model's
attribute types, names and checks, each method's verb, path, query names, body and answers. What a model checks is
read from its setters; a method is called on an API client that notes the call instead of making it. Nothing is sent.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import pkgutil
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

_SCALARS: Mapping[str, Json] = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "datetime": {"type": "string", "format": "date-time"},
    "date": {"type": "string", "format": "date"},
    "object": {},
}


@dataclass(frozen=True, slots=True)
class Client:
    """A generated client. `package`: where its groups of calls are, e.g. `vendor.crm`. `groups`: those to read; each
    one's schemas are named `group.Model`. `error`: the model of every answer that is no success, if the client does not
    name it itself."""

    package: str
    groups: Sequence[str]
    title: str
    version: str
    license: str
    server: str
    error: str = "Error"


def derive(client: Client) -> Json:
    """The document (OpenAPI 3.0.3). Raises ModuleNotFoundError where the client is not installed."""
    schemas: Json = {}
    paths: Json = {}
    for group in client.groups:
        reading = _Group(client, group)
        schemas.update(reading.schemas())
        for path, verb, operation in reading.operations():
            paths.setdefault(path, {})[verb] = operation
    return {
        "openapi": "3.0.3",
        "info": {"title": client.title, "version": client.version, "license": {"name": client.license}},
        "servers": [{"url": client.server}],
        "security": [{"bearer": []}],
        "components": {
            "schemas": schemas,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
        "paths": paths,
    }


class _Group:
    """One group of calls: a package with `models`, `api` and `Configuration`."""

    def __init__(self, client: Client, name: str) -> None:
        self._client = client
        self._name = name
        root = f"{client.package}.{name}"
        self._models = importlib.import_module(f"{root}.models")
        self._api = importlib.import_module(f"{root}.api")
        self._settings = importlib.import_module(f"{root}.configuration").Configuration()

    def schemas(self) -> Iterator[tuple[str, Json]]:
        for name, model in inspect.getmembers(self._models, inspect.isclass):
            if hasattr(model, "openapi_types"):
                yield f"{self._name}.{name}", self._schema(model)

    def _schema(self, model: Any) -> Json:
        properties, required = {}, []
        for attribute, written in model.openapi_types.items():
            key = model.attribute_map[attribute]
            schema, needed = self._checked(model, attribute, self._type(written))
            properties[key] = schema
            required += [key] if needed else []
        schema = {"type": "object", "properties": properties}
        return {**schema, "required": sorted(required)} if required else schema

    def _checked(self, model: Any, attribute: str, schema: Json) -> tuple[Json, bool]:
        """The schema with the values that the model's setter allows, and whether the setter demands one."""
        source = inspect.getsource(inspect.getattr_static(model, attribute).fset)
        allowed = re.search(r"allowed_values = (\[.*?\])", source, re.DOTALL)
        values = [v for v in ast.literal_eval(allowed[1]) if v is not None] if allowed else []
        if values and "items" in schema:
            schema = {**schema, "items": {**schema["items"], "enum": values}}
        elif values:
            schema = {**schema, "enum": values}
        return schema, "must not be `None`" in source

    def _type(self, written: str) -> Json:
        """`list[T]`, `dict[str, T]`, a scalar, or a model of the group."""
        found = re.fullmatch(r"(list\[|dict[\[(]str, )(.*)[\])]", written)
        if found and found[1].startswith("list"):
            return {"type": "array", "items": self._type(found[2])}
        if found:
            return {"type": "object", "additionalProperties": self._type(found[2])}
        if written in _SCALARS:
            return dict(_SCALARS[written])
        return {"$ref": f"#/components/schemas/{self._name}.{written}"}

    def operations(self) -> Iterator[tuple[str, str, Json]]:
        """Path, verb, operation, of every method of every API class."""
        for module in sorted(found.name for found in pkgutil.iter_modules(self._api.__path__)):
            loaded = importlib.import_module(f"{self._api.__name__}.{module}")
            for name, api in inspect.getmembers(loaded, inspect.isclass):
                if api.__module__ == loaded.__name__:
                    yield from self._calls(name, api)

    def _calls(self, name: str, api: Any) -> Iterator[tuple[str, str, Json]]:
        for method, function in inspect.getmembers(api, inspect.isfunction):
            if method.endswith("_with_http_info"):
                short = method.removesuffix("_with_http_info")
                call = _noted(api, function, self._settings)
                yield call.path, call.verb.lower(), self._operation(f"{self._name}.{name}.{short}", call)

    def _operation(self, id: str, call: _Call) -> Json:
        parameters = [
            {"in": "path", "name": key, "required": True, "schema": self._type(call.types[sent.name])}
            for key, sent in call.in_path.items()
        ]
        for key, sent in call.in_query:
            required = {"required": True} if sent.name in call.required else {}
            parameters.append({"in": "query", "name": key, **required, "schema": self._type(call.types[sent.name])})
        operation: Json = {"operationId": id, "parameters": parameters, "responses": self._responses(call)}
        if call.body is not None:
            content = {"application/json": {"schema": self._type(call.types[call.body.name])}}
            operation["requestBody"] = {"required": call.body.name in call.required, "content": content}
        return operation

    def _responses(self, call: _Call) -> Json:
        responses: Json = {
            str(status): {"description": "", "content": {"application/json": {"schema": self._type(written)}}}
            for status, written in call.answers.items()
            if written is not None
        }
        if not responses:
            responses["204"] = {"description": "no content"}
        error = {"application/json": {"schema": self._type(self._client.error)}}
        return {**responses, "default": {"description": "error", "content": error}}


@dataclass(frozen=True, slots=True)
class _Sent:
    """Stands for an argument, so that it can be told where the method puts it. `name`: the argument's."""

    name: str


@dataclass(frozen=True, slots=True)
class _Call:
    """What one method would have sent. `types` and `required`: of its arguments, as its docstring says."""

    path: str
    verb: str
    in_path: Mapping[str, _Sent]
    in_query: Sequence[tuple[str, _Sent]]
    body: _Sent | None
    answers: Mapping[int, str | None]
    types: Mapping[str, str]
    required: frozenset[str]


class _Notes:
    """An API client that notes the call."""

    client_side_validation = False

    def __init__(self, settings: Any) -> None:
        self.configuration = settings
        self.call: tuple[Any, ...] = ()
        self.more: Json = {}

    def select_header_accept(self, accepts: Sequence[str]) -> str:
        return ", ".join(accepts)

    def select_header_content_type(self, types: Sequence[str], *_rest: Any) -> str:
        return types[0] if types else ""

    def call_api(self, *call: Any, **more: Any) -> None:
        self.call, self.more = call, more


def _noted(api: Any, method: Any, settings: Any) -> _Call:
    text = inspect.getdoc(method) or ""
    said = dict(re.findall(r"^:param (\w+):(.*?)(?=^:type )", text, re.MULTILINE | re.DOTALL))
    types = dict(re.findall(r"^:type (\w+): (.+)$", text, re.MULTILINE))
    names = [name for name in said if not name.startswith("_") and name != "async_req"]
    notes = _Notes(settings)
    method(api(notes), **{name: _Sent(name) for name in names})
    path, verb, in_path, in_query, _headers = notes.call
    return _Call(
        path,
        verb,
        in_path,
        in_query,
        notes.more["body"],
        notes.more["response_types_map"],
        {name: types[name] for name in names},
        frozenset(name for name in names if "(required)" in said[name]),
    )


def canonical(document: Json) -> str:
    """The document as one text, the same for equal documents."""
    return json.dumps(document, sort_keys=True, indent=1) + "\n"
