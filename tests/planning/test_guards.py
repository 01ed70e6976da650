from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from ruamel.yaml import YAML

from reconciler.cli.planning import allowances
from reconciler.model.desired import Allowance, Limits
from reconciler.model.plan import Action, AllowedBy, Guard, InventoryChange
from reconciler.model.problems import Place
from reconciler.planning.allowances import Allowed
from reconciler.planning.guards import LIMITS, guards, lifted_message, tripped_message
from reconciler.planning.tally import Tally

from .small_crm import FILE, file_with, rule_tag


def found(tally=None, *, limits=None, allow=None, standing=(), changes=(), new_tags=0, tags=()) -> dict[str, Guard]:
    """Guards by limit, of a file with these limits and rule tags; more than one of a limit is an error of the test."""
    desired = file_with(*(rule_tag(name) for name in tags), limits=limits or Limits())
    result = guards(desired, changes, tally or Tally(), Allowed(allow or {}, standing), new_tags)
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
    result = guards(file_with(), (), tally, Allowed(), 0)
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
    result = guards(file_with(), (), tally, Allowed(), 0)
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


AT = Place(FILE, 44, 9)
PLACED = replace(
    Limits(min_people=0),
    where=Place(FILE, 40),
    where_of=dict.fromkeys(("create", "tag_people", "untag_percent", "update_percent", "write_percent"), AT),
)
TRIPPED = [
    *((limit, tally, changes) for limit, tally, changes in TOTALS if limit not in ("tag_people", "untag_percent")),
    ("tag_people", Tally(tags_applied={"Welcome": 9000}), ()),
    ("untag_percent", Tally(tags_removed={"Role: *": 8}, carriers={"Role: *": 100}), ()),
    ("create_without_state", Tally(create=12, first_run=True, crm_contacts=1), ()),
    ("untag", Tally(tags_removed={"VIP": 30}, carriers={"VIP": 40}, first_lost={"VIP": 30}), ()),
    ("new_tags", None, tuple(change("tag", str(n), Action.CREATE) for n in range(8))),
]
ZERO = dict.fromkeys((limit for limit in LIMITS if hasattr(Limits(), limit)), 0)


def tripped(limit: str, tally: Tally | None, changes: tuple[InventoryChange, ...], **limits: Any) -> Guard:
    """The one guard that trips where this limit is 0; `untag` only counts where it is allowed at all."""
    desired = file_with(*(rule_tag(str(n)) for n in range(8)), limits=replace(PLACED, **{**ZERO, **limits}))
    allow = {"untag": 1} if limit == "untag" else {}
    (guard,) = (g for g in guards(desired, changes, tally or Tally(), Allowed(allow), 0) if g.tripped)
    return guard


def test_every_limit_has_a_case_that_trips_it() -> None:
    assert sorted(limit for limit, *_ in TRIPPED) == sorted(LIMITS)


def test_a_tripped_limit_says_itself_what_was_observed_and_every_way_on(golden: Callable[[str, str], None]) -> None:
    said = [tripped_message(tripped(*row)) for row in sorted(TRIPPED)]
    golden("limits.txt", "\n".join(said) + "\n")


@pytest.mark.parametrize(("limit", "tally", "changes"), TRIPPED, ids=[row[0] for row in TRIPPED])
def test_a_tripped_limit_passes_by_each_of_the_ways_that_it_says(limit, tally, changes) -> None:
    """The option is read as the command line reads it, the entry as the file does."""
    guard = tripped(limit, tally, changes)
    *_, option, entry = guard.ways
    allow, wrong = allowances([option.removeprefix("--allow ")])
    assert wrong == []
    tags = [rule_tag(str(n)) for n in range(8)]
    desired = file_with(*tags, limits=replace(PLACED, **ZERO))
    assert not any(g.tripped for g in guards(desired, changes, tally or Tally(), Allowed(allow), 0))
    standing = (standing_for(entry.removeprefix("add to allow: ")),)
    result = guards(desired, changes, tally or Tally(), Allowed({}, standing), 0)
    (lifted,) = (g for g in result if g.allowed_by)
    assert (lifted.tripped, lifted.lifted, lifted.allowed_by.how) == (False, True, "file")


def standing_for(text: str) -> Allowance:
    """The entry as the file would read it."""
    keys = YAML(typ="safe").load(text)
    assert (keys.pop("reason"), keys.pop("until")) == ("WHY", "DATE")
    return Allowance("why", date(2026, 12, 1), Place(FILE, 50), **keys)


def test_a_limit_that_the_file_does_not_set_says_where_it_would_stand() -> None:
    beside = replace(Limits(), where=Place(FILE, 40))
    none = found(Tally(cleared=8))["clear"]
    assert found(Tally(cleared=8), limits=beside)["clear"].ways[0] == f"add clear: 8 under limits ({FILE}:40)"
    assert none.ways[0] == f"add limits: {{clear: 8}} to {FILE}"


