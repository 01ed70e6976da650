"""Every JSON that a test sees is read through here, so that every output is validated."""

from __future__ import annotations

import json
from typing import Any

import jsonschema

from reconciler.report.document import schema

_SCHEMAS = {
    "reconciler-plan/1": schema("plan"),
    "reconciler-validation/1": schema("validation"),
    "reconciler-status/1": schema("status"),
    "reconciler-discovery/1": schema("discovery"),
    "reconciler-adapters/1": schema("adapters"),
    "reconciler-doctor/1": schema("doctor"),
    "reconciler-runs/1": schema("runs"),
}


def parsed(text: str) -> dict[str, Any]:
    """The one object on stdout, valid under the schema of its format."""
    document: dict[str, Any] = json.loads(text)
    jsonschema.Draft202012Validator(_SCHEMAS[document["format"]]).validate(document)
    return document
