"""The row memo: what a source row came to, known again by the hash of its raw text, so that nothing is converted twice.

It holds hashes, flags and digests of people, no text of a person. It is true under one digest only (of the file, the
inventory, the versions of all that converts or hashes: `planning.caching`), and it is thrown away when anything about
it is wrong. Rows with findings are not kept, so that findings are found anew each time.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from reconciler.tables.engine import Engine, parquet
from reconciler.tables.keys import KeyFile
from reconciler.tables.pairing import raw_hash
from reconciler.tables.signs import NO_SIGNS, Signs

_KEYS = ("m1", "m2", "cells", "tagset", "may")


class Memo:
    """One run's view of the memo. `known`: there is one from an earlier run, so rows are looked up before they are
    converted: `look` at all of them, then `recall`."""

    def __init__(
        self,
        engine: Engine,
        raw: Sequence[str],
        blocked: Sequence[str],
        file: Path | None,
        signs: Signs = NO_SIGNS,
    ) -> None:
        """`raw`: names of the raw columns in batches. `file`: what an earlier run left under this digest."""
        self._engine = engine
        self._keys = (*_KEYS, *(name for name, _ in signs.ours))
        self._hash = raw_hash(raw)
        self._flags = "".join(f", {name}" for name in blocked)
        folder = engine.workdir
        self._looked = KeyFile(folder / "looked.parquet", pa.schema([("ord", pa.int64()), *_ROW]))
        self._outside = KeyFile(folder / "outside.parquet", pa.schema(_ROW))
        self.known = file is not None and engine.can(f"CREATE VIEW memo AS FROM {parquet(file)}")

    def look(self, batch: pa.RecordBatch) -> None:
        """Columns: ord and the raw ones."""
        self._looked.append(self._engine.table(f"SELECT ord, {self._hash} FROM batch", batch=batch))

    def recall(self) -> tuple[pa.Array, int]:
        """Leaves `recalled`, all rows that are known, in the shape of `ours`. The ordinals of those that are not,
        ascending, and how many of the known ones are out of scope."""
        engine = self._engine
        engine.view("looked", [self._looked.close()])
        keys = ", ".join(self._keys)
        found = f"ord, high, low, {keys}, true AS asked, false AS unsure{self._flags}, r1, r2, true AS keep, inside"
        one, other = "(SELECT * FROM looked WHERE {0})", "(SELECT * FROM memo WHERE {0})"
        joins = (
            f"SELECT {found} FROM {one.format(part)} JOIN {other.format(part)} USING (r1, r2)"
            for part in engine.parts("r1", self._looked.rows)
        )
        self.known = engine.can_keep("recalled", *joins)
        if not self.known:
            return engine.table("SELECT ord FROM looked ORDER BY ord").column(0).combine_chunks(), 0
        missing = engine.table("SELECT ord FROM looked ANTI JOIN recalled USING (ord) ORDER BY ord")
        return missing.column(0).combine_chunks(), int(engine.value("SELECT count(*) FROM recalled WHERE NOT inside"))

    def add_outside(self, batch: pa.RecordBatch) -> None:
        """Raw columns of rows that are out of scope, without a doubt."""
        self._outside.append(self._engine.table(f"SELECT {self._hash} FROM batch", batch=batch))

    def write(self, path: Path) -> None:
        """Everything that this run knows, for the next one. Who was set aside is not: among them are rows that stand
        twice, and a hash in the memo stands for one row."""
        keys = ", ".join(self._keys)
        nothing = f", NULL, NULL{', NULL' * len(self._keys)}{', false' * self._flags.count(',')}"
        outside = f"SELECT r1, r2 FROM {parquet(self._outside.close())}"
        if self.known:
            outside += " UNION ALL SELECT r1, r2 FROM recalled WHERE NOT inside"
        self._engine.write(
            path,
            f"SELECT r1, r2, true AS inside, high, low, {keys}{self._flags} "
            " FROM ours ANTI JOIN aside USING (ord) WHERE keep"
            f" UNION ALL SELECT DISTINCT r1, r2, false{nothing} FROM ({outside})",
        )


_ROW = (("r1", pa.uint64()), ("r2", pa.uint64()))
