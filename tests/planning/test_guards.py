from dataclasses import replace

import pytest

from reconciler.model.desired import Limits
from reconciler.model.plan import Action, Guard, InventoryChange
from reconciler.model.problems import Place
from reconciler.planning.guards import LIMITS, guards, tripped_message
from reconciler.planning.tally import Tally

from .small_crm import FILE, file_with, rule_tag


def found(tally=None, *, limits=None, allow=None, changes=(), new_tags=0, tags=()) -> dict[str, Guard]:
    """Guards by limit, of a file with these limits and rule tags; more than one of a limit is an error of the test."""
    desired = file_with(*(rule_tag(name) for name in tags), limits=limits or Limits())
    result = guards(desired, changes, tally or Tally(), allow or {}, new_tags)
    by_limit = {guard.limit: guard for guard in result}
    assert len(by_limit) == len(result)
    return by_limit


def change(kind: str, key: str, action: Action) -> InventoryChange:
    return InventoryChange(key, kind, key, action, None)


def numbers(guard: Guard) -> tuple[int, int, bool]:
    return guard.observed, guard.allowed, guard.tripped


TOTALS = [
    ("create", Tally(create=8), ()),
    ("clear", Tally(cleared=8), ()),
    ("update_percent", Tally(overwritten=8, linked=100), ()),
    ("write_percent", Tally(pulled=8, linked=100), ()),
    ("tag_people", Tally(tags_applied={"VIP": 8}), ()),
    ("untag_percent", Tally(tags_removed={"VIP": 8}, carriers={"VIP": 100}), ()),
    (
        "delete",
        None,
        tuple(change(k, str(n), Action.DELETE) for n, k in enumerate(["field", "option", "tag", "tag"] * 2)),
    ),
    ("new_fields", None, tuple(change("field", str(n), Action.CREATE) for n in range(8))),
]


@pytest.mark.parametrize(("limit", "tally", "changes"), TOTALS, ids=[row[0] for row in TOTALS])
def test_a_limit_lets_pass_what_equals_it_and_stops_one_more(limit, tally, changes) -> None:
    at = found(tally, changes=changes, limits=replace(Limits(), **{limit: 8}))
    over = found(tally, changes=changes, limits=replace(Limits(), **{limit: 7}))
    assert numbers(at[limit]) == (8, 8, False)
    assert numbers(over[limit]) == (8, 7, True)


@pytest.mark.parametrize(("limit", "tally", "changes"), TOTALS, ids=[row[0] for row in TOTALS])
def test_allow_replaces_the_number_of_the_file(limit, tally, changes) -> None:
    limits = replace(Limits(), **{limit: 0})
    assert numbers(found(tally, changes=changes, limits=limits, allow={limit: 8})[limit]) == (8, 8, False)
    lower = found(tally, changes=changes, limits=replace(Limits(), **{limit: 9}), allow={limit: 7})
    assert numbers(lower[limit]) == (8, 7, True)


def test_clearing_and_removing_need_to_be_allowed_by_default() -> None:
    result = found(Tally(cleared=1), changes=(change("field", "legacy", Action.DELETE),))
    assert {limit for limit, guard in result.items() if guard.tripped} == {"clear", "delete"}


def test_a_limit_that_nothing_comes_near_is_not_shown() -> None:
    assert found(Tally(linked=100, tags_applied={"VIP": 0})) == {}


def test_only_what_would_happen_counts_in_the_inventory() -> None:
    changes = (
        change("field", "a", Action.BLOCKED),
        change("tag", "b", Action.RELEASED),
        change("option", "c", Action.CREATE),
    )
    assert found(changes=changes) == {}


def test_a_percentage_is_rounded_up_so_that_a_limit_never_lets_more_pass() -> None:
    assert numbers(found(Tally(overwritten=301, linked=1000))["update_percent"]) == (31, 30, True)
    assert numbers(found(Tally(overwritten=300, linked=1000))["update_percent"]) == (30, 30, False)


def test_a_percentage_of_updates_is_not_taken_of_fewer_than_min_people() -> None:
    assert "update_percent" not in found(Tally(overwritten=19, linked=19))
    assert found(Tally(overwritten=20, linked=20))["update_percent"].tripped


def test_a_percentage_of_untagging_is_not_taken_of_fewer_carriers_than_min_people() -> None:
    few = Tally(linked=1000, tags_removed={"VIP": 19}, carriers={"VIP": 19})
    many = replace(few, tags_removed={"VIP": 20}, carriers={"VIP": 20})
    assert "untag_percent" not in found(few)
    assert numbers(found(many)["untag_percent"]) == (100, 10, True)


def test_min_people_of_zero_divides_by_nobody() -> None:
    limits = replace(Limits(), min_people=0)
    assert found(Tally(tags_removed={"VIP": 0}, carriers={"VIP": 0}), limits=limits) == {}


