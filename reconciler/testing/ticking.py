"""Time that only waiting moves: for tests and simulations of what is paced, repeated and priced."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from reconciler.model.clock import Clock

START = datetime(2026, 11, 22, 10, tzinfo=UTC)


class Ticking:
    """`passed`: seconds since `start`; `slept`: what was waited for, one by one."""

    def __init__(self, start: datetime = START) -> None:
        self._start = start
        self.passed = 0.0
        self.slept: list[float] = []

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self._start + timedelta(seconds=self.passed), self.sleep, lambda: self.passed)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.passed += max(0.0, seconds)
