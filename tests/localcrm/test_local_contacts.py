"""Contacts of the embedded CRM: addresses, ids, statuses, batches."""

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
from reconciler.model.inventory import CrmField

from .crms import CANARY, added, opened, silent


def test_an_address_is_one_contact_in_any_case(crm: LocalCrm) -> None:
    id = added(crm, "Ann@Éxample.ORG")
    assert crm.find("aNN@éxample.org") == id
    (twin,) = crm.add([{"email": "ann@éxample.org"}])
    assert isinstance(twin.error, Taken)
    assert twin.error.existing == id


@pytest.mark.parametrize("email", ["nobody@example.org", "", "a\ud800@example.org"])
def test_an_unknown_address_is_nobody(crm: LocalCrm, email: str) -> None:
    added(crm, "ann@example.org")
    assert crm.find(email) is None


@pytest.mark.parametrize("record", [{}, {"email": None}, {"email": ""}, {"first_name": CANARY}])
def test_a_contact_needs_an_address(crm: LocalCrm, record: dict[str, Any]) -> None:
    (result,) = crm.add([record])
    assert isinstance(silent(result.error), Refused)
    id = added(crm, "ann@example.org")
    (cleared,) = crm.update([(id, {"email": None})])
    assert isinstance(cleared.error, Refused)
    assert crm.find("ann@example.org") == id


def test_nobody_is_subscribed_unless_asked(crm: LocalCrm) -> None:
    results = crm.add([{"email": f"{n}@example.org"} for n in range(3)], [None, "subscribed", "pending"])
    assert [crm.status_of(r.id or "") for r in results] == ["unsubscribed", "subscribed", "pending"]


@pytest.mark.parametrize("id", ["", "0", "-1", "01", " 1", "1 ", "x", "1.0", "٣", "9" * 30, "2"])
def test_what_is_no_id_is_missing(crm: LocalCrm, id: str) -> None:
    added(crm, "ann@example.org")
    (result,) = crm.update([(id, {})])
    assert isinstance(result.error, Missing)
    assert crm.load([id], []) == {}
    with pytest.raises(Missing):
        crm.tags_of(id)


def test_ids_are_never_given_twice(crm: LocalCrm) -> None:
    first = added(crm, "ann@example.org")
    crm.delete_contact(first)
    assert added(crm, "ann@example.org") != first


def test_a_failed_item_leaves_nothing_behind_and_stops_nobody(crm: LocalCrm) -> None:
    crm.add_field(CrmField("n", "N", "number"))
    results = crm.add([{"email": "a@x.org", "n": 1}, {"email": "b@x.org", "n": CANARY}, {"email": "c@x.org", "n": 3}])
    assert [r.error is None for r in results] == [True, False, True]
    assert [crm.find(f"{who}@x.org") is not None for who in "abc"] == [True, False, True]


def test_a_batch_has_a_limit(path: Path) -> None:
    crm = opened(path, limits=Limits(batch=2))
    with pytest.raises(Refused):
        crm.add([{"email": f"{n}@x.org"} for n in range(3)])
    assert not path.exists()
    crm.close()
