"""The source door: people as columns of text, and the way back for values that were changed in the CRM.

A source gives every value as text, unconverted, so that no client library changes one; null is absent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, runtime_checkable

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


@runtime_checkable
class TellsMissing(Protocol):
    """A source that holds more than its columns, or more than it gives away."""

    def why_missing(self, column: str) -> str:
        """The way out, as a sentence for the owner of the source, for somebody who names this column, which is not one
        of `columns()`; "" if there is nothing to say but that."""


@runtime_checkable
class HasMore(Protocol):
    """A source whose `columns()` may leave some out, since to list all of them would cost too much."""

    def also(self, names: Sequence[str]) -> Sequence[str]:
        """Those of these names that are columns beside the listed ones; from now on they are listed."""


@runtime_checkable
class Joining(Protocol):
    """A source that brings in columns from beside its people, which take no values back."""

    def join_of(self, column: str) -> str:
        """The join that the file calls so and this column comes from; "" if it is one of the people's own."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What is to stand in one person's row. `cells`: column -> (the text that was read there, the text that is to be
    there), each as `Source.read` gives it; None is nothing."""

    person: str
    cells: Mapping[str, tuple[str | None, str | None]]


class Wrote(StrEnum):
    """What became of one edit. Whatever is not DONE left the row as it was."""

    DONE = "done"
    MOVED = "moved"  # a cell is not any more what was read
    GONE = "gone"  # no row has that person any more
    SEVERAL = "several"  # more than one row has that person
    ALTERED = "altered"  # the source would keep something else than it was given
    REFUSED = "refused"  # the source does not take the value


Same = Callable[[str, str | None, str | None], bool]
"""same(column, meant, kept): whether a text that the source kept stands for the value that was meant."""


@runtime_checkable
class Writable(Protocol):
    """A source that takes values back. People are never added and never removed."""

    at_once: int
    """Edits of one call at most."""

    def cannot_write(self) -> str:
        """Why this one takes no values back (a query, a file that the file did not open for it), as the middle of a
        sentence; "" if it does. Does not touch the source."""

    def write(self, person: str, edits: Sequence[Edit], same: Same) -> Sequence[Wrote]:
        """Write a batch in one transaction: what is DONE is all there when this returns, and nothing else is.
        `person`: the column that names people. One answer per edit, in order. A row is written only while each of its
        cells is what was read, and what was written is read again before it is kept. Raises `SourceFailed`; then
        nothing of the batch is there."""


@runtime_checkable
class ChoosesColumns(Protocol):
    """A `Writable` that takes values for some of its columns only."""

    def cannot_write_column(self, name: str) -> str:
        """Why this column takes no value back, as the end of a sentence; "" if it does. Does not touch the source."""


@runtime_checkable
class NamesItsWay(Protocol):
    """A `Writable` that can be written in several ways; the plan says which."""

    def written_how(self, columns: Sequence[str]) -> str:
        """Where values of these columns go and by what: `into wp_usermeta by SQL`."""
