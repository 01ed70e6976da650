"""How far a command is, on stderr: a bar at a terminal, now and then a line elsewhere, nothing with -q."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock, Timer
from time import monotonic
from typing import TYPE_CHECKING, TextIO

from reconciler.model.progress import Progress, Silent
from reconciler.report.words import duration, listing, number, plain

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

EVERY = 10.0
PATIENCE = 0.3
"""Seconds that a stage has to last before a bar is shown: what is over at once would only flicker."""


def chosen_progress(stream: TextIO, quiet: bool, bar: bool, verbose: bool = False) -> Progress:
    return Silent() if quiet else Bar(stream) if bar else Lines(stream, least=0 if verbose else 1)


class Lines:
    """A line about every ten seconds and one at the end of each stage that took `least` seconds or more."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = monotonic, least: float = 1) -> None:
        self._stream = stream
        self._clock = clock
        self._least = least
        self._name = ""

    def stage(self, name: str, total: int | None = None) -> None:
        self.done()
        self._name, self._total, self._count = name, total, 0
        self._began = self._told = self._clock()

    def advance(self, count: int = 1) -> None:
        if not self._name:
            return
        self._count += count
        now = self._clock()
        if now - self._told >= EVERY:
            self._told = now
            self._say(pace(self._count, self._total, now - self._began))

    def done(self) -> None:
        if self._name and (spent := self._clock() - self._began) >= self._least:
            self._say(listing([number(self._count) if self._count else "", f"done in {duration(spent)}"]))
        self._name = ""

    def _say(self, text: str) -> None:
        self._stream.write(f"{plain(self._name)}: {text}\n")
        self._stream.flush()


def pace(count: int, total: int | None, spent: float) -> str:
    """`1,200 of 5,000, 120 a second, about 32 s left`. A total that was passed was a wrong guess."""
    total = total if total is not None and count <= total else None
    rate = count / spent if spent > 0 else 0
    return listing(
        [
            f"{number(count)} of {number(total)}" if total else number(count),
            f"{rate:,.0f} a second" if rate else "",
            f"about {duration((total - count) / rate)} left" if total and rate and count < total else "",
        ]
    )


class Bar:
    """One line that moves, gone when its stage is done; none for a stage that lasts less than `patience` seconds."""

    def __init__(self, stream: TextIO, patience: float = PATIENCE) -> None:
        self._stream = stream
        self._patience = patience
        self._live: RichProgress | None = None
        self._showing: Timer | None = None
        self._lock = Lock()

    def stage(self, name: str, total: int | None = None) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        self.done()
        self._count, self._total = 0, total
        self._live = live = RichProgress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}", markup=False),
            TimeRemainingColumn(),
            console=Console(file=self._stream),
            transient=True,
        )
        self._began = monotonic()
        self._task = self._live.add_task(plain(name), total=total, rate="")
        self._showing = Timer(self._patience, self._show, [live])
        self._showing.daemon = True
        self._showing.start()

    def _show(self, live: RichProgress) -> None:
        with self._lock:
            if live is self._live:
                live.start()

    def advance(self, count: int = 1) -> None:
        if self._live is None:
            return
        self._count += count
        spent = monotonic() - self._began
        rate = f"{self._count / spent:,.0f}/s" if spent > 0 else ""
        if self._total is not None and self._count > self._total:  # a wrong guess; the column then says 1,200/?
            self._total = self._live.tasks[self._task].total = None
        self._live.update(self._task, advance=count, rate=rate)

    def done(self) -> None:
        if self._showing is not None:
            self._showing.cancel()
        with self._lock:
            live, self._live = self._live, None
            if live is not None:
                live.stop()
