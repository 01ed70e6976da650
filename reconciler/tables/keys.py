"""Keys of one side on disk, as Parquet: appended while the side is read, then read by the engine column by column."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa


class KeyFile:
    """Append, then `close` once. Nothing in it shrinks, so nothing is compressed."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        import pyarrow.parquet as pq

        self.rows = 0
        self._path, self._schema = path, schema
        self._writer = pq.ParquetWriter(
            path, schema, compression="none", use_dictionary=False, write_statistics=False, store_schema=False
        )

    def append(self, rows: pa.Table) -> None:
        """Columns by name, in any order."""
        self.rows += rows.num_rows
        if rows.num_rows:
            self._writer.write_table(rows.select(self._schema.names).cast(self._schema))

    def close(self) -> Path:
        self._writer.close()
        return self._path
