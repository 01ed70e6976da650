"""What the comparison of a pair came to, where that is needed again. No text of a person is here.

*Settled* pairs differ, and it was decided that nothing is to be written. They are known again by the contact and the
hashes of both rows, under the same digest as the memo, and are skipped with their counts kept.
A pair's *pattern* says what is held in it: field numbers, each with `f` (the contact holds something there) or `e`,
such as ` 3f 7e`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow as pa

from reconciler.tables.engine import Engine, parquet
from reconciler.tables.keys import KeyFile

_KEY = "contact, ours, theirs"
_ADDED = pa.schema(
    [
        ("ord", pa.int64()),
        *((name, pa.uint64()) for name in _KEY.split(", ")),
        ("pattern", pa.string()),
        ("quiet", pa.bool_()),
        ("writes", pa.bool_()),
    ]
)


class Settled:
    """One run's view of them. Call `recognise` after pairing, `add` while comparing, `write` at the end."""

    def __init__(self, engine: Engine, file: Path | None) -> None:
        """`file`: what an earlier run left under this digest."""
        self._engine = engine
        self._added = KeyFile(engine.workdir / "added.parquet", _ADDED)
        self._known = file is not None and engine.can(f"CREATE VIEW settled AS FROM {parquet(file)}")

    def recognise(self) -> Mapping[str, int]:
        """Leaves `recognised`, the pairs that were settled before; how many have each pattern."""
        known = (
            f"SELECT ord, {_KEY}, pattern, true AS quiet, false AS writes FROM pairs JOIN settled USING ({_KEY})"
            " WHERE asked AND NOT same AND tags_same AND NOT taken"
        )
        self._known = self._known and self._engine.can_keep("recognised", known)
        if not self._known:
            self._engine.run(f"CREATE VIEW recognised AS {_NONE}")
        return dict(self._engine.rows("SELECT pattern, count(*) FROM recognised GROUP BY pattern"))

    def add(self, batch: pa.RecordBatch) -> None:
        """Pairs that were looked at. Columns: ord, contact, ours, theirs, pattern, quiet (nothing is to be written or
        said of them), writes (something is)."""
        self._added.append(batch)

    def collect(self) -> None:
        """After the last `add`, before anything is written."""
        self._engine.view("added", [self._added.close()])
        self._engine.run("CREATE VIEW still AS FROM recognised UNION ALL FROM added")

    def write(self, path: Path) -> None:
        """Every pair that is settled now."""
        self._engine.write(path, f"SELECT {_KEY}, pattern FROM still WHERE quiet", dense=True)


_NONE = (
    "SELECT 0::BIGINT AS ord, 0::UBIGINT AS contact, 0::UBIGINT AS ours, 0::UBIGINT AS theirs, '' AS pattern,"
    " true AS quiet, false AS writes LIMIT 0"
)


def pattern_of(field: int, filled: bool) -> str:
    """The part of a pattern that stands for one field."""
    return f" {field}{'f' if filled else 'e'}"


def held_in(pattern: str) -> Iterator[tuple[int, bool]]:
    """Field numbers of what is held in a pair, and whether the contact holds something there."""
    for part in pattern.split():
        yield int(part[:-1]), part[-1] == "f"
