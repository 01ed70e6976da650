"""Looking over the shoulder of one comparison: what it makes of one field or tag of single people, for `why`."""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa

from reconciler.planning.conversion import YES
from reconciler.planning.decision import SITUATIONS, Policy, Row, decide
from reconciler.planning.layout import Layout
from reconciler.planning.made import Permissions
from reconciler.tables import tagsets
from reconciler.tables.cells import MARK


@dataclass(slots=True)
class Watch:
    """The field `key`, or `tag`, is watched. Afterwards: `row` of the source, 0 where nobody was compared; `new`: a
    contact is to be created; `ours` and `theirs`: canonical texts, marks included; `decided`: the row of the decision
    table, None where both sides are equal. Of a tag: whether it is `wanted` (None: unknown) and `carried`."""

    key: str = ""
    tag: str = ""
    row: int = 0
    new: bool = False
    ours: str | None = None
    theirs: str | None = None
    decided: Row | None = None
    wanted: bool | None = False
    carried: bool = False
    _first: set[str] = field(default_factory=set)

    def values(self, key: str, batch: pa.RecordBatch, ours: pa.Array, theirs: pa.Array, new: bool) -> None:
        """Both sides of a field of everybody in the batch, before anything is decided."""
        if key != self.key or not batch.num_rows or not self._once("values"):
            return
        self.row, self.new = batch.column("row")[0].as_py(), new
        self.ours, self.theirs = ours[0].as_py(), theirs[0].as_py()

    def situation(self, key: str, policy: Policy, numbers: pa.Array) -> None:
        """The situations of those that differ."""
        if key == self.key and len(numbers) and self._once("situation"):
            self.decided = decide(policy, SITUATIONS[numbers[0].as_py()])

    def tags(self, layout: Layout, allowed: Permissions, batch: pa.RecordBatch, new: bool) -> None:
        """Who carries the tag, and who is to."""
        if not self.tag or not batch.num_rows or not self._once("tags"):
            return
        self.row, self.new = batch.column("row")[0].as_py(), new
        keys = {key for key, name in allowed.names.items() if name == self.tag}
        self.carried = not new and bool(keys) and tagsets.carried(batch.column("tags"), *keys)[0].as_py()
        for column in layout.tags:
            if column.tag.name == self.tag:
                cell = batch.column(column.name)[0].as_py()
                self.wanted = None if cell is not None and cell.startswith(MARK) else cell == YES
        for made in layout.dynamic:
            items = batch.column(made.name)[0].as_py() or []
            if self.tag.startswith(made.entry.prefix) and any(made.entry.prefix + item == self.tag for item in items):
                self.wanted = True

    def _once(self, what: str) -> bool:
        """What is pulled is decided again with the row as it will be: the first time counts."""
        new = what not in self._first
        self._first.add(what)
        return new
