"""The page that shows what is in the emulated account."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import httpx
import pytest

from reconciler.emulators.hubspot import HubSpot
from tests.emulators.conftest import LISTS, PROPERTIES, Ask, a_list, client, field, made

EVIL = "<script>alert('x')</script>&\"'"


class Outline(HTMLParser):
    """Names of elements, and all texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.texts: list[str] = []
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "action")]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def page(emulator: HubSpot, query: str = "") -> Outline:
    with client(emulator, "no token is needed") as connected:
        answer = connected.get(f"/?{query}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html;charset=utf-8")
    return Outline(answer.text)


@pytest.fixture
def filled(ask: Ask) -> None:
    field(ask, "plan", "enumeration", "select", "gold", EVIL)
    field(ask, "gone")
    ask("DELETE", f"{PROPERTIES}/gone", status=204)
    made(ask, *({"email": f"p{n}@example.org", "firstname": f"Ada{n}"} for n in range(60)))
    made(ask, {"email": "grace@example.org", "lastname": EVIL, "plan": EVIL, "company": "Navy"})
    ask("PUT", f"{LISTS}/{a_list(ask, EVIL)}/memberships/add", ["61"])
    ask("DELETE", f"{LISTS}/{a_list(ask, 'Old')}", status=204)


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", ["p0@example.org", "Ada49"]),
        ("show=contacts&query=navy+grace", ["grace@example.org", EVIL]),
        ("show=contacts&query=61", ["grace@example.org"]),
        ("show=contacts&list=1", ["grace@example.org", EVIL]),
        ("show=contacts&query=nobody", ["Nobody is found by this."]),
        ("show=contact&id=61", ["grace@example.org", "Navy", EVIL]),
        ("show=contact&id=99", ["There is no such contact."]),
        ("show=fields", ["plan", "GOLD", EVIL.upper(), "archived", "gone", "hs_object_id"]),
        ("show=tags", [EVIL, "Old", "MANUAL"]),
        ("show=requests", ["/crm/v3/objects/contacts", "In ten seconds", "201"]),
        ("show=nothing", ["p0@example.org"]),
    ],
)
@pytest.mark.usefixtures("filled")
def test_a_part_of_the_page_shows(emulator: HubSpot, query: str, shown: list[str]) -> None:
    drawn = page(emulator, query)
    for text in shown:
        assert text in drawn.texts or any(text in one for one in drawn.texts), text
    assert "script" not in drawn.names


@pytest.mark.usefixtures("filled")
def test_contacts_come_in_pages(emulator: HubSpot) -> None:
    first = page(emulator)
    (following,) = [link for link in first.links if "after=" in link]
    assert "p50@example.org" not in first.texts
    assert "p50@example.org" in page(emulator, following.removeprefix("?")).texts


@pytest.mark.parametrize("show", ["contacts", "fields", "tags", "requests"])
def test_an_empty_account_has_a_page(emulator: HubSpot, show: str) -> None:
    assert "HubSpot, emulated " in page(emulator, f"show={show}").texts


def test_nothing_is_fetched_and_nothing_runs(emulator: HubSpot) -> None:
    with client(emulator) as connected:
        answer = connected.get("/")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "script" not in policy
    assert not re.search(r"https?://|url\(|@import", answer.text)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80"])
def test_no_other_name_of_this_machine_is_answered(emulator: HubSpot, host: str) -> None:
    with httpx.Client(transport=httpx.WSGITransport(app=emulator), base_url=f"http://{host}") as connected:
        assert connected.get("/").status_code == 403


def test_looking_is_no_request(emulator: HubSpot) -> None:
    page(emulator)
    assert emulator.log == []
