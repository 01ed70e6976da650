from dataclasses import replace

import pytest

from reconciler.model.capabilities import Ability
from reconciler.model.desired import Field, FromScore
from reconciler.model.inventory import CrmField
from reconciler.model.plan import Delta
from reconciler.model.problems import Level, Place
from reconciler.planning.bindings import Held
from reconciler.planning.fields import new_field

from .small_crm import CAN_ALL, FILE, cannot, choice, declared, live, mapped, option, planned, text, told

ASSIGNS = replace(CAN_ALL, assigns_keys=True)


def test_an_undeclared_field_is_untouched() -> None:
    plan = planned(mapped("email"), there=live(text("hobby"), choice("rank", a="A")))
    assert plan.changes == ()


def test_a_missing_field_is_created_as_text_with_a_readable_label() -> None:
    (change,) = planned(declared("membership_level", line=31)).changes
    assert told((change,)) == [("field.membership_level", "create")]
    assert change.deltas == (Delta("type", None, "text"), Delta("label", None, "Membership level"))
    assert (change.summary, change.where) == ("text", Place(FILE, 31))


def test_a_new_field_is_made_as_it_is_declared() -> None:
    entry = mapped(
        "tier", type="select", label="Tier", group="Club", options=(option("free", "Free"), option("pro"), _gone("old"))
    )
    (change,) = planned(entry).changes
    assert change.summary == "select, 2 options"
    made = new_field(change, CAN_ALL)
    assert (made.key, made.label, made.native, made.group) == ("tier", "Tier", "choice", "Club")
    assert [(o.value, o.label) for o in made.options] == [("free", "Free"), ("pro", "pro")]


def test_values_of_a_new_field_travel_on_its_wire_and_are_nowhere_yet() -> None:
    (binding,) = planned(mapped("age", type="number")).bindings
    assert (binding.type, binding.wire, binding.read_key) == ("number", CAN_ALL.wires["number"], None)
    assert (binding.crm_field, binding.blocked) == (None, "")


def test_a_field_without_a_type_takes_the_type_of_the_existing_one() -> None:
    (binding,) = planned(mapped("born"), there=live(text("born", native="date"))).bindings
    assert (binding.type, binding.read_key) == ("date", "born")


def test_a_missing_field_that_cannot_be_created_is_blocked_with_the_adapters_sentence_and_near_keys() -> None:
    plan = planned(mapped("frist_name"), there=live(text("first_name")), capabilities=cannot(Ability.ADD_FIELD))
    (change,), (binding,), (finding,) = plan.changes, plan.bindings, plan.findings
    assert told((change,)) == [("field.frist_name", "blocked")]
    assert change.reason == binding.blocked == "fields of this CRM are made on its settings page"
    assert change.by_hand == "write `first_name` if that is meant, or create `frist_name` in the CRM as string"
    assert (finding.code, finding.level, finding.count) == ("R301", Level.WARNING, 1)
    assert "first_name" in finding.detail


@pytest.mark.parametrize(("level", "left"), [(Level.ERROR, [Level.ERROR]), (Level.OFF, [])])
def test_the_file_sets_the_level_of_a_finding_by_its_name(level: Level, left: list[Level]) -> None:
    plan = planned(mapped("hobby"), capabilities=cannot(Ability.ADD_FIELD), rules={"unknown-field": level})
    assert [f.level for f in plan.findings] == left


def test_a_type_that_the_existing_field_does_not_accept_is_blocked_in_the_crms_own_words() -> None:
    plan = planned(mapped("rank", type="number"), there=live(text("rank")))
    (change,), (binding,) = plan.changes, plan.bindings
    assert (change.action, change.reason) == ("blocked", "number wanted, string there")
    assert change.by_hand == "in the CRM, make a field of type number and move the values, or declare `type: text`"
    assert change.deltas == (Delta("type", "string", "number"),)
    assert (binding.blocked, binding.read_key) == (change.reason, "rank")


def test_a_type_is_fine_in_every_native_type_that_it_accepts() -> None:
    plan = planned(mapped("bio", type="text"), there=live(text("bio", native="longtext")))
    assert (plan.changes, plan.bindings[0].blocked) == ((), "")


def test_a_declared_type_is_checked_even_where_the_values_are_not_ours() -> None:
    plan = planned(declared("rank", type="number"), there=live(text("rank")))
    assert (told(plan.changes), plan.bindings) == ([("field.rank", "blocked")], ())


def test_a_field_that_must_only_exist_may_have_any_native_type() -> None:
    assert planned(declared("place"), there=live(text("place", native="geo"))).changes == ()


@pytest.mark.parametrize(
    ("entry", "there", "reason"),
    [
        (mapped("score_sum"), text("score_sum", read_only=True), "it is read-only in this CRM"),
        (mapped("owner"), text("owner", joined="account"), "its value belongs to the account and is only shown here"),
        (mapped("place"), text("place", native="geo"), "geo is not read as any value type by default"),
        (mapped("place", type="score"), text("place"), "this CRM stores no values of type score"),
        (mapped("place", options=(option("a"),)), text("place"), "a text field has no options"),
    ],
)
def test_a_field_that_cannot_be_filled_is_blocked_with_the_reason(entry: Field, there: CrmField, reason: str) -> None:
    plan = planned(entry, there=live(there))
    (change,) = plan.changes
    assert (change.action, change.reason) == ("blocked", reason)
    assert change.by_hand
    assert plan.bindings[0].blocked == reason


