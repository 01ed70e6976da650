import pytest

from reconciler.model.capabilities import Ability, Capabilities
from reconciler.model.desired import DynamicTags, Field, Push, Tag
from reconciler.model.problems import Failure, Place

from .small_crm import (
    CAN_ALL,
    FILE,
    cannot,
    carried_out,
    choice,
    declared,
    live,
    mapped,
    option,
    planned,
    rule_tag,
    text,
    told,
)


def test_changes_are_sorted_by_kind_then_address_by_code_point() -> None:
    entries = (
        rule_tag("b"),
        rule_tag("B"),
        mapped("zeta"),
        mapped("tier", options=(option("x"), option("X"))),
        mapped("Alpha"),
        mapped("beta"),
    )
    tier = text("tier", native="choice")
    assert [c.address for c in planned(*entries, there=live(tier)).changes] == [
        "field.Alpha",
        "field.beta",
        "field.zeta",
        "field.tier.option.X",
        "field.tier.option.x",
        'tag["B"]',
        'tag["b"]',
    ]


def test_the_order_of_the_file_does_not_change_the_plan() -> None:
    entries = mapped("a", type="number"), mapped("b"), rule_tag("T"), declared("c", absent=True)
    there = live(text("a"), text("c"))
    assert planned(*entries, there=there).changes == planned(*reversed(entries), there=there).changes


@pytest.mark.parametrize(
    "address", ["field.level", 'tag["Café \\"x\\""]', 'dynamic_tags["Role: "]'], ids=["field", "tag", "dynamic tags"]
)
def test_what_only_the_last_applied_file_declared_is_released_without_a_write(address: str) -> None:
    there = live(text("level"), tags=('Café "x"',))
    plan = planned(mapped("email"), there=there, applied=("field.email", address))
    assert told(plan.changes) == [(address, "released")]


def test_a_released_field_is_named_by_its_key() -> None:
    (change,) = planned(there=live(text("a.b")), applied=("field.a.b",)).changes
    assert (change.kind, change.key, change.where, change.deltas) == ("field", "a.b", None, ())


def test_what_is_still_declared_is_not_released() -> None:
    entries = mapped("level"), rule_tag("Gold")
    there = live(text("level"), tags=("Gold",))
    dynamic = (DynamicTags("roles", Place(FILE, 8), "Role: "),)
    applied = ("field.level", 'tag["Gold"]', 'dynamic_tags["Role: "]')
    assert planned(*entries, there=there, applied=applied, dynamic_tags=dynamic).changes == ()


def test_the_old_name_of_a_rename_is_not_released() -> None:
    entries = mapped("tier", renamed_from="level"), rule_tag("Gold", renamed_from="Silver")
    there = live(text("level"), tags=("Silver",))
    plan = planned(*entries, there=there, applied=("field.level", 'tag["Silver"]'))
    assert told(plan.changes) == [("field.tier", "rename"), ('tag["Gold"]', "rename")]


def test_what_is_gone_from_the_crm_is_not_released() -> None:
    assert planned(applied=("field.legacy", 'tag["Old"]')).changes == ()


def test_a_match_field_that_the_crm_does_not_have_stops_with_near_keys() -> None:
    with pytest.raises(Failure) as failure:
        planned(match="e_mail")
    (problem,) = failure.value.problems
    assert (problem.code, problem.where) == ("R304", Place(FILE, 3))
    assert problem.fix == "Did you mean `email`?"


@pytest.mark.parametrize(
    ("status", "capabilities", "said"),
    [
        ("unsubscribd", CAN_ALL, "Use `unsubscribed`"),
        ("archived", CAN_ALL, "Use `unsubscribed` or `subscribed`"),
        ("unsubscribed", cannot(Ability.SET_STATUS, why="it has no statuses"), "it has no statuses"),
    ],
)
def test_a_status_that_the_crm_does_not_know_or_set_stops(status: str, capabilities: Capabilities, said: str) -> None:
    with pytest.raises(Failure) as failure:
        planned(status=status, capabilities=capabilities)
    (problem,) = failure.value.problems
    assert (problem.code, problem.where) == ("R305", Place(FILE, 4))
    assert said in f"{problem.detail}. {problem.fix}"


def test_a_status_that_the_crm_knows_is_fine() -> None:
    assert planned(status="unsubscribed").changes == ()


def test_all_that_stops_is_said_at_once() -> None:
    with pytest.raises(Failure) as failure:
        planned(match="mail", status="nope")
    assert [p.code for p in failure.value.problems] == ["R304", "R305"]


def test_a_plan_that_is_carried_out_leaves_an_empty_one() -> None:
    entries = (
        mapped("new", type="select", group="Club", options=(option("a", "A"), option("b"), option("c", absent=True))),
        mapped("tier", renamed_from="level", type="select", label="Tier", options=(option("pro", "Pro"), option("x"))),
        mapped("rank", type="select", options=(option("kept"), option("old", absent=True), option("gold", "Gold"))),
        declared("city", label="City", group="Address"),
        declared("legacy", absent=True),
        rule_tag("VIP"),
        rule_tag("Gold", renamed_from="Silver"),
        Tag("Old", Place(FILE, 7), absent=True),
    )
    there = live(
        choice("level", pro="pro"),
        choice("rank", kept="Kept", old="Old", other="Other"),
        text("city", label="Town"),
        text("legacy"),
        text("undeclared"),
        tags=("Silver", "Old", "Other"),
    )
    first = planned(*entries, there=there)
    assert len(first.changes) == 12
    there = carried_out(first.changes, there)
    second = planned(*entries, there=there)
    assert second.changes == ()
    assert {f.key for f in there.fields} == {"email", "new", "tier", "rank", "city", "undeclared"}
    assert {t.name for t in there.tags} == {"VIP", "Gold", "Other"}
    assert {f.code for f in second.findings} == {"R302"}


def test_an_inventory_as_declared_needs_nothing() -> None:
    entries = mapped("email"), mapped("tier", type="text", label="Tier"), rule_tag("Gold"), Tag("News", Place(FILE, 7))
    plan = planned(*entries, there=live(text("tier", label="Tier"), tags=("Gold", "News")))
    assert (plan.changes, plan.findings) == ((), ())


@pytest.mark.parametrize(
    ("create", "entry", "missing"),
    [
        (True, None, ["`last_name`"]),
        (False, None, []),
        (True, mapped("last_name"), []),
        (True, declared("last_name"), ["`last_name`"]),
        (True, mapped("last_name", push=Push.NEVER), ["`last_name`"]),
        (True, mapped("last_name", push=Push.ON_CREATE), []),
    ],
    ids=["not mapped", "nobody is created", "mapped", "only declared", "never pushed", "filled on create"],
)
def test_a_required_field_has_to_be_filled_where_contacts_are_created(
    create: bool, entry: Field | None, missing: list[str]
) -> None:
    there = live(text("last_name", required=True), text("city"))
    entries = [mapped("email"), *([entry] if entry else [])]
    found = planned(*entries, there=there, create=create).findings
    assert [f.detail for f in found if f.code == "R306"] == missing
