"""An emulated account whose time goes on only when a test lets it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.emulators.hubspot import HubSpot
from reconciler.testing.ticking import Ticking

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def time() -> Ticking:
    return Ticking(START)


@pytest.fixture
def emulator(tmp_path: Path, time: Ticking) -> Iterator[HubSpot]:
    made = HubSpot(tmp_path / "hubspot.db", time.clock)
    yield made
    made.close()


def client(emulator: HubSpot, token: str | None = None) -> httpx.Client:
    return httpx.Client(
        transport=httpx.WSGITransport(app=emulator),
        base_url="http://127.0.0.1",
        headers={"Authorization": f"Bearer {token or emulator.settings.token}"},
    )


Ask = Callable[..., Any]


@pytest.fixture
def ask(emulator: HubSpot) -> Ask:
    """ask(method, path, body, status=...) -> the answer's JSON; the status must be that one."""
    connected = client(emulator)

    def asked(method: str, path: str, body: Any = None, status: int = 200) -> Any:
        answer = connected.request(method, path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    return asked


CONTACTS = "/crm/v3/objects/contacts"
PROPERTIES = "/crm/v3/properties/contacts"
LISTS = "/crm/v3/lists"


def made(ask: Ask, *people: dict[str, Any]) -> list[str]:
    """The ids of contacts that are created, one request each."""
    return [ask("POST", CONTACTS, {"properties": person}, 201)["id"] for person in people]


def field(ask: Ask, name: str, type: str = "string", field_type: str = "text", *options: str, **more: Any) -> Any:
    """A property of its own group's, as it is answered."""
    choices = [{"label": option.upper(), "value": option, "hidden": False} for option in options]
    body = {"name": name, "label": name, "type": type, "fieldType": field_type, "groupName": "contactinformation"}
    return ask("POST", PROPERTIES, {**body, "options": choices, **more}, 201)


def a_list(ask: Ask, name: str, kind: str = "MANUAL", **more: Any) -> str:
    body = {"name": name, "objectTypeId": "0-1", "processingType": kind, **more}
    return str(ask("POST", LISTS, body)["list"]["listId"])
