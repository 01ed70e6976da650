"""HubSpot's door against the contract kit, on the emulated account: tags both ways, a version of each form."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.adapters.hubspot.options import ADAPTER, HubSpotOptions
from reconciler.adapters.opening import Opening
from reconciler.emulators.hubspot import HubSpot
from reconciler.model.clock import Clock
from reconciler.testing.kit import PROMISES, Fault, Promise, Subject

CLOCK = Clock.fixed(datetime(2026, 11, 22, 10, tzinfo=UTC))
TAGS = {
    "name": "kit_tags",
    "label": "Tags",
    "type": "enumeration",
    "fieldType": "checkbox",
    "groupName": "contactinformation",
    "options": [{"value": "old", "label": "Old", "hidden": True, "displayOrder": 0}],
}
WAYS = [("v3", "lists"), ("2026-03", {"property": "kit_tags"})]
ATTEMPTS = 6  # of one call, before the door gives it up


class Faulty(httpx.BaseTransport):
    """The emulated account, behind a network on which that goes wrong."""

    def __init__(self, emulator: HubSpot, fault: Fault | None) -> None:
        self._inner, self._fault = httpx.WSGITransport(app=emulator), fault
        self._came = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._came += 1
        if self._fault is Fault.DOWN and self._came <= ATTEMPTS:
            raise httpx.ConnectError("nobody")
        if self._fault is Fault.BUSY and self._came <= ATTEMPTS:
            return httpx.Response(429, json={"category": "RATE_LIMITS", "policyName": "TEN_SECONDLY_ROLLING"})
        answer = self._inner.handle_request(request)
        if self._fault is Fault.LOST_ANSWER and request.url.path.endswith("/batch/create"):
            self._fault = None
            answer.read()
            raise httpx.ReadTimeout("lost")
        return answer


@pytest.mark.parametrize(("version", "tags"), WAYS, ids=["lists", "options"])
@pytest.mark.parametrize("promise", PROMISES, ids=str)
def test_hubspot_keeps_its_promises(promise: Promise, version: str, tags: Any, tmp_path: Path) -> None:
    emulator = HubSpot(tmp_path / "hubspot.db", CLOCK)
    emulator.settings.burst = emulator.settings.search = 1_000_000  # time stands still
    token = emulator.settings.token
    with httpx.Client(transport=Faulty(emulator, None), headers={"Authorization": f"Bearer {token}"}) as client:
        client.post("https://api.hubapi.com/crm/v3/properties/contacts", json=TAGS).raise_for_status()
    options = HubSpotOptions.model_validate({"token": token, "version": version, "tags": tags})
    named = "lists" if tags == "lists" else "{property: kit_tags}"

    def opened(fault: Fault | None) -> Any:
        opening = Opening(tmp_path, CLOCK, transport=Faulty(emulator, fault), workers=1)
        return ADAPTER.open(options, opening, "contact")

    promise.check(
        Subject(
            open=opened,
            section=f"{{type: hubspot, token: '${{env:TOKEN}}', version: {version}, tags: {named}}}",
            folder=tmp_path,
            secrets=(token,),
            env={"TOKEN": token},
            transport=Faulty(emulator, None),
            traces=lambda: (emulator.crm.fields(), emulator.crm.tags()),
            merge=emulator.crm.merge,
        )
    )
