"""What pulling will bring, found out before it is decided about: addresses that people come to have, and names of tags.

No two people of the source may come to have one address; whoever leaves theirs in the same plan makes room for who
comes to it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from reconciler.planning.counts import Counts
from reconciler.planning.layout import Layout
from reconciler.planning.observed import Remembered
from reconciler.planning.previous import PreviousAddresses
from reconciler.planning.pulling import Pulling
from reconciler.planning.reading import PeopleReader
from reconciler.planning.values import ValueDecisions
from reconciler.tables.cells import MARK
from reconciler.tables.pairing import Open, Pairing
from reconciler.tables.reorder import Reorder


@dataclass(frozen=True, slots=True)
class Sides:
    """Whole rows of whom a plan looks at: people, and their contacts at the same places."""

    people: PeopleReader
    opened: Open
    contacts: Reorder

    def part(self, number: int) -> tuple[pa.RecordBatch | None, pa.RecordBatch]:
        """Pairs as `Comparison.updates` takes them, None for nobody; people without a contact."""
        rows = self.opened.part(number)
        people = pa.concat_batches(list(self.people.gather(rows.column("ord"))))
        known = pc.is_valid(rows.column("idx"))
        theirs = self.contacts.part(number)
        pairs = None if theirs is None else _beside(people.filter(known), theirs, rows.filter(known))
        return pairs, people.append_column("rank", rows.column("rank")).filter(pc.invert(known))

    def pairs(self) -> Iterator[pa.RecordBatch]:
        found = (self.part(number)[0] for number in range(self.opened.parts))
        yield from (batch for batch in found if batch is not None)


class Ahead:
    """For one comparison; nothing of it is counted."""

    def __init__(self, layout: Layout, remembered: Remembered, previous: PreviousAddresses, sides: Sides) -> None:
        self._layout, self._remembered, self._previous, self._sides = layout, remembered, previous, sides

    def crowded(self, pairing: Pairing) -> pa.Array:
        """`ord` of people who do not take the address that their contact has now."""
        match = self._layout.match
        moved = pairing.moved_addresses() if match in self._layout.two_way else None
        if moved is None or not moved.num_rows:
            return pa.array([], pa.int64())
        values = self._values(Counts())
        pulled: list[int] = []
        for batch in self._sides.pairs():
            if (found := values.pulls(match, batch)) is not None:
                pulled += batch.column("ord").take(found.at).to_pylist()
        return crowded(moved, pulled)

    def tag_names(
        self, known: Mapping[str, set[str]], pulling: Callable[[ValueDecisions, Counts], Pulling | None]
    ) -> dict[str, set[str]]:
        """Names that values make tags of, by column: the known ones, and those that are pulled. They are pulled once
        more for it, since nobody's tags can be decided before all names are known."""
        columns = {column.binding.entry.column for column in self._layout.two_way}
        made = [column for column in self._layout.dynamic if column.entry.column in columns]
        names = {column: set(found) for column, found in known.items()}
        counts = Counts()
        trial = pulling(self._values(counts), counts) if made else None
        if trial is None:
            return names
        for batch in self._sides.pairs():
            after, _ = trial.pull(batch)
            for column in made:
                items = pc.unique(after.column(column.name).flatten()).to_pylist()
                names[column.name].update(column.entry.prefix + item for item in items if item[0] != MARK)
        return names

    def _values(self, counts: Counts) -> ValueDecisions:
        return ValueDecisions(self._layout, self._remembered, counts, False, self._previous)


def crowded(moved: pa.Table, pulled: Iterable[int]) -> pa.Array:
    """`ord` of everybody who must not take the address of their contact. `moved`: as `Pairing.moved_addresses` gives
    it; `pulled`: those of them whose address would be pulled."""
    rows = {row["ord"]: row for row in moved.to_pylist()}
    going = {ord for ord in pulled if ord in rows and not rows[ord]["stays"]}
    while stuck := set(_stuck(rows, going)):
        going -= stuck
    return pa.array(sorted(set(rows) - going), pa.int64())


def _stuck(rows: dict[int, dict[str, object]], going: set[int]) -> Iterable[int]:
    """Who comes to an address that somebody keeps, or to which somebody else comes, too."""
    kept = {row["own"] for ord, row in rows.items() if ord not in going}
    comers = Counter(rows[ord]["its"] for ord in going)
    return (ord for ord in going if rows[ord]["its"] in kept or comers[rows[ord]["its"]] > 1)


def _beside(*batches: pa.RecordBatch) -> pa.RecordBatch:
    """The columns of all, row by row; of columns that stand in several the first."""
    columns: dict[str, pa.Array] = {}
    for batch in batches:
        columns = {**dict(zip(batch.schema.names, batch.columns, strict=True)), **columns}
    return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))
