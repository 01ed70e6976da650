"""The source door: people as columns of text.

A source gives every value as text, unconverted, so that no client library changes one; null is absent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pyarrow as pa


class Source(Protocol):
    """Raises `SourceFailed` for anything that makes the reading incomplete: never half the people."""

    def columns(self) -> Sequence[str]:
        """The names of all columns, in order, without reading people."""

    def read(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """All people, in a stable order: batches with exactly those columns, each of type string."""

    def label(self) -> str:
        """What the plan's first line calls it: a file's name, a table's name; no address, no secret."""

    def close(self) -> None:
        """As soon as everybody is read, and once more at the end. Reading again opens it again."""
