"""Time as an argument: nothing below `cli` asks the machine what time it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple


class Clock(NamedTuple):
    """`now()` is an aware datetime in UTC; `sleep(seconds)` waits; `monotonic()` is for rates and time left."""

    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    monotonic: Callable[[], float]

    @classmethod
    def system(cls) -> Clock:
        return cls(now=lambda: datetime.now(UTC), sleep=time.sleep, monotonic=time.monotonic)

    @classmethod
    def fixed(cls, moment: datetime) -> Clock:
        """A clock that stands still and never waits: for tests and simulations."""
        return cls(now=lambda: moment, sleep=lambda _seconds: None, monotonic=lambda: 0.0)
