from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from http_world import WORD, everything_of
from hubspot_world import EMAIL, HubSpot, Says, batch, contact, door, wrong

from reconciler.adapters.crm import ID, TAGS
from reconciler.adapters.errors import CrmFailed, Duplicate, NotFound, QuotaUsedUp, Rejected, Unavailable, Uncertain
from reconciler.model.capabilities import Call

CREATE = "POST /crm/v3/objects/contacts/batch/create"
UPDATE = "POST /crm/v3/objects/contacts/batch/update"
READ = "POST /crm/v3/objects/contacts/batch/read"
LIST = "GET /crm/v3/objects/contacts"
SEARCH = "POST /crm/v3/objects/contacts/search"
MEMBERSHIPS = "POST /crm/v3/lists/records/memberships/batch/read"
LISTS = "POST /crm/v3/lists/search"
NO_LISTS = {"lists": [], "hasMore": False, "offset": 0, "total": 0}
ON_NO_LIST = {LISTS: NO_LISTS}
NO_NAME = '[{"isValid":false,"message":"x","error":"INVALID_OPTION","name":"plan"}]'


def kinds(done: Any) -> list[Any]:
    return [one.id or type(one.error) for one in done]


def test_somebody_is_looked_up_by_the_address_and_never_by_a_search() -> None:
    hubspot = HubSpot({"GET /crm/v3/objects/contacts/a+b@example.org": contact("7")})
    with door(hubspot) as crm:
        assert crm.get_contact_id("a+b@example.org") == "7"
    assert hubspot.asked[0].query == (("idProperty", "email"), ("properties", "email"))


def test_who_is_not_there_is_nobody() -> None:
    with door(HubSpot({f"GET /crm/v3/objects/contacts/{EMAIL}": Says(wrong("OBJECT_NOT_FOUND"), 404)})) as crm:
        assert crm.get_contact_id(EMAIL) is None


def test_a_missing_contact_that_is_no_answer_of_hubspot_is_an_error() -> None:
    with (
        door(HubSpot({f"GET /crm/v3/objects/contacts/{EMAIL}": Says("not found", 404)})) as crm,
        pytest.raises(CrmFailed) as error,
    ):
        crm.get_contact_id(EMAIL)
    assert error.value.code == "E309"


def test_items_of_a_batch_are_told_apart_by_their_trace_in_any_order() -> None:
    answer = batch(
        [contact("12", 2), contact("10", 0)],
        [wrong("CONFLICT", "Contact already exists. Existing ID: 99", context={"objectWriteTraceId": ["1"]})],
    )
    hubspot = HubSpot({CREATE: answer})
    with door(hubspot) as crm:
        done = crm.add_contacts([{"email": f"{n}@example.org", "x": None} for n in "abc"])
    assert kinds(done) == ["10", Duplicate, "12"]
    assert isinstance(done[1].error, Duplicate)
    assert done[1].error.existing == "99"
    assert hubspot.bodies(CREATE)[0]["inputs"][1] == {
        "objectWriteTraceId": "1",
        "properties": {"email": "b@example.org", "x": ""},
        "associations": [],
    }


def test_created_contacts_without_a_trace_are_known_by_their_address() -> None:
    answer = batch([contact("2", email="B@example.org"), contact("1", email="a@example.org")])
    with door(HubSpot({CREATE: answer})) as crm:
        done = crm.add_contacts([{"email": "a@example.org"}, {"email": "b@example.org"}, {"email": "c@example.org"}])
    assert kinds(done) == ["1", "2", Uncertain]


def test_an_error_that_names_nobody_is_asked_for_one_by_one() -> None:
    mixed = batch([contact("1", email="a@example.org")], [wrong("VALIDATION_ERROR")])
    hubspot = HubSpot({CREATE: [mixed, batch([contact("2", 0)]), Says(wrong("VALIDATION_ERROR", NO_NAME), 400)]})
    with door(hubspot) as crm:
        done = crm.add_contacts([{"email": f"{n}@example.org", "plan": WORD} for n in "abc"])
    assert kinds(done) == ["1", "2", Rejected]
    assert isinstance(done[2].error, Rejected)
    assert done[2].error.field == "plan"
    assert WORD not in everything_of(done[2].error)
    assert [len(body["inputs"]) for body in hubspot.bodies(CREATE)] == [3, 1, 1]


