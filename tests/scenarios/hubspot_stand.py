"""Scenarios on an emulated HubSpot account: what differs there, and how a scenario's names are told in HubSpot's."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import AbstractContextManager, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from reconciler.emulators.hubspot import HubSpot
from reconciler.localcrm import LocalCrm
from reconciler.model.clock import Clock
from reconciler.testing.scenarios import NOW, Text

NAMES = {"first_name": "firstname", "last_name": "lastname"}


class OnHubSpot:
    """One account; time stands still there."""

    def __init__(self, folder: Path, rewrites: Mapping[str, str]) -> None:
        self._clock = Clock.fixed(datetime.fromisoformat(NOW).replace(tzinfo=UTC))
        self._path = folder / "hubspot.db"
        self._emulator = HubSpot(self._path, self._clock, rewrites=rewrites)
        self._emulator.settings.burst = self._emulator.settings.search = 1_000_000

    def opened(self) -> AbstractContextManager[LocalCrm]:
        return closing(LocalCrm(self._path, self._clock))

    def section(self, quirks: Text) -> dict[str, Any]:
        return {"type": "hubspot", "url": "http://127.0.0.1", "token": "${env:TOKEN}"}

    @property
    def reached(self) -> Mapping[str, Any]:
        env = {"TOKEN": self._emulator.settings.token}
        return {"env": env, "transport": httpx.WSGITransport(self._emulator), "workers": 1}


def told(scenario: Text) -> Text:
    text = json.dumps(scenario)
    for ours, theirs in NAMES.items():
        text = re.sub(rf"\b{ours}\b", theirs, text)
    return json.loads(text)
