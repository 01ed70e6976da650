"""The search of the emulated HubSpot: operators, sorting, its end, its lag."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.emulators.hubspot import HubSpot
from reconciler.testing.ticking import Ticking
from tests.emulators.conftest import CONTACTS, Ask, field, made

SEARCH = f"{CONTACTS}/search"


@pytest.fixture
def three(ask: Ask, time: Ticking) -> None:
    field(ask, "score", "number", "number")
    field(ask, "born", "date", "date")
    field(ask, "seen", "datetime", "date")
    field(ask, "likes", "enumeration", "checkbox", "chess", "go")
    ada = {"email": "ada@example.org", "firstname": "Ada", "score": "9", "born": "1815-12-10", "likes": "chess;go"}
    grace = {"email": "grace@navy.example.org", "firstname": "Grace Brewster", "score": "10", "likes": "go"}
    for person in (ada, {**grace, "seen": "2026-01-02T03:04:05.600Z"}, {"email": "emmy@example.org"}):
        made(ask, person)
        time.sleep(1)


@pytest.mark.parametrize(
    ("name", "operator", "more", "found"),
    [
        ("firstname", "EQ", {"value": "ADA"}, "1"),
        ("firstname", "NEQ", {"value": "ada"}, "23"),
        ("score", "EQ", {"value": "9.0"}, "1"),
        ("score", "GT", {"value": "9"}, "2"),
        ("score", "GTE", {"value": "9"}, "12"),
        ("score", "LT", {"value": "10"}, "1"),
        ("score", "LTE", {"value": "10"}, "12"),
        ("score", "BETWEEN", {"value": "9", "highValue": "9.5"}, "1"),
        ("score", "HAS_PROPERTY", {}, "12"),
        ("score", "NOT_HAS_PROPERTY", {}, "3"),
        ("email", "IN", {"values": ["ada@example.org", "emmy@example.org"]}, "13"),
        ("email", "NOT_IN", {"values": ["ada@example.org"]}, "23"),
        ("likes", "EQ", {"value": "chess"}, "1"),
        ("likes", "IN", {"values": ["go"]}, "12"),
        ("likes", "NOT_IN", {"values": ["chess"]}, "23"),
        ("born", "EQ", {"value": "1815-12-10"}, "1"),
        ("born", "LT", {"value": "0"}, "1"),
        ("seen", "GTE", {"value": "1767323045600"}, "2"),
        ("seen", "GTE", {"value": "2026-01-02T03:04:05.601Z"}, ""),
        ("lastmodifieddate", "GTE", {"value": "1767323046000"}, "23"),
        ("createdate", "LT", {"value": "2026-01-02T03:04:06Z"}, "1"),
        ("hs_object_id", "GT", {"value": "1"}, "23"),
        ("email", "CONTAINS_TOKEN", {"value": "*@example.org"}, "13"),
        ("firstname", "CONTAINS_TOKEN", {"value": "brewster"}, "2"),
        ("firstname", "NOT_CONTAINS_TOKEN", {"value": "brewster"}, "13"),
    ],
)
@pytest.mark.usefixtures("three")
def test_an_operator_finds(ask: Ask, name: str, operator: str, more: dict[str, Any], found: str) -> None:
    one = {"propertyName": name, "operator": operator, **more}
    answer = ask("POST", SEARCH, {"filterGroups": [{"filters": [one]}], "limit": 10})
    assert "".join(record["id"] for record in answer["results"]) == found
    assert answer["total"] == len(found)


@pytest.mark.usefixtures("three")
def test_filters_of_a_group_are_joined_by_and_groups_by_or(ask: Ask) -> None:
    def equal(name: str, value: str) -> dict[str, str]:
        return {"propertyName": name, "operator": "EQ", "value": value}

    groups = [
        {"filters": [equal("score", "9"), equal("likes", "go")]},
        {"filters": [equal("email", "emmy@example.org")]},
        {"filters": [equal("score", "10"), equal("likes", "chess")]},
    ]
    answer = ask("POST", SEARCH, {"filterGroups": groups, "properties": ["score"]})
    assert [one["properties"]["score"] for one in answer["results"]] == ["9", None]


@pytest.mark.parametrize(
    ("sort", "found"),
    [
        ([{"propertyName": "score", "direction": "DESCENDING"}], "213"),
        ([{"propertyName": "lastmodifieddate", "direction": "ASCENDING"}], "123"),
        (["-createdate"], "321"),
        (["email"], "132"),
        ([], "123"),
    ],
)
@pytest.mark.usefixtures("three")
def test_results_are_sorted(ask: Ask, sort: list[Any], found: str) -> None:
    assert "".join(one["id"] for one in ask("POST", SEARCH, {"sorts": sort})["results"]) == found


@pytest.mark.usefixtures("three")
def test_results_come_in_pages(ask: Ask) -> None:
    first = ask("POST", SEARCH, {"limit": 2})
    assert (first["total"], first["paging"]["next"]["after"]) == (3, "2")
    last = ask("POST", SEARCH, {"limit": 2, "after": "2"})
    assert ([one["id"] for one in last["results"]], "paging" in last) == (["3"], False)


@pytest.mark.usefixtures("three")
def test_a_query_finds_words_in_texts(ask: Ask) -> None:
    assert [one["id"] for one in ask("POST", SEARCH, {"query": "navy grace"})["results"]] == ["2"]
    assert ask("POST", SEARCH, {"query": "100%"})["total"] == 0


def of(name: str, operator: str = "EQ", **more: Any) -> dict[str, Any]:
    return {"filterGroups": [{"filters": [{"propertyName": name, "operator": operator, **more}]}]}


@pytest.mark.parametrize(
    "body",
    [
        {"limit": 201},
        {"limit": 0},
        {"after": "9901", "limit": 100},
        {"after": "x"},
        of("nope", value="1"),
        of("email", "LIKE", value="a"),
        of("email"),
        of("email", "IN"),
        of("createdate", "GT", value="soon"),
        of("hs_object_id", value="one"),
        {"filterGroups": [{"filters": []}] * 6},
        {"sorts": ["nope"]},
        {"sorts": [{"propertyName": "email", "direction": "UP"}]},
        {"filterGroups": "all"},
    ],
)
def test_a_search_that_cannot_be_is_refused(ask: Ask, body: dict[str, Any]) -> None:
    assert ask("POST", SEARCH, body, 400)["category"] == "VALIDATION_ERROR"


def test_nobody_is_found_past_the_ten_thousandth(ask: Ask, emulator: HubSpot) -> None:
    emulator.crm.seed(contacts=[{"email": f"p{n}@example.org"} for n in range(10_050)])
    last = ask("POST", SEARCH, {"after": "9800", "limit": 200})
    assert (last["total"], len(last["results"])) == (10_050, 200)
    assert last["paging"]["next"]["after"] == "10000"
    ask("POST", SEARCH, {"after": "10000", "limit": 1}, 400)


def test_a_change_is_found_after_the_lag(ask: Ask, emulator: HubSpot, time: Ticking) -> None:
    emulator.settings.search_lag = 5
    made(ask, {"email": "ada@example.org"})
    assert ask("POST", SEARCH, {})["total"] == 0
    assert ask("GET", f"{CONTACTS}/ada@example.org?idProperty=email")["id"] == "1"
    time.sleep(5)
    assert ask("POST", SEARCH, {})["total"] == 1