@pytest.mark.parametrize("there", [text("owner", joined="account"), text("owner", read_only=True)])
def test_a_read_only_field_without_values_of_ours_is_not_blocked(there: CrmField) -> None:
    assert planned(declared("owner"), there=live(there)).changes == ()


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (mapped("sum", type="score"), "this CRM stores no values of type score"),
        (mapped("tier", type="text", options=(option("a"),)), "a text field has no options"),
    ],
)
def test_a_field_that_cannot_be_made_as_declared_is_blocked_and_not_created(entry: Field, reason: str) -> None:
    (change,) = planned(entry).changes
    assert (change.action, change.reason) == ("blocked", reason)


def test_a_field_without_values_and_type_is_blocked_where_the_crm_stores_no_text() -> None:
    wires = {name: wire for name, wire in CAN_ALL.wires.items() if name != "text"}
    (change,) = planned(declared("note"), capabilities=replace(CAN_ALL, wires=wires)).changes
    assert (change.action, change.reason) == ("blocked", "this CRM stores no values of type text")


def test_findings_are_sorted_by_code_then_detail() -> None:
    entries = mapped("zeta"), mapped("alpha"), mapped("tier", renamed_from="level")
    plan = planned(*entries, there=live(text("tier")), capabilities=cannot(Ability.ADD_FIELD))
    assert [(f.code, f.detail.split()[0]) for f in plan.findings] == [
        ("R301", "`alpha`"),
        ("R301", "`zeta`"),
        ("R302", "`level`"),
    ]


def test_bindings_stand_in_the_files_order_with_blocked_ones_among_them() -> None:
    entries = mapped("zeta"), mapped("rank", type="number"), declared("note"), mapped("alpha")
    plan = planned(*entries, there=live(text("rank")))
    assert [b.entry.key for b in plan.bindings] == ["zeta", "rank", "alpha"]


def test_a_field_is_renamed_when_only_its_old_name_is_there() -> None:
    plan = planned(mapped("tier", renamed_from="level"), there=live(text("level")))
    (change,), (binding,) = plan.changes, plan.bindings
    assert (change.address, change.action, change.key, change.new_key) == ("field.tier", "rename", "level", "tier")
    assert change.deltas == (Delta("key", "level", "tier"),)
    assert (binding.read_key, binding.blocked) == ("level", "")


def test_a_renamed_field_is_relabelled_under_its_new_key_afterwards() -> None:
    rename, update = planned(mapped("tier", renamed_from="level", label="Tier"), there=live(text("level"))).changes
    assert [rename.action, update.action] == ["rename", "update"]
    assert (update.address, update.key) == ("field.tier", "tier")


@pytest.mark.parametrize(
    ("there", "capabilities", "reason"),
    [
        (text("level"), cannot(Ability.RENAME_FIELD, why="keys are for ever"), "keys are for ever"),
        (text("level", standard=True), CAN_ALL, "a standard field of the CRM cannot be renamed"),
        (text("level", native="date"), CAN_ALL, "number wanted, date there"),
    ],
)
def test_a_rename_that_cannot_be_done_is_blocked_with_its_values(there, capabilities, reason) -> None:
    entry = mapped("tier", type="number", renamed_from="level")
    plan = planned(entry, there=live(there), capabilities=capabilities)
    (change,) = plan.changes
    assert (change.address, change.action, change.reason) == ("field.tier", "blocked", reason)
    assert (plan.bindings[0].blocked, plan.bindings[0].read_key) == (reason, "level")


def test_a_rename_that_is_done_is_a_finding_and_the_field_is_used() -> None:
    entry = mapped("tier", renamed_from="level", where_of={"renamed_from": Place(FILE, 12)})
    plan = planned(entry, there=live(text("tier")))
    (finding,) = plan.findings
    assert (finding.code, finding.where) == ("R302", Place(FILE, 12))
    assert (plan.changes, plan.bindings[0].blocked) == ((), "")


def test_a_rename_with_both_names_there_is_blocked() -> None:
    plan = planned(mapped("tier", renamed_from="level"), there=live(text("tier"), text("level")))
    (change,) = plan.changes
    assert (change.action, change.reason) == ("blocked", "both level and tier are there")
    assert plan.bindings[0].blocked


def test_a_rename_with_neither_name_there_creates_the_field() -> None:
    assert told(planned(mapped("tier", renamed_from="level")).changes) == [("field.tier", "create")]


def test_a_rename_from_a_field_with_an_entry_of_its_own_is_blocked() -> None:
    plan = planned(mapped("tier", renamed_from="level"), mapped("level"), there=live(text("level")))
    assert told(plan.changes) == [("field.tier", "blocked")]


