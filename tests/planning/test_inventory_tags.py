import pytest

from reconciler.model.capabilities import Ability
from reconciler.model.desired import Tag
from reconciler.model.plan import Delta
from reconciler.model.problems import Place

from .small_crm import FILE, cannot, live, planned, rule_tag, told


def test_an_undeclared_tag_is_untouched() -> None:
    assert planned(there=live(tags=("Old promo",))).changes == ()


@pytest.mark.parametrize("entry", [rule_tag("Gold"), Tag("Gold", Place(FILE, 7))])
def test_a_missing_tag_is_created_whether_a_rule_applies_it_or_not(entry: Tag) -> None:
    (change,) = planned(entry).changes
    assert (change.address, change.kind, change.key, change.action) == ('tag["Gold"]', "tag", "Gold", "create")
    assert change.deltas == (Delta("name", None, "Gold"),)


def test_rule_tags_have_the_crms_key_and_new_ones_none() -> None:
    plan = planned(rule_tag("VIP"), rule_tag("New"), Tag("Newsletter", Place(FILE, 8)), there=live(tags=("VIP",)))
    assert plan.tag_keys == {"VIP": "t1", "New": None}


def test_a_tag_that_cannot_be_created_is_blocked_and_nobody_gets_it() -> None:
    plan = planned(rule_tag("Gold"), capabilities=cannot(Ability.ADD_TAG, why="tags are lists"))
    (change,) = plan.changes
    assert (change.action, change.reason, change.by_hand) == (
        "blocked",
        "tags are lists",
        "create the tag `Gold` in the CRM",
    )
    assert plan.blocked_tags == {"Gold": "tags are lists"}


def test_a_tag_is_renamed_when_only_its_old_name_is_there() -> None:
    plan = planned(rule_tag("Gold", renamed_from="Gold member"), there=live(tags=("Gold member",)))
    (change,) = plan.changes
    assert (change.address, change.action) == ('tag["Gold"]', "rename")
    assert (change.key, change.new_key) == ("Gold member", "Gold")
    assert (plan.tag_keys, plan.blocked_tags) == ({"Gold": "t1"}, {})


def test_a_tag_may_be_renamed_to_another_spelling_of_itself() -> None:
    plan = planned(rule_tag("Gold", renamed_from="GOLD"), there=live(tags=("GOLD",)))
    assert (told(plan.changes), plan.findings) == ([('tag["Gold"]', "rename")], ())


def test_a_rename_that_the_crm_cannot_do_is_blocked() -> None:
    capabilities = cannot(Ability.RENAME_TAG, why="names are for ever")
    plan = planned(rule_tag("Gold", renamed_from="Silver"), there=live(tags=("Silver",)), capabilities=capabilities)
    assert told(plan.changes) == [('tag["Gold"]', "blocked")]
    assert plan.changes[0].by_hand == "rename `Silver` to `Gold` in the CRM"
    assert plan.blocked_tags == {"Gold": "names are for ever"}


def test_a_rename_that_is_done_is_a_finding() -> None:
    plan = planned(rule_tag("Gold", renamed_from="Silver"), there=live(tags=("Gold",)))
    assert ([f.code for f in plan.findings], plan.changes) == (["R302"], ())


def test_a_rename_with_both_names_there_is_blocked() -> None:
    plan = planned(rule_tag("Gold", renamed_from="Silver"), there=live(tags=("Gold", "Silver")))
    assert told(plan.changes) == [('tag["Gold"]', "blocked")]
    assert plan.blocked_tags == {"Gold": "both Silver and Gold are there"}


def test_a_rename_with_neither_name_there_creates_the_tag() -> None:
    assert told(planned(rule_tag("Gold", renamed_from="Silver")).changes) == [('tag["Gold"]', "create")]


def test_two_entries_cannot_be_renamed_from_one_tag() -> None:
    plan = planned(rule_tag("A", renamed_from="Old"), rule_tag("B", renamed_from="Old"), there=live(tags=("Old",)))
    assert told(plan.changes) == [('tag["A"]', "rename"), ('tag["B"]', "blocked")]


def test_a_rename_from_a_tag_with_an_entry_of_its_own_is_blocked() -> None:
    plan = planned(rule_tag("Gold", renamed_from="Silver"), rule_tag("Silver"), there=live(tags=("Silver",)))
    assert told(plan.changes) == [('tag["Gold"]', "blocked")]


def test_an_absent_tag_is_removed_and_its_carriers_are_counted() -> None:
    plan = planned(rule_tag("Old promo", absent=True), there=live(tags=("Old promo",)))
    assert told(plan.changes) == [('tag["Old promo"]', "delete")]
    assert plan.count_tags == {'tag["Old promo"]': "t1"}
    assert plan.tag_keys == {}


def test_an_absent_tag_that_is_gone_needs_nothing() -> None:
    plan = planned(Tag("Old promo", Place(FILE, 7), absent=True))
    assert (plan.changes, plan.findings, plan.count_tags) == ((), (), {})


def test_a_tag_that_the_crm_cannot_remove_is_blocked() -> None:
    entry, capabilities = Tag("Old", Place(FILE, 7), absent=True), cannot(Ability.DELETE_TAG)
    plan = planned(entry, there=live(tags=("Old",)), capabilities=capabilities)
    assert told(plan.changes) == [('tag["Old"]', "blocked")]
    assert plan.changes[0].by_hand == "remove the tag `Old` in the CRM"


@pytest.mark.parametrize("stored", ["vip & co", "VIP  &  co", "VIP &amp; co"])
def test_a_tag_that_the_crm_spells_otherwise_is_a_finding_and_no_twin_is_made(stored: str) -> None:
    plan = planned(rule_tag("VIP & co"), there=live(tags=(stored,)))
    (change,), (finding,) = plan.changes, plan.findings
    assert (change.action, change.reason) == ("blocked", f"the CRM has it as {stored}")
    assert (finding.code, finding.where) == ("R303", Place(FILE, 7))
    assert plan.blocked_tags == {"VIP & co": change.reason}


def test_a_twin_beside_the_tag_itself_is_only_a_finding() -> None:
    plan = planned(rule_tag("VIP"), there=live(tags=("vip", "VIP")))
    assert ([f.code for f in plan.findings], plan.changes, plan.tag_keys) == (["R303"], (), {"VIP": "t2"})


def test_a_tag_to_be_removed_is_never_another_spelling_of_it() -> None:
    plan = planned(Tag("VIP", Place(FILE, 7), absent=True), there=live(tags=("vip",)))
    assert (plan.changes, [f.code for f in plan.findings]) == ((), ["R303"])
