"""HubSpot's door against the contract kit, on the emulated account: tags both ways, a version of each form."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.adapters.http import ATTEMPTS
from reconciler.adapters.hubspot.options import ADAPTER, HubSpotOptions
from reconciler.adapters.opening import Opening
from reconciler.emulators.hubspot import HubSpot
from reconciler.model.clock import Clock
from reconciler.testing.faults import Faulty, Mishap, first
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
MISHAPS = {
    Fault.LOST_ANSWER: lambda: first("POST", Mishap.TIMEOUT_AFTER),
    Fault.BUSY: lambda: first("", Mishap.TOO_MANY, ATTEMPTS),
    Fault.DOWN: lambda: first("", Mishap.UNREACHABLE, ATTEMPTS),
}


@pytest.mark.parametrize(("version", "tags"), WAYS, ids=["lists", "options"])
@pytest.mark.parametrize("promise", PROMISES, ids=str)
def test_hubspot_keeps_its_promises(promise: Promise, version: str, tags: Any, tmp_path: Path) -> None:
    emulator = HubSpot(tmp_path / "hubspot.db", CLOCK)
    emulator.settings.burst = emulator.settings.search = 1_000_000  # time stands still
    token = emulator.settings.token
    behind = httpx.WSGITransport(app=emulator)
    with httpx.Client(transport=behind, headers={"Authorization": f"Bearer {token}"}) as client:
        client.post("https://api.hubapi.com/crm/v3/properties/contacts", json=TAGS).raise_for_status()
    options = HubSpotOptions.model_validate({"token": token, "version": version, "tags": tags})
    named = "lists" if tags == "lists" else "{property: kit_tags}"

    def opened(fault: Fault | None) -> Any:
        opening = Opening(tmp_path, CLOCK, transport=Faulty(behind, MISHAPS[fault]()) if fault else behind, workers=1)
        return ADAPTER.open(options, opening, "contact")

    promise.check(
        Subject(
            open=opened,
            section=f"{{type: hubspot, token: '${{env:TOKEN}}', version: {version}, tags: {named}}}",
            folder=tmp_path,
            secrets=(token,),
            env={"TOKEN": token},
            transport=behind,
            traces=lambda: (emulator.crm.fields(), emulator.crm.tags()),
            merge=emulator.crm.merge,
        )
    )
