"""Properties and groups of the emulated HubSpot."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.emulators.hubspot import HubSpot
from reconciler.model.inventory import CrmField
from reconciler.testing.ticking import Ticking
from tests.emulators.conftest import CONTACTS, PROPERTIES, Ask, field, made


def names(answer: Any) -> list[str]:
    return [one["name"] for one in answer["results"]]


@pytest.mark.parametrize(
    ("name", "type", "field_type", "read_only"),
    [
        ("email", "string", "text", False),
        ("phone", "string", "phonenumber", False),
        ("lifecyclestage", "enumeration", "radio", False),
        ("closedate", "datetime", "date", False),
        ("hs_object_id", "number", "number", True),
        ("createdate", "datetime", "date", True),
        ("lastmodifieddate", "datetime", "date", True),
    ],
)
def test_an_account_has_the_standard_properties(
    ask: Ask, name: str, type: str, field_type: str, read_only: bool
) -> None:
    found = ask("GET", f"{PROPERTIES}/{name}")
    assert (found["type"], found["fieldType"], found["hubspotDefined"]) == (type, field_type, True)
    assert found["modificationMetadata"]["readOnlyValue"] is read_only
    assert found["modificationMetadata"]["archivable"] is False


def test_a_property_is_what_was_asked_for(ask: Ask) -> None:
    options = [{"label": "Two", "value": "2", "hidden": True, "displayOrder": 1, "description": "more"}]
    options += [{"label": "One", "value": "1", "hidden": False, "displayOrder": 0}]
    body = {"name": "plan", "label": "Plan", "type": "enumeration", "fieldType": "select", "description": "which"}
    created = ask("POST", PROPERTIES, {**body, "groupName": "contactinformation", "options": options}, 201)
    assert created == ask("GET", f"{PROPERTIES}/plan")
    assert {key: created[key] for key in body} == body
    assert [(o["value"], o["hidden"], o["description"]) for o in created["options"]] == [
        ("1", False, ""),
        ("2", True, "more"),
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Upper"},
        {"name": "hs_mine"},
        {"name": ""},
        {"type": "money"},
        {"fieldType": "date"},
        {"groupName": "nowhere"},
        {"options": [{"label": "A", "value": "a", "hidden": False}]},
        {"type": "date", "fieldType": "date", "hasUniqueValue": True},
        {"type": "bool", "fieldType": "booleancheckbox", "options": [{"label": "A", "value": "a", "hidden": False}]},
        {
            "type": "enumeration",
            "fieldType": "select",
            "options": [{"label": "A", "value": value, "hidden": False} for value in "ab"],
        },
    ],
)
def test_a_property_that_cannot_be_is_refused(ask: Ask, change: dict[str, Any]) -> None:
    good = {"name": "x", "label": "X", "type": "string", "fieldType": "text", "groupName": "contactinformation"}
    before = ask("GET", PROPERTIES)
    assert ask("POST", PROPERTIES, {**good, **change}, 400)["category"] == "VALIDATION_ERROR"
    assert ask("GET", PROPERTIES) == before


def test_a_name_is_taken_once(ask: Ask, emulator: HubSpot) -> None:
    field(ask, "x")
    body = {"name": "x", "label": "X", "type": "string", "fieldType": "text", "groupName": "contactinformation"}
    assert ask("POST", PROPERTIES, body, 409)["category"] == "CONFLICT"
    ask("DELETE", f"{PROPERTIES}/x", status=204)
    ask("POST", PROPERTIES, body, 409)
    emulator.settings.archived_names = "free"
    ask("POST", PROPERTIES, body, 201)


def test_an_archived_property_is_shown_only_among_the_archived(ask: Ask) -> None:
    field(ask, "x", "enumeration", "select", "a", "b")
    made(ask, {"email": "ada@example.org", "x": "a"})
    ask("DELETE", f"{PROPERTIES}/x", status=204)
    assert "x" not in names(ask("GET", PROPERTIES))
    (archived,) = ask("GET", f"{PROPERTIES}?archived=true")["results"]
    assert (archived["name"], archived["archived"], len(archived["options"])) == ("x", True, 2)
    assert "archivedAt" in ask("GET", f"{PROPERTIES}/x?archived=true")
    ask("GET", f"{PROPERTIES}/x", status=404)
    answer = ask("PATCH", f"{CONTACTS}/1", {"properties": {"x": "a"}}, 400)
    assert answer["errors"][0]["code"] == "PROPERTY_DOESNT_EXIST"


def test_a_property_is_changed_but_not_its_name(ask: Ask, time: Ticking) -> None:
    before = field(ask, "x", "enumeration", "select", "a", "b")
    time.sleep(60)
    options = [{"label": value, "value": value, "hidden": False} for value in ("b", "c")]
    body = {"label": "New", "options": options, "name": "y", "groupName": "emailinformation"}
    changed = ask("PATCH", f"{PROPERTIES}/x", body)
    assert (changed["name"], changed["label"], changed["groupName"]) == ("x", "New", "emailinformation")
    assert [option["value"] for option in changed["options"]] == ["b", "c"]
    assert changed["updatedAt"] > before["updatedAt"] == changed["createdAt"]


def test_a_removed_option_stays_on_contacts_that_have_it(ask: Ask) -> None:
    field(ask, "x", "enumeration", "select", "a", "b")
    made(ask, {"email": "ada@example.org", "x": "a"})
    ask("PATCH", f"{PROPERTIES}/x", {"options": [{"label": "B", "value": "b", "hidden": False}]})
    assert ask("GET", f"{CONTACTS}/1?properties=x")["properties"]["x"] == "a"
    ask("PATCH", f"{CONTACTS}/1", {"properties": {"x": "a"}}, 400)


def test_a_type_changes_while_nobody_has_a_value(ask: Ask) -> None:
    field(ask, "x", "enumeration", "select", "a", "b")
    assert ask("PATCH", f"{PROPERTIES}/x", {"fieldType": "radio"})["fieldType"] == "radio"
    assert ask("PATCH", f"{PROPERTIES}/x", {"fieldType": "checkbox"})["fieldType"] == "checkbox"
    made(ask, {"email": "ada@example.org", "x": "a;b"})
    ask("PATCH", f"{PROPERTIES}/x", {"fieldType": "select"}, 400)


@pytest.mark.parametrize("body", [{"label": "Mail"}, {"type": "number", "fieldType": "number"}, {"hidden": True}])
def test_what_hubspot_defined_stays_as_it_is(ask: Ask, body: dict[str, Any]) -> None:
    ask("PATCH", f"{PROPERTIES}/email", body, 400)
    ask("DELETE", f"{PROPERTIES}/email", status=400)
    assert ask("GET", f"{PROPERTIES}/email")["label"] == "Email"


def test_properties_in_batches_tell_what_failed(ask: Ask) -> None:
    good = {"label": "X", "type": "string", "fieldType": "text", "groupName": "contactinformation"}
    inputs = [{**good, "name": "a"}, {**good, "name": "email"}, {"name": "b"}, {**good, "name": "c"}]
    answer = ask("POST", f"{PROPERTIES}/batch/create", {"inputs": inputs}, 207)
    assert names(answer) == ["a", "c"]
    assert [(e["category"], e["context"]["name"]) for e in answer["errors"]] == [
        ("CONFLICT", ["email"]),
        ("VALIDATION_ERROR", ["b"]),
    ]
    wanted = {"inputs": [{"name": "c"}, {"name": "zz"}], "archived": False}
    answer = ask("POST", f"{PROPERTIES}/batch/read", wanted, 207)
    assert (names(answer), answer["errors"][0]["context"]) == (["c"], {"name": ["zz"]})
    ask("POST", f"{PROPERTIES}/batch/archive", {"inputs": [{"name": "a"}, {"name": "c"}]}, 204)
    assert names(ask("GET", f"{PROPERTIES}?archived=true")) == ["a", "c"]


def test_sensitive_properties_are_none(ask: Ask) -> None:
    assert ask("GET", f"{PROPERTIES}?dataSensitivity=sensitive")["results"] == []


def test_groups_are_made_changed_and_removed_while_empty(ask: Ask) -> None:
    assert "contactinformation" in names(ask("GET", f"{PROPERTIES}/groups"))
    ask("POST", f"{PROPERTIES}/groups", {"name": "ours", "label": "Ours"}, 201)
    ask("POST", f"{PROPERTIES}/groups", {"name": "ours", "label": "Ours"}, 409)
    assert ask("PATCH", f"{PROPERTIES}/groups/ours", {"label": "Us"})["label"] == "Us"
    assert ask("GET", f"{PROPERTIES}/groups/ours") == {
        "name": "ours",
        "label": "Us",
        "displayOrder": -1,
        "archived": False,
    }
    field(ask, "x", groupName="ours")
    ask("DELETE", f"{PROPERTIES}/groups/ours", status=400)
    ask("DELETE", f"{PROPERTIES}/x", status=204)
    ask("DELETE", f"{PROPERTIES}/groups/ours", status=204)
    ask("GET", f"{PROPERTIES}/groups/ours", status=404)
    ask("DELETE", f"{PROPERTIES}/groups/contactinformation", status=400)


def test_a_field_that_somebody_made_otherwise_is_a_property(ask: Ask, emulator: HubSpot) -> None:
    emulator.crm.add_field(CrmField("theirs", "Theirs", "multiselect"))
    found = ask("GET", f"{PROPERTIES}/theirs")
    assert (found["type"], found["fieldType"], found["hubspotDefined"]) == ("enumeration", "checkbox", False)
