"""How much of a vendor's limit the HTTP door uses, and whether any window goes over it.

By a clock that only waiting and answering move, through the real client.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from reconciler.adapters.http import Bucket, Http, Request, Vendor, bearer
from reconciler.adapters.opening import Opening
from reconciler.model.capabilities import Call
from reconciler.model.clock import Clock

LIMIT = Bucket(190, 10.0, "X-Left", "X-Window-Ms")
CALLS = 5_000
_LATENCY = 0.03  # seconds
_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


class Vendors:
    """A server with a window that rolls; `came`: when."""

    def __init__(self) -> None:
        self.at = 0.0
        self.came: list[float] = []

    def clock(self) -> Clock:
        return Clock(lambda: _BEGAN + timedelta(seconds=self.at), self._pass, lambda: self.at)

    def _pass(self, seconds: float) -> None:
        self.at += seconds

    def answer(self, _request: httpx.Request) -> httpx.Response:
        self.came.append(self.at)
        left = max(0, LIMIT.calls - self.window(len(self.came) - 1))
        self._pass(_LATENCY)
        return httpx.Response(200, headers={LIMIT.left: str(left), LIMIT.window: str(int(LIMIT.per * 1000))})

    def window(self, last: int) -> int:
        """Calls in the window that ends with that one."""
        return last + 1 - bisect_left(self.came, self.came[last] - LIMIT.per + 1e-9, 0, last + 1)


def used() -> tuple[float, int]:
    """The share of the limit that was used, and windows over it."""
    server = Vendors()
    opening = Opening(Path(), server.clock(), transport=httpx.MockTransport(server.answer), workers=1)
    http = Http(Vendor("bench", {"": LIMIT}), "https://bench.example", bearer("none"), opening)
    for _ in range(CALLS):
        http.send(Request(Call.CONNECT, "GET", "/"))
    http.close()
    over = sum(server.window(at) > LIMIT.calls for at in range(CALLS))
    return (CALLS - 1) / server.came[-1] / (LIMIT.calls / LIMIT.per), over


if __name__ == "__main__":
    share, over = used()
    print(json.dumps({"used": share, "over": over}))
