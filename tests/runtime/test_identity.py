"""Who is who by more than the e-mail, where something is remembered: rows, contacts, links, the column of people."""

from __future__ import annotations

import re
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from cached_world import FILE, World, said

from reconciler.model.outcome import Result
from reconciler.model.plan import Plan
from reconciler.model.problems import Failure
from reconciler.report.text import plan_text
from reconciler.runtime import pipeline


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def write(world: World, identity: str = "person: id, match: email", more: str = "", columns: str = "") -> None:
    """The file with that identity, and people with one more column, `NAME: value of the first person`."""
    text = FILE.replace("person: id, match: email", identity)
    (world.folder / "reconciler.yaml").write_text(text + more)
    if columns:
        name, _, value = columns.partition(": ")
        lines = (world.folder / "people.csv").read_text().splitlines()
        cells = [name, value, *[""] * (len(lines) - 2)]
        (world.folder / "people.csv").write_text("".join(f"{a},{b}\n" for a, b in zip(lines, cells, strict=True)))


def apply(world: World, **more: object) -> Plan:
    world.now += timedelta(hours=1)
    outcome = pipeline.apply(world.request(allow={"create": 9, "update_percent": 100}, **more), lambda _: True, bool)
    assert outcome.result in (Result.APPLIED, Result.NONE)
    return outcome.plan


def merge(world: World, kept: str, lost: str) -> None:
    with closing(world.crm()) as crm:
        crm.merge(kept, lost)


def kept_links(world: World) -> list[str]:
    file = next(world.caches.parent.glob("people-*.parquet"))
    return sorted(pq.read_table(file)["contact"].to_pylist())


@pytest.mark.parametrize("identity", ["link: contact", "store: user_id", "link: contact, store: user_id"])
def test_a_plan_that_remembers_rows_says_what_one_of_everybody_says(world: World, identity: str) -> None:
    for value in ("", "8", "77", "8"):
        world.write_people()
        write(world, f"person: id, match: email, {identity}", columns=f"contact: {value}")
        for _ in range(2):
            assert said(world.plan()) == world.full()


def test_a_changed_id_in_the_column_is_noticed(world: World) -> None:
    write(world, "person: id, match: email, link: contact", columns="contact: 1")
    assert world.plan().contacts.set_aside == 0
    world.write_people()
    write(world, "person: id, match: email, link: contact", columns="contact: 77")
    assert [f.code for f in world.plan().findings] == ["R207"]


def test_ids_of_people_out_of_scope_count_in_every_plan(world: World) -> None:
    """Person 9 is out of scope, and person 0 has the e-mail of the contact that holds the id of person 9."""
    write(world, "person: id, match: email, store: user_id")
    apply(world)
    with closing(world.crm()) as crm:
        crm.update([("1", {"user_id": "9"})])
    for _ in range(2):
        made = world.plan(state_dir=world.folder / "another")
        assert ("R208", 1) in [(f.code, f.count) for f in made.findings]
        assert made.contacts.out_of_scope == 3


@pytest.mark.parametrize(
    "merges", [[("8", "1")], [("1", "2"), ("8", "1")], [(str(n), str(n - 1)) for n in range(2, 9)]]
)
def test_a_merge_is_noticed_by_a_read_of_changes_as_by_one_of_all(world: World, merges: list[tuple[str, str]]) -> None:
    apply(world)
    world.plan()
    for kept, lost in merges:
        merge(world, kept, lost)
    made = [world.plan() for _ in range(2)]
    assert {plan.scope for plan in made} == {"incremental"}
    everybody = world.plan(refresh="full")
    assert [said(plan) for plan in made] == [said(everybody)] * 2
    assert everybody.contacts.contacts == made[0].contacts.contacts
    assert "R209" in [f.code for f in everybody.findings]


def test_links_of_people_who_left_follow_a_merge_too_and_are_kept(world: World) -> None:
    apply(world)
    lines = (world.folder / "people.csv").read_text().splitlines(keepends=True)
    (world.folder / "people.csv").write_text("".join(lines[:1] + lines[3:]))
    merge(world, "8", "1")
    apply(world)
    assert kept_links(world).count("8") == 2
    assert "1" not in kept_links(world)


def test_stored_ids_have_a_line_of_their_own(world: World) -> None:
    write(world, "person: id, match: email, store: user_id")
    shown = plan_text(world.plan())
    assert re.search(r"^  = stored ids +8 set +kept in user_id$", shown, re.MULTILINE)
    assert "~ user_id" not in shown


def test_a_field_that_keeps_ids_stays_out_of_what_is_written_where_it_is_not_chosen(world: World) -> None:
    write(world, "person: id, match: email, store: user_id")
    made = world.plan(target=("field.city",))
    assert {f.key for f in made.fields if f.set > f.created} == {"city"}


def test_links_are_not_made_anew_for_some_people_only(world: World) -> None:
    apply(world)
    with pytest.raises(Failure) as failure:
        world.plan(relink="anew", persons=frozenset({"1"}))
    assert [p.code for p in failure.value.problems] == ["E546"]


def test_another_column_is_refused_until_it_is_said_what_it_is_and_a_plan_says_nothing(world: World) -> None:
    apply(world)
    text = (world.folder / "people.csv").read_text().replace("id,", "uid,", 1)
    (world.folder / "people.csv").write_text(text)
    write(world, "person: uid, match: email")
    assert world.plan(relink="renamed").contacts.create == 0
    for command in (pipeline.plan, pipeline.drift):
        with pytest.raises(Failure) as failure:
            command(world.request())
        assert [(p.code, p.detail) for p in failure.value.problems] == [("E545", "until now by `id`, now by `uid`")]
    apply(world, relink="renamed")
    assert world.plan().contacts.create == 0


def test_who_forgets_the_links_may_name_people_anew(world: World) -> None:
    apply(world)
    pipeline.forget(world.request(), "links")
    text = (world.folder / "people.csv").read_text().replace("id,", "uid,", 1)
    (world.folder / "people.csv").write_text(text)
    write(world, "person: uid, match: email")
    assert world.plan().contacts.create == 0