def test_two_entries_cannot_be_renamed_from_one_field() -> None:
    entries = mapped("one", renamed_from="level"), mapped("two", renamed_from="level")
    plan = planned(*entries, there=live(text("level")))
    assert told(plan.changes) == [("field.one", "rename"), ("field.two", "blocked")]


def test_an_absent_field_is_removed_and_its_holders_are_counted() -> None:
    plan = planned(declared("legacy", absent=True), there=live(text("legacy")))
    (change,) = plan.changes
    assert (change.address, change.action, change.key) == ("field.legacy", "delete", "legacy")
    assert change.deltas == (Delta("type", "string", None), Delta("label", "LEGACY", None))
    assert plan.count_held == {"field.legacy": Held("legacy")}


def test_an_absent_field_that_is_gone_needs_nothing() -> None:
    plan = planned(declared("legacy", absent=True))
    assert (plan.changes, plan.findings, plan.count_held) == ((), (), {})


def test_a_standard_field_is_never_removed() -> None:
    (change,) = planned(declared("fax", absent=True), there=live(text("fax", standard=True))).changes
    assert (change.action, change.reason) == ("blocked", "a standard field of the CRM cannot be removed")


def test_a_field_that_the_crm_cannot_remove_is_blocked_with_its_holders_counted() -> None:
    there, capabilities = live(text("legacy")), cannot(Ability.DELETE_FIELD)
    plan = planned(declared("legacy", absent=True), there=there, capabilities=capabilities)
    assert told(plan.changes) == [("field.legacy", "blocked")]
    assert plan.changes[0].by_hand == "remove `legacy` in the CRM"
    assert plan.count_held == {"field.legacy": Held("legacy")}


@pytest.mark.parametrize("key", ["Membership Level", "membership_level"])
def test_where_the_crm_assigns_keys_the_label_finds_the_field(key: str) -> None:
    there = live(text("42", label="Membership level"))
    plan = planned(mapped(key), there=there, capabilities=ASSIGNS)
    assert (plan.changes, plan.bindings[0].read_key) == ((), "42")


def test_where_the_crm_assigns_keys_a_field_just_made_is_found_again() -> None:
    entry = mapped("tier", label="Club tier")
    (change,) = planned(entry, capabilities=ASSIGNS).changes
    made = replace(new_field(change, ASSIGNS), key="77")
    plan = planned(entry, there=live(made), capabilities=ASSIGNS)
    assert (plan.changes, plan.bindings[0].read_key) == ((), "77")


def test_a_label_is_no_key_where_the_file_chooses_keys() -> None:
    plan = planned(mapped("city"), there=live(text("work_city", label="City")))
    assert told(plan.changes) == [("field.city", "create")]


def test_a_label_that_two_fields_have_blocks_and_creates_nothing() -> None:
    there = live(text("42", label="Rank"), text("43", label="rank"))
    plan = planned(mapped("rank"), there=there, capabilities=ASSIGNS)
    assert told(plan.changes) == [("field.rank", "blocked")]
    assert plan.changes[0].reason == "2 fields of the CRM have the label of rank"


def test_two_entries_that_mean_one_field_fill_it_once() -> None:
    plan = planned(mapped("42"), mapped("rank"), there=live(text("42", label="Rank")), capabilities=ASSIGNS)
    assert told(plan.changes) == [("field.rank", "blocked")]
    assert [bool(b.blocked) for b in plan.bindings] == [False, True]


def _gone(value: str):
    return option(value, absent=True)


def test_a_new_field_of_points_is_a_number_and_not_text() -> None:
    capabilities = replace(CAN_ALL, wires={**CAN_ALL.wires, "score": CAN_ALL.wires["number"]})
    entry = declared("points")._replace(origin=FromScore("loyalty"))
    (binding,) = planned(entry, capabilities=capabilities).bindings
    assert (binding.type, binding.wire) == ("score", CAN_ALL.wires["number"])


def test_the_field_that_people_are_looked_up_by_is_an_e_mail_in_whatever_the_crm_keeps_it() -> None:
    (untyped,) = planned(mapped("email")).bindings
    (plain,) = planned(mapped("email", type="text")).bindings
    (other,) = planned(mapped("email"), mapped("second"), there=live(text("second"))).bindings[1:]
    assert (untyped.type, plain.type, other.type) == ("email", "email", "text")


def test_a_key_that_a_deleted_field_keeps_is_blocked_but_for_the_types_that_bring_it_back() -> None:
    gone = replace(live(), kept={"hobby": frozenset(), "score": frozenset({"number"})})
    text_there, number_there = mapped("hobby", line=8), mapped("score", type="number")
    blocked, revived = planned(text_there, number_there, there=gone).changes
    assert told((blocked, revived)) == [("field.hobby", "blocked"), ("field.score", "create")]
    assert "keeps the key" in blocked.reason
    assert "another key" in blocked.by_hand
    (other,) = planned(mapped("score", type="text"), there=gone).changes
    assert told((other,)) == [("field.score", "blocked")]
