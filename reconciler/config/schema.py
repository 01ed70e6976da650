"""The JSON schema of the file, for editors: made from the same models that read it.

Sections merge across extended files, so nothing inside of a section is required here; inside of an entry it is. Texts
may be written without quotes, so a schema's text also takes what YAML reads as a number or a boolean.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from reconciler.config.doors import CRM_KEYS, SOURCE_KEYS
from reconciler.config.models import (
    AllowEntry,
    CheckEntry,
    ContactsSection,
    CrmSection,
    DefaultsSection,
    DynamicTagEntry,
    FieldEntry,
    HistorySection,
    IdentitySection,
    Levels,
    LimitsSection,
    RefreshSection,
    ScoreRuleEntry,
    SourceSection,
    StateSection,
    TagEntry,
    Texts,
)
from reconciler.config.options import secret_keys
from reconciler.config.shapes import TEXT_SCHEMA, Flag, Text, or_reference
from reconciler.config.state import STATE_KEYS, STATES
from reconciler.model.messages.rules import RULES
from reconciler.model.types import TYPES

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_SECRET = {"type": "string", "pattern": r"^(\$\{(env|file):[^{}]+\})+$"}
_SECTIONS = ("CrmSection", "SourceSection", "IdentitySection", "DefaultsSection", "ContactsSection", "StateSection")


class Document(BaseModel):
    """The whole file, as editors know it."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    version: int = Field(description="Always 1.")
    extends: str | list[str] | None = Field(None, description="Files that this one builds on.")
    vars: Texts | None = Field(None, description="Texts for `${var:NAME}`.")
    crm: CrmSection | None = None
    source: SourceSection | None = None
    identity: IdentitySection | None = None
    defaults: DefaultsSection | None = None
    fields: dict[str, FieldEntry | Text | None] | None = Field(None, description="By the CRM's field key.")
    tags: dict[str, TagEntry | None] | None = Field(None, description="By the tag's name.")
    dynamic_tags: list[DynamicTagEntry] | None = None
    scores: dict[str, list[ScoreRuleEntry] | None] | None = None
    contacts: ContactsSection | None = None
    limits: LimitsSection | None = None
    allow: list[AllowEntry] | None = Field(None, description="Limits that may be exceeded, checks that may fail.")
    checks: dict[str, CheckEntry | None] | None = Field(None, description="By their code: what no plan may be.")
    rules: Levels | None = None
    refresh: RefreshSection | None = None
    snapshot: Flag = Field(True, description="`false`: keep no copy of contacts; every plan reads all of them.")
    state: StateSection | None = None
    history: HistorySection | None = None


def config_schema(
    crm_options: Mapping[str, type[BaseModel]], source_options: Mapping[str, type[BaseModel]]
) -> dict[str, Any]:
    """The schema (draft 2020-12) of a file for these adapters; the same models give the same schema."""
    schema = _clean(Document.model_json_schema())
    schema = {
        "$schema": _DIALECT,
        "title": "reconciler, file version 1",
        **schema,
        "description": "One reconciliation.",
    }
    properties, parts = schema["properties"], schema["$defs"]
    properties["version"] = {"const": 1, "description": "Always 1."}
    schema["required"] = ["version"]
    for name in _SECTIONS:
        parts[name].pop("required", None)
    parts["FieldEntry"]["properties"]["type"] = {**_types(), "description": "The value type."}
    rule = next(iter([properties["rules"]["additionalProperties"]]))
    properties["rules"] = {
        "type": "object",
        "description": "Rule name: error, warning or off.",
        "properties": {row.name: {**rule, "description": row.summary} for row in RULES if row.name},
        "additionalProperties": False,
    }
    _add_adapters(parts, "CrmSection", "crm", crm_options, CRM_KEYS)
    _add_adapters(parts, "SourceSection", "source", source_options, SOURCE_KEYS)
    _add_adapters(parts, "StateSection", "state", STATES, STATE_KEYS)
    for name, part in properties.items():
        if name not in ("version", "extends"):
            properties[name] = _or_null(part) if part.keys() & {"$ref", "anyOf"} else part
    account = parts["CrmSection"]["properties"]["account"]
    parts["CrmSection"]["properties"]["account"] = _or_null(account)
    return schema


def _or_null(part: dict[str, Any]) -> dict[str, Any]:
    """What a file that builds on another may take away."""
    if "anyOf" in part:
        return {**part, "anyOf": [*part["anyOf"], {"type": "null"}]}
    return {"anyOf": [part, {"type": "null"}]}


def _types() -> dict[str, Any]:
    names = [*TYPES, *sorted({alias for row in TYPES.values() for alias in row.aliases} - set(TYPES))]
    return {"anyOf": [{"enum": names}, TEXT_SCHEMA]}


def _add_adapters(
    parts: dict[str, Any], section: str, kind: str, models: Mapping[str, type[BaseModel]], own: frozenset[str]
) -> None:
    """Let the section take the options of the adapter that its `type` names."""
    shape = parts[section]
    said = shape["properties"]["type"].get("description", "The adapter.")
    shape["properties"]["type"] = or_reference({"enum": sorted(models)}) | {"description": said}
    choices = []
    for name in sorted(models):
        options, inner = _options(models[name], f"{kind}_{name}")
        parts.update(inner)
        mine = {key: part for key, part in options.items() if key not in own}
        allowed = {**dict.fromkeys(sorted(own), True), **mine}
        condition = {"properties": {"type": {"const": name}}, "required": ["type"]}
        choices.append({"if": condition, "then": {"properties": allowed, "additionalProperties": False}})
    shape.pop("additionalProperties", None)
    shape["allOf"] = choices


def _options(model: type[BaseModel], prefix: str) -> tuple[dict[str, Any], dict[str, Any]]:
    schema = _clean(model.model_json_schema(ref_template=f"#/$defs/{prefix}_{{model}}"))
    inner = {f"{prefix}_{name}": part for name, part in schema.get("$defs", {}).items()}
    secrets = secret_keys(model)
    properties = {key: _SECRET if key in secrets else _lenient(part) for key, part in schema["properties"].items()}
    return properties, inner


def _lenient(part: dict[str, Any]) -> dict[str, Any]:
    """A value of another program's model, which may also be a reference; texts as they are written."""
    if part.get("type") == "string" and not {"enum", "const", "pattern"} & part.keys():
        return {**part, "type": TEXT_SCHEMA["type"]}
    return or_reference(part)


def _clean(part: Any) -> Any:
    """Without titles, and without the defaults and nulls that only mean that a key may be left out."""
    if isinstance(part, list):
        return [_clean(item) for item in part]
    if not isinstance(part, dict):
        return part
    cleaned = {}
    for key, value in part.items():
        if key == "title" and isinstance(value, str):
            continue
        if key == "properties":
            cleaned[key] = {name: _optional(_clean(inner)) for name, inner in value.items()}
        else:
            cleaned[key] = _clean(value)
    return cleaned


def _optional(part: dict[str, Any]) -> dict[str, Any]:
    if "default" not in part or part["default"] is not None:
        return part
    rest = {key: value for key, value in part.items() if key not in ("default", "anyOf")}
    members = [member for member in part.get("anyOf", ()) if member != {"type": "null"}]
    return {**rest, **members[0]} if len(members) == 1 else {**rest, "anyOf": members} if members else rest
