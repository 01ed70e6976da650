"""Contacts that somebody merges in the embedded CRM."""

from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.localcrm import LocalCrm, Missing

from .crms import NOW, added, opened


def rows(crm: LocalCrm) -> list[dict[str, object]]:
    return [row for page in crm.pages(["email"]) for row in page.to_pylist()]


def test_the_lost_contact_goes_and_its_id_leads_to_the_kept_one_with_the_tags_of_both(crm: LocalCrm) -> None:
    a, b = crm.add_tag("A"), crm.add_tag("B")
    kept, lost = added(crm, "kept@x.org"), added(crm, "lost@x.org")
    crm.tag([a.key], [kept, lost], on=True)
    crm.tag([b.key], [lost], on=True)
    crm.merge(kept, lost)
    assert rows(crm) == [{"$id": kept, "$tags": [a.key, b.key], "$former": [lost], "email": "kept@x.org"}]
    assert crm.load([lost, "99"], ["email"]) == {kept: ["kept@x.org"]}
    assert crm.find("lost@x.org") is None


def test_former_ids_follow_through_several_merges_and_go_with_their_contact(crm: LocalCrm) -> None:
    one, two, three = (added(crm, f"{n}@x.org") for n in range(3))
    crm.merge(two, one)
    crm.merge(three, two)
    assert crm.former([three]) == {three: [one, two]}
    crm.delete_contact(three)
    assert crm.load([one, two, three], ["email"]) == {}


def test_a_crm_without_merges_tells_of_none(crm: LocalCrm) -> None:
    id = added(crm, "a@x.org")
    assert rows(crm) == [{"$id": id, "$tags": [], "email": "a@x.org"}]
    assert crm.former([id]) == {}


def test_the_kept_contact_has_changed_since(path: Path) -> None:
    crm = opened(path)
    kept, lost, other = (added(crm, f"{n}@x.org") for n in range(3))
    later = NOW + timedelta(hours=1)
    opened(path, later).merge(kept, lost)
    (page,) = crm.pages(["email"], later)
    assert page.column("$id").to_pylist() == [kept]
    assert other in [row["$id"] for row in rows(crm)]


def test_only_contacts_that_are_there_can_be_merged_and_one_with_itself_stays(crm: LocalCrm) -> None:
    id = added(crm, "a@x.org")
    for kept, lost in ((id, "99"), ("99", id)):
        with pytest.raises(Missing):
            crm.merge(kept, lost)
    crm.merge(id, id)
    assert crm.load([id], ["email"]) == {id: ["a@x.org"]}
