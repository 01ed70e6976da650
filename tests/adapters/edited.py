"""Edits of files, and what came of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from filled import CANARY, opened, rows_of

from reconciler.adapters.errors import SourceFailed
from reconciler.adapters.source import Edit, Writable, Wrote

Cells = dict[str, tuple[str | None, str | None]]


def exactly(column: str, meant: str | None, kept: str | None) -> bool:
    """A `Same` for texts that mean themselves; nothing and an empty text are one."""
    return (meant or "") == (kept or "")


def writable(path: Path, **options: str) -> Writable:
    source = opened(path.suffix[1:], path.parent, path=path.name, write=True, **options)
    assert isinstance(source, Writable)
    return source


def written(path: Path, *edits: Edit, **options: str) -> list[Wrote]:
    """What became of each edit. Whatever was done stands in the file, and nothing is left beside it but `.bak`."""
    found = list(writable(path, **options).write("id", edits, exactly))
    source = opened(path.suffix[1:], path.parent, path=path.name, **options)
    for edit, wrote in zip(edits, found, strict=True):
        if wrote is Wrote.DONE:
            rows = [row[1:] for row in rows_of(source, "id", *edit.cells) if row[0] == edit.person]
            meant = tuple(text or "" for _, text in edit.cells.values())
            assert [tuple(text or "" for text in row) for row in rows] == [meant]
    assert {file.name for file in path.parent.iterdir()} <= {path.name, f"{path.name}.bak"}
    return found


def refused(path: Path, *edits: Edit, **options: str) -> SourceFailed:
    """What writing fails with: a sentence of ours that quotes nobody; the file is as it was."""
    with pytest.raises(SourceFailed) as caught:
        writable(path, **options).write("id", edits, exactly)
    error = caught.value
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None
    assert CANARY not in f"{error!r} {error.args} {error.detail} {error.fix}"
    return error


def beside(path: Path) -> Sequence[str]:
    return sorted(file.name for file in path.parent.iterdir() if file != path)
