from __future__ import annotations

from collections import deque
from itertools import pairwise
from typing import Any

import httpx
import pytest
from http_world import GET, LEFT, WINDOW, Ticking, json, opened, said, status, vendor

from reconciler.adapters.http import Bucket, Request
from reconciler.adapters.http.pace import Pace
from reconciler.model.capabilities import Call


class Limited:
    """A vendor that counts calls in a window that rolls, or that begins anew, and somebody else who calls it too."""

    def __init__(self, time: Ticking, calls: int, per: float, rolling: bool = True, latency: float = 0.0) -> None:
        self.time, self.calls, self.per, self.rolling, self.latency = time, calls, per, rolling, latency
        self.came: list[float] = []
        self.refused = 0
        self._window: deque[float] = deque()
        self._began = 0.0

    def other(self, calls: int) -> None:
        self._window.extend([self.time.passed] * calls)

    def _count(self) -> int:
        now = self.time.passed
        if self.rolling:
            while self._window and self._window[0] <= now - self.per:
                self._window.popleft()
        elif now >= self._began + self.per:
            self._began = now - (now - self._began) % self.per
            self._window.clear()
        return len(self._window)

    def __call__(self, _request: httpx.Request) -> httpx.Response:
        now = self.time.passed
        if self._count() >= self.calls:
            self.refused += 1
            return status(429)
        self._window.append(now)
        self.came.append(now)
        self.time.passed += self.latency
        left = str(self.calls - len(self._window))
        return httpx.Response(200, json={"id": "7"}, headers={LEFT: left, WINDOW: str(int(self.per * 1000))})

    def most_in_any_window(self) -> int:
        return max(sum(start <= at < start + self.per for at in self.came) for start in self.came)


def told(calls: int, per: float) -> Bucket:
    return Bucket(calls, per, LEFT, WINDOW)


def sent(limited: Limited, bucket: Bucket, number: int, **more: Any) -> None:
    with opened(httpx.MockTransport(limited), limited.time, vendor(bucket), **more) as http:
        for _ in range(number):
            http.send(GET)


@pytest.mark.parametrize(("calls", "per"), [(190, 10.0), (100, 10.0), (250, 10.0), (1000, 60.0)])
@pytest.mark.parametrize("rolling", [True, False])
@pytest.mark.parametrize("latency", [0.0, 0.03])
def test_nearly_all_of_a_limit_is_used_and_no_window_goes_over_it(
    calls: int, per: float, rolling: bool, latency: float
) -> None:
    time = Ticking()
    limited = Limited(time, calls, per, rolling, latency)
    sent(limited, told(calls, per), 4 * calls)
    assert limited.refused == 0
    assert limited.most_in_any_window() <= calls
    assert (4 * calls - 1) / limited.came[-1] >= 0.98 * calls / per


def test_the_calls_of_a_bucket_are_spread_evenly() -> None:
    time = Ticking()
    limited = Limited(time, 190, 10.0)
    sent(limited, told(190, 10.0), 50)
    assert {round(b - a, 6) for a, b in pairwise(limited.came)} == {round(10 / 189, 6)}


@pytest.mark.parametrize("rolling", [True, False])
def test_what_another_program_leaves_is_spread_over_the_window(rolling: bool) -> None:
    time = Ticking()
    limited = Limited(time, 190, 10.0, rolling)
    limited.other(186)
    sent(limited, told(190, 10.0), 4)
    assert limited.refused == 0
    assert limited.came[0] == 0.0
    assert all(later - earlier > 3 for earlier, later in pairwise(limited.came[:3]))


def test_with_nothing_left_nothing_is_sent_before_the_window_has_passed() -> None:
    time = Ticking()
    limited = Limited(time, 190, 10.0)
    limited.other(189)
    sent(limited, told(190, 10.0), 3)
    assert limited.refused == 0
    assert limited.came[1] >= 10.0
    assert limited.came[2] < 10.2  # the other one is gone, and this is known from one answer


def test_beside_a_busy_program_the_limit_is_used_and_seldom_hit() -> None:
    time = Ticking()
    limited = Limited(time, 190, 10.0)
    spent = {"other": 0.0}

    def busy(request: httpx.Request) -> httpx.Response:
        while spent["other"] + 0.1 <= time.passed:  # ten calls a second
            spent["other"] += 0.1
            if limited._count() < limited.calls:
                limited._window.append(spent["other"])
        return limited(request)

    with opened(httpx.MockTransport(busy), time, vendor(told(190, 10.0))) as http:
        for _ in range(500):
            http.send(GET)
    assert limited.refused <= 5
    assert 500 / limited.came[-1] > 0.85 * 9.0


@pytest.mark.parametrize("text", ["", "many", "-1", "1e9", "9" * 40, "٣"])
def test_headers_that_are_no_numbers_say_nothing(text: str) -> None:
    pace = Pace(told(10, 1.0), Ticking().clock)
    pace.told({LEFT: text, WINDOW: text}, pace.wait())
    assert pace.wait() == 2


def test_a_call_that_was_too_many_holds_everything_of_its_bucket() -> None:
    time = Ticking()
    handler, _ = said(status(429, Retry_After="5"), json({"id": "7"}))
    buckets = {"": Bucket(1001, 1.0), "search": Bucket(1001, 1.0)}
    own = vendor()
    own = own.__class__(own.name, buckets)
    with opened(httpx.MockTransport(handler), time, own, chance=lambda: 0.0) as http:
        http.send(GET)
        assert time.passed == pytest.approx(5.0, abs=0.01)
        http._paces[""].hold(5.0)
        http.send(Request(Call.ALL_CONTACTS, "GET", "/search", bucket="search"))
        assert time.passed == pytest.approx(5.0, abs=0.01)
        http.send(GET)
        assert time.passed == pytest.approx(10.0, abs=0.01)


def test_the_rate_of_the_file_holds_for_all_buckets_together() -> None:
    time = Ticking()
    handler, came = said(json({"id": "7"}))
    own = vendor()
    own = own.__class__(own.name, {"": Bucket(101, 1.0), "search": Bucket(101, 1.0)})
    with opened(httpx.MockTransport(handler), time, own, rate=2.0) as http:
        for bucket in ("", "search") * 5:
            http.send(Request(Call.ALL_CONTACTS, "GET", "/x", bucket=bucket))
    assert len(came) == 10
    assert time.passed == pytest.approx(4.5, abs=0.05)


def test_a_hold_that_comes_while_somebody_waits_is_kept_by_them_too() -> None:
    time = Ticking()
    pace = Pace(Bucket(2, 1.0), time.clock)
    pace.wait()
    sleep, held = time.sleep, []

    def interrupted(seconds: float) -> None:
        sleep(seconds)
        if not held:
            held.append(pace.hold(5.0))

    time.sleep = interrupted  # type: ignore[method-assign] # a sleep in which somebody else is told to wait
    pace = Pace(Bucket(2, 1.0), time.clock)
    pace.wait()
    pace.wait()
    assert time.passed >= 6.0
