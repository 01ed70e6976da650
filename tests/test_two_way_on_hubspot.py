"""Two ways over HubSpot's API: what `test_two_way` does to a folder, an emulated account is done, too.

An apply dies at a request: before HubSpot has it, or when it is carried out and the answer is on its way.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
from hypothesis import settings
from test_two_way import EXAMPLES, MORE, TwoWay

from reconciler.emulators.hubspot import HubSpot, Settings
from reconciler.localcrm import LocalCrm
from reconciler.model.clock import Clock
from reconciler.runtime import pipeline

ENDLESS = 1_000_000
"""Calls in any window: time stands still in a run."""


class Died(BaseException):
    """The process is gone."""


class Dying(httpx.BaseTransport):
    """Each request has two instants, one before it is carried out and one after."""

    def __init__(self, behind: httpx.BaseTransport, instant: int) -> None:
        self._behind, self._left = behind, instant

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._pass()
        answer = self._behind.handle_request(request)
        self._pass()
        return answer

    def _pass(self) -> None:
        if self._left == 0:
            raise Died
        self._left -= 1


class TwoWayOnHubSpot(TwoWay):
    """`lag`: seconds until a change can be found by a search. `workers`: 1, or as many as HubSpot's limits ask for."""

    tags_are = "lists"
    lag, workers = 0.0, 1
    batch = 2  # contacts that one call takes, so that there are instants between the calls

    @property
    def section(self) -> str:  # type: ignore[override]  # of this world, not of all
        return f"{{type: hubspot, token: '${{env:TOKEN}}', tags: {self.tags_are}, batch: {self.batch}}}"

    def emulator(self, folder: Path | None = None) -> HubSpot:
        rewrites = {"nick": "upper", "alias": "upper"}
        limits = Settings(burst=ENDLESS, search=ENDLESS, search_lag=self.lag)
        return HubSpot((folder or self.folder) / "hubspot.db", Clock.fixed(self.now), limits, rewrites)

    def crm(self, quirks: bool = False, folder: Path | None = None) -> LocalCrm:
        """Behind the API, where somebody else acts."""
        self.emulator(folder).close()
        return LocalCrm((folder or self.folder) / "hubspot.db", Clock.fixed(self.now))

    def reached(self, folder: Path | None) -> dict[str, Any]:
        emulator = self.emulator(folder)
        transport = httpx.WSGITransport(emulator)
        return {"env": {"TOKEN": emulator.settings.token}, "transport": transport, "workers": self.workers}

    def ended_before(self, instant: int) -> bool:
        transport = Dying(self.reached(None)["transport"], instant * 2)
        try:
            pipeline.apply(self.request(transport=transport), lambda _: True, lambda: False)
        except Died:
            return False
        return True


TwoWayOnHubSpot.TestCase.settings = settings(EXAMPLES, max_examples=6 * MORE)
TestTwoWayOnHubSpot = TwoWayOnHubSpot.TestCase
