"""Lists of the emulated HubSpot, and who is on them."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.emulators.hubspot import HubSpot
from reconciler.testing.ticking import Ticking
from tests.emulators.conftest import CONTACTS, LISTS, Ask, a_list, made


def members(ask: Ask, id: str) -> list[str]:
    return [one["recordId"] for one in ask("GET", f"{LISTS}/{id}/memberships")["results"]]


def people(ask: Ask, many: int) -> list[str]:
    return made(ask, *({"email": f"p{n}@example.org"} for n in range(many)))


def test_a_list_is_found_by_id_name_and_search(ask: Ask) -> None:
    id = a_list(ask, "VIP / Gold")
    a_list(ask, "Other", "SNAPSHOT")
    assert ask("GET", f"{LISTS}/{id}")["list"]["name"] == "VIP / Gold"
    assert ask("GET", f"{LISTS}/object-type-id/0-1/name/VIP%20%2F%20Gold")["list"]["listId"] == id
    found = ask("POST", f"{LISTS}/search", {"query": "gold", "additionalProperties": ["hs_list_size"]})
    assert [(one["listId"], one["additionalProperties"]) for one in found["lists"]] == [(id, {"hs_list_size": "0"})]
    assert (found["total"], found["hasMore"], found["offset"]) == (1, False, 1)
    assert ask("POST", f"{LISTS}/search", {"processingTypes": ["SNAPSHOT"]})["total"] == 1
    assert len(ask("GET", f"{LISTS}?listIds={id}&listIds=99")["lists"]) == 1


def test_a_search_for_lists_goes_on_at_an_offset(ask: Ask) -> None:
    ids = [a_list(ask, f"list {n}") for n in range(5)]
    seen: list[str] = []
    more = True
    while more:
        page = ask("POST", f"{LISTS}/search", {"count": 2, "offset": len(seen)})
        seen += [one["listId"] for one in page["lists"]]
        more = page["hasMore"]
    assert seen == ids
    ask("POST", f"{LISTS}/search", {"count": 501}, 400)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "VIP"},
        {"name": "vip"},
        {"name": " "},
        {"objectTypeId": "0-2"},
        {"processingType": "STATIC"},
        {"processingType": "DYNAMIC"},
    ],
)
def test_a_list_that_cannot_be_is_refused(ask: Ask, change: dict[str, str]) -> None:
    a_list(ask, "VIP")
    ask("POST", LISTS, {"name": "New", "objectTypeId": "0-1", "processingType": "MANUAL", **change}, 400)
    assert ask("POST", f"{LISTS}/search", {})["total"] == 1


def test_a_renamed_list_keeps_its_members(ask: Ask) -> None:
    people(ask, 1)
    id, other = a_list(ask, "VIP"), a_list(ask, "Other")
    ask("PUT", f"{LISTS}/{id}/memberships/add", ["1"])
    assert ask("PUT", f"{LISTS}/{id}/update-list-name?listName=Gold")["updatedList"]["name"] == "Gold"
    assert members(ask, id) == ["1"]
    ask("PUT", f"{LISTS}/{other}/update-list-name?listName=gold", status=400)
    ask("PUT", f"{LISTS}/99/update-list-name?listName=x", status=404)


def test_members_are_added_and_removed_and_strangers_are_ignored(ask: Ask) -> None:
    people(ask, 3)
    id = a_list(ask, "VIP")
    assert ask("PUT", f"{LISTS}/{id}/memberships/add", ["1", "2", "2", "99", "x"]) == {
        "recordsIdsAdded": ["1", "2"],
        "recordIdsRemoved": [],
        "recordIdsMissing": ["99", "x"],
    }
    assert ask("PUT", f"{LISTS}/{id}/memberships/add", ["1", 3])["recordsIdsAdded"] == ["3"]
    body = {"recordIdsToAdd": ["2"], "recordIdsToRemove": ["1"]}
    assert ask("PUT", f"{LISTS}/{id}/memberships/add-and-remove", body)["recordIdsRemoved"] == ["1"]
    assert ask("PUT", f"{LISTS}/{id}/memberships/remove", ["1", "2"])["recordIdsRemoved"] == ["2"]
    assert members(ask, id) == ["3"]
    assert ask("GET", f"{LISTS}/{id}")["list"]["size"] == 1
    ask("DELETE", f"{LISTS}/{id}/memberships", status=204)
    assert members(ask, id) == []


def test_members_come_in_pages(ask: Ask) -> None:
    ids = people(ask, 5)
    id = a_list(ask, "VIP")
    ask("PUT", f"{LISTS}/{id}/memberships/add", ids)
    page = ask("GET", f"{LISTS}/{id}/memberships?limit=3")
    rest = ask("GET", f"{LISTS}/{id}/memberships?limit=3&after={page['paging']['next']['after']}")
    assert [one["recordId"] for one in page["results"] + rest["results"]] == ids
    assert "paging" not in rest


def test_lists_of_records_are_read(ask: Ask) -> None:
    people(ask, 2)
    for name in ("A", "B"):
        ask("PUT", f"{LISTS}/{a_list(ask, name)}/memberships/add", ["1"])
    of_one = ask("GET", f"{LISTS}/records/0-1/1/memberships")["results"]
    assert [one["listId"] for one in of_one] == ["1", "2"]
    inputs = [{"objectTypeId": "0-1", "recordId": id} for id in ("1", "2", "9")]
    of_all = ask("POST", f"{LISTS}/records/memberships/batch/read", {"inputs": inputs}, 207)
    assert [(one["recordId"], len(one["recordListMemberships"])) for one in of_all["results"]] == [("1", 2), ("2", 0)]
    assert of_all["errors"][0]["context"] == {"ids": ["9"]}
    ask("GET", f"{LISTS}/records/0-1/9/memberships", status=404)


def test_being_put_on_a_list_does_not_change_a_contact(ask: Ask, time: Ticking) -> None:
    people(ask, 1)
    before = ask("GET", f"{CONTACTS}/1")
    time.sleep(60)
    ask("PUT", f"{LISTS}/{a_list(ask, 'VIP')}/memberships/add", ["1"])
    assert ask("GET", f"{CONTACTS}/1") == before


def test_a_deleted_list_can_be_restored_for_ninety_days(ask: Ask, time: Ticking) -> None:
    people(ask, 2)
    id = a_list(ask, "VIP")
    ask("PUT", f"{LISTS}/{id}/memberships/add", ["1", "2"])
    ask("DELETE", f"{LISTS}/{id}", status=204)
    ask("GET", f"{LISTS}/{id}", status=404)
    ask("GET", f"{LISTS}/{id}/memberships", status=404)
    ask("DELETE", f"{CONTACTS}/2", status=204)
    ask("PUT", f"{LISTS}/{id}/restore", status=204)
    assert members(ask, id) == ["1"]
    ask("DELETE", f"{LISTS}/{id}", status=204)
    time.sleep(91 * 86_400)
    ask("PUT", f"{LISTS}/{id}/restore", status=404)


def test_a_list_cannot_be_restored_under_a_name_that_is_taken(ask: Ask) -> None:
    id = a_list(ask, "VIP")
    ask("DELETE", f"{LISTS}/{id}", status=204)
    a_list(ask, "VIP")
    ask("PUT", f"{LISTS}/{id}/restore", status=400)


def test_members_of_a_dynamic_list_come_from_its_filters(ask: Ask) -> None:
    people(ask, 1)
    branch: Any = {"filterBranchType": "OR", "filterBranches": [], "filters": []}
    id = a_list(ask, "Active", "DYNAMIC", filterBranch=branch)
    ask("PUT", f"{LISTS}/{id}/memberships/add", ["1"], 400)
    assert ask("GET", f"{LISTS}/{id}?includeFilters=true")["list"]["filterBranch"] == branch
    assert "filterBranch" not in ask("GET", f"{LISTS}/{id}")["list"]


def test_a_merged_contact_is_on_the_lists_of_both(ask: Ask) -> None:
    people(ask, 2)
    for id, contact in ((a_list(ask, "A"), "1"), (a_list(ask, "B"), "2")):
        ask("PUT", f"{LISTS}/{id}/memberships/add", [contact])
    ask("POST", f"{CONTACTS}/merge", {"primaryObjectId": "1", "objectIdToMerge": "2"})
    assert [one["listId"] for one in ask("GET", f"{LISTS}/records/0-1/1/memberships")["results"]] == ["1", "2"]


def test_what_somebody_else_does_to_tags_is_seen(ask: Ask, emulator: HubSpot) -> None:
    people(ask, 1)
    key = emulator.crm.add_tag("Theirs").key
    emulator.crm.tag([key], ["1"], on=True)
    assert members(ask, key) == ["1"]
    assert ask("GET", f"{LISTS}/{key}")["list"]["processingType"] == "MANUAL"
