"""What a SARIF 2.1.0 log must be, as far as ours goes: objects take only the keys of the standard."""

from __future__ import annotations

from typing import Any

import jsonschema

_LEVEL = {"enum": ["none", "note", "warning", "error"]}


def _object(required: str, **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": required.split(),
        "additionalProperties": False,
        "properties": properties,
    }


_MESSAGE = _object("text", text={"type": "string", "minLength": 1})
_RULE = _object(
    "id shortDescription fullDescription help defaultConfiguration",
    id={"type": "string", "minLength": 1},
    name={"type": "string", "minLength": 1},
    shortDescription=_MESSAGE,
    fullDescription=_MESSAGE,
    help=_MESSAGE,
    defaultConfiguration=_object("", level=_LEVEL, enabled={"type": "boolean"}),
)
_POSITION = {"type": "integer", "minimum": 1}
_LOCATION = _object(
    "physicalLocation",
    physicalLocation=_object(
        "artifactLocation region",
        artifactLocation=_object("uri", uri={"type": "string", "pattern": "^[^ \\\\]+$"}),
        region=_object("startLine", startLine=_POSITION, startColumn=_POSITION),
    ),
)
_RESULT = _object(
    "ruleId ruleIndex level message locations partialFingerprints",
    ruleId={"type": "string"},
    ruleIndex={"type": "integer", "minimum": 0},
    level=_LEVEL,
    message=_MESSAGE,
    locations={"type": "array", "minItems": 1, "items": _LOCATION},
    partialFingerprints={"type": "object", "minProperties": 1, "additionalProperties": {"type": "string"}},
)
_RUN = _object(
    "tool results",
    tool=_object(
        "driver",
        driver=_object(
            "name version rules",
            name={"type": "string", "minLength": 1},
            version={"type": "string"},
            rules={"type": "array", "uniqueItems": True, "items": _RULE},
        ),
    ),
    automationDetails=_object("id", id={"type": "string", "pattern": "/$"}),
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    results={"type": "array", "items": _RESULT},
)
_LOG = _object(
    "$schema version runs",
    **{"$schema": {"type": "string", "pattern": r"^https://.*sarif-schema-2\.1\.0\.json$"}},
    version={"const": "2.1.0"},
    runs={"type": "array", "minItems": 1, "items": _RUN},
)


def results_of(log: dict[str, Any]) -> list[dict[str, Any]]:
    """The results of a log that is valid, each pointing at its rule."""
    jsonschema.Draft202012Validator(_LOG).validate(log)
    (run,) = log["runs"]
    rules, results = run["tool"]["driver"]["rules"], run["results"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in results)
    marks = [tuple(result["partialFingerprints"].values()) for result in results]
    assert len(set(marks)) == len(marks), "two results have one fingerprint"
    found: list[dict[str, Any]] = results
    return found
