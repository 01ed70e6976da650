"""A real BottleCRM behind its adapter, and what goes wrong on the way there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import httpx
from servers.bottlecrm import Organisation

from reconciler.adapters.bottlecrm.door import BottleDoor
from reconciler.adapters.bottlecrm.options import BottleOptions
from reconciler.adapters.http import ATTEMPTS
from reconciler.adapters.opening import Opening
from reconciler.model.clock import Clock
from reconciler.testing.kit import Fault

CLOCK = Clock.fixed(datetime(2026, 11, 22, 10, tzinfo=UTC))
Misbehave = Callable[[httpx.Request, Callable[[], httpx.Response]], httpx.Response]


class Faulty(httpx.BaseTransport):
    """The network, where the first so many of these requests go wrong; a door gives up after its last attempt."""

    def __init__(self, misbehave: Misbehave, methods: frozenset[str], times: int) -> None:
        self._misbehave, self._methods, self._times = misbehave, methods, times
        self._network = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        def answered() -> httpx.Response:
            return self._network.handle_request(request)

        if request.method not in self._methods or not self._times:
            return answered()
        self._times -= 1
        return self._misbehave(request, answered)

    def close(self) -> None:
        self._network.close()


def lost(request: httpx.Request, answered: Callable[[], httpx.Response]) -> httpx.Response:
    answered().read()
    raise httpx.ReadError("gone", request=request)


def busy(_request: httpx.Request, _answered: Callable[[], httpx.Response]) -> httpx.Response:
    return httpx.Response(429, headers={"Retry-After": "1"})


def down(request: httpx.Request, _answered: Callable[[], httpx.Response]) -> httpx.Response:
    raise httpx.ConnectError("nobody", request=request)


FAULTS: dict[Fault, tuple[Misbehave, frozenset[str], int]] = {
    Fault.LOST_ANSWER: (lost, frozenset({"POST"}), 1),
    Fault.BUSY: (busy, frozenset({"GET", "POST"}), ATTEMPTS),
    Fault.DOWN: (down, frozenset({"GET", "POST"}), ATTEMPTS),
}


class Opens(Protocol):
    """`further`: options of the file beside the address and the token, or other ones."""

    def __call__(self, fault: Fault | None = None, **further: object) -> BottleDoor: ...


@contextmanager
def doors(organisation: Organisation) -> Iterator[Opens]:
    """Opens the account again and again; all is closed in the end."""
    openings: list[Opening] = []

    def opened(fault: Fault | None = None, **further: object) -> BottleDoor:
        options = {"url": organisation.url, "token": organisation.token, **further}
        transport = Faulty(*FAULTS[fault]) if fault else None
        openings.append(Opening(Path(), CLOCK, transport=transport, workers=1))
        return BottleDoor(BottleOptions.model_validate(options), openings[-1])

    try:
        yield opened
    finally:
        for opening in openings:
            opening.close()
