"""Every JSON that a test sees is read through here, so that every output is validated."""

from __future__ import annotations

import json
from typing import Any

import jsonschema

from reconciler.report.document import SHAPES, schema

_SCHEMAS = {f"reconciler-{shape}/1": schema(shape) for shape in SHAPES}


def parsed(text: str) -> dict[str, Any]:
    """The one object on stdout, valid under the schema of its format."""
    document: dict[str, Any] = json.loads(text)
    jsonschema.Draft202012Validator(_SCHEMAS[document["format"]]).validate(document)
    return document
