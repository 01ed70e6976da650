from __future__ import annotations

from typing import Any

import pytest
from hubspot_world import HubSpot, Says, batch, choice, contact, door, prop, wrong

from reconciler.adapters.errors import CrmFailed, Duplicate, NotFound, Rejected
from reconciler.model.capabilities import Call
from reconciler.model.inventory import CrmTag

LISTS = "/crm/v3/lists"
TAGS = "/crm/v3/properties/contacts/tags"
READ = "POST /crm/v3/objects/contacts/batch/read"
UPDATE = "POST /crm/v3/objects/contacts/batch/update"
OPTIONS = {"tags": {"property": "tags"}}


def tagged(*options: Any, **more: Any) -> HubSpot:
    there = prop("tags", "enumeration", "checkbox", options=list(options))
    return HubSpot({f"GET {TAGS}": there, f"PATCH {TAGS}": there, **more})


def test_static_lists_of_contacts_are_tags_in_pages() -> None:
    pages = [
        {"lists": [{"listId": "1", "name": "A"}], "hasMore": True, "offset": 1},
        {"lists": [{"listId": "2", "name": "B"}], "hasMore": False, "offset": 2},
    ]
    hubspot = HubSpot({f"POST {LISTS}/search": pages})
    with door(hubspot) as crm:
        assert crm.sync_tags() == [CrmTag("1", "A"), CrmTag("2", "B")]
    first, second = hubspot.bodies(f"POST {LISTS}/search")
    assert (first["objectTypeId"], first["processingTypes"]) == ("0-1", ["MANUAL", "SNAPSHOT"])
    assert (first["count"], first["offset"], second["offset"]) == (500, 0, 1)


def test_a_list_that_goes_round_is_an_error() -> None:
    page = {"lists": [{"listId": "1", "name": "A"}], "hasMore": True, "offset": 0}
    with door(HubSpot({f"POST {LISTS}/search": page})) as crm, pytest.raises(CrmFailed) as error:
        crm.sync_tags()
    assert error.value.code == "E327"


def test_a_tag_is_a_manual_list() -> None:
    made = {"list": {"listId": "5", "name": "VIP", "processingType": "MANUAL"}}
    names = [Says({"updatedList": {}}), Says(wrong("VALIDATION_ERROR", subCategory="ILS.DUPLICATE_LIST_NAMES"), 400)]
    hubspot = HubSpot(
        {f"POST {LISTS}": made, f"PUT {LISTS}/5/update-list-name": names, f"DELETE {LISTS}/5": Says(None, 204)}
    )
    with door(hubspot) as crm:
        assert crm.add_tag("VIP") == CrmTag("5", "VIP")
        assert crm.rename_tag("5", "A & b") == CrmTag("5", "A & b")
        with pytest.raises(Duplicate):
            crm.rename_tag("5", "there")
        crm.delete_tag("5")
    assert hubspot.bodies(f"POST {LISTS}") == [{"name": "VIP", "objectTypeId": "0-1", "processingType": "MANUAL"}]
    assert hubspot.asked[1].query == (("listName", "A & b"),)


def test_contacts_are_put_on_a_list_and_who_is_missing_has_an_error_of_its_own() -> None:
    moved = {"recordsIdsAdded": ["1"], "recordIdsRemoved": [], "recordIdsMissing": ["3"]}
    hubspot = HubSpot({f"PUT {LISTS}/5/memberships/add": moved, f"PUT {LISTS}/5/memberships/remove": moved})
    with door(hubspot) as crm:
        done = crm.apply_tag("5", ["1", "2", "3", "no id"])
        assert [one.id or type(one.error) for one in done] == ["1", "2", NotFound, NotFound]
        assert [one.id for one in crm.remove_tag("5", ["1"])] == ["1"]
        assert crm.capabilities.endpoints[Call.APPLY_TAG].batch == 10_000
    assert hubspot.bodies(f"PUT {LISTS}/5/memberships/add") == [["1", "2", "3"]]


def test_the_members_of_a_list_come_in_pages() -> None:
    pages = [{"results": [{"recordId": "1"}], "paging": {"next": {"after": "x"}}}, {"results": [{"recordId": "2"}]}]
    with door(HubSpot({f"GET {LISTS}/5/memberships": pages})) as crm:
        assert list(crm.load_contacts("5")) == ["1", "2"]


def test_of_a_contact_that_is_not_there_no_tags_are_told() -> None:
    with door(HubSpot({READ: batch([], [wrong("OBJECT_NOT_FOUND", context={"ids": ["1"]})])})) as crm:
        for id in ("1", "no id", ""):
            with pytest.raises(NotFound):
                crm.get_tags(id)


def test_options_of_a_property_are_tags() -> None:
    hubspot = tagged(choice("vip", "VIP"), choice("old", "Old", hidden=True, displayOrder=4))
    with door(hubspot, **OPTIONS) as crm:
        assert crm.sync_tags() == [CrmTag("vip", "VIP"), CrmTag("old", "Old")]
        assert crm.add_tag("New one") == CrmTag("New one", "New one")
        assert crm.rename_tag("vip", "Very") == CrmTag("vip", "Very")
        crm.delete_tag("vip")
        for name in ("VIP", "vip"):
            with pytest.raises(Duplicate):
                crm.add_tag(name)
        with pytest.raises(NotFound):
            crm.delete_tag("gone")
        with pytest.raises(Rejected):
            crm.add_tag("a;b")
    added, renamed, deleted = ([o["label"] for o in body["options"]] for body in hubspot.bodies(f"PATCH {TAGS}"))
    assert (added, renamed, deleted) == (["VIP", "Old", "New one"], ["Very", "Old"], ["Old"])
    assert hubspot.bodies(f"PATCH {TAGS}")[0]["options"][1] == choice("old", "Old", hidden=True, displayOrder=4)


def test_a_choice_is_added_to_those_that_are_there() -> None:
    there = [contact("1", tags=";a;gone"), contact("2", tags=None), contact("3", tags="b")]
    hubspot = tagged(
        choice("a"), choice("b"), choice("c"), **{READ: batch(there), UPDATE: batch([contact(n) for n in "123"])}
    )
    with door(hubspot, **OPTIONS) as crm:
        assert [one.id or type(one.error) for one in crm.apply_tag("b", ["1", "2", "3", "4"])] == [
            "1",
            "2",
            "3",
            NotFound,
        ]
        assert crm.capabilities.endpoints[Call.APPLY_TAG].batch == 100
        assert crm.capabilities.since_covers == {"values", "tags"}
        assert crm.meter.counts == {Call.LOAD_CONTACTS: 1, Call.SYNC_TAGS: 1, Call.APPLY_TAG: 1}
    sent = [item["properties"]["tags"] for item in hubspot.bodies(UPDATE)[0]["inputs"]]
    assert sent == ["a;b", "b", "b"]


THEIRS = prop("tags", "enumeration", "checkbox", hubspotDefined=True, modificationMetadata={"readOnlyValue": True})


@pytest.mark.parametrize(
    "answer", [Says(wrong("OBJECT_NOT_FOUND"), 404), prop("tags", "enumeration", "select"), prop("tags"), THEIRS]
)
def test_a_property_that_cannot_hold_tags_is_said(answer: Any) -> None:
    with door(HubSpot({f"GET {TAGS}": answer}), **OPTIONS) as crm, pytest.raises(CrmFailed) as error:
        crm.sync_tags()
    assert error.value.code == "E331"
