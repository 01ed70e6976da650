"""A contact to write while it is on its way, and how many of them have come to their end."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import NamedTuple

from reconciler.model.plan import TagAction
from reconciler.runtime.writer import Item


class Was(NamedTuple):
    """For the history, of each value of a row as the plan has it: field key, what the plan saw there, number of the
    cause, and whether something stands there that cannot be read."""

    keys: list[str]
    befores: list[str | None]
    causes: list[int]
    unread: list[bool]

    def of(self, keys: Collection[str]) -> Was:
        """The same of those that are left of them."""
        if len(keys) == len(self.keys):
            return self
        at = [self.keys.index(key) for key in keys]
        return Was(*([column[n] for n in at] for column in self))  # type: ignore[arg-type]  # each stays what it is


NOTHING_SEEN = Was([], [], [], [])


@dataclass(slots=True)
class Row:
    """One contact to write.

    `values`: field key of the file -> canonical text, None to clear. `before`: what the plan saw there, where that came
    from a snapshot or the row has a `rank` (see `tables.moving`). `parts`: what has no outcome yet. `owed`: tags
    that it only gets because it is created. `short`: something of it could not be written, because what it needs is
    not in the CRM. `number`: of its first write in the history; `made`: that is its creation.
    """

    digest: bytes
    email: str | None
    contact: str | None
    create: bool
    values: dict[str, str | None]
    tags: list[tuple[str, TagAction]]
    before: dict[str, str | None] | None = None
    rank: int = 0
    owed: frozenset[str] = frozenset()
    parts: int = 0
    short: bool = False
    bytes: int = 0
    item: Item = field(default_factory=lambda: Item({}, None))
    person: str = ""
    was: Was = NOTHING_SEEN
    number: int = 0
    made: bool = False


@dataclass(slots=True)
class Settling:
    """`settled` rows have an outcome for each of their parts; of `short` ones something could not be written."""

    settled: int = 0
    short: int = 0

    def settle(self, row: Row, parts: int) -> None:
        """So many parts of the row have an outcome, good or bad."""
        row.parts -= parts
        if row.parts <= 0:
            self.settled += 1
            self.short += row.short
