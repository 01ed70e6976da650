"""People in an SQLite file: `type: sqlite`. Every value as SQLite casts it to text; bytes are an error.

The file is opened to be read and nothing else: it is never made, and whatever would write is not authorised. A table is
read in the order in which it lies, which is that of its rowid or primary key.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Self
from urllib.parse import quote, unquote

from pydantic import Field, model_validator

from reconciler.adapters.databases import Asked, Url, checked_names, say
from reconciler.adapters.errors import SourceFailed
from reconciler.adapters.files import watched
from reconciler.adapters.source import Edit, Same, Wrote
from reconciler.adapters.sqlite_connection import interruptible, kind_of, printed, quoted, said
from reconciler.adapters.statements import SQLITE
from reconciler.adapters.writing_back import AT_ONCE, written
from reconciler.model.capabilities import Writes

if TYPE_CHECKING:
    import pyarrow as pa

    from reconciler.adapters.opening import Opening

_ROWS = 8_192  # that are Python's at a time
_RENAMED = re.compile(r":[0-9]+$")
"""What SQLite puts behind the name of a column that a query has twice."""
_URL = re.compile(r"sqlite:///(?P<path>[^?#]+)")
_READING = frozenset((sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE))


class SqliteOptions(Asked):
    """Options of `type: sqlite`."""

    dialect = SQLITE

    path: str | None = Field(default=None, min_length=1, description="the file, relative to this one")
    url: Url | None = Field(default=None, description="the same as sqlite:///PATH")

    @model_validator(mode="after")
    def _one_file(self) -> Self:
        if (self.path is None) is (self.url is None):
            raise say("the source wants either `path` or `url`")
        if self.url is not None and not _URL.fullmatch(self.url.text):
            raise say("the address of an SQLite file is sqlite:///PATH, without parameters")
        return self

    def file(self) -> str:
        found = _URL.fullmatch(self.url.text) if self.url else None
        return unquote(found["path"]) if found else self.path or ""


class SqliteSource:
    """A `Source` over one table, view or query of an SQLite file; a table is `Writable`."""

    at_once = AT_ONCE

    def __init__(self, path: Path, options: SqliteOptions, wait: float = 5.0) -> None:
        """`wait`: seconds that another program may take to end its writing."""
        self._path = path
        self._options = options
        self._wait = wait
        self._connection: sqlite3.Connection | None = None
        self._still = False
        self._names: list[str] = []

    def label(self) -> str:
        return self._options.label()

    def columns(self) -> Sequence[str]:
        self._opened()
        return tuple(self._names)

    def read(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        connection = self._opened()
        wanted = list(columns)
        checked_names(self._names, wanted)
        schema = pa.schema([(name, pa.string()) for name in wanted])
        shown = ", ".join(printed(name) for name in wanted)
        rows = 0
        with said(), watched(self._path) if self._still else nullcontext():
            found = connection.execute(f"SELECT {shown} FROM {self._rows()}")
            while part := found.fetchmany(_ROWS):
                values = zip(*part, strict=True)
                cells = [_column(name, column, rows) for name, column in zip(wanted, values, strict=True)]
                rows += len(part)
                yield pa.RecordBatch.from_arrays(cells, schema=schema)
        if not rows:
            raise SourceFailed("E410", "there is no row")

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def cannot_write(self) -> str:
        return self._options.cannot_write()

    def write(self, person: str, edits: Sequence[Edit], same: Same) -> Sequence[Wrote]:
        from reconciler.adapters.sqlite_writing import opened

        table = self._options.table or ""
        return written(
            self._options, lambda columns: opened(self._path, table, person, columns, self._wait), edits, same
        )

    def _rows(self) -> str:
        if self._options.query is not None:
            return f"(\n{self._options.query}\n) AS people"
        return f"{quoted(self._options.table or '')} AS people NOT INDEXED"

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            with watched(self._path) as handle:
                self._still = _is_still(self._path, handle)
            with said():
                address = f"file:{quote(str(self._path.absolute()))}?mode=ro{'&immutable=1' if self._still else ''}"
                self._connection = sqlite3.connect(address, timeout=self._wait, isolation_level=None, uri=True)
            try:
                with said():
                    self._begin(self._connection)
            except BaseException:  # Ctrl-C too: it is raised again, and nothing stays open
                self.close()
                raise
        return self._connection

    def _begin(self, connection: sqlite3.Connection) -> None:
        interruptible(connection)
        connection.execute("PRAGMA query_only = ON")
        connection.execute("BEGIN")
        if self._options.table is not None:
            kind_of(connection, self._options.table)
        connection.set_authorizer(_authorized)
        found = connection.execute(f"SELECT * FROM {self._rows()} LIMIT 0")
        self._names = checked_names([name for name, *_ in found.description])
        doubles = [name for name in self._names if _RENAMED.sub("", name) in self._names and _RENAMED.search(name)]
        if self._options.query is not None and doubles:
            raise SourceFailed("E413", ", ".join(f"`{_RENAMED.sub('', name)}`" for name in doubles))


def _is_still(path: Path, handle: BinaryIO) -> bool:
    """Whether the file keeps a log beside it that is not there: nobody writes, and SQLite would leave a log behind."""
    keeps_log = handle.read(20)[18:19] == b"\2"
    return keeps_log and not path.with_name(f"{path.name}-wal").exists()


def _authorized(action: int, *_: str | None) -> int:
    return sqlite3.SQLITE_OK if action in _READING else sqlite3.SQLITE_DENY


def _column(name: str, values: Sequence[str | bytes | None], before: int) -> pa.Array:
    import pyarrow as pa

    if bytes in set(map(type, values)):
        row = before + 1 + next(at for at, value in enumerate(values) if isinstance(value, bytes))
        raise SourceFailed("E425", f"a value of `{name}` is bytes", row=row)
    return pa.array(values, pa.string())


class _Adapter:
    Options = SqliteOptions
    writes = Writes("into a `table`, not through a `query`")

    def open(self, options: SqliteOptions, opening: Opening) -> SqliteSource:
        return SqliteSource(opening.base / options.file(), options)


ADAPTER = _Adapter()
