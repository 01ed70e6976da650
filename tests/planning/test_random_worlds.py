"""Laws that hold in every world: the second plan is empty, the parts add up, order and batches say nothing."""

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.model.plan import ContactAction, Plan
from reconciler.report.document import plan_document
from reconciler.report.redrawn import document_text
from reconciler.report.text import plan_text

from .random_worlds import applied, people, worlds
from .worlds import World, written

Fresh = Callable[[], Path]
many = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def fresh(tmp_path: Path) -> Fresh:
    """A folder for each plan."""
    numbers = count()
    return lambda: tmp_path / str(next(numbers))


def addresses_left(plan: Plan) -> set[str]:
    """The e-mails that contacts have now and lose by the plan."""
    email = plan.people.keys.index("email")
    rows = [row for batch in plan.people.batches() for row in batch.to_pylist()]
    return {v["before"] for row in rows for v in row["values"] if v["field"] == email and v["before"]}


def findings(plan: Plan, world: World) -> list[tuple[Any, ...]]:
    """Code, count, words and the people of the rows, whatever numbers the rows have."""
    rows = [repr(person) for person in world.people]
    return sorted((f.code, f.count, f.detail, sorted(rows[row - 1] for row in f.rows)) for f in plan.findings)


@many
@given(worlds(), people)
def test_after_an_apply_the_plan_is_empty_at_first_and_after_the_data_changed(
    fresh: Fresh, world: World, later: list[dict[str, Any]]
) -> None:
    once, _ = applied(world, fresh())
    assert written(once.plan(fresh())) == []
    twice, _ = applied(replace(once, people=later), fresh())
    again = twice.plan(fresh())
    assert written(again) == []
    assert not again.pending


@many
@given(worlds(), people)
def test_the_counts_of_a_plan_add_up(fresh: Fresh, world: World, later: list[dict[str, Any]]) -> None:
    once, first = applied(world, fresh())
    for plan in (first, replace(once, people=later).plan(fresh())):
        n = plan.contacts
        assert n.create + n.update + n.in_sync + n.no_contact + n.set_aside == n.people
        assert n.people + n.out_of_scope == plan.source_rows
        assert max(n.held, n.blocked) <= n.people
        rows = [row for batch in plan.people.batches() for row in batch.to_pylist()]
        creates = [row for row in rows if row["action"] == ContactAction.CREATE]
        assert (len(creates), len(rows) - len(creates), len(rows)) == (n.create, n.update, plan.people.contacts)
        assert document_text(plan_document(plan)) == plan_text(plan)
        document = plan_document(plan).model_dump()
        summary = document["summary"]
        values = [v for row in rows for v in row["values"]]
        assert sum(f["set"] + f["clear"] for f in document["fields"]) == len(values)
        assert summary["values"]["set"] + summary["values"]["clear"] == len(values)
        taggings = [t for row in rows for t in row["tags"]]
        assert sum(t["apply"] + t["remove"] for t in document["tags"]) == len(taggings)
        assert summary["memberships"]["apply"] + summary["memberships"]["remove"] == len(taggings)
        assert len({(row["person"], t["tag"]) for row in rows for t in row["tags"]}) == len(taggings)


@many
@given(worlds(), people)
def test_the_plan_of_one_person_is_what_the_whole_plan_says_of_them(
    fresh: Fresh, world: World, later: list[dict[str, Any]]
) -> None:
    once, _ = applied(world, fresh())
    world = replace(once, people=later)
    plan = world.plan(fresh())
    whole, left = written(plan), addresses_left(plan)
    for person in {row["id"] for row in later if row["id"]}:
        part = world.plan(fresh(), persons=frozenset({person}))
        said = [row for row in whole if row[0] == person]
        if not any(row[2] == "email" and row[5] in left for row in said):
            assert written(part) == said
        else:  # who takes an address that is left only by somebody else, who was not asked for, does not get it
            assert set(written(part)) == {row for row in said if row[1] and row[2] != "email"}
        assert part.contacts.people + part.contacts.out_of_scope == sum(row["id"] == person for row in later)


@many
@given(worlds(), people, st.randoms(use_true_random=False), st.integers(1, 3))
def test_the_order_of_rows_and_the_size_of_batches_change_nothing(
    fresh: Fresh, world: World, later: list[dict[str, Any]], random: Any, batch: int
) -> None:
    once, _ = applied(world, fresh())
    world = replace(once, people=later)
    mixed = replace(world, people=random.sample(list(later), len(later)), batch=batch)
    one, other = world.plan(fresh()), mixed.plan(fresh())
    assert written(one) == written(other)
    assert findings(one, world) == findings(other, mixed)
    assert one.contacts == other.contacts
    assert one.fields == other.fields
    assert one.tags == other.tags
    assert one.guards == other.guards
