import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.model.capabilities import Ability
from reconciler.model.inventory import CrmOption
from reconciler.model.plan import Delta
from reconciler.model.problems import Place
from reconciler.planning.attributes import wanted_options

from .small_crm import CAN_ALL, FILE, cannot, choice, declared, live, mapped, option, planned, text, told


def test_label_and_group_that_are_not_declared_stay() -> None:
    assert planned(declared("city"), there=live(text("city", label="Town", group="Home"))).changes == ()


def test_declared_label_and_group_are_changed_in_one_update() -> None:
    entry = declared("city", label="City", group="Address")
    (change,) = planned(entry, there=live(text("city", label="Town"))).changes
    assert (change.address, change.action) == ("field.city", "update")
    assert change.deltas == (Delta("group", None, "Address"), Delta("label", "Town", "City"))


@pytest.mark.parametrize("stored", ["Food &amp; drink", " Food  & drink "])
def test_a_label_that_the_crm_only_escaped_or_trimmed_is_in_order(stored: str) -> None:
    assert planned(declared("food", label="Food & drink"), there=live(text("food", label=stored))).changes == ()


def test_a_label_that_the_crm_cannot_change_is_blocked_alone_and_values_still_flow() -> None:
    entry = mapped("city", label="City", group="Address", where_of={"label": Place(FILE, 6)})
    capabilities = cannot(Ability.RELABEL_FIELD)
    plan = planned(entry, there=live(text("city", label="Town")), capabilities=capabilities)
    update, blocked = plan.changes
    assert (update.action, [d.path for d in update.deltas]) == ("update", ["group"])
    assert (blocked.action, blocked.deltas, blocked.where) == (
        "blocked",
        (Delta("label", "Town", "City"),),
        Place(FILE, 6),
    )
    assert blocked.by_hand == "in the CRM, set its label to `City`, or take `label` out of the file"
    assert plan.bindings[0].blocked == ""


def test_each_option_is_its_own_change_and_the_undeclared_ones_stay() -> None:
    entry = mapped("tier", options=(option("gold", "Gold"), option("pro", "Professional"), option("old", absent=True)))
    plan = planned(entry, there=live(choice("tier", pro="Pro", old="Old", kept="Kept")))
    assert told(plan.changes) == [
        ("field.tier.option.gold", "create"),
        ("field.tier.option.old", "delete"),
        ("field.tier.option.pro", "update"),
    ]
    assert [c.deltas for c in plan.changes] == [
        (Delta("options.gold", None, "Gold"),),
        (Delta("options.old", "Old", None),),
        (Delta("options.pro.label", "Pro", "Professional"),),
    ]
    assert {(c.kind, c.key, c.where) for c in plan.changes} == {("option", "tier", Place(FILE, 9))}


def test_every_option_has_its_own_change_however_many_differ() -> None:
    entry = mapped("tier", options=tuple(option(v, v.upper()) for v in "abcdefgh"))
    plan = planned(entry, there=live(choice("tier", x="X", a="?")))
    assert [c.option for c in plan.changes] == list("abcdefgh")


def test_an_option_without_a_label_takes_any_label() -> None:
    assert planned(mapped("tier", options=(option("pro"),)), there=live(choice("tier", pro="Profi"))).changes == ()


def test_an_option_value_with_dots_and_quotes_is_one_value() -> None:
    (change,) = planned(mapped("tier", options=(option("a.b['c\"]", "X"),)), there=live(choice("tier", z="Z"))).changes
    assert (change.address, change.option) == ("field.tier.option.a.b['c\"]", "a.b['c\"]")


def test_an_absent_option_that_is_gone_needs_nothing() -> None:
    entry = mapped("tier", options=(option("old", absent=True),))
    assert planned(entry, there=live(choice("tier", pro="Pro"))).changes == ()


