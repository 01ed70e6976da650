"""Progress as a door: rooms report how far they are, `cli` shows it, tests ignore it."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """One stage at a time. `total` None: unknown; it may be a guess, which more than that many proves wrong."""

    def stage(self, name: str, total: int | None = None) -> None: ...

    def advance(self, count: int = 1) -> None: ...

    def done(self) -> None: ...


class Silent:
    """Shows nothing."""

    def stage(self, name: str, total: int | None = None) -> None:
        pass

    def advance(self, count: int = 1) -> None:
        pass

    def done(self) -> None:
        pass
