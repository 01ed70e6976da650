"""Two ways over HubSpot's API: what `test_two_way` does to a folder, an emulated account is done, too.

An apply dies at a request: before HubSpot has it, or when it is carried out and the answer is on its way.
"""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
from hypothesis import settings
from test_two_way import EXAMPLES, MORE, TwoWay
from two_way_world import Seen

from reconciler.emulators.hubspot import HubSpot, Settings
from reconciler.localcrm import LocalCrm
from reconciler.model.clock import Clock
from reconciler.model.inventory import CrmField, CrmOption
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

    renames = False
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
        request = self.request()  # a minute after what others did, so that the search has found it
        dying = replace(request, transport=Dying(request.transport, instant * 2))
        try:
            pipeline.apply(dying, lambda _: True, lambda: False)
        except Died:
            return False
        return True


class TagsAreOptions(TwoWayOnHubSpot):
    """Tags are options of one property; HubSpot's search lags behind, and calls are on the way at the same time."""

    tags_are = "{property: labels}"
    lag, workers = 30.0, 3  # less than the overlap of two reads of changes
    options = ("Theirs", "Customer", "Level: 1")

    def crm(self, quirks: bool = False, folder: Path | None = None) -> LocalCrm:
        crm = super().crm(quirks, folder)
        if all(field.key != "labels" for field in crm.fields()):
            choices = tuple(CrmOption(name, name) for name in self.options)
            crm.add_field(CrmField("labels", "Labels", "multiselect", choices))
        return crm

    def look(self, folder: Path | None = None) -> Seen:
        seen = super().look(folder)
        apart = {id: dict(contact) for id, contact in seen.contacts.items()}
        for contact in apart.values():
            contact["$tags"] = sorted(json.loads(str(contact.pop("labels") or "[]")))
        return replace(seen, contacts=apart)

    def retag(self, contact: str, on: bool, name: str) -> None:
        there = self.look().contacts.get(contact)
        if there is not None:
            tags = {*there["$tags"]}  # type: ignore[misc]  # a list
            with closing(self.crm()) as crm:
                crm.update([(contact, {"labels": sorted(tags | {name} if on else tags - {name})})])


TwoWayOnHubSpot.TestCase.settings = TagsAreOptions.TestCase.settings = settings(EXAMPLES, max_examples=6 * MORE)
TestTwoWayOnHubSpot = TwoWayOnHubSpot.TestCase
TestTwoWayWithOptionsForTags = TagsAreOptions.TestCase
