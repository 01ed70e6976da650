"""Edits of rows in a file: each row is found in one reading, judged alone, and all that is right is written at once.

What a row is belongs to the format (`Rows`); whose edit is done is decided here, once for all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from reconciler.adapters.errors import SourceFailed
from reconciler.adapters.replacing import Patch, replaceable
from reconciler.adapters.source import Edit, Same, Wrote


class Found(NamedTuple):
    """Where a person's row lies: bytes from `start` to before `end`."""

    person: str
    start: int
    end: int


class Row(Protocol):
    """One row that takes edits."""

    def edit(self, edit: Edit, same: Same) -> Wrote:
        """Take the edit if it is DONE; whatever else is said leaves the row as it was."""

    def patches(self) -> Sequence[Patch]:
        """What all edits change, in order; places are counted from the row's beginning."""


class Rows(Protocol):
    """The rows of one open file."""

    def find(self, persons: Collection[str]) -> Iterator[Found]:
        """All rows of these people, in order. Raises SourceFailed where the file is not in order."""

    def row(self, content: bytes, person: str) -> Row | None:
        """The row that was found there; None if its bytes do not say so."""


class Opening(Protocol):
    def __call__(self, handle: BinaryIO, /) -> Rows: ...


def write(path: Path, opening: Opening, edits: Sequence[Edit], same: Same) -> Sequence[Wrote]:
    """Carry out `edits` in the file, one answer each. Raises SourceFailed; then the file is as it was."""
    with replaceable(path) as file:
        rows = opening(file.handle)
        places = _places(rows, {edit.person for edit in edits})
        answers, patches = _judged(file.handle, rows, places, edits, same)
        if patches:
            file.replace(patches)
    return answers


_Places = Mapping[str, Found | None]
"""Person -> where the row is; None: in several places."""


def _places(rows: Rows, persons: Collection[str]) -> _Places:
    places: dict[str, Found | None] = {}
    for found in rows.find(persons):
        places[found.person] = None if found.person in places else found
    return places


def _judged(
    handle: BinaryIO, rows: Rows, places: _Places, edits: Sequence[Edit], same: Same
) -> tuple[list[Wrote], list[Patch]]:
    """The answer to each edit, and what those that are done change in the file, in the order of the file."""
    answers = [Wrote.SEVERAL if edit.person in places else Wrote.GONE for edit in edits]
    waiting: dict[Found, list[int]] = {}
    for at, edit in enumerate(edits):
        if found := places.get(edit.person):
            waiting.setdefault(found, []).append(at)
    patches: list[Patch] = []
    for found in sorted(waiting, key=lambda found: found.start):
        row = rows.row(_content(handle, found), found.person)
        for at in waiting[found]:
            answers[at] = row.edit(edits[at], same) if row else Wrote.REFUSED
        if row:
            patches += [Patch(found.start + start, found.start + end, text) for start, end, text in row.patches()]
    return answers, patches


def _content(handle: BinaryIO, found: Found) -> bytes:
    handle.seek(found.start)
    content = handle.read(found.end - found.start)
    if len(content) != found.end - found.start:
        raise SourceFailed("E405")
    return content


def moved(edit: Edit, now: Mapping[str, str | None]) -> bool:
    """Whether a cell is not what was read any more; nothing and an empty text are one."""
    return any((read or "") != (now.get(column) or "") for column, (read, _) in edit.cells.items())
