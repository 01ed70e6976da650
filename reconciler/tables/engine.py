"""The engine: one DuckDB connection with a chosen memory limit, spilling into the caller's folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

_AT_ONCE = 5_000_000
"""Rows of one side of a join, of some 60 bytes, that the memory limit has room for."""


def quoted(path: Path) -> str:
    """A file's name as a literal of SQL."""
    return "'" + str(path).replace("'", "''") + "'"


def parquet(*files: Path) -> str:
    """Files of the same columns as a table of SQL."""
    return f"read_parquet([{', '.join(map(quoted, files))}], union_by_name = true)"


class Engine:
    """Joins and compares. Never given a converter, and never asked to convert."""

    def __init__(self, workdir: Path, memory_limit: str, threads: int | None = None, at_once: int = _AT_ONCE) -> None:
        """`at_once`: rows of one side of a join; more are joined in parts."""
        import duckdb

        self.workdir = workdir
        self._at_once = at_once
        self._connection = duckdb.connect(
            ":memory:",
            config={
                "temp_directory": str(workdir / "engine"),
                "memory_limit": memory_limit,
                "preserve_insertion_order": "false",
                "enable_external_file_cache": "false",  # files are in the system's cache already
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                **({"threads": str(threads)} if threads else {}),
            },
        )

    def run(self, sql: str, **tables: Any) -> None:
        """Execute one statement. `tables` are Arrow tables, batches or readers, visible by name."""
        self._registered(sql, tables)

    def keep(self, name: str, *queries: str) -> None:
        """The rows of queries of the same columns as files in the folder of work, read under that name from now on."""
        files = [self.workdir / f"{name}-{number}.parquet" for number in range(len(queries))]
        for file, sql in zip(files, queries, strict=True):
            self.write(file, sql)
        self.view(name, files)

    def write(self, file: Path, sql: str, dense: bool = False) -> None:
        """The rows of a query as a Parquet file. `dense`: compress; hashes do not become smaller."""
        how = "snappy" if dense else "uncompressed"
        self.run(f"COPY ({sql}) TO {quoted(file)} (FORMAT parquet, COMPRESSION {how})")

    def can_keep(self, name: str, *queries: str) -> bool:
        """The same, of queries that read a file which may be damaged (see `can`)."""
        return self._can(lambda: self.keep(name, *queries))

    def parts(self, column: str, rows: int) -> list[str]:
        """Conditions that part the rows of a join by a hash in `column`, which both sides have, so that each part is
        joined in memory: to spill costs more than to read both sides once a part."""
        count = -(-rows // self._at_once)
        return [f"{column} % {count} = {number}" for number in range(count)] if count > 1 else ["true"]

    def view(self, name: str, files: Sequence[Path]) -> None:
        """Parquet files of the same columns, read as one table under that name."""
        self.run(f"CREATE VIEW {name} AS SELECT * FROM {parquet(*files)}")

    def can(self, sql: str) -> bool:
        """Execute one statement that reads a file which may be damaged; False if it could not be, and nothing is done.
        Running out of memory is not the file's fault and is raised; a full disk shows with the next thing written."""
        return self._can(lambda: self.run(sql))

    def _can(self, work: Callable[[], None]) -> bool:
        import duckdb

        try:
            work()
        except (duckdb.OutOfMemoryException, duckdb.InterruptException):
            raise
        except duckdb.Error:
            return False
        return True

    def rows(self, sql: str, **tables: Any) -> list[tuple[Any, ...]]:
        return self._registered(sql, tables).fetchall()  # type: ignore[no-any-return]  # the engine has no types

    def value(self, sql: str) -> Any:
        return self.rows(sql)[0][0]

    def table(self, sql: str, **tables: Any) -> pa.Table:
        for name, table in tables.items():
            self._connection.register(name, table)
        found = self._reader(sql, 1_000_000).read_all()
        for name in tables:
            self._connection.unregister(name)
        return found

    def stream(self, sql: str, size: int, **tables: Any) -> Iterator[pa.RecordBatch]:
        """The result in batches of about `size` rows; `tables` may be readers, which are read once."""
        for name, table in tables.items():
            self._connection.register(name, table)
        yield from self._reader(sql, size)
        for name in tables:
            self._connection.unregister(name)

    def _reader(self, sql: str, size: int) -> pa.RecordBatchReader:
        relation = self._connection.sql(sql)
        # DuckDB 2 calls it `to_arrow_reader`; before, it was `fetch_arrow_reader`.
        read = relation.to_arrow_reader if hasattr(relation, "to_arrow_reader") else relation.fetch_arrow_reader
        return read(size)

    def _registered(self, sql: str, tables: dict[str, Any]) -> Any:
        for name, table in tables.items():
            self._connection.register(name, table)
        result = self._connection.execute(sql)
        for name in tables:
            self._connection.unregister(name)
        return result

    def close(self) -> None:
        self._connection.close()
