"""HubSpot as a test says it answers, behind the real door: what comes is kept, what is asked beyond that fails."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
from http_world import WORD

from reconciler.adapters.hubspot.door import HubSpotDoor
from reconciler.adapters.hubspot.options import ADAPTER, HubSpotOptions
from reconciler.adapters.opening import Opening
from reconciler.testing.ticking import Ticking

TOKEN = f"pat-{WORD}"
EMAIL = f"{WORD}@example.org"


class Asked(NamedTuple):
    what: str
    query: tuple[tuple[str, str], ...]
    body: Any


class Says(NamedTuple):
    body: Any
    status: int = 200


class HubSpot(httpx.BaseTransport):
    """`answers`: `METHOD PATH` -> the body that is answered, or `Says`; or several of them in turn. `asked`: what
    came."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self._answers = {what: list(given) if isinstance(given, list) else given for what, given in answers.items()}
        self.asked: list[Asked] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        what = f"{request.method} {request.url.path}"
        body = json.loads(request.content) if request.content else None
        self.asked.append(Asked(what, tuple(request.url.params.multi_items()), body))
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"
        given = self._answers[what]
        answer = given.pop(0) if isinstance(given, list) else given
        told = answer if isinstance(answer, Says) else Says(answer)
        return httpx.Response(told.status, json=told.body)

    def bodies(self, what: str) -> list[Any]:
        return [asked.body for asked in self.asked if asked.what == what]

    def whats(self) -> list[str]:
        return [asked.what for asked in self.asked]


@contextmanager
def door(hubspot: HubSpot, workers: int = 1, **options: Any) -> Iterator[HubSpotDoor]:
    opening = Opening(Path(), Ticking().clock, transport=hubspot, workers=workers)
    try:
        yield ADAPTER.open(HubSpotOptions.model_validate({"token": TOKEN, **options}), opening, "contact")
    finally:
        opening.close()


def contact(id: str, trace: int | None = None, **properties: str | None) -> dict[str, Any]:
    more = {} if trace is None else {"objectWriteTraceId": str(trace)}
    return {"id": id, "properties": properties, "createdAt": "2026-01-01T00:00:00Z", "archived": False, **more}


def batch(results: Sequence[Any], errors: Sequence[Any] = ()) -> Says:
    told = {"status": "COMPLETE", "results": list(results)}
    return Says({**told, "errors": list(errors), "numErrors": len(errors)}, 207) if errors else Says(told)


def wrong(category: str, message: str = "", **more: Any) -> dict[str, Any]:
    return {"status": "error", "category": category, "message": f"{message} {EMAIL}", **more}


def prop(name: str, type: str = "string", field_type: str = "text", **more: Any) -> dict[str, Any]:
    rest = {"groupName": "contactinformation", "options": [], "description": "", "label": name.title(), **more}
    return {"name": name, "type": type, "fieldType": field_type, **rest}


def choice(value: str, label: str = "", **more: Any) -> dict[str, Any]:
    return {"value": value, "label": label or value.title(), "hidden": False, **more}
