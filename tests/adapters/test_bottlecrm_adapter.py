"""What is particular to BottleCRM, on a server that runs; what every CRM promises is in the contract kit."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from bottled import CLOCK, Opens
from pydantic import SecretStr
from servers.bottlecrm import SCOPES, BottleCrm, Organisation

from reconciler.adapters.bottlecrm.door import BottleDoor
from reconciler.adapters.bottlecrm.options import BottleOptions
from reconciler.adapters.crm import ID
from reconciler.adapters.errors import AuthFailed, CrmFailed, Duplicate, NotFound, Rejected, Uncertain
from reconciler.adapters.opening import Opening
from reconciler.model.capabilities import Call
from reconciler.model.inventory import CrmField, CrmOption

NAMES = {"first_name": "Ana", "last_name": "Example"}


def add(crm: BottleDoor, **more: object) -> str:
    return crm.add_contact({**NAMES, **more})  # type: ignore[dict-item] # encoded as JSON


def test_an_address_that_is_part_of_others_finds_its_own_contact(opened: Opens) -> None:
    crm = opened()
    long = add(crm, email="ana.lisa@example.org")
    longer = add(crm, email="ana.lisa@example.org.uk")
    assert crm.get_contact_id("lisa@example.org") is None
    assert crm.get_contact_id("Ana.Lisa@example.org") == long
    assert crm.get_contact_id("ana.lisa@example.org.uk") == longer
    assert crm.get_contact_id("") is None


def test_a_deleted_field_that_is_made_again_has_what_the_new_one_asks_for(opened: Opens) -> None:
    crm = opened()
    crm.add_field(CrmField("plan", "Plan", "dropdown", (CrmOption("gold", "Gold"),)))
    crm.delete_field("plan")
    assert "plan" not in {field.key for field in crm.sync_crm_fields()}
    with pytest.raises(Rejected, match="`plan`"):
        add(crm, plan="gold")
    made = crm.add_field(CrmField("plan", "Our plan", "dropdown", (CrmOption("free", "Free"),)))
    assert (made.label, made.options) == ("Our plan", (CrmOption("free", "Free"),))
    assert made in opened().sync_crm_fields()


def test_a_deleted_field_of_another_type_keeps_its_key(opened: Opens) -> None:
    crm = opened()
    crm.add_field(CrmField("points", "Points", "number"))
    crm.delete_field("points")
    with pytest.raises(Rejected, match="deleted number field, text is wanted") as refused:
        crm.add_field(CrmField("points", "Points", "text"))
    assert refused.value.code == "E335"


def test_a_field_with_the_key_of_a_standard_one_is_told_from_it(opened: Opens) -> None:
    made = opened().add_field(CrmField("custom_fields.city", "Home", "text"))
    crm = opened()
    assert made in crm.sync_crm_fields()
    contact = add(crm, city="Ulm", **{"custom_fields.city": "Bonn"})
    stored = crm.load_contact(contact, ["city", "custom_fields.city"])
    assert (stored["city"], stored["custom_fields.city"]) == ("Ulm", "Bonn")


@pytest.mark.parametrize(
    ("field", "why"),
    [
        (CrmField("Points", "Points", "number"), "begins with a small letter"),
        (CrmField("2nd", "Second", "text"), "begins with a small letter"),
        (CrmField("plan", "Plan", "dropdown"), "one option at least"),
    ],
    ids=["capitals", "a digit first", "no options"],
)
def test_a_field_that_bottlecrm_would_not_take_is_refused_by_its_key(opened: Opens, field: CrmField, why: str) -> None:
    with pytest.raises(Rejected, match=why) as refused:
        opened().add_field(field)
    assert refused.value.field == field.key
    assert refused.value.fix


def test_a_tag_that_is_made_again_is_carried_by_nobody(bottlecrm: Organisation, opened: Opens) -> None:
    """And the archived one is still there, under another name, with all who carried it."""
    crm = opened()
    contact = add(crm, email="ana@example.org")
    former = crm.add_tag("Old promo")
    crm.apply_tags([former.key], contact)
    crm.delete_tag(former.key)
    again = crm.add_tag("old promo")
    assert again.key != former.key
    assert list(crm.load_contacts(again.key)) == []
    assert list(crm.get_tags(contact)) == []
    assert [tag.name for tag in crm.sync_tags()] == ["old promo"]
    archived = bottlecrm.asked("GET", "tags/?include_archived=true").json()["tags"]
    assert {(tag["id"], tag["usage"]["contacts"]) for tag in archived} == {(former.key, 1), (again.key, 0)}


def test_a_tag_takes_the_name_of_an_archived_one(opened: Opens) -> None:
    crm = opened()
    crm.delete_tag(crm.add_tag("Gold").key)
    kept = crm.add_tag("Silver")
    assert crm.rename_tag(kept.key, "Gold").name == "Gold"
    assert [tag.name for tag in crm.sync_tags()] == ["Gold"]


def test_a_tag_that_was_archived_meanwhile_is_not_applied_in_silence(bottlecrm: Organisation, opened: Opens) -> None:
    crm = opened()
    contact = add(crm, email="ana@example.org")
    tag = crm.add_tag("Gone")
    bottlecrm.asked("DELETE", f"tags/{tag.key}/")
    crm.sync_tags()
    with pytest.raises(NotFound):
        crm.apply_tags([tag.key], contact)


def test_contacts_that_are_removed_while_all_are_read_leave_none_out(bottlecrm: Organisation, opened: Opens) -> None:
    crm = opened(page_size=3)
    contacts = [add(crm, email=f"ana.{number}@example.org") for number in range(10)]
    read: list[str] = []
    for page in crm.all_contacts(["email"]):
        read += page.column(ID).to_pylist()
        if len(read) == 6:
            for gone in read[1:3]:
                bottlecrm.asked("DELETE", f"contacts/{gone}/")
    assert sorted(read) == sorted(contacts)


def test_contacts_that_are_added_while_all_are_read_let_none_come_twice(opened: Opens) -> None:
    crm = opened(page_size=3)
    contacts = [add(crm, email=f"ana.{number}@example.org") for number in range(7)]
    read: list[str] = []
    for page in crm.all_contacts(["email"]):
        read += page.column(ID).to_pylist()
        if len(read) == 3:
            add(crm, email="late@example.org")
            add(crm, email="later@example.org")
    assert len(set(read)) == len(read)
    assert set(contacts) <= set(read)


@pytest.mark.parametrize(
    ("record", "named"),
    [
        ({"first_name": None, "email": "a@example.org"}, "`first_name` is required"),
        ({"first_name": None, "last_name": None}, "`first_name`, `last_name` are required"),
        ({"email": "qzxkanari"}, "`email` is refused"),
        ({"country": "QZ", "phone": "qzxkanari"}, "`phone`, `country` are refused"),
        ({"points": "qzxkanari"}, "`points` is refused"),
    ],
    ids=["no first name", "no name", "no address", "two of them", "no number"],
)
def test_a_refused_record_names_its_fields_and_no_value(opened: Opens, record: dict[str, str], named: str) -> None:
    crm = opened()
    crm.add_field(CrmField("points", "Points", "number"))
    with pytest.raises(Rejected, match=re.escape(named)) as refused:
        add(crm, **record)
    assert refused.value.field in record
    assert "qzxkanari" not in str(vars(refused.value))


def test_a_missing_name_is_filled_where_the_file_says_with_what(opened: Opens) -> None:
    crm = opened(missing_name="-")
    assert not [field.key for field in crm.sync_crm_fields() if field.required]
    contact = crm.add_contact({"email": "ana@example.org", "last_name": "Example"})
    assert crm.load_contact(contact, ["first_name", "last_name"]) == {
        ID: contact,
        "first_name": "-",
        "last_name": "Example",
    }


def test_what_the_organisation_requires_is_in_the_inventory(bottlecrm: Organisation, opened: Opens) -> None:
    field = opened().add_field(CrmField("points", "Points", "number"))
    assert not field.required
    own = bottlecrm.asked("GET", "custom-fields/?target_model=Contact").json()["definitions"][0]["id"]
    bottlecrm.asked("PUT", f"custom-fields/{own}/", {"is_required": True})
    crm = opened()
    assert {f.key for f in crm.sync_crm_fields() if f.required} == {"first_name", "last_name", "points"}
    with pytest.raises(Rejected, match="`points` is required"):
        add(crm, email="ana@example.org")


def test_a_standard_field_that_takes_no_null_is_emptied_to_its_default(opened: Opens) -> None:
    crm = opened()
    contact = add(crm, do_not_call=True, is_active=False, source_ref="x", city="Ulm")
    emptied = ("do_not_call", "is_active", "source_ref", "city")
    crm.update_contact(contact, dict.fromkeys(emptied))
    stored = crm.load_contact(contact, emptied)
    assert [stored[key] for key in emptied] == ["false", "true", "", None]


def test_a_wrong_token_is_refused_without_being_named(opened: Opens) -> None:
    crm = opened(token="bcrm_pat_qzxkanari")
    with pytest.raises(AuthFailed, match="wrong, revoked or expired") as refused:
        crm.connect()
    assert "qzxkanari" not in str(vars(refused.value))


@pytest.mark.parametrize(
    ("scope", "calls"),
    [
        ("contacts:write", [Call.ADD_CONTACTS, Call.UPDATE_CONTACTS, Call.APPLY_TAG, Call.REMOVE_TAG]),
        ("tags:write", [Call.ADD_TAG, Call.RENAME_TAG, Call.DELETE_TAG]),
        ("custom-fields:write", [Call.ADD_FIELD, Call.UPDATE_FIELD, Call.DELETE_FIELD]),
    ],
)
def test_what_a_token_may_not_write_is_known_before_anything_is(
    bottlecrm: Organisation, opened: Opens, scope: str, calls: list[Call]
) -> None:
    crm = opened(token=bottlecrm.new_token([*({*SCOPES} - {scope}), "org:read"]))
    assert crm.connect().id == bottlecrm.id
    for call in Call:
        if call in calls:
            with pytest.raises(AuthFailed, match=f"lacks the scope `{scope}`"):
                crm.check_rights([call])
        else:
            crm.check_rights([call])


READS: dict[str, Callable[[BottleDoor], object]] = {
    "contacts:read": lambda crm: crm.get_contact_id("ana@example.org"),
    "tags:read": lambda crm: crm.sync_tags(),
    "custom-fields:read": lambda crm: crm.sync_crm_fields(),
    "org:read": lambda crm: crm.connect(),
}


@pytest.mark.parametrize("scope", READS)
def test_what_a_token_may_not_read_is_named(bottlecrm: Organisation, opened: Opens, scope: str) -> None:
    crm = opened(token=bottlecrm.new_token([*({*SCOPES, "org:read"} - {scope})]))
    with pytest.raises(AuthFailed, match=f"lacks the scope `{scope}`"):
        READS[scope](crm)


def test_whoever_sees_only_some_of_the_contacts_may_not_go_on(
    bottlecrm_server: BottleCrm, bottlecrm: Organisation, opened: Opens
) -> None:
    bottlecrm_server.database.run(f"UPDATE profile SET role = 'USER' WHERE org_id = '{bottlecrm.id}'")
    with pytest.raises(AuthFailed, match="no administrator"):
        opened().connect()


def test_a_creation_that_was_carried_out_and_answered_with_an_error_is_uncertain(
    bottlecrm: Organisation, opened: Opens
) -> None:
    crm = opened(url=bottlecrm.failing)
    with pytest.raises(Uncertain, match="status 500"):
        add(crm, email="ana@example.org")
    assert crm.get_contact_id("ana@example.org") is not None
    with pytest.raises(Duplicate):
        add(crm, email="ana@example.org")


def test_contacts_that_cannot_be_read_as_a_whole_are_an_error() -> None:
    """A server whose count never fits what it gives."""
    transport = httpx.MockTransport(lambda _request: httpx.Response(200, json={"count": 3, "results": []}))
    with closing(Opening(Path(), CLOCK, transport=transport, workers=1)) as opening:
        crm = BottleDoor(BottleOptions(url="https://crm.example.org", token=SecretStr("t")), opening)
        with pytest.raises(CrmFailed, match="0 of 3") as failed:
            list(crm.all_contacts([]))
    assert failed.value.code == "E327"
