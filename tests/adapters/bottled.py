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
from reconciler.testing.faults import Faulty, Mishap, When, first
from reconciler.testing.kit import Fault

CLOCK = Clock.fixed(datetime(2026, 11, 22, 10, tzinfo=UTC))
FAULTS: dict[Fault, Callable[[], When]] = {
    Fault.LOST_ANSWER: lambda: first("POST", Mishap.RESET_AFTER),
    Fault.BUSY: lambda: first("", Mishap.TOO_MANY, ATTEMPTS),
    Fault.DOWN: lambda: first("", Mishap.UNREACHABLE, ATTEMPTS),
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
        transport = Faulty(httpx.HTTPTransport(), FAULTS[fault]()) if fault else None
        openings.append(Opening(Path(), CLOCK, transport=transport, workers=1))
        return BottleDoor(BottleOptions.model_validate(options), openings[-1])

    try:
        yield opened
    finally:
        for opening in openings:
            opening.close()
