"""What a private app may do in ten seconds, in a second of searching, and in a day: exact rolling windows.

A request that is answered with 429 does not count. Searches have a bucket of their own and no headers; they count for
the day. The day is a rolling one here. Not documented: whether refused requests count.
"""

from __future__ import annotations

import math
from collections import deque
from threading import Lock

from reconciler.emulators.hubspot.errors import Wrong
from reconciler.emulators.hubspot.settings import Settings

BURST = "burst"
SEARCH = "search"
DAILY = "daily"

_SECONDS = {BURST: 10.0, SEARCH: 1.0, DAILY: 86_400.0}
_POLICIES = {BURST: "TEN_SECONDLY_ROLLING", SEARCH: "SECONDLY", DAILY: "DAILY"}


class Limits:
    """Counts by the seconds that it is given. Threads may share it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._moments: dict[str, deque[float]] = {name: deque() for name in _SECONDS}
        self._lock = Lock()

    def take(self, bucket: str, now: float) -> None:
        """Counts one request. Raises Wrong (429) instead if a window is full."""
        with self._lock:
            windows = [name for name in (DAILY, bucket) if name]
            for name in windows:
                moments = self._current(name, now)
                if len(moments) >= self.allowed(name):
                    raise self._full(name, now)
            for name in windows:
                self._moments[name].append(now)

    def used(self, bucket: str, now: float) -> int:
        with self._lock:
            return len(self._current(bucket, now))

    def allowed(self, bucket: str) -> int:
        if bucket == SEARCH:
            return self._settings.search
        tier = self._settings.allowed
        return tier.burst if bucket == BURST else tier.daily

    def headers(self, bucket: str, now: float) -> dict[str, str]:
        """What an answer says about the limits; nothing after a search."""
        if bucket != BURST:
            return {}
        burst, daily = self.allowed(BURST), self.allowed(DAILY)
        return {
            "X-HubSpot-RateLimit-Daily": str(daily),
            "X-HubSpot-RateLimit-Daily-Remaining": str(max(0, daily - self.used(DAILY, now))),
            "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
            "X-HubSpot-RateLimit-Max": str(burst),
            "X-HubSpot-RateLimit-Remaining": str(max(0, burst - self.used(BURST, now))),
            "X-HubSpot-RateLimit-Secondly": str(burst // 10),
            "X-HubSpot-RateLimit-Secondly-Remaining": str(max(0, burst // 10 - self._lately(now))),
        }

    def _lately(self, now: float) -> int:
        with self._lock:
            return sum(moment > now - 1.0 for moment in self._moments[BURST])

    def _current(self, name: str, now: float) -> deque[float]:
        moments = self._moments[name]
        while moments and moments[0] <= now - _SECONDS[name]:
            moments.popleft()
        return moments

    def _full(self, name: str, now: float) -> Wrong:
        policy = _POLICIES[name]
        wrong = Wrong(429, "RATE_LIMITS", f"You have reached your {policy.lower()} limit.")
        wrong.more = {"errorType": "RATE_LIMIT", "policyName": policy}
        moments = self._moments[name]
        if self._settings.retry_after and moments:
            wrong.headers["Retry-After"] = str(max(1, math.ceil(moments[0] + _SECONDS[name] - now)))
        return wrong
