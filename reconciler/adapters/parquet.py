"""People in a Parquet file: `type: parquet`. Read in batches, the declared columns only, each value as text.

Numbers, days and times are written as PyArrow writes them, decimals without an exponent, a moment with a zone in UTC
with `Z`, lists and structures as compact JSON; bytes must be UTF-8. A kind of value that has no such text is an error.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from reconciler.adapters.blocks import first_not_text, not_text
from reconciler.adapters.databases import checked_names
from reconciler.adapters.errors import SourceFailed
from reconciler.adapters.files import watched
from reconciler.model.capabilities import Writes

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from reconciler.adapters.opening import Opening

_ROWS = 16_384
_BUFFER = 1 << 20  # bytes of a column that are read at a time


class ParquetOptions(BaseModel):
    """Options of `type: parquet`."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", hide_input_in_errors=True)

    path: str = Field(min_length=1, description="the file, relative to this one")


class ParquetSource:
    """A `Source` over one Parquet file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def label(self) -> str:
        return self._path.name

    def columns(self) -> Sequence[str]:
        with self._opened() as file:
            return checked_names(list(file.schema_arrow.names))

    def read(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        wanted = list(columns)
        schema = pa.schema([(name, pa.string()) for name in wanted])
        rows = 0
        with self._opened() as file:
            checked_names(list(file.schema_arrow.names), wanted)
            for batch in file.iter_batches(_ROWS, columns=wanted):
                cells = [_text(batch.column(name), name, rows) for name in wanted]
                rows += batch.num_rows
                yield pa.RecordBatch.from_arrays(cells, schema=schema)
            if rows != file.metadata.num_rows:
                raise SourceFailed("E404", f"{rows} rows came of {file.metadata.num_rows}")
        if not rows:
            raise SourceFailed("E410", "there is no row")

    def close(self) -> None:
        pass

    @contextmanager
    def _opened(self) -> Iterator[pq.ParquetFile]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        with watched(self._path) as handle:
            try:
                with pa.OSFile(str(self._path)) as stream:
                    self._check_same(handle)
                    with pq.ParquetFile(stream, buffer_size=_BUFFER) as file:
                        yield file
            except (pa.ArrowException, UnicodeError):
                raise SourceFailed("E406", "it is no Parquet file, or not all of it") from None

    def _check_same(self, handle: BinaryIO) -> None:
        if not os.path.samestat(os.stat(self._path), os.fstat(handle.fileno())):
            raise SourceFailed("E405")


def _text(values: pa.Array, name: str, before: int) -> pa.Array:
    """The values as text; so many rows came before them."""
    import pyarrow as pa
    from pyarrow import types

    kind = values.type
    if isinstance(kind, pa.BaseExtensionType):
        if kind.extension_name == "arrow.uuid":
            return _each(values.storage, lambda raw: str(UUID(bytes=raw)))
        return _text(values.storage, name, before)
    if types.is_dictionary(kind):
        return _text(values.cast(kind.value_type), name, before)
    if types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind):
        return _decoded(values, name, before)
    if types.is_timestamp(kind):
        return _moments(values)
    if types.is_decimal(kind):
        return _each(values, lambda number: format(number, "f"))
    if types.is_nested(kind):
        return _nested(values, name)
    if types.is_duration(kind) or types.is_interval(kind):
        raise SourceFailed("E425", f"`{name}` holds durations, which have no text")
    return values.cast(pa.string())


def _each(values: pa.Array, text: Any) -> pa.Array:
    """The text of each value, made once per distinct value."""
    import pyarrow as pa

    known = values.dictionary_encode()
    texts = pa.array([None if value is None else text(value) for value in known.dictionary.to_pylist()], pa.string())
    return texts.take(known.indices)


def _decoded(values: pa.Array, name: str, before: int) -> pa.Array:
    import pyarrow as pa

    raw = values.cast(pa.binary())
    try:
        return raw.cast(pa.string())
    except pa.ArrowException:
        raise not_text(name, before + 1 + (first_not_text(raw) or 0)) from None


def _moments(values: pa.Array) -> pa.Array:
    """Naive ones as SQL writes them, the others in UTC; a fraction of nothing is left out."""
    import pyarrow as pa
    import pyarrow.compute as pc

    zoned = values.type.tz is not None
    texts = (values.cast(pa.timestamp(values.type.unit, "UTC")) if zoned else values).cast(pa.string())
    texts = pc.replace_substring_regex(texts, r"\.0+(Z?)$", r"\1")
    return pc.replace_substring(texts, " ", "T", max_replacements=1) if zoned else texts


def _nested(values: pa.Array, name: str) -> pa.Array:
    import orjson
    import pyarrow as pa

    try:
        texts = [None if value is None else orjson.dumps(_plain(value)).decode() for value in values.to_pylist()]
    except (ValueError, TypeError, UnicodeError):
        raise SourceFailed("E425", f"a value inside of `{name}` has no text") from None
    return pa.array(texts, pa.string())


def _plain(value: Any) -> Any:
    """As JSON has it; what JSON has no form for is the text that it would be in a column of its own."""
    if isinstance(value, list):
        if value and all(isinstance(item, tuple) and isinstance(item[0], str) for item in value):
            return {key: _plain(inner) for key, inner in value}  # a map
        return [_plain(item) for item in value]
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
    if isinstance(value, datetime):
        return value.isoformat(" ")
    return value.isoformat() if isinstance(value, date | time) else value


class _Adapter:
    Options = ParquetOptions
    writes = Writes(cannot="a Parquet file is written as a whole, by whoever makes it")

    def open(self, options: ParquetOptions, opening: Opening) -> ParquetSource:
        return ParquetSource(opening.base / options.path)


ADAPTER = _Adapter()
