"""One request as its handler sees it, inside one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

from pydantic import TypeAdapter, ValidationError

from reconciler.emulators.hubspot import properties
from reconciler.emulators.hubspot.errors import Wrong, invalid
from reconciler.emulators.hubspot.limits import Limits
from reconciler.emulators.hubspot.moments import text_of
from reconciler.emulators.hubspot.properties import Property
from reconciler.emulators.hubspot.settings import Settings
from reconciler.localcrm import LocalCrm

Shape = TypeVar("Shape")

BATCH = 100


class Answer(NamedTuple):
    status: int
    body: Any = None


@dataclass
class Call:
    """`path`: the variable parts of it. `query`: texts by key. `body`: the JSON. `moment`: microseconds; `seconds`: of
    the monotonic clock."""

    crm: LocalCrm
    connection: sqlite3.Connection
    settings: Settings
    limits: Limits
    moment: int
    seconds: float
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Sequence[str]] = field(default_factory=dict)
    body: Any = None

    @cached_property
    def properties(self) -> dict[str, Property]:
        """All that are not archived. Whoever changes one deletes the attribute."""
        return properties.live(self.connection)

    def read(self, shape: type[Shape]) -> Shape:
        """The body. Raises Wrong, naming places and no values."""
        try:
            return TypeAdapter(shape).validate_python(self.body)
        except ValidationError as error:
            raise unreadable(error) from None

    def one(self, key: str, default: str = "") -> str:
        """A parameter of the query."""
        return next(iter(self.query.get(key, ())), default)

    def number(self, key: str, default: int, most: int) -> int:
        """A parameter that is a number from 1 to `most`. Raises Wrong."""
        text = self.one(key, str(default))
        if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= most:
            raise invalid(f"{key} must be a number from 1 to {most}")
        return int(text)

    def yes(self, key: str) -> bool:
        return self.one(key, "false").lower() == "true"

    def several(self, key: str) -> list[str]:
        """A parameter that may stand several times, or once with commas; none of it is empty."""
        return [part for text in self.query.get(key, ()) for part in text.split(",") if part]

    @property
    def now(self) -> str:
        return text_of(self.moment)


def unreadable(error: ValidationError) -> Wrong:
    places = [".".join(str(part) for part in found["loc"]) for found in error.errors(include_input=False)]
    return invalid("Invalid input JSON", *({"message": "is not what it should be", "in": place} for place in places))


def done(call: Call, results: Sequence[Any], errors: Sequence[Any], status: int) -> Answer:
    """The answer to a batch: 207 if some of it was not carried out."""
    body = {"status": "COMPLETE", "results": results, "startedAt": call.now, "completedAt": call.now}
    if not errors:
        return Answer(status, body)
    return Answer(207, {**body, "numErrors": len(errors), "errors": errors})


def check_size(inputs: Sequence[Any], most: int = BATCH) -> None:
    if not inputs:
        raise invalid("inputs must not be empty")
    if len(inputs) > most:
        raise invalid(f"The batch may have at most {most} inputs, not {len(inputs)}")
