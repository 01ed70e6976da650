"""Keys of one side on disk, as Parquet: appended while the side is read, then read by the engine column by column."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

MATCHES = "CASE WHEN match IS NOT NULL THEN hash(match) END AS m1, hash('~' || match) AS m2"
"""Two hashes of a match, as SQL over the column `match`."""


class KeyFile:
    """Append, then `close` once. Nothing in it shrinks, so nothing is compressed."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        import pyarrow.parquet as pq

        self.rows = self.groups = 0
        self._path, self._schema = path, schema
        self._writer = pq.ParquetWriter(
            path, schema, compression="none", use_dictionary=False, write_statistics=False, store_schema=False
        )

    def append(self, rows: pa.Table | pa.RecordBatch) -> None:
        """One group of rows. Columns by name, in any order."""
        if rows.num_rows:
            self.rows += rows.num_rows
            self.groups += 1
            table = rows if isinstance(rows, pa.Table) else pa.Table.from_batches([rows])
            self._writer.write_table(table.select(self._schema.names).cast(self._schema), rows.num_rows)

    def close(self) -> Path:
        """The file, complete; as often as one likes."""
        self._writer.close()
        return self._path
