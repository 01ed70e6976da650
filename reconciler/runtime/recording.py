"""Who is told what an apply writes down, before it goes on.

With a state that lies in a folder that is nobody: a commit that returned is on the disk. With a shared state it is
`runtime.shared.shipping`, and no call that changes anything begins before it has all of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from reconciler.model.problems import Problem


class Statement(NamedTuple):
    """One statement and the rows that it was carried out with."""

    sql: str
    rows: list[tuple[Any, ...]]


class Recorder(Protocol):
    """`notes`: what there is to say of the state that is worked on."""

    notes: Sequence[Problem]

    def wrote(self, path: Path, statements: Sequence[Statement]) -> None:
        """These were committed in that SQLite file, together."""
        ...

    def replaced(self, path: Path) -> None:
        """That small file has another content now."""
        ...

    def renamed(self, path: Path, new: Path) -> None:
        """A folder has another name now."""
        ...

    def before_write(self) -> None:
        """Comes back when everything recorded so far is safe, and this run may still write. Raises Failure. May be
        called by any thread."""
        ...


class Nobody:
    """The recorder of a state that is a folder of this machine."""

    notes: Sequence[Problem] = ()

    def wrote(self, path: Path, statements: Sequence[Statement]) -> None: ...

    def replaced(self, path: Path) -> None: ...

    def renamed(self, path: Path, new: Path) -> None: ...

    def before_write(self) -> None: ...


NOBODY = Nobody()
_CURRENT: ContextVar[Recorder] = ContextVar("recorder", default=NOBODY)


def current() -> Recorder:
    """Of the apply that runs in this context. What outlives a call keeps it: other threads have no context."""
    return _CURRENT.get()


@contextmanager
def recorded_by(recorder: Recorder) -> Iterator[None]:
    token = _CURRENT.set(recorder)
    try:
        yield
    finally:
        _CURRENT.reset(token)