def test_the_message_of_creations_without_state_offers_no_limit_that_would_not_help() -> None:
    message = tripped_message(found(Tally(create=12, first_run=True, crm_contacts=1))["create"])
    assert "limits.create" not in message
    assert "limit: create_without_state" in message


def test_what_is_allowed_for_new_people_does_not_count_for_those_who_may_be_there_already() -> None:
    tally = Tally(create=12, first_run=True, crm_contacts=1)
    new = entry_for("create", 5000)
    assert found(tally, standing=(new,), limits=replace(Limits(), create=5000))["create"].tripped
    assert not found(tally, standing=(new, entry_for("create_without_state", 12)))["create"].tripped


FIRST = Tally(tags_removed={"VIP": 30, "Gold": 9}, carriers={"VIP": 40, "Gold": 90}, first_lost={"VIP": 30, "Gold": 9})


def test_people_who_keep_a_tag_that_becomes_ours_are_no_matter_of_limits() -> None:
    assert found(Tally(carriers={"VIP": 40}, first_lost={"VIP": 30})) == {}


def test_a_tag_that_becomes_ours_is_taken_away_at_once_only_from_as_many_as_allowed() -> None:
    assert numbers(found(FIRST, allow={"untag": 39})["untag"]) == (39, 39, False)
    assert numbers(found(FIRST, allow={"untag": 38})["untag"]) == (39, 38, True)


def test_who_loses_a_tag_under_allow_untag_is_not_limited_a_second_time() -> None:
    assert [g.limit for g in guards(file_with(), (), FIRST, Allowed({"untag": 39}), 0)] == ["untag"]


def test_the_message_of_untag_offers_no_limit_that_the_file_cannot_have() -> None:
    message = tripped_message(found(FIRST, allow={"untag": 1})["untag"])
    assert message == (
        "untag: 39 planned, 1 allowed by --allow. apply is refused; --allow untag=39, "
        "or add to allow: {limit: untag, up_to: 39, reason: WHY, until: DATE}"
    )


def entry_for(limit: str, up_to: int, subject: str = "", line: int = 50) -> Allowance:
    return Allowance("why", date(2026, 12, 1), Place(FILE, line), limit, up_to, subject)


def test_an_entry_of_the_file_raises_a_limit_and_never_lowers_it() -> None:
    tally = Tally(overwritten=50, linked=100)
    assert numbers(found(tally, standing=(entry_for("update_percent", 60),))["update_percent"]) == (50, 60, False)
    lower = found(tally, standing=(entry_for("update_percent", 5),))["update_percent"]
    assert (numbers(lower), lower.allowed_by) == ((50, 30, True), None)


def test_the_command_line_counts_instead_of_the_file() -> None:
    tally = Tally(overwritten=50, linked=100)
    guard = found(tally, standing=(entry_for("update_percent", 60),), allow={"update_percent": 40})["update_percent"]
    assert (numbers(guard), guard.allowed_by) == ((50, 40, True), AllowedBy("option", 30))


def test_what_permits_is_told_where_it_keeps_a_limit_from_tripping_and_only_there() -> None:
    entry = entry_for("update_percent", 60)
    used = found(Tally(overwritten=50, linked=100), standing=(entry,))["update_percent"]
    idle = found(Tally(overwritten=20, linked=100), standing=(entry,))["update_percent"]
    assert (used.lifted, idle.lifted) == (True, False)
    assert lifted_message(used) == (
        f"update_percent: 50 planned, 60 allowed by {FILE}:50 until 2026-12-01 (why); 30 without that"
    )


def test_an_entry_for_one_tag_leaves_all_others_limited() -> None:
    tally = Tally(tags_applied={"A": 600, "B": 600, "C": 1})
    result = guards(file_with(), (), tally, Allowed({}, (entry_for("tag_people", 700, "A"),)), 0)
    assert [(g.subject, g.tripped, g.allowed) for g in result] == [("B", True, 500), ("A", False, 700)]


def test_of_several_entries_the_highest_number_counts() -> None:
    entries = (entry_for("clear", 5, line=50), entry_for("clear", 9, line=51), entry_for("clear", 7, line=52))
    guard = found(Tally(cleared=8), standing=entries)["clear"]
    assert (guard.allowed, guard.allowed_by) == (9, AllowedBy("file", 0, Place(FILE, 51), "why", "2026-12-01"))


def test_untag_in_the_file_is_as_untag_on_the_command_line() -> None:
    assert numbers(found(FIRST, standing=(entry_for("untag", 39),))["untag"]) == (39, 39, False)
    assert numbers(found(FIRST, standing=(entry_for("untag", 38),))["untag"]) == (39, 38, True)
