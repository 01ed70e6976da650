"""BottleCRM's adapter against the contract kit, on a server that runs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from servers.bottlecrm import Organisation

from reconciler.adapters.bottlecrm import BottleDoor
from reconciler.adapters.bottlecrm_options import BottleOptions
from reconciler.adapters.http import ATTEMPTS
from reconciler.adapters.opening import Opening
from reconciler.model.clock import Clock
from reconciler.testing.kit import PROMISES, Fault, Promise, Subject

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


def door(organisation: Organisation, fault: Fault | None = None, **more: object) -> BottleDoor:
    """The account behind a door of its own; `more`: further options."""
    options = BottleOptions.model_validate({"url": organisation.url, "token": organisation.token, **more})
    transport = Faulty(*FAULTS[fault]) if fault else None
    return BottleDoor(options, Opening(Path(), CLOCK, transport=transport, workers=1))


def subject(organisation: Organisation, folder: Path, open: Callable[[Fault | None], BottleDoor]) -> Subject:
    return Subject(
        open=open,
        section=f"{{type: bottlecrm, url: '{organisation.url}', token: '${{env:BOTTLECRM_TOKEN}}'}}",
        folder=folder,
        secrets=(organisation.token,),
        env={"BOTTLECRM_TOKEN": organisation.token},
        traces=lambda: [organisation.asked("GET", path).json() for path in ("contacts/", "custom-fields/", "tags/")],
    )


@pytest.mark.parametrize("promise", PROMISES, ids=str)
def test_bottlecrm_keeps_its_promises(promise: Promise, bottlecrm: Organisation, tmp_path: Path) -> None:
    promise.check(subject(bottlecrm, tmp_path, lambda fault: door(bottlecrm, fault)))
