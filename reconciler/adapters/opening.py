"""What a run gives to every door that it opens: the folder, the clock, chance, the pace, and the way to the network."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from reconciler.model.clock import Clock
from reconciler.model.events import Events, Unheard


class Closes(Protocol):
    def close(self) -> None: ...


Made = TypeVar("Made", bound=Closes)


@dataclass(frozen=True, eq=False, repr=False)
class Opening:
    """`base`: the folder that relative paths of the file are relative to. `chance()`: 0 <= x < 1, for pauses that do
    not fall together. `rate`: calls a second that the file allows; None: the vendor's limit. `transport`: an
    `httpx.BaseTransport` instead of the network. `workers`: calls on the way at once; None: as many as rate and latency
    need. `events`: who hears of calls that are repeated. All doors of one run share it."""

    base: Path
    clock: Clock
    chance: Callable[[], float] = lambda: 0.5
    rate: float | None = None
    transport: Any = None
    workers: int | None = None
    events: Events = field(default_factory=Unheard)
    _made: dict[str, Closes] = field(default_factory=dict)
    _closing: ExitStack = field(default_factory=ExitStack)

    def once(self, name: str, make: Callable[[], Made]) -> Made:
        """What all doors of the run share under that name, made by the first and closed with the run."""
        if name not in self._made:
            self._made[name] = make()
            self._closing.callback(self._made[name].close)
        return self._made[name]  # type: ignore[return-value] # one name is one kind of thing

    def close(self) -> None:
        self._closing.close()