def test_a_batch_that_is_refused_as_a_whole_is_an_error_of_the_call() -> None:
    refused = Says(wrong("CONFLICT", "Contact already exists. Existing ID: 5"), 409)
    with door(HubSpot({CREATE: refused})) as crm, pytest.raises(Duplicate) as error:
        crm.add_contacts([{"email": "a@example.org"}])
    assert error.value.existing == "5"
    assert WORD not in everything_of(error.value)


@pytest.mark.parametrize("whole", [False, True])
def test_a_value_that_reads_like_an_id_or_a_name_is_neither(whole: bool) -> None:
    """Messages quote values; who fills a form must not choose whose contact his values go to."""
    quoted = f'Contact already exists. Existing ID: 99 "name":"{WORD}" was not a valid number'
    trouble = wrong("VALIDATION_ERROR", quoted, context={"objectWriteTraceId": ["0"]}, errors=[{"message": quoted}])
    with door(HubSpot({CREATE: Says(trouble, 400) if whole else batch([], [trouble])})) as crm:
        if whole:
            with pytest.raises(Rejected) as caught:
                crm.add_contacts([{"email": "a@example.org", "x": quoted}])
            error: Any = caught.value
        else:
            error = crm.add_contacts([{"email": "a@example.org", "x": quoted}])[0].error
    assert isinstance(error, Rejected)
    assert WORD not in everything_of(error)


def test_a_refusal_is_shown_with_the_property_it_names() -> None:
    trouble = wrong("VALIDATION_ERROR", NO_NAME, context={"objectWriteTraceId": ["0"]})
    with door(HubSpot({CREATE: batch([], [trouble])})) as crm:
        (done,) = crm.add_contacts([{"email": "a@example.org", "plan": WORD}])
    assert isinstance(done.error, Rejected)
    assert "`plan`" in done.error.detail


def test_where_hubspot_stops_answering_the_others_of_a_batch_are_not_tried() -> None:
    mixed = batch([], [wrong("VALIDATION_ERROR")])
    used_up = Says(wrong("RATE_LIMITS", policyName="DAILY"), 429)
    hubspot = HubSpot({CREATE: [mixed, batch([contact("1", 0)]), used_up]})
    with door(hubspot) as crm:
        done = crm.add_contacts([{"email": f"{n}@example.org"} for n in "abcd"])
    assert kinds(done) == ["1", QuotaUsedUp, QuotaUsedUp, QuotaUsedUp]


def test_who_comes_twice_in_a_batch_is_sent_behind_it() -> None:
    hubspot = HubSpot({CREATE: [batch([contact("1", 0), contact("2", 1)]), Says(wrong("CONFLICT"), 409)]})
    with door(hubspot) as crm:
        done = crm.add_contacts([{"email": f"{name}@example.org"} for name in ("a", "A", "b")])
    assert kinds(done) == ["1", Duplicate, "2"]
    assert [len(body["inputs"]) for body in hubspot.bodies(CREATE)] == [2, 1]


def test_updates_are_known_by_their_id() -> None:
    missing = wrong("OBJECT_NOT_FOUND", context={"ids": ["2"]})
    hubspot = HubSpot({UPDATE: batch([contact("3"), contact("1")], [missing])})
    with door(hubspot) as crm:
        done = crm.update_contacts([("1", {"x": "a"}), ("2", {"x": "b"}), ("no id", {"x": "c"}), ("3", {"x": None})])
    assert kinds(done) == ["1", NotFound, NotFound, "3"]
    assert [item["id"] for item in hubspot.bodies(UPDATE)[0]["inputs"]] == ["1", "2", "3"]
    assert hubspot.bodies(UPDATE)[0]["inputs"][2]["properties"] == {"x": ""}


def test_what_was_written_to_another_contact_is_not_called_done() -> None:
    with door(HubSpot({UPDATE: batch([contact("9", 0)])})) as crm:
        assert kinds(crm.update_contacts([("1", {"x": "a"})])) == [NotFound]


