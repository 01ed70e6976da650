"""The pace of calls to a vendor: its limits, one call below each, and what its answers say is left of them."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from threading import Lock

from reconciler.model.clock import Clock


@dataclass(frozen=True, slots=True)
class Bucket:
    """A limit of the vendor's: `calls` in any `per` seconds. Paced one below it. `left` and `window`: names of the
    headers that say how many calls are left in how many milliseconds, "" where the vendor has none."""

    calls: int
    per: float
    left: str = ""
    window: str = ""

    @property
    def rate(self) -> float:
        """Calls a second."""
        return max(1, self.calls - 1) / self.per


class Pace:
    """The generic cell rate algorithm without bursts, for one bucket. Threads may share it.

    Our own calls of a window are known, so an answer that says how many are left also says how many somebody else
    makes: those are left to them, and what remains is spread over the window.
    """

    def __init__(self, bucket: Bucket, clock: Clock) -> None:
        self._bucket, self._clock = bucket, clock
        self._window = bucket.per
        self._others = 0
        self._last = self._held = -math.inf
        self._sent: deque[float] = deque()
        self._lock = Lock()

    @classmethod
    def steady(cls, rate: float, clock: Clock) -> Pace:
        """So many calls a second, and no vendor who counts them."""
        return cls(Bucket(2, 1.0 / rate), clock)

    def wait(self) -> int:
        """Wait for a turn. How many calls of ours are in the window with it, for `told`."""
        while True:
            with self._lock:
                now = self._clock.monotonic()
                at = self._last = max(self._last + self._interval, self._held, now)
            if at > now:
                self._clock.sleep(at - now)
            with self._lock:
                if self._held <= at:  # else somebody was told to wait meanwhile
                    self._sent.append(at)
                    return self._ours(at)

    @property
    def _interval(self) -> float:
        return self._window / max(1, self._bucket.calls - 1 - self._others)

    def _ours(self, now: float) -> int:
        while self._sent and self._sent[0] <= now - self._window:
            self._sent.popleft()
        return len(self._sent)

    def hold(self, seconds: float) -> None:
        """Nothing of this bucket is sent for so long."""
        with self._lock:
            self._held = max(self._held, self._clock.monotonic() + seconds)

    def told(self, headers: Mapping[str, str], ours: int) -> None:
        """Obey what an answer says is left. `ours`: what `wait` gave for its call."""
        bucket = self._bucket
        left = _number(headers.get(bucket.left, "")) if bucket.left else None
        if left is None:
            return
        said = _number(headers.get(bucket.window, "")) if bucket.window else None
        with self._lock:
            now = self._clock.monotonic()
            self._window = said / 1000 if said else bucket.per
            # Calls on the way may have been counted or not: the larger number of ours never slows us down for them.
            self._others = max(0, bucket.calls - left - max(ours, self._ours(now)))
            if left == 0:
                oldest = self._sent[0] if self._sent and not self._others else now
                self._held = max(self._held, oldest + self._window)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None


def retry_after(headers: Mapping[str, str], clock: Clock) -> float:
    """Seconds that `Retry-After` asks for, in either of its forms (RFC 9110, 10.2.3); 0.0 without one."""
    text = headers.get("Retry-After", "").strip()
    try:
        seconds = float(text)
        return max(0.0, seconds) if math.isfinite(seconds) else 0.0
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(text) - clock.now()).total_seconds())
    except (ValueError, TypeError, OverflowError, IndexError):
        return 0.0
