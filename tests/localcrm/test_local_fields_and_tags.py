"""Fields, options and tags of the embedded CRM."""

from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from reconciler.localcrm import (
    Limits,
    LocalCrm,
    Missing,
    Refused,
    Taken,
)
from reconciler.model.inventory import CrmField, CrmOption

from .crms import CHOICES, NOW, added, opened


@pytest.mark.parametrize(
    "field",
    [
        CrmField("", "", "text"),
        CrmField("1st", "", "text"),
        CrmField("two words", "", "text"),
        CrmField('x"; DROP TABLE contacts; --', "", "text"),
        CrmField("ünï", "", "text"),
        CrmField("$id", "", "text"),
        CrmField("x" * 101, "", "text"),
        CrmField("f", "", "varchar"),
        CrmField("f", "", "text", CHOICES),
        CrmField("f", "", "select", (CHOICES[0], CHOICES[0])),
        CrmField("f", "", "select", (CrmOption("", "Empty"),)),
        CrmField("f", "", "text", max_length=0),
        CrmField("f", "\ud800", "text"),
    ],
)
def test_a_field_that_breaks_a_rule_is_refused_and_not_there(crm: LocalCrm, field: CrmField) -> None:
    with pytest.raises(Refused):
        crm.add_field(field)
    assert len(crm.fields()) == 4


def test_field_keys_are_unique_in_any_case(crm: LocalCrm) -> None:
    for key in ("EMAIL", "plan"):
        if key == "plan":
            crm.add_field(CrmField("Plan", "", "text"))
        with pytest.raises(Taken):
            crm.add_field(CrmField(key, "", "text"))


def test_the_number_of_fields_has_a_limit(path: Path) -> None:
    crm = opened(path, limits=Limits(fields=2))
    for number in range(2):
        crm.add_field(CrmField(f"f{number}", "", "text"))
    with pytest.raises(Refused):
        crm.add_field(CrmField("f3", "", "text"))
    crm.close()


def test_a_field_comes_back_as_it_was_made(crm: LocalCrm) -> None:
    field = CrmField("plan", "Plan", "select", CHOICES, group="Membership", max_length=20)
    assert crm.add_field(field) == field
    assert crm.fields()[-1] == field


@pytest.mark.parametrize(
    ("change", "after"),
    [
        ({"label": "New"}, {"label": "New"}),
        ({"group": "G"}, {"group": "G"}),
        ({"options": CHOICES[:1]}, {"options": CHOICES[:1]}),
        (
            {"options": (CrmOption("free", "Gratis"), *CHOICES[1:])},
            {"options": (CrmOption("free", "Gratis"), CHOICES[1])},
        ),
        ({}, {}),
    ],
)
def test_changing_a_field_changes_what_is_given_and_no_value(
    crm: LocalCrm, change: dict[str, Any], after: dict[str, Any]
) -> None:
    before = crm.add_field(CrmField("plan", "Plan", "select", CHOICES))
    id = added(crm, "ann@example.org", plan="pro")
    crm.update_field("plan", **change)
    assert crm.fields()[-1] == replace(before, **after)
    assert crm.load([id], ["plan"]) == {id: ["pro"]}


def test_a_renamed_field_keeps_values_and_makes_room_for_its_old_key(crm: LocalCrm) -> None:
    crm.add_field(CrmField("old", "", "text"))
    id = added(crm, "ann@example.org", old="kept")
    crm.rename_field("old", "OLD")
    crm.rename_field("OLD", "new")
    crm.add_field(CrmField("old", "", "text"))
    assert crm.load([id], ["new", "old"]) == {id: ["kept", None]}
    with pytest.raises(Taken):
        crm.rename_field("old", "new")


def test_a_deleted_field_takes_its_values_along(crm: LocalCrm) -> None:
    for key in ("a", "b"):
        crm.add_field(CrmField(key, "", "select", CHOICES))
    id = added(crm, "ann@example.org", a="free", b="pro")
    crm.delete_field("a")
    with pytest.raises(Missing):
        crm.load([id], ["a"])
    crm.add_field(CrmField("a", "", "text"))
    assert crm.load([id], ["a", "b"]) == {id: [None, "pro"]}
    assert crm.fields()[-1].options == ()


@pytest.mark.parametrize("call", ["delete_field", "rename_field"])
def test_standard_fields_stay(crm: LocalCrm, call: str) -> None:
    with pytest.raises(Refused):
        getattr(crm, call)("email", *(["mail"] if call == "rename_field" else []))
    assert crm.fields()[0].key == "email"


@pytest.mark.parametrize("call", ["delete_field", "rename_field", "update_field"])
def test_a_field_that_is_not_there_is_missing(crm: LocalCrm, call: str) -> None:
    with pytest.raises(Missing):
        getattr(crm, call)("nope", *(["x"] if call == "rename_field" else []))


@pytest.mark.parametrize("twin", ["Customer", "CUSTOMER", "customer"])
def test_tag_names_are_unique_in_any_case(crm: LocalCrm, twin: str) -> None:
    tag = crm.add_tag("Customer")
    with pytest.raises(Taken) as caught:
        crm.add_tag(twin)
    assert caught.value.existing == tag.key
    assert crm.rename_tag(tag.key, twin).name == twin


@pytest.mark.parametrize("name", ["", "  ", "x" * 256, "\ud800"])
def test_a_tag_needs_a_name_that_can_be_stored(crm: LocalCrm, name: str) -> None:
    with pytest.raises(Refused):
        crm.add_tag(name)


def test_a_deleted_tag_is_carried_by_nobody(crm: LocalCrm) -> None:
    a, b = crm.add_tag("A"), crm.add_tag("B")
    id = added(crm, "ann@example.org")
    crm.tag([a.key, b.key], [id], on=True)
    crm.delete_tag(a.key)
    assert crm.tags_of(id) == [b.key]
    assert crm.add_tag("A").key != a.key


@pytest.mark.parametrize("on", [True, False])
def test_an_unknown_tag_stops_the_whole_call(crm: LocalCrm, on: bool) -> None:
    a = crm.add_tag("A")
    id = added(crm, "ann@example.org")
    with pytest.raises(Missing):
        crm.tag([a.key, "99"], [id], on=on)
    assert crm.tags_of(id) == []
    with pytest.raises(Missing):
        crm.carriers("99")


def test_a_call_that_tags_many_answers_each_of_them_and_changes_only_who_was_not_tagged(path: Path) -> None:
    with closing(opened(path)) as crm:
        tag = crm.add_tag("A").key
        one, two = added(crm, "one@example.org"), added(crm, "two@example.org")
        crm.tag([tag], [one], on=True)
    later = NOW + timedelta(days=1)
    with closing(opened(path, later)) as crm:
        results = crm.tag([tag, tag], [one, "77", two, two, "no id"], on=True)
        assert [type(r.error) for r in results] == [type(None), Missing, type(None), type(None), Missing]
        assert [r.id for r in results] == [one, None, two, two, None]
        changed = [id for page in crm.pages(["email"], since=later) for id in page.column("$id").to_pylist()]
        assert changed == [two]
        assert sorted(crm.carriers(tag)) == sorted([one, two])
        assert all(r.error is None for r in crm.tag([tag], [one, two], on=False))
        assert list(crm.carriers(tag)) == []
