"""All contacts of the embedded CRM as columns."""

from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from reconciler.localcrm import (
    Limits,
    LocalCrm,
    Missing,
)
from reconciler.model.inventory import CrmField

from .crms import NOW, added, opened


def test_pages_hold_columns_with_tags_and_nulls(crm: LocalCrm) -> None:
    a, b = crm.add_tag("A"), crm.add_tag("B")
    one, two = added(crm, "one@x.org", first_name="One"), added(crm, "two@x.org")
    crm.tag([b.key, a.key], [one], on=True)
    (page,) = crm.pages(["first_name", "email"])
    assert page.to_pylist() == [
        {"$id": one, "$tags": [a.key, b.key], "first_name": "One", "email": "one@x.org"},
        {"$id": two, "$tags": [], "first_name": None, "email": "two@x.org"},
    ]
    assert page.schema.types == [pa.string(), pa.list_(pa.string()), pa.string(), pa.string()]


@pytest.mark.parametrize(("contacts", "sizes"), [(0, []), (1, [1]), (4, [2, 2]), (5, [2, 2, 1])])
def test_pages_have_a_size_and_nobody_twice(path: Path, contacts: int, sizes: list[int]) -> None:
    crm = opened(path, limits=Limits(page=2))
    crm.seed(tags=["A"], contacts=[{"email": f"{n}@x.org", "$tags": ["A"] * (n % 2)} for n in range(contacts)])
    pages = list(crm.pages(["email"]))
    assert [p.num_rows for p in pages] == sizes
    rows = [row for page in pages for row in page.to_pylist()]
    assert [r["email"] for r in rows] == [f"{n}@x.org" for n in range(contacts)]
    assert [r["$tags"] for r in rows] == [["1"] * (n % 2) for n in range(contacts)]
    crm.close()


def test_pages_are_of_one_moment(path: Path) -> None:
    crm = opened(path, limits=Limits(page=2))
    crm.seed(contacts=[{"email": f"{n}@x.org", "first_name": "old"} for n in range(6)])
    pages = crm.pages(["first_name"])
    first = next(pages)
    crm.update([(str(n), {"first_name": "new"}) for n in range(1, 7)])
    crm.delete_contact("5")
    assert pa.Table.from_batches([first, *pages]).column("first_name").to_pylist() == ["old"] * 6
    crm.close()


def test_an_unknown_field_is_missing_before_the_first_page(crm: LocalCrm) -> None:
    with pytest.raises(Missing):
        crm.pages(["email", "nope"])


def test_since_gives_what_changed_in_values_and_tags(path: Path) -> None:
    old = opened(path)
    tag, gone = old.add_tag("A"), old.add_tag("B")
    old.add_field(CrmField("f", "", "text"))
    old.add([{"email": f"{n}@x.org", **({"f": "x"} if n == 3 else {})} for n in range(6)])
    old.tag([gone.key], ["5"], on=True)
    old.close()
    later = NOW + timedelta(minutes=1)
    new = opened(path, later)
    new.update([("1", {"first_name": "x"})])
    new.tag([tag.key], ["2"], on=True)
    new.tag([tag.key], ["3"], on=False)
    new.delete_field("f")
    new.delete_tag(gone.key)
    added(new, "new@x.org")
    changed = [id for page in new.pages([], since=later) for id in page.column("$id").to_pylist()]
    assert changed == ["1", "2", "4", "5", "7"]
    assert [p.num_rows for p in new.pages([], since=NOW)] == [7]
    assert list(new.pages([], since=later + timedelta(seconds=1))) == []
    new.close()
