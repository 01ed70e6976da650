"""What the HTTP door tells of calls that are repeated, and how long they wait."""

from __future__ import annotations

from collections.abc import Mapping

import httpx
import pytest
from http_world import CREATE, GET, WORD, json, opened, said, status, vendor

from reconciler.adapters.errors import AdapterError
from reconciler.adapters.http import Bucket
from reconciler.model.events import Event, Fact
from reconciler.testing.ticking import Ticking


class Collected:
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.told: list[tuple[Event, Mapping[str, Fact]]] = []

    def tell(self, event: Event, facts: Mapping[str, Fact]) -> None:
        self.told.append((event, facts))


def test_each_repetition_is_told_with_its_pause_and_its_reason_and_nothing_of_the_address() -> None:
    heard, time = Collected(), Ticking()
    handler, _ = said(status(503), status(429, Retry_After="7"), json({"id": "1"}))
    with opened(httpx.MockTransport(handler), time, events=heard) as http:
        http.send(GET)
        assert http.meter.waited == pytest.approx(0.5 + 7, abs=0.2)
    assert [event for event, _ in heard.told] == [Event.RETRY, Event.RETRY]
    assert [(facts["attempt"], facts["code"], facts["endpoint"]) for _, facts in heard.told] == [
        (1, "E303", "GET /me"),
        (2, "E304", "GET /me"),
    ]
    assert [facts["seconds"] for _, facts in heard.told] == pytest.approx([0.5, 7], abs=0.1)
    assert WORD not in str(heard.told)


def test_what_is_given_up_is_not_told_as_repeated() -> None:
    heard = Collected()
    handler, _ = said(status(400))
    with opened(httpx.MockTransport(handler), Ticking(), events=heard) as http, pytest.raises(AdapterError):
        http.send(CREATE)
    assert heard.told == []


def test_waiting_for_the_rate_is_counted() -> None:
    handler, _ = said(json({"id": "1"}))
    with opened(httpx.MockTransport(handler), Ticking(), vendor(Bucket(2, 1.0))) as http:
        for _ in range(4):
            http.send(GET)
        assert http.meter.waited == pytest.approx(3.0)