def test_limits_per_tag_name_every_tag_that_trips() -> None:
    tally = Tally(tags_applied={"B": 501, "A": 600, "C": 3})
    result = guards(file_with(), (), tally, {}, 0)
    assert [(g.limit, g.subject, g.tripped) for g in result] == [("tag_people", "A", True), ("tag_people", "B", True)]


def test_limits_per_tag_name_only_the_nearest_tag_when_none_trips() -> None:
    guard = found(Tally(tags_applied={"B": 7, "A": 4, "C": 7}))["tag_people"]
    assert (guard.subject, guard.observed) == ("B", 7)


def test_new_tags_are_the_declared_ones_and_those_of_dynamic_tags_each_once() -> None:
    changes = (change("tag", "VIP", Action.CREATE), change("tag", "Role: admin", Action.CREATE))
    guard = found(changes=changes, tags=("VIP",), new_tags=50)["new_tags"]
    assert numbers(guard) == (51, 50, True)


def test_tripped_guards_come_first_then_by_name() -> None:
    tally = Tally(create=1, cleared=1, overwritten=50, linked=100)
    result = guards(file_with(), (), tally, {}, 0)
    assert [g.limit for g in result] == ["clear", "update_percent", "create"]


def test_a_guard_knows_the_line_of_its_limit() -> None:
    limits = replace(Limits(), where_of={"create": Place(FILE, 70)})
    assert found(Tally(create=1), limits=limits)["create"].where == Place(FILE, 70)


def test_creations_without_state_in_a_filled_crm_are_stopped_and_say_why() -> None:
    guard = found(Tally(create=12, first_run=True, crm_contacts=1))["create"]
    assert numbers(guard) == (12, 0, True)
    assert guard.detail.startswith("no state is known while the CRM holds contacts already")


def test_creations_without_state_in_a_filled_crm_pass_when_that_many_are_allowed() -> None:
    tally = Tally(create=12, first_run=True, crm_contacts=1)
    assert numbers(found(tally, allow={"create": 12})["create"]) == (12, 12, False)
    assert numbers(found(tally, allow={"create": 11})["create"]) == (12, 11, True)


@pytest.mark.parametrize(
    "tally", [Tally(create=12, first_run=True), Tally(create=12, crm_contacts=90)], ids=["empty CRM", "known state"]
)
def test_creations_into_an_empty_crm_or_with_state_have_the_usual_limit(tally: Tally) -> None:
    assert numbers(found(tally)["create"]) == (12, 1000, False)


def test_the_message_says_what_was_planned_and_both_ways_on() -> None:
    assert tripped_message(Guard("update_percent", 30, 34, True)) == (
        "update_percent: 34 planned, 30 allowed. apply is refused; "
        "raise limits.update_percent, or --allow update_percent=34"
    )


def test_the_message_of_a_limit_per_tag_names_the_tag() -> None:
    assert tripped_message(Guard("tag_people", 500, 9000, True, "Welcome")) == (
        "tag_people of Welcome: 9,000 planned, 500 allowed. apply is refused; "
        "raise limits.tag_people, or --allow tag_people=9000"
    )


def test_the_message_of_creations_without_state_offers_no_limit_that_would_not_help() -> None:
    message = tripped_message(found(Tally(create=12, first_run=True, crm_contacts=1))["create"])
    assert "limits.create" not in message
    assert message.endswith("apply is refused; --allow create=12")


def test_every_guard_can_be_allowed_by_name() -> None:
    assert {limit for limit, *_ in TOTALS} | {"new_tags", "untag"} == set(LIMITS)


FIRST = Tally(tags_removed={"VIP": 30, "Gold": 9}, carriers={"VIP": 40, "Gold": 90}, first_lost={"VIP": 30, "Gold": 9})


def test_people_who_keep_a_tag_that_becomes_ours_are_no_matter_of_limits() -> None:
    assert found(Tally(carriers={"VIP": 40}, first_lost={"VIP": 30})) == {}


def test_a_tag_that_becomes_ours_is_taken_away_at_once_only_from_as_many_as_allowed() -> None:
    assert numbers(found(FIRST, allow={"untag": 39})["untag"]) == (39, 39, False)
    assert numbers(found(FIRST, allow={"untag": 38})["untag"]) == (39, 38, True)


def test_who_loses_a_tag_under_allow_untag_is_not_limited_a_second_time() -> None:
    assert [g.limit for g in guards(file_with(), (), FIRST, {"untag": 39}, 0)] == ["untag"]


def test_the_message_of_untag_offers_no_limit_that_the_file_cannot_have() -> None:
    message = tripped_message(found(FIRST, allow={"untag": 1})["untag"])
    assert message == "untag: 39 planned, 1 allowed. apply is refused; --allow untag=39"
