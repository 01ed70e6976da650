"""Filling the embedded CRM as if everything had always been there."""

from typing import Any

import pyarrow as pa
import pytest

from reconciler.localcrm import (
    LocalCrm,
    Missing,
    Refused,
    Taken,
)
from reconciler.model.inventory import CrmField


def test_seeded_contacts_are_there_with_values_tags_and_statuses(crm: LocalCrm) -> None:
    crm.seed(
        fields=[CrmField("n", "N", "number")],
        tags=["A", "B"],
        contacts=[
            {"email": "One@x.org", "n": "not a number", "$tags": ["B", "A", "B"], "$status": "subscribed"},
            {"email": None, "first_name": "Nobody"},
        ],
    )
    assert crm.find("one@x.org") == "1"
    assert (crm.load(["1"], ["n"]), crm.tags_of("1"), crm.status_of("1")) == (
        {"1": ["not a number"]},
        ["1", "2"],
        "subscribed",
    )
    assert crm.load(["2"], ["email", "first_name"]) == {"2": [None, "Nobody"]}
    crm.seed(contacts=[{"email": "three@x.org"}])
    assert crm.find("three@x.org") == "3"
    (twin,) = crm.add([{"email": "THREE@x.org"}])
    assert isinstance(twin.error, Taken)


@pytest.mark.parametrize(
    ("rows", "error"),
    [
        ([{"email": "a@x.org"}, {"email": "A@x.org"}], Refused),
        ([{"email": "a@x.org", "nope": "x"}], Missing),
        ([{"email": "a@x.org", "$tags": ["nope"]}], Missing),
    ],
)
def test_seeding_is_all_or_nothing(crm: LocalCrm, rows: list[dict[str, Any]], error: type[Exception]) -> None:
    crm.seed(contacts=[{"email": "there@x.org"}])
    with pytest.raises(error):
        crm.seed(tags=["A"], contacts=rows)
    assert crm.tags() == ()
    assert sum(p.num_rows for p in crm.pages([])) == 1


def test_batches_seed_many_in_no_time(crm: LocalCrm) -> None:
    batches = [
        pa.RecordBatch.from_pydict({"email": [f"{n}@x.org" for n in range(start, start + 5000)]})
        for start in (0, 5000, 10000)
    ]
    crm.seed(contacts=batches)
    assert [p.num_rows for p in crm.pages(["email"])] == [10_000, 5_000]
    assert crm.find("14999@x.org") == "15000"
