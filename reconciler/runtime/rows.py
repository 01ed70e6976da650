"""A contact to write while it is on its way, and how many of them have come to their end."""

from __future__ import annotations

from dataclasses import dataclass, field

from reconciler.model.plan import TagAction
from reconciler.runtime.writer import Item


@dataclass(slots=True)
class Row:
    """One contact to write.

    `values`: field key of the file -> canonical text, None to clear. `before`: what the plan saw there, where that came
    from a snapshot or the row has a `rank` (see `tables.moving`). `parts`: what has no outcome yet. `owed`: tags
    that it only gets because it is created. `short`: something of it could not be written, because what it needs is
    not in the CRM.
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
