from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from http_world import WORD, everything_of
from hubspot_world import TOKEN, HubSpot, Says, door, wrong
from pydantic import ValidationError

from reconciler.adapters.errors import (
    AdapterError,
    AuthFailed,
    CrmFailed,
    Duplicate,
    QuotaUsedUp,
    RateLimited,
    Rejected,
    Unavailable,
)
from reconciler.adapters.hubspot import door as module
from reconciler.adapters.hubspot.options import ADAPTER, HubSpotOptions
from reconciler.adapters.opening import Opening
from reconciler.model.capabilities import Ability, Call
from reconciler.model.inventory import Account
from reconciler.testing.ticking import Ticking

ACCOUNT = "GET /account-info/v3/details"
SCOPES = "POST /oauth/v2/private-apps/get/access-token-info"
PORTAL = {"portalId": 12, "uiDomain": "app.hubspot.com", "accountType": "STANDARD"}
READER = ["crm.objects.contacts.read", "crm.lists.read"]
EMAIL_IN_USE = f'[{{"message":"{WORD}","error":"CONFLICTING_UNIQUE_VALUE","name":"email"}}]'
NEEDED = {"requiredGranularScopes": ["a.write", "a.read", f"{WORD}!"]}

REFUSED: list[tuple[int, dict[str, Any], type[AdapterError], str]] = [
    (401, wrong("INVALID_AUTHENTICATION"), AuthFailed, ""),
    (401, wrong("EXPIRED_AUTHENTICATION"), AuthFailed, "expired"),
    (403, wrong("MISSING_SCOPES"), AuthFailed, "scope"),
    (
        403,
        wrong(
            "MISSING_SCOPES", errors=[{"message": WORD, "context": {"requiredGranularScopes": ["a.write", WORD + "!"]}}]
        ),
        AuthFailed,
        "a.write",
    ),
    (404, wrong("OBJECT_NOT_FOUND"), CrmFailed, "no API of HubSpot"),
    (409, wrong("CONFLICT"), Duplicate, ""),
    (400, wrong("VALIDATION_ERROR"), Rejected, ""),
    (400, wrong("VALIDATION_ERROR", EMAIL_IN_USE), Duplicate, ""),
    (400, wrong("VALIDATION_ERROR", errors=[{"message": WORD, "code": "CONFLICTING_UNIQUE_VALUE"}]), Duplicate, ""),
    (400, wrong("SOMETHING_NEW"), Rejected, "status 400"),
    (423, wrong("LOCKED"), Unavailable, ""),
    (477, wrong("MIGRATION_IN_PROGRESS"), Unavailable, ""),
    (429, wrong("RATE_LIMITS", policyName="TEN_SECONDLY_ROLLING"), RateLimited, ""),
    (429, wrong("RATE_LIMITS", policyName="DAILY"), QuotaUsedUp, "today"),
]


def test_the_account_is_the_portal() -> None:
    with door(HubSpot({ACCOUNT: PORTAL, SCOPES: {"scopes": READER, "hubId": 12}})) as crm:
        assert crm.connect() == Account("12", "app.hubspot.com")
        assert crm.meter.counts == {Call.CONNECT: 2}


def test_scopes_that_are_missing_are_named_before_anything_is_written() -> None:
    with door(HubSpot({ACCOUNT: PORTAL, SCOPES: {"scopes": READER}})) as crm:
        crm.connect()
        crm.check_rights([Call.SYNC_FIELDS, Call.ALL_CONTACTS, Call.SYNC_TAGS, Call.READ_TAGS])
        with pytest.raises(AuthFailed) as error:
            crm.check_rights([Call.UPDATE_CONTACTS, Call.APPLY_TAG, Call.ADD_FIELD])
    for scope in ("crm.objects.contacts.write", "crm.lists.write", "crm.schemas.contacts.write"):
        assert scope in error.value.detail


def test_tags_in_a_property_need_no_scope_for_lists() -> None:
    hubspot = HubSpot({ACCOUNT: PORTAL, SCOPES: {"scopes": ["crm.objects.contacts.write"]}})
    with door(hubspot, tags={"property": "tags"}) as crm:
        crm.connect()
        crm.check_rights([Call.APPLY_TAG, Call.SYNC_TAGS])


@pytest.mark.parametrize("answer", [Says(None, 404), Says(wrong("VALIDATION_ERROR"), 400), {"other": 1}])
def test_without_an_answer_about_scopes_they_are_not_checked(answer: Any) -> None:
    with door(HubSpot({ACCOUNT: PORTAL, SCOPES: answer})) as crm:
        assert crm.connect().id == "12"
        crm.check_rights(list(Call))


@pytest.mark.parametrize(("status", "body", "kind", "words"), REFUSED)
def test_a_refusal_is_one_of_our_errors_and_quotes_nothing(
    status: int, body: dict[str, Any], kind: type[AdapterError], words: str
) -> None:
    hubspot = HubSpot({ACCOUNT: Says(body, status)})
    with door(hubspot) as crm, pytest.raises(kind) as error:
        crm.connect()
    assert type(error.value) is kind
    assert words in error.value.detail
    assert WORD not in everything_of(error.value)
    assert len(hubspot.asked) == (6 if kind in (Unavailable, RateLimited) else 1)


def test_a_lead_is_refused_with_the_reason() -> None:
    opening = Opening(Path(), Ticking().clock, transport=HubSpot({}))
    with pytest.raises(CrmFailed) as error:
        ADAPTER.open(HubSpotOptions.model_validate({"token": TOKEN}), opening, "lead")
    assert error.value.code == "E310"
    assert "e-mail" in error.value.detail


@pytest.mark.parametrize(
    ("options", "rate"),
    [
        ({}, 9.9),
        ({"tier": "professional"}, 18.9),
        ({"tier": "enterprise"}, 18.9),
        ({"tier": "starter", "api_add_on": True}, 24.9),
    ],
)
def test_the_edition_says_how_fast(options: dict[str, Any], rate: float) -> None:
    has = ADAPTER.capabilities(HubSpotOptions.model_validate({"token": TOKEN, **options}))
    assert has.rate == pytest.approx(rate)
    assert has.endpoints[Call.CHANGED_CONTACTS].rate == pytest.approx(3)


@pytest.mark.parametrize(
    "wrong",
    [
        {"version": "v4"},
        {"version": "v3x"},
        {"url": "https://a/b?c"},
        {"tier": "gold"},
        {"url": "ftp://x"},
        {"batch": 101},
        {"tags": "x"},
    ],
)
def test_options_that_cannot_be_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        HubSpotOptions.model_validate({"token": TOKEN, **wrong})


def test_every_ability_is_there_or_has_a_reason() -> None:
    has = ADAPTER.capabilities(None)
    assert set(has.cannot) == {Ability.RENAME_FIELD, Ability.SET_STATUS, Ability.TELL_MERGES}
    assert has.can | has.cannot.keys() == set(Ability)
    assert has.checked.keys() == has.can


def test_the_token_is_in_no_form_of_the_options() -> None:
    assert TOKEN not in repr(HubSpotOptions.model_validate({"token": TOKEN}))


def test_no_call_that_loses_people_is_anywhere_in_the_source() -> None:
    sources = {path.name: path.read_text() for path in Path(module.__file__).parent.glob("*.py")}
    deleted = {line.strip() for text in sources.values() for line in text.splitlines() if '"DELETE"' in line}
    assert len(sources) > 5
    assert not any(word in text for text in sources.values() for word in ('"gdpr', '"archive"', '"merge"'))
    assert {line.partition("self._paths.")[2].partition(")")[0] for line in deleted} == {"properties(key", "lists(key"}
