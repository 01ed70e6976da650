"""People against contacts: what is written, what is counted, what is left alone."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from reconciler.adapters.codecs import ONE_BLANK, wire
from reconciler.model.addresses import person_digest, text_digest
from reconciler.model.desired import DynamicTags, Empty, Expression, Field, FromPrevious, Option, Push
from reconciler.model.inventory import CrmField, CrmOption
from reconciler.model.plan import Cause
from reconciler.model.problems import Failure
from reconciler.planning.observed import REWRITES, Remembered

from .worlds import CAPABILITIES, HERE, KEY, World, causes, codes, mapped, rule, text_field, written

ANN = {"id": "1", "email": "ann@x.org", "city": "Bonn"}
BOB = {"id": "2", "email": "bob@x.org", "city": "Graz"}
CITY = mapped("city")
LIVE = [text_field("city")]


def contact(number: int, email: str, city: str | None = None, tags: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"id": number, "email": email, "city": city, "tags": tags}


def test_only_what_differs_is_written(tmp_path: Path) -> None:
    world = World([ANN, BOB], [contact(7, "ann@x.org", "Bonn"), contact(8, "bob@x.org", "Wien")], [CITY], LIVE)
    plan = world.plan(tmp_path)
    assert written(plan) == [("2", "8", "city", "set", "Wien", "Graz")]
    assert (plan.contacts.update, plan.contacts.in_sync, plan.contacts.create) == (1, 1, 0)


def test_people_in_scope_fall_into_exactly_one_of_five_parts(tmp_path: Path) -> None:
    people = [ANN, BOB, {**ANN, "id": "3", "email": "new@x.org"}, {"id": "4"}, {**ANN, "id": "5", "email": "no@x.org"}]
    contacts = [contact(7, "ann@x.org", "Bonn"), contact(8, "bob@x.org", "Wien")]
    world = World(people, contacts, [CITY], LIVE, create=Expression('id != "5"', HERE))
    count = world.plan(tmp_path).contacts
    parts = (count.create, count.update, count.in_sync, count.no_contact, count.set_aside)
    assert parts == (1, 1, 1, 1, 1)
    assert sum(parts) == count.people == 5


def test_who_is_out_of_scope_is_counted_and_left_alone(tmp_path: Path) -> None:
    world = World([ANN, BOB], [contact(8, "bob@x.org", "Wien")], [CITY], LIVE, when=Expression('city == "Bonn"', HERE))
    plan = world.plan(tmp_path)
    assert plan.contacts.out_of_scope == 1
    assert {row[0] for row in written(plan)} == {"1"}


def test_an_unknown_scope_is_out_of_scope_and_one_finding(tmp_path: Path) -> None:
    world = World(
        [ANN, {**BOB, "n": "x"}], when=Expression("n > 1", HERE), types={"n": "integer"}, source_columns=["n"]
    )
    plan = world.plan(tmp_path)
    assert plan.contacts.out_of_scope == 2
    assert codes(plan) == {"R205": 2}


def test_one_unreadable_value_does_not_hold_back_the_others(tmp_path: Path) -> None:
    people = [{**ANN, "n": "much"}, {**BOB, "n": "3"}]
    world = World(people, fields=[mapped("n", type="integer"), CITY], crm_fields=LIVE)
    plan = world.plan(tmp_path)
    assert ("1", None, "city", "set", None, "Bonn") in written(plan)
    assert not [row for row in written(plan) if row[:3] == ("1", None, "n")]
    assert codes(plan) == {"R204": 1}
    assert plan.findings[0].rows == (1,)


@pytest.mark.parametrize("batch", [1, 2, 1000])
def test_the_size_of_batches_changes_nothing(tmp_path: Path, batch: int) -> None:
    people = [{**ANN, "id": str(n), "email": f"p{n}@x.org", "city": f" c{n} "} for n in range(5)]
    world = World(people, [contact(n, f"p{n}@x.org", f"c{n}") for n in range(3)], [CITY], LIVE, batch=batch)
    plan = world.plan(tmp_path)
    assert [row[0] for row in written(plan)] == ["3", "3", "4", "4"]


def test_a_remembered_link_survives_a_changed_address(tmp_path: Path) -> None:
    links = Remembered(KEY, True, created=((person_digest(KEY, "1"), "7"),))
    world = World([ANN], [contact(7, "old@x.org", "Bonn")], [CITY], LIVE, remembered=links)
    assert written(world.plan(tmp_path)) == [("1", "7", "email", "set", "old@x.org", "ann@x.org")]


def test_an_address_that_another_contact_has_is_not_written_and_the_rest_is(tmp_path: Path) -> None:
    links = Remembered(KEY, True, created=((person_digest(KEY, "1"), "7"),))
    contacts = [contact(7, "old@x.org", "Graz"), contact(8, "ann@x.org")]
    plan = World([ANN], contacts, [CITY], LIVE, remembered=links).plan(tmp_path)
    assert written(plan) == [("1", "7", "city", "set", "Graz", "Bonn")]
    assert codes(plan) == {"R211": 1}


def test_a_previous_address_that_the_field_cannot_hold_is_a_finding_and_the_new_one_is_written(tmp_path: Path) -> None:
    links = Remembered(KEY, True, created=((person_digest(KEY, "1"), "7"),))
    before = Field("before", HERE, FromPrevious("email"), type="text")
    short = CrmField("before", "Before", CAPABILITIES.wires["text"].native, max_length=5)
    world = World([ANN], [contact(7, "old@x.org")], [before], [short], remembered=links)
    plan = world.plan(tmp_path)
    assert written(plan) == [("1", "7", "email", "set", "old@x.org", "ann@x.org")]
    assert codes(plan) == {"R204": 1}
    there = world.plan(tmp_path / "alone", target=("field.before",))
    assert (written(there), codes(there)) == ([], {})


def test_a_contact_without_an_address_has_no_previous_one(tmp_path: Path) -> None:
    links = Remembered(KEY, True, created=((person_digest(KEY, "1"), "7"),))
    before = Field("before", HERE, FromPrevious("email"), type="text")
    there = [{"id": 7, "email": None, "before": "older@x.org"}]
    world = World([ANN], there, [before], [text_field("before")], remembered=links)
    assert written(world.plan(tmp_path)) == [("1", "7", "email", "set", None, "ann@x.org")]


def test_what_the_crm_made_of_our_value_is_in_sync(tmp_path: Path) -> None:
    rewrites = pa.Table.from_pylist(
        [
            {
                "contact": "7",
                "field": "city",
                "sent": text_digest(KEY, "Bonn"),
                "stored": text_digest(KEY, "BONN"),
            }
        ],
        schema=REWRITES,
    )
    remembered = Remembered(KEY, True, rewrites=rewrites)
    plan = World([ANN], [contact(7, "ann@x.org", "BONN")], [CITY], LIVE, remembered=remembered).plan(tmp_path)
    assert written(plan) == []
    assert [f.rewritten for f in plan.fields] == [1]
    moved = World([ANN], [contact(7, "ann@x.org", "Köln")], [CITY], LIVE, remembered=remembered)
    assert written(moved.plan(tmp_path / "moved")) == [("1", "7", "city", "set", "Köln", "Bonn")]


@pytest.mark.parametrize(
    ("entry", "row", "theirs", "expected"),
    [
        (mapped("city", empty=Empty.CLEAR), {"city": ""}, "Wien", ("clear", "Wien", None)),
        (mapped("city"), {"city": ""}, "Wien", None),
        (mapped("city", push=Push.IF_EMPTY), {"city": "Bonn"}, "Wien", None),
        (mapped("city", push=Push.IF_EMPTY), {"city": "Bonn"}, None, ("set", None, "Bonn")),
        (mapped("city", default="Ulm"), {"city": ""}, None, ("set", None, "Ulm")),
        (mapped("city", map={"b": "Bonn"}), {"city": "b"}, None, ("set", None, "Bonn")),
    ],
)
def test_policies_of_one_field(
    tmp_path: Path, entry: Any, row: dict[str, str], theirs: str | None, expected: tuple[Any, ...] | None
) -> None:
    world = World([{**ANN, **row}], [contact(7, "ann@x.org", theirs)], [entry], LIVE)
    changes = [r[3:] for r in written(world.plan(tmp_path))]
    assert changes == ([expected] if expected else [])


def test_an_opt_out_travels_whatever_the_policy_and_is_never_taken_back(tmp_path: Path) -> None:
    entry = mapped("out", type="checkbox", consent=True, push=Push.NEVER)
    people = [{**ANN, "out": "1"}, {**BOB, "out": "0"}]
    native = text_field("out", "boolean")
    contacts = [{**contact(7, "ann@x.org"), "out": "false"}, {**contact(8, "bob@x.org"), "out": "true"}]
    assert written(World(people, contacts, [entry], [native]).plan(tmp_path)) == [
        ("1", "7", "out", "set", "false", "true")
    ]


# Tags


def tagged(when: str, **more: Any) -> World:
    contacts = [contact(7, "ann@x.org", tags=("VIP",)), contact(8, "bob@x.org")]
    tag = rule("VIP", when, **more)
    return World([ANN, BOB], contacts, [], LIVE, [tag], ["VIP"], source_columns=["city"])


OURS = Remembered(KEY, True, applied={'tag["VIP"]': "x"}, marks=frozenset({"VIP"}))


def test_a_rule_tag_is_applied_and_taken_away(tmp_path: Path) -> None:
    world = replace(tagged('city == "Graz"'), remembered=OURS)
    assert written(world.plan(tmp_path)) == [
        ("1", "7", "VIP", "remove", None, None),
        ("2", "8", "VIP", "apply", None, None),
    ]


def test_nobody_loses_a_tag_in_the_plan_that_makes_it_ours(tmp_path: Path) -> None:
    plan = tagged('city == "Graz"').plan(tmp_path)
    assert written(plan) == [("2", "8", "VIP", "apply", None, None)]
    assert codes(plan) == {"R213": 1}


def test_unless_that_is_allowed(tmp_path: Path) -> None:
    plan = tagged('city == "Graz"').plan(tmp_path, allow={"untag": 1})
    assert ("1", "7", "VIP", "remove", None, None) in written(plan)
    assert not [g for g in plan.guards if g.tripped]
    assert [g.limit for g in tagged('city == "Graz"').plan(tmp_path / "b", allow={"untag": 0}).guards if g.tripped] == [
        "untag"
    ]


def test_a_kept_tag_is_never_taken_away(tmp_path: Path) -> None:
    world = replace(tagged('city == "Graz"', keep=True), remembered=OURS)
    assert written(world.plan(tmp_path)) == [("2", "8", "VIP", "apply", None, None)]


def test_an_unknown_rule_neither_applies_nor_takes_away(tmp_path: Path) -> None:
    world = replace(tagged("points > 3"), remembered=OURS, types={"points": "integer"}, source_columns=["points"])
    plan = world.plan(tmp_path)
    assert written(plan) == []
    assert codes(plan) == {"R205": 2}


def test_a_tag_for_new_contacts_is_given_to_them_alone(tmp_path: Path) -> None:
    world = tagged("true", on_create=True)
    world.people = [ANN, BOB, {**ANN, "id": "3", "email": "new@x.org"}]
    assert [row for row in written(world.plan(tmp_path)) if row[2] == "VIP"] == [
        ("3", None, "VIP", "apply", None, None)
    ]


def dynamic(values: list[str | None], carried: list[tuple[str, ...]], **more: Any) -> World:
    people = [{"id": str(n), "email": f"p{n}@x.org", "role": v} for n, v in enumerate(values)]
    contacts = [contact(n, f"p{n}@x.org", tags=tags) for n, tags in enumerate(carried)]
    entry = DynamicTags("role", HERE, "Role: ", **more)
    live = sorted({t for tags in carried for t in tags})
    return World(people, contacts, crm_tags=live, dynamic=[entry])


@pytest.mark.parametrize(
    ("value", "carried", "expected"),
    [
        ("admin", (), [("apply", "Role: admin")]),
        ("admin", ("Role: guest",), [("apply", "Role: admin"), ("remove", "Role: guest")]),
        ("admin", ("Role: admin", "Other"), []),
        ("", ("Role: guest", "Other"), [("remove", "Role: guest")]),
        ('["a","b"]', ("Role: a",), [("apply", "Role: b")]),
        ("a, b", (), [("apply", "Role: a, b")]),
    ],
)
def test_a_value_becomes_its_tag(
    tmp_path: Path, value: str, carried: tuple[str, ...], expected: list[tuple[str, str]]
) -> None:
    plan = dynamic([value], [carried]).plan(tmp_path)
    assert sorted((row[3], row[2]) for row in written(plan)) == expected


def test_more_new_tags_than_allowed_create_none_and_leave_those_people(tmp_path: Path) -> None:
    world = dynamic(["a", "b", "c"], [("Role: x",), (), ("Role: c",)], max_new=1)
    plan = world.plan(tmp_path)
    assert written(plan) == []
    assert not [c for c in plan.inventory if c.kind == "tag"]
    assert codes(plan) == {"R214": 2}
    assert plan.contacts.blocked == 2


def test_a_near_twin_of_a_live_tag_is_a_finding(tmp_path: Path) -> None:
    plan = dynamic(["Admin", "admin"], [("Role: admin",), ()]).plan(tmp_path)
    assert codes(plan) == {"R215": 1}
    assert [row[:3] for row in written(plan) if row[3] == "apply"] == [("1", "1", "Role: admin")]


# Causes, limits, parts of a plan


def test_causes_tell_the_file_from_the_data(tmp_path: Path) -> None:
    world = World([ANN], [contact(7, "ann@x.org", "Wien")], [CITY], LIVE)
    assert causes(world.plan(tmp_path / "first")) == {Cause.ADOPT}
    applied = {"field.city": "same", "field.email": "same"}

    def after(digest: str | None) -> set[str]:
        world.remembered = Remembered(KEY, True, applied=applied)
        desired = world.desired()
        made = World.desired
        digests = {"field.email": "same"} | ({"field.city": digest} if digest else {})
        world.desired = lambda: replace(desired, entry_digests=digests)  # type: ignore[method-assign]
        plan = world.plan(tmp_path / str(digest))
        world.desired = made.__get__(world)  # type: ignore[method-assign]
        return causes(plan)

    assert after("same") == {Cause.SOURCE}
    assert after("changed") == {Cause.CONFIG}


def test_overwriting_counts_for_the_limit_and_filling_does_not(tmp_path: Path) -> None:
    people = [{**ANN, "id": str(n), "email": f"p{n}@x.org"} for n in range(30)]
    cities = ["Wien" if n < 15 else None for n in range(30)]
    world = World(people, [contact(n, f"p{n}@x.org", c) for n, c in enumerate(cities)], [CITY], LIVE)
    assert [(g.limit, g.observed) for g in world.plan(tmp_path).guards if g.tripped] == [("update_percent", 50)]


def test_what_an_interrupted_run_left_over_does_not_count_again(tmp_path: Path) -> None:
    people = [{**ANN, "id": str(n), "email": f"p{n}@x.org"} for n in range(30)]
    leftover = frozenset(person_digest(KEY, str(n)) for n in range(30))
    world = World(people, [contact(n, f"p{n}@x.org", "Wien") for n in range(30)], [CITY], LIVE)
    world.remembered = Remembered(KEY, True, leftover=leftover)
    assert not [g for g in world.plan(tmp_path).guards if g.tripped]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"persons": frozenset({"2"})}, {("2", "city"), ("2", "VIP")}),
        ({"target": ("field.city",)}, {("1", "city"), ("2", "city")}),
        ({"exclude": ("field.*",)}, {("1", "VIP"), ("2", "VIP")}),
        ({"target": ('tag["V*"]',)}, {("1", "VIP"), ("2", "VIP")}),
    ],
)
def test_a_part_of_the_plan_is_the_same_as_in_the_whole(
    tmp_path: Path, options: dict[str, Any], expected: set[tuple[str, str]]
) -> None:
    contacts = [contact(7, "ann@x.org", "X"), contact(8, "bob@x.org", "Y")]
    world = World([ANN, BOB], contacts, [CITY], LIVE, [rule("VIP", "true")], ["VIP"])
    whole = written(world.plan(tmp_path / "whole"))
    part = written(world.plan(tmp_path / "part", **options))
    assert {(row[0], row[2]) for row in part} == expected
    assert set(part) <= set(whole)


def test_examples_are_kept_only_when_asked_for(tmp_path: Path) -> None:
    world = World([ANN], [contact(7, "ann@x.org", "Wien")], [CITY], LIVE)
    assert world.plan(tmp_path / "a").examples == {}
    (shown,) = world.plan(tmp_path / "b", examples=True).examples.values()
    assert [(e.before, e.after, e.row) for e in shown] == [("Wien", "Bonn", 1)]


def test_a_match_field_that_cannot_be_used_stops_the_plan(tmp_path: Path) -> None:
    world = World([ANN], crm_fields=[text_field("email", "boolean")])
    with pytest.raises(Failure):
        world.plan(tmp_path)


# What a CRM stores as nothing


TICKS = "ticks"  # a native type that keeps ticks alone: no tick and nothing are one thing there


def ticks(push: Push = Push.ALWAYS, empty: Empty = Empty.SKIP) -> World:
    people = [{"id": str(n), "email": f"p{n}@x.org", "out": v} for n, v in enumerate(["0", "0", "1", "", ""])]
    contacts = [{"id": n, "email": f"p{n}@x.org", "out": v} for n, v in enumerate(["1", None, None, "1", None])]
    entry = mapped("out", type="checkbox", push=push, empty=empty)
    only_ticks = {**CAPABILITIES.wires, "checkbox": wire(ONE_BLANK, TICKS)}
    world = World(people, contacts, [entry], [text_field("out", TICKS)])
    return replace(world, capabilities=replace(CAPABILITIES, wires=only_ticks))


def test_empty_is_judged_on_our_value_and_not_on_what_the_crm_makes_of_it(tmp_path: Path) -> None:
    plan = ticks().plan(tmp_path)
    assert written(plan) == [("0", "0", "out", "set", "true", "false"), ("2", "2", "out", "set", None, "true")]
    assert (plan.contacts.in_sync, plan.contacts.held) == (3, 1)
    assert not plan.findings


def test_a_value_that_is_stored_as_nothing_follows_the_policy_of_values(tmp_path: Path) -> None:
    assert written(ticks(Push.IF_EMPTY).plan(tmp_path / "fill")) == [("2", "2", "out", "set", None, "true")]
    cleared = written(ticks(empty=Empty.CLEAR).plan(tmp_path / "clear"))
    assert [row[3:] for row in cleared] == [("set", "true", "false"), ("set", None, "true"), ("clear", "true", None)]


# Renamed entries


def test_a_renamed_field_is_changed_and_not_newly_adopted(tmp_path: Path) -> None:
    world = World([ANN], [{"id": 7, "email": "ann@x.org", "town": "Wien"}], [CITY], [text_field("town")])
    world.fields = [CITY._replace(renamed_from="town")]
    world.remembered = Remembered(KEY, True, applied={"field.email": "x", "field.town": "x"})
    assert causes(world.plan(tmp_path)) == {Cause.CONFIG}


@pytest.mark.parametrize("part", [{"target": ("field.plan",)}, {"exclude": ("field.email",)}])
def test_an_option_goes_with_its_field(tmp_path: Path, part: dict[str, Any]) -> None:
    world = World([{**ANN, "plan": "pro"}], [contact(7, "ann@x.org")])
    world.fields = [mapped("plan", type="select", options=(Option("pro", None, False, HERE),))]
    world.crm_fields = [CrmField("plan", "Plan", "select", (CrmOption("free", "Free"),))]
    plan = world.plan(tmp_path / "taken", **part)
    assert [c.address for c in plan.inventory] == ["field.plan.option.pro"]
    assert [row[2] for row in written(plan)] == ["plan"]
    assert not world.plan(tmp_path / "left", exclude=("field.plan",)).pending
