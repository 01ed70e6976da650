"""What a plan leaves for the next one, and when that is believed."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from reconciler.model.desired import DynamicTags, Expression, Push
from reconciler.model.inventory import CrmField, CrmOption
from reconciler.model.plan import Caches, Plan
from reconciler.planning.observed import Options
from reconciler.planning.plan import diff

from .worlds import HERE, NOW, World, codes, mapped, rule, text_field, written

ANN = {"id": "1", "email": "ann@x.org", "city": "Bonn", "plan": "free"}
BOB = {"id": "2", "email": "bob@x.org", "city": "Graz", "plan": "none"}
PLAN = CrmField("plan", "Plan", "select", (CrmOption("free", "Free"),))


def world(people: Any = (ANN, BOB), **more: Any) -> World:
    contacts = [{"id": n, "email": p["email"], "city": "Wien"} for n, p in enumerate((ANN, BOB), start=7)]
    fields = [mapped("city"), mapped("plan", type="select")]
    return World(people, contacts, **{"fields": fields, "crm_fields": [text_field("city"), PLAN], **more})


def planned(world: World, workdir: Path, caches: Caches | None = None, **more: Any) -> Plan:
    workdir.mkdir(parents=True)
    salt = lambda n: b"\x03" * n  # noqa: E731
    options = Options(**{"now": NOW, "workdir": workdir, "keep": True, "salt": salt, **more})
    return diff(world.desired(), replace(world.observed(), caches=caches), options)


def caches(world: World, workdir: Path, **more: Any) -> Caches:
    kept = planned(world, workdir, **more).caches
    assert kept is not None
    return kept


def test_a_row_with_a_finding_is_found_again_each_time(tmp_path: Path) -> None:
    first = planned(world(), tmp_path / "0")
    assert codes(first) == {"R204": 1}
    for turn in range(1, 4):
        again = planned(world(), tmp_path / str(turn), first.caches)
        assert codes(again) == {"R204": 1}
        assert again.findings == first.findings
        first = again


def test_with_a_memo_the_plan_writes_the_same(tmp_path: Path) -> None:
    first = planned(world(), tmp_path / "first")
    assert written(first)
    assert written(planned(world(), tmp_path / "second", first.caches)) == written(first)


def test_held_values_are_counted_again_without_being_looked_at(tmp_path: Path) -> None:
    held = world(fields=[mapped("city", push=Push.IF_EMPTY)])
    first = planned(held, tmp_path / "first")
    assert [f.held for f in first.fields if f.key == "city"] == [2]
    again = planned(held, tmp_path / "second", first.caches)
    assert again.fields == first.fields
    assert again.contacts == first.contacts


def test_a_memo_is_used_under_its_digest_alone(tmp_path: Path) -> None:
    """The memo of a file by whose scope Bob is out: believed under its digest, and only there."""
    narrow = caches(world(when=Expression('city == "Bonn"', HERE)), tmp_path / "narrow")
    wide = caches(world(), tmp_path / "wide")
    assert planned(world(), tmp_path / "other", narrow).contacts.out_of_scope == 0
    forged = replace(narrow, digest=wide.digest)
    assert planned(world(), tmp_path / "forged", forged).contacts.out_of_scope == 1


OPTION = replace(PLAN, options=(*PLAN.options, CrmOption("pro", "Pro")))
OTHERS: dict[str, dict[str, Any]] = {
    "a field more": {"fields": [mapped("city"), mapped("plan", type="select"), mapped("town", "city")]},
    "a field less": {"fields": [mapped("city")]},
    "another column": {"fields": [mapped("city", "plan"), mapped("plan", type="select")]},
    "a tag": {"tags": [rule("Big", 'city == "Bonn"')]},
    "a scope": {"when": Expression('city == "Bonn"', HERE)},
    "nobody is created": {"create": False},
    "a type of a column": {"types": {"city": "integer"}},
    "an option of the CRM's field": {"crm_fields": [text_field("city"), OPTION]},
    "the CRM's field holds something else": {"crm_fields": [CrmField("city", "City", "country"), PLAN]},
}


@pytest.mark.parametrize("case", OTHERS)
def test_a_change_that_could_change_a_row_makes_another_digest(tmp_path: Path, case: str) -> None:
    plain = caches(world(), tmp_path / "plain").digest
    assert caches(world(**OTHERS[case]), tmp_path / "other").digest != plain


def test_a_name_whose_tag_is_gone_counts_as_new_again(tmp_path: Path) -> None:
    made = [DynamicTags("city", HERE, prefix="In ", max_new=1)]
    first = planned(world(dynamic=made, crm_tags=["In Bonn", "In Graz"]), tmp_path / "first")
    assert "R214" not in codes(first)
    again = planned(world(dynamic=made), tmp_path / "again", first.caches)
    assert codes(again)["R214"] == 2


def test_other_people_and_contacts_do_not_make_another_digest(tmp_path: Path) -> None:
    other = world(people=(ANN, {**BOB, "city": "Kiel"}, {**BOB, "id": "3", "email": "cy@x.org"}))
    assert caches(other, tmp_path / "other").digest == caches(world(), tmp_path / "plain").digest


@pytest.mark.parametrize(("when", "equal"), [('city != ""', True), ('now > timestamp("2020-01-01T00:00:00Z")', False)])
def test_the_clock_counts_where_an_expression_looks_at_it(tmp_path: Path, when: str, equal: bool) -> None:
    tagged = world(tags=[rule("Big", when)])
    today = caches(tagged, tmp_path / "today")
    tomorrow = caches(tagged, tmp_path / "tomorrow", now=NOW + timedelta(days=1))
    assert (today.digest == tomorrow.digest) is equal


@pytest.mark.parametrize("more", [{"persons": frozenset({"1"})}, {"target": ("field[city]",)}])
def test_the_caches_of_another_scope_do_not_change_a_plan(tmp_path: Path, more: dict[str, Any]) -> None:
    kept = caches(world(), tmp_path / "kept")
    assert written(planned(world(), tmp_path / "with", kept, **more)) == written(
        planned(world(), tmp_path / "without", **more)
    )