def test_a_former_id_is_never_answered_with_another_contact() -> None:
    with door(HubSpot({READ: batch([contact("9", x="other"), contact("2", x="b")])})) as crm:
        assert crm.load_many(["1", "2"], ["x"]) == [{ID: "2", "x": "b"}]


def test_an_upsert_names_the_address_as_its_key() -> None:
    path = "POST /crm/v3/objects/contacts/batch/upsert"
    hubspot = HubSpot({path: batch([contact("1", 0, email="a@example.org")])})
    with door(hubspot) as crm:
        assert kinds(crm.upsert_contacts([{"email": "a@example.org"}])) == ["1"]
    (item,) = hubspot.bodies(path)[0]["inputs"]
    assert (item["id"], item["idProperty"]) == ("a@example.org", "email")


def test_choices_that_hold_the_separator_are_refused_and_the_others_are_sent() -> None:
    encode = HubSpot({CREATE: batch([contact("1", 0)])})
    with door(encode) as crm:
        wire = crm.capabilities.wires["multiselect"]
        people = [
            {"email": f"{n}@example.org", "roles": wire.encode(v)} for n, v in (("a", f'["{WORD};b"]'), ("b", '["b"]'))
        ]
        refused, done = crm.add_contacts(people)
    assert isinstance(refused.error, Rejected)
    assert refused.error.field == "roles"
    assert WORD not in everything_of(refused.error)
    assert done.id == "1"


def test_pages_follow_the_cursor_and_carry_tags() -> None:
    hubspot = HubSpot(
        {
            LIST: [
                {"results": [contact("1", x="a")], "paging": {"next": {"after": "1"}}},
                {"results": [contact("2", x=None)]},
            ],
            LISTS: {"lists": [{"listId": "7", "name": "VIP"}], "hasMore": False, "offset": 1},
            MEMBERSHIPS: [
                {"results": [{"recordId": "1", "recordListMemberships": [{"listId": "7"}, {"listId": "8"}]}]},
                {"results": []},
            ],
        }
    )
    with door(hubspot) as crm:
        rows = [row for page in crm.all_contacts(["x"]) for row in page.to_pylist()]
        counts = crm.meter.counts
    assert rows == [{ID: "1", TAGS: ["7"], "x": "a"}, {ID: "2", TAGS: [], "x": None}]
    assert counts == {Call.ALL_CONTACTS: 2, Call.READ_TAGS: 2, Call.SYNC_TAGS: 1}
    assert [dict(asked.query) for asked in hubspot.asked if asked.what == LIST] == [
        {"limit": "100", "properties": "x"},
        {"limit": "100", "properties": "x", "after": "1"},
    ]


def test_a_page_without_the_tags_of_somebody_is_no_page() -> None:
    broken = Says({"results": [], "errors": [wrong("INTERNAL_ERROR")]}, 207)
    lists = {"lists": [{"listId": "7", "name": "VIP"}], "hasMore": False, "offset": 1}
    page = {LIST: {"results": [contact("1")]}, LISTS: lists, MEMBERSHIPS: broken}
    with door(HubSpot(page)) as crm, pytest.raises(Unavailable):
        list(crm.all_contacts(["x"]))


def test_more_names_than_an_address_holds_are_asked_for_in_a_body() -> None:
    names = [f"a_property_with_a_long_name_{n}" for n in range(200)]
    found = batch([contact("1", **{names[199]: "z"})], [wrong("OBJECT_NOT_FOUND", context={"ids": ["2"]})])
    hubspot = HubSpot({LIST: {"results": [contact("1"), contact("2")]}, READ: found, **ON_NO_LIST})
    with door(hubspot) as crm:
        rows = [row for page in crm.all_contacts(names) for row in page.to_pylist()]
        counts = crm.meter.counts
    assert [(row[ID], row[names[199]]) for row in rows] == [("1", "z")]
    assert hubspot.bodies(READ)[0]["properties"] == names
    assert counts[Call.LOAD_CONTACTS] == 1


