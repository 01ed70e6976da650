"""Contacts of the emulated HubSpot: values, batches, look-ups, merges."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.emulators.hubspot import HubSpot
from reconciler.testing.ticking import Ticking
from tests.emulators.conftest import CONTACTS, Ask, client, field, made


def codes(answer: Any) -> list[str]:
    return [error["code"] for error in answer["errors"]]


@pytest.mark.parametrize(
    ("type", "field_type", "given", "read"),
    [
        ("string", "text", " as it is ", " as it is "),
        ("string", "text", 5, "5"),
        ("number", "number", "1.50", "1.5"),
        ("number", "number", 7, "7"),
        ("number", "number", "1e3", "1000"),
        ("date", "date", "2020-02-29", "2020-02-29"),
        ("date", "date", "1582934400000", "2020-02-29"),
        ("date", "date", "2020-02-29T00:00:00Z", "2020-02-29"),
        ("datetime", "date", "2020-02-29T12:30:00+02:00", "2020-02-29T10:30:00Z"),
        ("datetime", "date", 1582972200123, "2020-02-29T10:30:00.123Z"),
        ("bool", "booleancheckbox", True, "true"),
        ("bool", "booleancheckbox", "false", "false"),
        ("enumeration", "select", "b", "b"),
        ("enumeration", "checkbox", "b;a", "b;a"),
        ("enumeration", "checkbox", ";a;a", "a"),
        ("enumeration", "checkbox", "", None),
        ("number", "number", None, None),
    ],
)
def test_a_value_is_read_as_hubspot_writes_it(ask: Ask, type: str, field_type: str, given: Any, read: Any) -> None:
    field(ask, "x", type, field_type, *(("a", "b") if type == "enumeration" else ()))
    (id,) = made(ask, {"email": "ada@example.org", "x": given})
    assert ask("GET", f"{CONTACTS}/{id}?properties=x")["properties"]["x"] == read


@pytest.mark.parametrize(
    ("type", "field_type", "given", "code"),
    [
        ("number", "number", "many", "INVALID_NUMBER"),
        ("date", "date", "tomorrow", "INVALID_DATE"),
        ("date", "date", "2020-02-29T01:00:00Z", "INVALID_DATE"),
        ("datetime", "date", "noon", "INVALID_LONG"),
        ("bool", "booleancheckbox", "yes", "INVALID_OPTION"),
        ("enumeration", "select", "c", "INVALID_OPTION"),
        ("enumeration", "checkbox", "a;c", "INVALID_OPTION"),
    ],
)
def test_a_value_that_the_type_does_not_take_is_refused(
    ask: Ask, type: str, field_type: str, given: str, code: str
) -> None:
    field(ask, "x", type, field_type, *(("a", "b") if type == "enumeration" else ()))
    answer = ask("POST", CONTACTS, {"properties": {"email": "ada@example.org", "x": given}}, 400)
    assert (answer["category"], codes(answer)) == ("VALIDATION_ERROR", [code])
    assert answer["errors"][0]["context"] == {"propertyName": ["x"]}
    assert given in answer["errors"][0]["message"], "HubSpot quotes values, so that nobody may show its messages"


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({"email": "ada@example.org", "nope": "1"}, "PROPERTY_DOESNT_EXIST"),
        ({"email": "ada"}, "INVALID_EMAIL"),
        ({"email": "ada@example.org", "hs_object_id": "7"}, "READ_ONLY_VALUE"),
        ({"email": "ada@example.org", "lastmodifieddate": "2020-01-01"}, "READ_ONLY_VALUE"),
        ({"email": "ada@example.org", "lifecyclestage": "friend"}, "INVALID_OPTION"),
    ],
)
def test_a_contact_that_cannot_be_is_refused(ask: Ask, properties: dict[str, str], code: str) -> None:
    assert codes(ask("POST", CONTACTS, {"properties": properties}, 400)) == [code]
    assert ask("GET", CONTACTS)["results"] == []


def test_a_contact_needs_an_address_or_a_name(ask: Ask) -> None:
    ask("POST", CONTACTS, {"properties": {"city": "London"}}, 400)
    assert made(ask, {"firstname": "Ada"}, {"firstname": "Ada"}) == ["1", "2"]


def test_an_address_is_kept_in_lower_case_and_found_in_any(ask: Ask) -> None:
    made(ask, {"email": "Ada@Example.ORG"})
    found = ask("GET", f"{CONTACTS}/ADA%40example.org?idProperty=email")
    assert found["properties"]["email"] == "ada@example.org"
    ask("GET", f"{CONTACTS}/grace%40example.org?idProperty=email", status=404)


def test_an_address_is_unique_and_the_answer_names_who_has_it(ask: Ask) -> None:
    made(ask, {"email": "ada@example.org"}, {"email": "grace@example.org"})
    taken = ask("POST", CONTACTS, {"properties": {"email": "ADA@example.org"}}, 409)
    assert (taken["category"], taken["message"]) == ("CONFLICT", "Contact already exists. Existing ID: 1")
    taken = ask("PATCH", f"{CONTACTS}/2", {"properties": {"email": "ada@example.org"}}, 409)
    assert taken["message"].endswith("Existing ID: 1")


def test_properties_come_only_when_they_are_asked_for(ask: Ask) -> None:
    (id,) = made(ask, {"email": "ada@example.org", "city": "London", "firstname": "Ada"})
    always = {"createdate", "hs_object_id", "lastmodifieddate"}
    assert set(ask("GET", f"{CONTACTS}/{id}")["properties"]) == {*always, "email", "firstname", "lastname"}
    for asked in ("properties=city&properties=zip", "properties=city,zip", "properties=city,zip,nope"):
        read = ask("GET", f"{CONTACTS}/{id}?{asked}")["properties"]
        assert set(read) == {*always, "city", "zip"}
        assert (read["city"], read["zip"]) == ("London", None)


def test_a_write_moves_the_date_of_the_last_change(ask: Ask, time: Ticking) -> None:
    (id,) = made(ask, {"email": "ada@example.org"})
    time.sleep(1.25)
    written = ask("PATCH", f"{CONTACTS}/{id}", {"properties": {"city": "London"}})
    assert written["updatedAt"] == written["properties"]["lastmodifieddate"] == "2026-01-02T03:04:06.250Z"
    assert written["createdAt"] == "2026-01-02T03:04:05Z"
    assert written["properties"]["city"] == "London"


def test_a_blank_text_clears_a_value(ask: Ask) -> None:
    (id,) = made(ask, {"email": "ada@example.org", "city": "London"})
    ask("PATCH", f"{CONTACTS}/{id}", {"properties": {"city": ""}})
    assert ask("GET", f"{CONTACTS}/{id}?properties=city")["properties"]["city"] is None


def test_pages_hold_everybody_once(ask: Ask) -> None:
    made(ask, *({"email": f"p{n}@example.org"} for n in range(7)))
    seen, after = [], "0"
    while after:
        page = ask("GET", f"{CONTACTS}?limit=3&after={after}")
        seen += [record["id"] for record in page["results"]]
        after = page.get("paging", {}).get("next", {}).get("after")
    assert seen == ["1", "2", "3", "4", "5", "6", "7"]


@pytest.mark.parametrize("query", ["limit=101", "limit=0", "limit=ten", "after=x"])
def test_a_page_that_cannot_be_is_refused(ask: Ask, query: str) -> None:
    ask("GET", f"{CONTACTS}?{query}", status=400)


def test_a_failed_batch_fails_as_a_whole_where_its_inputs_cannot_be_told(ask: Ask) -> None:
    made(ask, {"email": "ada@example.org"})
    inputs = [{"properties": {"email": "grace@example.org"}}, {"properties": {"email": "ada@example.org"}}]
    answer = ask("POST", f"{CONTACTS}/batch/create", {"inputs": inputs}, 409)
    assert answer["category"] == "CONFLICT"
    assert len(ask("GET", CONTACTS)["results"]) == 1


def test_with_trace_ids_the_rest_of_a_batch_is_done(ask: Ask) -> None:
    made(ask, {"email": "ada@example.org"})
    people = ["grace@example.org", "ada@example.org", "emmy@example.org"]
    inputs = [{"properties": {"email": email}, "objectWriteTraceId": email[:3]} for email in people]
    answer = ask("POST", f"{CONTACTS}/batch/create", {"inputs": inputs}, 207)
    assert [one["objectWriteTraceId"] for one in answer["results"]] == ["gra", "emm"]
    assert answer["numErrors"] == len(answer["errors"]) == 1
    assert answer["errors"][0]["context"] == {"objectWriteTraceId": ["ada"]}
    assert len(ask("GET", CONTACTS)["results"]) == 3


def test_a_batch_of_updates_tells_who_is_gone(ask: Ask) -> None:
    made(ask, {"email": "ada@example.org"})
    inputs = [{"id": id, "properties": {"city": "London"}, "objectWriteTraceId": id} for id in ("1", "77")]
    answer = ask("POST", f"{CONTACTS}/batch/update", {"inputs": inputs}, 207)
    assert [one["id"] for one in answer["results"]] == ["1"]
    assert answer["errors"][0]["category"] == "OBJECT_NOT_FOUND"
    assert answer["errors"][0]["context"] == {"ids": ["77"], "objectWriteTraceId": ["77"]}
    ask("POST", f"{CONTACTS}/batch/update", {"inputs": [{"id": "77", "properties": {}}]}, 404)


def test_a_batch_is_read_as_far_as_it_is_there(ask: Ask) -> None:
    made(ask, {"email": "ada@example.org", "city": "London"})
    body = {"inputs": [{"id": "1"}, {"id": "8"}, {"id": "9"}], "properties": ["city"], "propertiesWithHistory": []}
    answer = ask("POST", f"{CONTACTS}/batch/read", body, 207)
    assert [one["properties"]["city"] for one in answer["results"]] == ["London"]
    (error,) = answer["errors"]
    assert (answer["numErrors"], error["category"]) == (1, "OBJECT_NOT_FOUND")
    assert error["context"] == {"ids": ["8", "9"]}
    by_email = {"inputs": [{"id": "ADA@example.org"}], "idProperty": "email", "properties": []}
    assert ask("POST", f"{CONTACTS}/batch/read", by_email)["results"][0]["id"] == "1"


def test_an_upsert_says_who_is_new(ask: Ask) -> None:
    made(ask, {"email": "ada@example.org"})
    inputs = [
        {"id": email, "idProperty": "email", "properties": {"city": "London"}}
        for email in ("Ada@example.org", "grace@example.org")
    ]
    answer = ask("POST", f"{CONTACTS}/batch/upsert", {"inputs": inputs})
    assert [(one["id"], one["new"]) for one in answer["results"]] == [("1", False), ("2", True)]
    assert ask("GET", f"{CONTACTS}/2")["properties"]["email"] == "grace@example.org"


@pytest.mark.parametrize(
    ("operation", "inputs"),
    [
        ("create", [{"properties": {"email": "a@example.org"}}] * 2),
        ("update", [{"id": "1", "properties": {"city": "x"}}] * 2),
        ("upsert", [{"id": "a@example.org", "properties": {}}]),
        ("upsert", [{"id": "a@example.org", "idProperty": "city", "properties": {}}]),
        ("create", []),
        ("create", [{"properties": {"email": f"p{n}@example.org"}} for n in range(101)]),
        ("create", [{"id": "1"}]),
        ("create", "all"),
    ],
)
def test_a_batch_that_cannot_be_is_refused(ask: Ask, operation: str, inputs: Any) -> None:
    made(ask, {"email": "ada@example.org"})
    ask("POST", f"{CONTACTS}/batch/{operation}", {"inputs": inputs}, 400)
    assert len(ask("GET", CONTACTS)["results"]) == 1


def test_a_unique_property_finds_a_contact_and_is_kept_unique(ask: Ask) -> None:
    field(ask, "number", hasUniqueValue=True)
    made(ask, {"email": "ada@example.org", "number": "n1"}, {"email": "grace@example.org", "number": "n2"})
    assert ask("GET", f"{CONTACTS}/n2?idProperty=number")["id"] == "2"
    body = {"properties": {"email": "emmy@example.org", "number": "n1"}}
    assert codes(ask("POST", CONTACTS, body, 400)) == ["NOT_UNIQUE"]
    ask("PATCH", f"{CONTACTS}/1", {"properties": {"number": "n1"}})
    inputs = [{"properties": {"email": f"p{n}@example.org", "number": "n3"}} for n in range(2)]
    ask("POST", f"{CONTACTS}/batch/create", {"inputs": inputs}, 400)


def test_a_merged_contact_leads_to_the_one_that_was_kept(ask: Ask) -> None:
    made(ask, {"email": "ada@example.org"}, {"email": "countess@example.org"})
    merged = ask("POST", f"{CONTACTS}/merge", {"primaryObjectId": "1", "objectIdToMerge": "2"})
    assert (merged["id"], merged["properties"]["hs_merged_object_ids"]) == ("1", "2")
    assert ask("GET", f"{CONTACTS}/2")["id"] == "1"
    ask("PATCH", f"{CONTACTS}/2", {"properties": {"city": "London"}})
    assert ask("GET", f"{CONTACTS}/1?properties=city")["properties"]["city"] == "London"
    ask("POST", f"{CONTACTS}/merge", {"primaryObjectId": "1", "objectIdToMerge": "9"}, 404)
    ask("POST", f"{CONTACTS}/merge", {"primaryObjectId": "1", "objectIdToMerge": "2"}, 400)


def test_an_archived_contact_is_shown_only_among_the_archived(ask: Ask) -> None:
    made(ask, {"email": "ada@example.org"}, {"email": "grace@example.org"})
    ask("DELETE", f"{CONTACTS}/1", status=204)
    ask("POST", f"{CONTACTS}/batch/archive", {"inputs": [{"id": "2"}]}, 204)
    ask("GET", f"{CONTACTS}/1", status=404)
    assert ask("GET", CONTACTS)["results"] == []
    gone = ask("GET", f"{CONTACTS}?archived=true")["results"]
    assert [(one["id"], one["archived"], one["properties"]["email"]) for one in gone] == [
        ("1", True, "ada@example.org"),
        ("2", True, "grace@example.org"),
    ]
    assert "archivedAt" in ask("GET", f"{CONTACTS}/1?archived=true")
    assert made(ask, {"email": "ada@example.org"}) == ["3"]


def test_what_somebody_else_does_is_seen(ask: Ask, emulator: HubSpot) -> None:
    made(ask, {"email": "ada@example.org"}, {"email": "grace@example.org"})
    emulator.crm.update([("1", {"firstname": "Ada"})])
    emulator.crm.delete_contact("2")
    assert ask("GET", f"{CONTACTS}/1")["properties"]["firstname"] == "Ada"
    ask("GET", f"{CONTACTS}/2", status=404)


def test_values_are_rewritten_where_that_is_asked_for(tmp_path: Path, time: Ticking) -> None:
    emulator = HubSpot(tmp_path / "hubspot.db", time.clock, rewrites={"city": "upper", "*": "strip"})
    body = {"properties": {"email": "ada@example.org", "city": "London", "firstname": " Ada "}}
    with client(emulator) as connected:
        written = connected.post(CONTACTS, json=body).json()["properties"]
    assert (written["city"], written["firstname"]) == ("LONDON", "Ada")
    emulator.close()


def test_everything_survives_a_restart(tmp_path: Path, time: Ticking) -> None:
    first = HubSpot(tmp_path / "hubspot.db", time.clock)
    with client(first) as connected:
        connected.post(CONTACTS, json={"properties": {"email": "ada@example.org"}})
        connected.delete("/crm/v3/properties/contacts/x")
        portal = connected.get("/account-info/v3/details").json()["portalId"]
    first.close()
    second = HubSpot(tmp_path / "hubspot.db", time.clock)
    with client(second) as connected:
        assert connected.get(f"{CONTACTS}/1").json()["properties"]["email"] == "ada@example.org"
        assert connected.get("/account-info/v3/details").json()["portalId"] == portal
    second.close()
