"""Answers that say no, in HubSpot's form. Sentences are ours; categories, codes and keys are theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Detail = Mapping[str, Any]
"""`message`, and where there are any `code` and `context` (key -> list of texts)."""


class Wrong(Exception):
    """A request, or one input of a batch, that is not carried out."""

    def __init__(
        self,
        status: int,
        category: str,
        message: str,
        *,
        errors: Sequence[Detail] = (),
        context: Mapping[str, Sequence[str]] | None = None,
        sub: str = "",
    ) -> None:
        self.status = status
        self.category = category
        self.message = message
        self.errors = list(errors)
        self.context = dict(context or {})
        self.sub = sub
        self.more: dict[str, Any] = {}
        """Keys that only an answer about limits has."""
        self.headers: dict[str, str] = {}
        super().__init__(message)

    def body(self, correlation: str) -> dict[str, Any]:
        """The answer to a request."""
        told: dict[str, Any] = {
            "status": "error",
            "message": self.message,
            "correlationId": correlation,
            "category": self.category,
            **self.more,
        }
        if self.sub:
            told["subCategory"] = self.sub
        if self.errors:
            told["errors"] = self.errors
        if self.context:
            told["context"] = self.context
        return told

    def of_input(self, context: Mapping[str, Sequence[str]]) -> dict[str, Any]:
        """One of the errors in an answer to a batch. `context`: which input it is about."""
        return {
            "status": "error",
            "category": self.category,
            "message": self.message,
            "context": {**self.context, **context},
            "errors": self.errors,
            "links": {},
        }


def invalid(message: str, *details: Detail, sub: str = "") -> Wrong:
    return Wrong(400, "VALIDATION_ERROR", message, errors=details, sub=sub)


def about(code: str, name: str, message: str) -> Detail:
    """What is wrong with the value of one property."""
    return {"message": message, "code": code, "context": {"propertyName": [name]}}


def unknown_property(name: str) -> Detail:
    return about("PROPERTY_DOESNT_EXIST", name, f'Property "{name}" does not exist')


def not_found(what: str, *ids: str, sub: str = "") -> Wrong:
    return Wrong(404, "OBJECT_NOT_FOUND", what, context={"ids": list(ids)} if ids else None, sub=sub)


def conflict(message: str) -> Wrong:
    return Wrong(409, "CONFLICT", message)
