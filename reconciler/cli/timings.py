"""Where the time of a run goes: CPU and wall seconds by stage, for `plan --timings`."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter, process_time

from reconciler.model.progress import Progress, Silent


class Timings:
    """A `Progress` that passes everything on and measures between. Times of a name that comes again are added up."""

    def __init__(self, cpu: Callable[[], float] = process_time, wall: Callable[[], float] = perf_counter) -> None:
        self._inner: Progress = Silent()
        self._cpu, self._wall = cpu, wall
        self._name = "starting"
        self._at = (0.0, wall())  # a process begins with no CPU time used
        self._spent: dict[str, tuple[float, float]] = {}

    def around(self, inner: Progress) -> Timings:
        """The same, with what is shown meanwhile."""
        self._inner = inner
        return self

    def stage(self, name: str, total: int | None = None) -> None:
        self._turn(name)
        self._inner.stage(name, total)

    def advance(self, count: int = 1) -> None:
        self._inner.advance(count)

    def done(self) -> None:
        if self._name != "ending":
            self._turn("ending")
        self._inner.done()

    def text(self) -> str:
        """One line a stage, and the sum."""
        self._turn("ending")
        rows = [*self._spent.items(), ("together", self._sum())]
        width = max(len(name) for name, _ in rows)
        lines = [f"  {name:<{width}}  {cpu:8.2f} CPU s  {wall:8.2f} s" for name, (cpu, wall) in rows]
        return "\n".join(["Timings", *lines]) + "\n"

    def _turn(self, name: str) -> None:
        now = (self._cpu(), self._wall())
        cpu, wall = self._spent.get(self._name, (0.0, 0.0))
        self._spent[self._name] = (cpu + now[0] - self._at[0], wall + now[1] - self._at[1])
        self._name, self._at = name, now

    def _sum(self) -> tuple[float, float]:
        return sum(cpu for cpu, _ in self._spent.values()), sum(wall for _, wall in self._spent.values())
