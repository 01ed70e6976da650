"""The account of the emulated HubSpot: tokens, scopes, limits, paths, and what is logged."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from reconciler.emulators.hubspot import TIERS, HubSpot, Seen
from reconciler.emulators.hubspot.routes import ROUTES
from reconciler.testing.ticking import Ticking
from tests.emulators.conftest import CONTACTS, LISTS, PROPERTIES, START, Ask, client

DETAILS = "/account-info/v3/details"


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer other"}, {"Authorization": "Basic cGF0"}])
def test_nothing_is_answered_without_the_token(emulator: HubSpot, header: dict[str, str]) -> None:
    with client(emulator) as connected:
        del connected.headers["Authorization"]
        for path in (DETAILS, CONTACTS, "/nowhere"):
            answer = connected.get(path, headers=header)
            assert (answer.status_code, answer.json()["category"]) == (401, "INVALID_AUTHENTICATION")


def test_a_token_expires(ask: Ask, emulator: HubSpot, time: Ticking) -> None:
    emulator.settings.expires = START + timedelta(seconds=10)
    ask("GET", DETAILS)
    time.sleep(10)
    assert ask("GET", DETAILS, status=401)["category"] == "EXPIRED_AUTHENTICATION"


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", CONTACTS, "crm.objects.contacts.read"),
        ("POST", f"{CONTACTS}/search", "crm.objects.contacts.read"),
        ("POST", f"{CONTACTS}/batch/read", "crm.objects.contacts.read"),
        ("POST", CONTACTS, "crm.objects.contacts.write"),
        ("POST", f"{CONTACTS}/batch/upsert", "crm.objects.contacts.write"),
        ("GET", PROPERTIES, "crm.schemas.contacts.read"),
        ("PATCH", f"{PROPERTIES}/email", "crm.schemas.contacts.write"),
        ("POST", f"{PROPERTIES}/groups", "crm.schemas.contacts.write"),
        ("POST", f"{LISTS}/search", "crm.lists.read"),
        ("PUT", f"{LISTS}/1/memberships/add", "crm.lists.write"),
    ],
)
def test_a_missing_scope_is_named(ask: Ask, emulator: HubSpot, method: str, path: str, scope: str) -> None:
    emulator.settings.scopes.discard(scope)
    answer = ask(method, path, {}, 403)
    assert answer["category"] == "MISSING_SCOPES"
    assert answer["errors"][0]["context"] == {"requiredGranularScopes": [scope]}


def test_the_scopes_of_a_token_can_be_asked_for(ask: Ask, emulator: HubSpot) -> None:
    emulator.settings.scopes.discard("crm.lists.write")
    path = "/oauth/v2/private-apps/get/access-token-info"
    answer = ask("POST", path, {"tokenKey": emulator.settings.token})
    assert set(answer["scopes"]) == {"oauth", *emulator.settings.scopes}
    assert answer["hubId"] == ask("GET", DETAILS)["portalId"]
    ask("POST", path, {"tokenKey": "other"}, 404)


@pytest.mark.parametrize("version", ["2025-09", "2026-03", "2026-09"])
def test_both_styles_of_paths_are_the_same_operation(ask: Ask, emulator: HubSpot, version: str) -> None:
    body = {"properties": {"email": "ada@example.org"}}
    made = ask("POST", f"/crm/objects/{version}/contacts", body, 201)
    assert ask("GET", f"/crm/objects/{version}/0-1/1") == ask("GET", f"{CONTACTS}/1")
    assert made["id"] == "1"
    assert ask("GET", f"/crm/properties/{version}/contacts") == ask("GET", PROPERTIES)
    assert ask("POST", f"/crm/lists/{version}/search", {}) == ask("POST", f"{LISTS}/search", {})
    assert ask("GET", f"/account-info/{version}/details") == ask("GET", DETAILS)
    assert emulator.log[0].path == CONTACTS


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/crm/v3/objects/deals", 404),
        ("GET", "/crm/objects/2020-01/contacts", 404),
        ("GET", "/crm/v4/objects/contacts", 404),
        ("DELETE", CONTACTS, 405),
        ("DELETE", f"{CONTACTS}/gdpr-delete/1", 404),
    ],
)
def test_what_is_not_emulated_is_said_so(ask: Ask, method: str, path: str, status: int) -> None:
    UUID(ask(method, path, status=status)["correlationId"])


@pytest.mark.parametrize(
    ("content", "type", "status"),
    [(b"{", "application/json", 400), (b"[1", "application/json", 400), (b"a=b", "text/plain", 415)],
)
def test_a_body_that_is_no_json_is_refused(emulator: HubSpot, content: bytes, type: str, status: int) -> None:
    with client(emulator) as connected:
        answer = connected.post(CONTACTS, content=content, headers={"Content-Type": type})
    assert answer.status_code == status


@pytest.mark.parametrize("tier", TIERS)
def test_a_tier_allows_so_many_requests_in_ten_seconds(emulator: HubSpot, tier: str, time: Ticking) -> None:
    emulator.settings.tier = tier
    with client(emulator) as connected:
        statuses = [connected.get(DETAILS).status_code for _ in range(TIERS[tier].burst + 1)]
        assert statuses == [200] * TIERS[tier].burst + [429]
        time.sleep(10)
        assert connected.get(DETAILS).status_code == 200


def test_the_window_rolls(emulator: HubSpot, time: Ticking) -> None:
    emulator.settings.burst = 2
    with client(emulator) as connected:
        assert connected.get(DETAILS).status_code == 200
        time.sleep(6)
        assert connected.get(DETAILS).status_code == 200
        refused = connected.get(DETAILS)
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "4")
        assert refused.json()["policyName"] == "TEN_SECONDLY_ROLLING"
        time.sleep(4)
        assert [connected.get(DETAILS).status_code for _ in range(2)] == [200, 429]


def test_headers_say_what_is_left(emulator: HubSpot) -> None:
    with client(emulator) as connected:
        connected.get(DETAILS)
        told = connected.get(DETAILS).headers
        searched = connected.post(f"{CONTACTS}/search", json={}).headers
    assert (told["X-HubSpot-RateLimit-Max"], told["X-HubSpot-RateLimit-Remaining"]) == ("100", "98")
    assert told["X-HubSpot-RateLimit-Interval-Milliseconds"] == "10000"
    assert (told["X-HubSpot-RateLimit-Daily"], told["X-HubSpot-RateLimit-Daily-Remaining"]) == ("250000", "249998")
    assert not any(name.startswith("x-hubspot-ratelimit") for name in searched)


def test_searches_have_a_limit_of_their_own(ask: Ask, time: Ticking) -> None:
    for _ in range(5):
        ask("POST", f"{CONTACTS}/search", {})
    assert ask("POST", f"{CONTACTS}/search", {}, 429)["policyName"] == "SECONDLY"
    ask("GET", CONTACTS)
    time.sleep(1)
    ask("POST", f"{CONTACTS}/search", {})


def test_a_day_has_a_limit_that_is_told(ask: Ask, emulator: HubSpot, time: Ticking) -> None:
    emulator.settings.daily = 2
    ask("GET", DETAILS)
    used = ask("GET", "/account-info/v3/api-usage/daily/private-apps")["results"][0]
    assert (used["usageLimit"], used["currentUsage"]) == (2, 2)
    assert ask("GET", DETAILS, status=429)["policyName"] == "DAILY"
    time.sleep(86_400)
    ask("GET", DETAILS)


def test_latency_is_waited_for_by_the_given_clock(ask: Ask, emulator: HubSpot, time: Ticking) -> None:
    emulator.settings.latency = 0.2
    ask("GET", DETAILS)
    assert time.passed == pytest.approx(0.2)


def test_the_log_knows_templates_and_no_values(ask: Ask, emulator: HubSpot, time: Ticking) -> None:
    time.sleep(2)
    ask("POST", f"{CONTACTS}/batch/read", {"inputs": [{"id": "8"}, {"id": "9"}]}, 207)
    ask("GET", f"{CONTACTS}/canary@example.org?idProperty=email", status=404)
    ask("POST", f"{CONTACTS}/search", {})
    ask("GET", "/canary", status=404)
    assert emulator.log == [
        Seen("POST", f"{CONTACTS}/batch/read", 207, "burst", 2.0, 2),
        Seen("GET", f"{CONTACTS}/{{contactId}}", 404, "burst", 2.0, 0),
        Seen("POST", f"{CONTACTS}/search", 200, "search", 2.0, 0),
        Seen("GET", "", 404, "", 2.0, 0),
    ]


def test_nothing_is_done_by_a_request_that_fails(ask: Ask, emulator: HubSpot) -> None:
    inputs: Any = [{"properties": {"email": f"p{n}@example.org"}} for n in range(3)]
    ask("POST", f"{CONTACTS}/batch/create", {"inputs": [*inputs, {"properties": {"nope": "1"}}]}, 400)
    assert ask("GET", CONTACTS)["results"] == []
    assert emulator.crm.add([{"email": "p0@example.org"}])[0].id == "1"


def test_no_two_routes_are_the_same() -> None:
    assert len({(route.method, route.template) for route in ROUTES}) == len(ROUTES)
