"""The row memo: what a source row came to, known again by the hash of its raw text, so that nothing is converted twice.

It holds hashes, flags and digests of people, no text of a person. It is true under one digest only (of the file, the
inventory, the versions of all that converts or hashes: `planning.caching`), and it is thrown away when anything about
it is wrong. Rows with findings are not kept, so that findings are found anew each time.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from reconciler.tables.engine import Engine, quoted
from reconciler.tables.pairing import raw_hash

_KEYS = "m1, m2, cells, tagset, may"


class Memo:
    """One run's view of the memo. `known`: there is one from an earlier run, so rows are looked up before they are
    converted: `look` at all of them, then `recall`."""

    def __init__(self, engine: Engine, raw: Sequence[str], blocked: Sequence[str], file: Path | None) -> None:
        """`raw`: names of the raw columns in batches. `file`: what an earlier run left under this digest."""
        self._engine = engine
        self._hash = raw_hash(raw)
        self._flags = "".join(f", {name}" for name in blocked)
        kept = "".join(f", {name} BOOLEAN" for name in blocked)
        shape = f"m1 UBIGINT, m2 UBIGINT, cells UBIGINT, tagset BIGINT, may BOOLEAN{kept}"
        engine.run(f"CREATE TABLE memo (r1 UBIGINT, r2 UBIGINT, inside BOOLEAN, person UHUGEINT, {shape})")
        engine.run("CREATE TABLE raw (ord BIGINT, r1 UBIGINT, r2 UBIGINT)")
        engine.run("CREATE TABLE outside (r1 UBIGINT, r2 UBIGINT)")
        self.known = file is not None and engine.can(
            f"INSERT INTO memo SELECT r1, r2, inside, (high::UHUGEINT << 64) | low::UHUGEINT, {_KEYS}{self._flags}"
            f" FROM read_parquet({quoted(file)})"
        )

    def look(self, batch: pa.RecordBatch) -> None:
        """Columns: ord and the raw ones."""
        self._engine.run(f"INSERT INTO raw SELECT ord, {self._hash} FROM batch", batch=batch)

    def recall(self) -> tuple[pa.Array, int]:
        """Puts all rows that are known into `ours`. The ordinals of those that are not, ascending, and how many of the
        known ones are out of scope."""
        run = self._engine.run
        run(
            f"INSERT INTO ours SELECT ord, person, {_KEYS}, true, false{self._flags}, r1, r2, true"
            " FROM raw JOIN memo USING (r1, r2) WHERE inside"
        )
        run("INSERT INTO outside SELECT r1, r2 FROM raw JOIN memo USING (r1, r2) WHERE NOT inside")
        missing = self._engine.table("SELECT ord FROM raw ANTI JOIN memo USING (r1, r2) ORDER BY ord")
        out_of_scope = int(self._engine.value("SELECT count(*) FROM outside"))
        for table in ("raw", "memo"):
            run(f"DROP TABLE {table}")
        return missing.column(0).combine_chunks(), out_of_scope

    def add_outside(self, batch: pa.RecordBatch) -> None:
        """Raw columns of rows that are out of scope, without a doubt."""
        self._engine.run(f"INSERT INTO outside SELECT {self._hash} FROM batch", batch=batch)

    def write(self, path: Path) -> None:
        """Everything that this run knows, for the next one. Who was set aside is not: among them are rows that stand
        twice, and a hash in the memo stands for one row."""
        halves = "(person >> 64)::UBIGINT AS high, (person & 18446744073709551615::UHUGEINT)::UBIGINT AS low"
        nothing = f", NULL, NULL, NULL, NULL, NULL, NULL, false{', false' * self._flags.count(',')}"
        self._engine.run(
            f"COPY (SELECT r1, r2, true AS inside, {halves}, {_KEYS}{self._flags} "
            " FROM (SELECT * FROM ours WHERE keep) known ANTI JOIN aside USING (ord)"
            f" UNION ALL SELECT DISTINCT r1, r2, false{nothing} FROM outside)"
            f" TO {quoted(path)} (FORMAT parquet, COMPRESSION uncompressed)"
        )
