"""The shapes that `validate` needs, apart from all others: whoever only checks a file does not pay for those."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Shape(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        use_attribute_docstrings=True,
        json_schema_serialization_defaults_required=True,
        defer_build=True,  # a command makes one of them
    )


class ProblemRow(Shape):
    code: str
    level: Literal["error", "warning", "off"]
    summary: str
    detail: str
    fix: str
    where: str | None


class ValidationDocument(Shape):
    """One object for every `validate`."""

    format: Literal["reconciler-validation/1"] = "reconciler-validation/1"
    tool: str
    outcome: Literal["valid", "error"]
    file: str
    fields: int = Field(default=0, description="Entries under `fields`.")
    tags: int = Field(default=0, description="Entries under `tags` and `dynamic_tags`.")
    dynamic_tags: int = Field(default=0, description="Those of `tags` that are under `dynamic_tags`.")
    scores: int = Field(default=0, description="Entries under `scores`.")
    problems: tuple[ProblemRow, ...] = ()
