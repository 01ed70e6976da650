from __future__ import annotations

from typing import Any

import pytest
from hubspot_world import HubSpot, Says, choice, door, prop, wrong

from reconciler.adapters.errors import Duplicate, NotFound, Rejected
from reconciler.model.capabilities import Call
from reconciler.model.inventory import CrmField, CrmOption

PROPERTIES = "/crm/v3/properties/contacts"
GROUPS = {f"GET {PROPERTIES}/groups": {"results": [{"name": "contactinformation", "label": "Contact information"}]}}
FREE, PRO = CrmOption("free", "Free"), CrmOption("pro", "Pro")


def account(*properties: Any, archived: Any = (), **more: Any) -> HubSpot:
    return HubSpot({f"GET {PROPERTIES}": [{"results": list(p)} for p in (properties, archived)], **GROUPS, **more})


def test_properties_are_fields_with_the_label_of_their_group() -> None:
    hubspot = account(
        prop("email", hubspotDefined=True, modificationMetadata={"readOnlyValue": False, "archivable": False}),
        prop("hs_score", "number", "number", hubspotDefined=True, calculated=True),
        prop("createdate", "datetime", "date", modificationMetadata={"readOnlyValue": True, "archivable": False}),
        prop("plan", "enumeration", "select", options=[choice("free"), choice("old", hidden=True)]),
        prop("vip", "bool", "booleancheckbox", options=[choice("true"), choice("false")]),
        prop("formula", "string", "calculation_equation", calculationFormula="a"),
        prop("place", "object_coordinates", "text", groupName="elsewhere"),
    )
    with door(hubspot) as crm:
        email, score, created, plan, vip, formula, place = crm.sync_crm_fields()
        assert crm.meter.counts == {Call.SYNC_FIELDS: 3}
    assert email == CrmField("email", "Email", "string/text", (), "Contact information", standard=True)
    assert (score.read_only, created.read_only, formula.read_only, place.read_only) == (True, True, True, True)
    assert plan.options == (FREE, CrmOption("old", "Old"))
    assert vip.options == ()
    assert (place.native, place.group) == ("object_coordinates", "elsewhere")


def test_a_field_is_made_with_both_types_and_its_options() -> None:
    hubspot = account(**{f"POST {PROPERTIES}": prop("plan", "enumeration", "radio", options=[choice("free")])})
    with door(hubspot) as crm:
        crm.sync_crm_fields()
        made = crm.add_field(CrmField("plan", "Plan", "enumeration/radio", (FREE,)))
    assert made.native == "enumeration/radio"
    (body,) = hubspot.bodies(f"POST {PROPERTIES}")
    assert body == {
        "name": "plan",
        "label": "Plan",
        "type": "enumeration",
        "fieldType": "radio",
        "groupName": "contactinformation",
        "options": [{"value": "free", "label": "Free", "hidden": False, "displayOrder": 0}],
    }


def test_a_checkbox_is_made_with_its_two_options() -> None:
    hubspot = account(**{f"POST {PROPERTIES}": prop("vip", "bool", "booleancheckbox")})
    with door(hubspot) as crm:
        crm.add_field(CrmField("vip", "Vip", "bool/booleancheckbox"))
    assert [option["value"] for option in hubspot.bodies(f"POST {PROPERTIES}")[0]["options"]] == ["true", "false"]


def test_a_group_that_is_not_there_is_made_once() -> None:
    made = {"name": "loyalty_club", "label": "Loyalty: Club"}
    hubspot = account(**{f"POST {PROPERTIES}/groups": made, f"POST {PROPERTIES}": prop("a", groupName="loyalty_club")})
    with door(hubspot) as crm:
        crm.sync_crm_fields()
        for _ in range(2):
            assert crm.add_field(CrmField("a", "A", "string/text", group="Loyalty: Club")).group == "Loyalty: Club"
        assert crm.meter.counts[Call.ADD_GROUP] == 1
    assert hubspot.bodies(f"POST {PROPERTIES}/groups") == [made]


def test_the_name_of_an_archived_property_is_refused_before_it_is_sent() -> None:
    with door(account(archived=[prop("plan", archived=True)])) as crm:
        crm.sync_crm_fields()
        with pytest.raises(Rejected) as error:
            crm.add_field(CrmField("plan", "Plan", "string/text"))
    assert error.value.code == "E330"


def test_a_property_that_is_there_is_a_duplicate() -> None:
    with door(account(**{f"POST {PROPERTIES}": Says(wrong("CONFLICT"), 409)})) as crm, pytest.raises(Duplicate):
        crm.add_field(CrmField("plan", "Plan", "string/text"))


def test_options_are_sent_whole_and_what_hubspot_knows_of_them_stays() -> None:
    known = [choice("free", displayOrder=3, description="nothing"), choice("old", hidden=True), choice("gone")]
    there = prop("plan", "enumeration", "select", options=known)
    now = {**there, "options": [*known, choice("since")]}
    hubspot = account(there, **{f"GET {PROPERTIES}/plan": now, f"PATCH {PROPERTIES}/plan": there})
    with door(hubspot) as crm:
        (field,) = crm.sync_crm_fields()
        wanted = [option for option in field.options if option.value != "gone"]
        crm.update_field("plan", label="Tariff", options=[*wanted, PRO])
        assert crm.meter.counts == {Call.SYNC_FIELDS: 4, Call.UPDATE_FIELD: 1}
    (body,) = hubspot.bodies(f"PATCH {PROPERTIES}/plan")
    assert body["label"] == "Tariff"
    assert [option["value"] for option in body["options"]] == ["free", "old", "pro", "since"]
    assert body["options"][0] == choice("free", displayOrder=3, description="nothing")
    assert body["options"][1]["hidden"]


def test_an_option_of_several_may_not_hold_the_separator() -> None:
    with door(account()) as crm, pytest.raises(Rejected):
        crm.add_field(CrmField("roles", "Roles", "enumeration/checkbox", (CrmOption("a;b", "A"),)))


def test_a_field_is_archived_and_its_name_cannot_be_used_again() -> None:
    hubspot = account(**{f"DELETE {PROPERTIES}/plan": [Says(None, 204), Says(wrong("OBJECT_NOT_FOUND"), 404)]})
    with door(hubspot) as crm:
        crm.delete_field("plan")
        with pytest.raises(NotFound):
            crm.delete_field("plan")
        with pytest.raises(Rejected):
            crm.add_field(CrmField("plan", "Plan", "string/text"))