def test_what_changed_is_searched_for_behind_the_last_one() -> None:
    onward = {"next": {"after": "200"}}
    hubspot = HubSpot(
        {
            SEARCH: [
                {"total": 3, "results": [contact("3"), contact("20")], "paging": onward},
                {"total": 1, "results": [contact("100")]},
            ],
            **ON_NO_LIST,
        }
    )
    with door(hubspot, search_page=2) as crm:
        pages = crm.all_contacts(["x"], since=datetime(2026, 11, 22, tzinfo=UTC))
        assert [id for page in pages for id in page.column(ID).to_pylist()] == ["3", "20", "100"]
    first, second = hubspot.bodies(SEARCH)
    assert first["sorts"] == [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]
    assert [f["value"] for f in first["filterGroups"][0]["filters"]] == ["1795305600000", "0"]
    assert [f["value"] for f in second["filterGroups"][0]["filters"]] == ["1795305600000", "20"]
    assert (first["limit"], second["after"]) == (2, "0")


def test_tags_of_a_page_of_changed_contacts_are_asked_for_in_batches_that_hubspot_takes() -> None:
    """A search gives 200 contacts, and 100 are a batch."""
    on = {"results": [{"recordId": "150", "recordListMemberships": [{"listId": "7"}]}]}
    lists = {"lists": [{"listId": "7", "name": "VIP"}], "hasMore": False, "offset": 1}
    changed = {"total": 150, "results": [contact(str(n)) for n in range(1, 151)]}
    hubspot = HubSpot({SEARCH: changed, LISTS: lists, MEMBERSHIPS: [{"results": []}, on]})
    with door(hubspot) as crm:
        (page,) = crm.all_contacts(["x"], since=datetime(2026, 11, 22, tzinfo=UTC))
    assert [len(body["inputs"]) for body in hubspot.bodies(MEMBERSHIPS)] == [100, 50]
    assert page.to_pylist()[149][TAGS] == ["7"]


def test_a_smaller_batch_holds_for_what_is_read_of_a_page_too() -> None:
    names = [f"a_property_with_a_long_name_{n}" for n in range(200)]
    people = [contact("1"), contact("2"), contact("3")]
    hubspot = HubSpot({LIST: {"results": people}, READ: [batch(people[:2]), batch(people[2:])], **ON_NO_LIST})
    with door(hubspot, batch=2) as crm:
        assert [page.num_rows for page in crm.all_contacts(names)] == [3]
    assert [len(body["inputs"]) for body in hubspot.bodies(READ)] == [2, 1]


def test_a_search_out_of_order_is_an_error() -> None:
    hubspot = HubSpot({SEARCH: {"results": [contact("20"), contact("3")], "total": 2}, **ON_NO_LIST})
    with door(hubspot) as crm, pytest.raises(CrmFailed) as error:
        list(crm.all_contacts(["x"], since=datetime(2026, 11, 22, tzinfo=UTC)))
    assert error.value.code == "E327"


def test_the_paths_of_a_dated_version() -> None:
    hubspot = HubSpot({"POST /crm/objects/2026-03/contacts/batch/read": batch([])})
    with door(hubspot, version="2026-03") as crm:
        assert crm.load_many(["1"], ["x"]) == []


def test_where_there_are_no_lists_nobody_is_asked_who_is_on_them() -> None:
    hubspot = HubSpot({LIST: {"results": [contact("1", x="a")]}, **ON_NO_LIST})
    with door(hubspot) as crm:
        (page,) = crm.all_contacts(["x"])
    assert page.to_pylist() == [{ID: "1", TAGS: [], "x": "a"}]
    assert hubspot.whats() == [LIST, LISTS]


def test_pages_stay_in_order_where_several_calls_are_on_the_way() -> None:
    pages = [{"results": [contact(str(n))], "paging": {"next": {"after": str(n)}}} for n in range(1, 20)]
    lists = {"lists": [{"listId": "7", "name": "VIP"}], "hasMore": False, "offset": 1}
    on_a_list = {"results": [{"recordId": str(n), "recordListMemberships": [{"listId": "7"}]} for n in range(1, 21)]}
    hubspot = HubSpot({LIST: [*pages, {"results": [contact("20")]}], LISTS: lists, MEMBERSHIPS: on_a_list})
    with door(hubspot, workers=4) as crm:
        crm.sync_tags()
        rows = [row for page in crm.all_contacts(["x"]) for row in page.to_pylist()]
    assert [(row[ID], row[TAGS]) for row in rows] == [(str(n), ["7"]) for n in range(1, 21)]
