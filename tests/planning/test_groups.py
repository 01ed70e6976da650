"""In which group a field is, for checks that protect one."""

from dataclasses import replace

import pytest

from reconciler.model.desired import Field
from reconciler.model.inventory import CrmField, Inventory
from reconciler.model.problems import Place
from reconciler.planning.groups import Groups

from .small_crm import CAN_ALL, FILE, file_with

AT = Place(FILE, 9)
CRM = Inventory(
    (
        CrmField("iban", "IBAN", "string", group="Finance"),
        CrmField("city", "City", "string"),
        CrmField("old_debts", "Debts", "number", group="Finance"),
        CrmField("p_42", "Shoe size", "number", group="Body"),
    ),
    others={"lead": Inventory((CrmField("city", "City", "string", group="Places"),))},
)
ENTRIES = (
    Field("iban", AT, group="Public"),
    Field("city", AT, group="Address"),
    Field("debts", AT, renamed_from="old_debts", group="Public"),
    Field("Shoe size", AT),
    Field("brand_new", AT, group="Finance"),
    Field("bare", AT),
)


def groups(assigns_keys: bool = False) -> Groups:
    return Groups.of_crm(file_with(*ENTRIES), CRM, replace(CAN_ALL, assigns_keys=assigns_keys))


@pytest.mark.parametrize(
    ("key", "object", "group"),
    [
        ("iban", "", "Finance"),
        ("debts", "", "Finance"),
        ("old_debts", "", "Finance"),
        ("brand_new", "", "Finance"),
        ("city", "", "Places"),
        ("city", "lead", "Places"),
        ("iban", "lead", "Public"),
        ("bare", "", ""),
        ("nobody", "", ""),
    ],
    ids=[
        "one that is moved is in the group that it leaves",
        "one that is renamed is in the group of its old name",
        "the old name is in it, too",
        "a new one is in the group that it is made in",
        "another kind of object may say what the first does not",
        "each kind of object says its own",
        "where a kind of object has none the file says it",
        "nobody says one",
        "released by the file",
    ],
)
def test_the_group_is_where_the_crm_has_the_field_else_where_the_file_wants_it(
    key: str, object: str, group: str
) -> None:
    assert groups().of(key, object) == group


def test_a_crm_that_assigns_keys_is_asked_by_label() -> None:
    assert (groups().of("Shoe size"), groups(assigns_keys=True).of("Shoe size")) == ("", "Body")