@pytest.mark.parametrize(
    ("ability", "wanted", "by_hand"),
    [
        (Ability.ADD_OPTION, option("gold", "Gold"), "in the CRM, add the option `gold`, labelled `Gold`"),
        (Ability.RELABEL_OPTION, option("pro", "Pro!"), "in the CRM, set the label of the option `pro` to `Pro!`"),
        (Ability.DELETE_OPTION, option("pro", absent=True), "in the CRM, remove the option `pro`"),
    ],
)
def test_an_option_that_the_crm_cannot_change_is_blocked_with_what_to_do(ability, wanted, by_hand) -> None:
    entry = mapped("tier", options=(option("kept"), wanted))
    there = live(choice("tier", pro="Pro", kept="Kept"))
    plan = planned(entry, there=there, capabilities=cannot(ability, why="its list is fixed"))
    (change,) = plan.changes
    assert (change.address, change.action) == (f"field.tier.option.{wanted.value}", "blocked")
    assert (change.reason, change.by_hand) == ("its list is fixed", by_hand)
    assert plan.bindings[0].blocked == ""


@pytest.mark.parametrize("capabilities", [CAN_ALL, cannot(Ability.ADD_OPTION)])
def test_options_of_a_choice_that_the_crm_keeps_as_text_stay_in_the_file(capabilities) -> None:
    plan = planned(
        mapped("tier", type="select", options=(option("pro"),)), there=live(text("tier")), capabilities=capabilities
    )
    assert (plan.changes, plan.bindings[0].blocked) == ((), "")
    assert [o.value for o in plan.bindings[0].entry.options or ()] == ["pro"]


def test_an_option_that_cannot_be_relabelled_may_still_be_written() -> None:
    entry = mapped("tier", options=(option("pro", "Pro!"),))
    capabilities = cannot(Ability.RELABEL_OPTION)
    (binding,) = planned(entry, there=live(choice("tier", pro="Pro")), capabilities=capabilities).bindings
    assert [o.value for o in binding.entry.options or ()] == ["pro"]


def test_an_option_that_cannot_be_added_is_no_value_that_may_be_written() -> None:
    entry = mapped("tier", options=(option("pro"), option("gold")))
    capabilities = cannot(Ability.ADD_OPTION)
    (binding,) = planned(entry, there=live(choice("tier", pro="Pro")), capabilities=capabilities).bindings
    assert [o.value for o in binding.entry.options or ()] == ["pro"]


def test_a_field_none_of_whose_options_can_be_added_is_blocked() -> None:
    plan = planned(
        mapped("tier", options=(option("gold"), option("blue"))),
        there=live(choice("tier", pro="Pro")),
        capabilities=cannot(Ability.ADD_OPTION, why="its list is fixed"),
    )
    assert told(plan.changes) == [("field.tier", "blocked")]
    assert plan.changes[0].by_hand == "in the CRM, add the options gold, blue"
    assert plan.bindings[0].blocked == "its list is fixed"


def test_the_list_to_write_keeps_what_nobody_declared_and_carries_out_the_rest() -> None:
    entry = mapped("tier", options=(option("gold", "Gold"), option("pro", "Professional"), option("old", absent=True)))
    there = choice("tier", kept="Kept", pro="Pro", old="Old")
    written = wanted_options(there.options, planned(entry, there=live(there)).changes)
    assert written == (CrmOption("kept", "Kept"), CrmOption("pro", "Professional"), CrmOption("gold", "Gold"))
    assert planned(entry, there=live(replace(there, options=written))).changes == ()


def test_the_list_to_write_leaves_blocked_options_out() -> None:
    entry = mapped("tier", options=(option("pro"), option("gold")))
    there = choice("tier", pro="Pro")
    changes = planned(entry, there=live(there), capabilities=cannot(Ability.ADD_OPTION)).changes
    assert wanted_options(there.options, changes) == there.options


@pytest.mark.parametrize(("label", "loaded"), [("City", 0), ("Town", 1)])
def test_the_comparing_library_is_loaded_only_when_an_attribute_differs(label: str, loaded: int) -> None:
    code = f"""
import sys
from planning.small_crm import declared, live, planned, text
planned(declared("city", label="City"), there=live(text("city", label="{label}")))
sys.exit("deepdiff" in sys.modules)
"""
    run = subprocess.run([sys.executable, "-c", code], check=False, cwd=Path(__file__).parents[1])
    assert run.returncode == loaded
