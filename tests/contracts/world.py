"""HubSpot emulated, behind the checking transport: what the adapter and the official client are held against."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from reconciler.adapters.hubspot.door import HubSpotDoor
from reconciler.adapters.hubspot.options import ADAPTER, HubSpotOptions
from reconciler.adapters.meter import Meter
from reconciler.adapters.opening import Opening
from reconciler.emulators.hubspot import HubSpot, Settings
from reconciler.model.capabilities import Call
from reconciler.model.clock import Clock
from reconciler.testing.contracts import Checker, CheckingTransport
from reconciler.testing.kit import Fault

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)


def moving_clock() -> Clock:
    """Sleeping moves it, and so does looking at it."""
    passed = [0.0]

    def moved(seconds: float) -> float:
        passed[0] += seconds
        return passed[0]

    return Clock(
        now=lambda: NOW + timedelta(seconds=moved(0.001)),
        sleep=lambda seconds: moved(seconds) and None,
        monotonic=lambda: moved(0.001),
    )


@dataclass
class Faulty(httpx.BaseTransport):
    """Fails on the way as the kit wants it, outside of what is checked: a fault is nobody's message."""

    inner: httpx.BaseTransport
    fault: Fault | None
    calls: int = 0
    failed: bool = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.calls += 1
        if self.fault is Fault.DOWN and self.calls <= 6:
            raise httpx.ConnectError("nobody there", request=request)
        if self.fault is Fault.BUSY and self.calls <= 6:
            return httpx.Response(429, json={"category": "RATE_LIMITS"}, headers={"Retry-After": "1"})
        answer = self.inner.handle_request(request)
        if self.fault is Fault.LOST_ANSWER and _creates(request) and not self.failed:
            self.failed = True
            raise httpx.ReadError("cut", request=request)
        return answer


def _creates(request: httpx.Request) -> bool:
    return request.method == "POST" and request.url.path.endswith(("/batch/create", "/objects/contacts"))


@dataclass
class World:
    """One emulated account. `wrap`: what is put between the adapter and the checking transport."""

    folder: Path
    checker: Checker
    clock: Clock = field(default_factory=moving_clock)
    wrap: Callable[[httpx.BaseTransport], httpx.BaseTransport] = lambda inner: inner
    tags: str = "lists"
    page: int = 100

    def __post_init__(self) -> None:
        settings = Settings(burst=10**9, daily=10**9, search=10**9)
        self.emulator = HubSpot(self.folder / "hubspot.db", self.clock, settings)
        self.checked = CheckingTransport(httpx.WSGITransport(app=self.emulator.app), self.checker, self._told)
        self.transport = self.wrap(self.checked)
        self.kinds: Counter[tuple[Call, str, int]] = Counter()
        self._meters: list[Meter] = []
        self._counted: Counter[Call] = Counter()
        if self.tags != "lists":
            self._make_tag_property()

    @property
    def token(self) -> str:
        return self.emulator.settings.token

    @property
    def section(self) -> str:
        """The `crm` section of a file that leads here."""
        tags = "lists" if self.tags == "lists" else f"{{property: {self.tags}}}"
        return f"{{type: hubspot, token: '${{env:TOKEN}}', tags: {tags}}}"

    def opened(self, fault: Fault | None = None) -> HubSpotDoor:
        tags = "lists" if self.tags == "lists" else {"property": self.tags}
        sizes = {"page": self.page, "search_page": self.page}
        options = HubSpotOptions.model_validate({"token": self.token, "tags": tags, **sizes})
        opening = Opening(self.folder, self.clock, transport=Faulty(self.transport, fault), workers=1)
        door = ADAPTER.open(options, opening, "contact")
        self._meters.append(door.meter)
        return door

    def close(self) -> None:
        self.emulator.close()

    def _told(self, operation: str, status: int) -> None:
        """What kind of call it was, since one at a time is counted and sent."""
        counted = sum((meter.counts for meter in self._meters), Counter[Call]())
        for kind in counted - self._counted:
            self.kinds[kind, operation, status] += 1
        self._counted = counted

    def _make_tag_property(self) -> None:
        body = {
            "name": self.tags,
            "label": "Tags",
            "type": "enumeration",
            "fieldType": "checkbox",
            "groupName": "contactinformation",
            "options": [],
        }
        headers = {"Authorization": f"Bearer {self.token}"}
        with httpx.Client(transport=self.checked, base_url="https://api.hubapi.com", headers=headers) as client:
            assert client.post("/crm/v3/properties/contacts", json=body).status_code == 201
