"""A saved plan: what was approved is carried out, nothing else is, and only once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from dying import apply_and_die

from reconciler.localcrm import LocalCrm
from reconciler.model.approvals import APPROVALS, Approved
from reconciler.model.clock import Clock
from reconciler.model.inventory import CrmField
from reconciler.model.outcome import Outcome, Result
from reconciler.model.problems import Exit, Failure
from reconciler.report.document import outcome_document
from reconciler.runtime import pipeline
from reconciler.runtime.pipeline import Request
from reconciler.runtime.savedplan import plan_key, read_plan

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
FILE = """\
version: 1
crm: {type: local, path: crm.db}
source: {type: csv, path: people.csv, write: true, types: {orders: integer}}
identity: {person: id, match: email}
fields:
  email: mail
  city: {from: city, pull: true, conflict: crm, type: text}
  level: {from: level, type: select, options: {free: Free, pro: Pro}}
  greeting: {value: '"Hello " + city', type: text}
  once: {from: note, type: text, push: on_create}
tags:
  Customer: {when: 'orders > 0'}
dynamic_tags: [{from: role, prefix: 'Role: '}]
contacts: {create: true}
limits: {update_percent: 100}
"""
COLUMNS = ("id", "mail", "city", "level", "orders", "note", "role")
People = dict[str, list[str]]
PEOPLE: People = {
    str(n): [str(n), f"p{n}@canary.example", f"City {n}", "free", str(n % 2), f"note {n}", "canary-role"]
    for n in range(1, 7)
}


class World:
    """One folder, its people and its CRM. `keys`: what each job has in its environment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = NOW
        self.env: dict[str, str] = {}
        self.people = {id: [*row] for id, row in PEOPLE.items()}
        (folder / "reconciler.yaml").write_text(FILE)
        self.write()

    def write(self) -> None:
        rows = [COLUMNS, *self.people.values()]
        (self.folder / "people.csv").write_text("".join(",".join(row) + "\n" for row in rows))

    def edit(self, person: str, column: str, text: str) -> None:
        self.people[person][COLUMNS.index(column)] = text
        self.write()

    def read_back(self) -> list[list[str]]:
        return [line.split(",") for line in (self.folder / "people.csv").read_text().splitlines()[1:]]

    def request(self, **more: Any) -> Request:
        ticks: Iterator[int] = iter(range(int(self.now.timestamp()), 1 << 40))

        def tokens(count: int) -> bytes:
            return next(ticks).to_bytes(8, "little").rjust(count, b"\x05")[:count]

        more = {"env": self.env, "allow": {"create": 99}, **more}
        return Request(self.folder / "reconciler.yaml", clock=Clock.fixed(self.now), token_bytes=tokens, **more)

    @property
    def file(self) -> Path:
        return self.folder / "reviewed.plan"

    def plan(self, **more: Any) -> Any:
        return pipeline.plan(self.request(out=self.file, **more))

    def apply(self, saved: bool = True, **more: Any) -> Outcome:
        request = self.request(**({"saved": self.file} if saved else {}), **more)
        return pipeline.apply(request, lambda _: True, lambda: False)

    def crm(self) -> LocalCrm:
        return LocalCrm(self.folder / "crm.db", Clock.fixed(self.now))

    def contacts(self) -> dict[str, dict[str, Any]]:
        with closing(self.crm()) as crm:
            names = {tag.key: tag.name for tag in crm.tags()}
            rows = pa.Table.from_batches(crm.pages([field.key for field in crm.fields()])).to_pylist()
        return {row["email"]: {**row, "$tags": sorted(names[key] for key in row["$tags"])} for row in rows}

    def change(self, contact: str, **values: Any) -> None:
        self.now += timedelta(minutes=1)
        with closing(self.crm()) as crm:
            crm.update([(contact, values)])

    def approved(self, outcome: Outcome) -> tuple[int, int, int, int]:
        found = outcome.plan.approved
        assert isinstance(found, Approved)
        assert outcome_document(outcome).approved is not None
        return found.approved, found.pending, found.already, found.new

    def nothing_left(self) -> bool:
        return not pipeline.plan(self.request(refresh="full")).pending


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def applied(world: World) -> World:
    assert world.apply(saved=False).result is Result.APPLIED
    world.now += timedelta(hours=1)
    return world


def refused(world: World, **more: Any) -> tuple[Exit, list[str]]:
    before = world.contacts() if (world.folder / "crm.db").exists() else {}
    with pytest.raises(Failure) as failure:
        world.apply(**more)
    assert (world.contacts() if (world.folder / "crm.db").exists() else {}) == before
    return failure.value.exit, [p.code for p in failure.value.problems]


def test_a_saved_plan_is_carried_out_and_leaves_nothing_to_do(world: World) -> None:
    world.plan()
    outcome = world.apply()
    assert outcome.result is Result.APPLIED
    assert len(world.contacts()) == 6
    approved, pending, already, new = world.approved(outcome)
    assert approved == pending > 6
    assert (already, new) == (0, 0)
    assert world.nothing_left()


def test_what_changed_since_approval_is_counted_and_left(applied: World) -> None:
    applied.edit("1", "city", "Oulu")
    applied.edit("2", "city", "Turku")
    applied.plan()
    applied.edit("2", "city", "Vaasa")  # another value than was reviewed
    applied.edit("3", "level", "pro")  # nobody reviewed that
    outcome = applied.apply()
    assert outcome.result is Result.APPLIED
    contacts = applied.contacts()
    assert [contacts[f"p{n}@canary.example"]["city"] for n in (1, 2)] == ["Oulu", "City 2"]
    assert contacts["p3@canary.example"]["level"] == "free"
    assert contacts["p1@canary.example"]["greeting"] == "Hello Oulu"
    assert applied.approved(outcome) == (4, 2, 0, 3)
    assert outcome.plan.approved is not None
    assert outcome.plan.approved.contacts == 2
    assert not applied.nothing_left()
    assert applied.apply(saved=False).result is Result.APPLIED
    assert applied.contacts()["p2@canary.example"]["city"] == "Vaasa"
    assert applied.nothing_left()


def test_what_is_already_so_is_counted(applied: World) -> None:
    applied.edit("1", "level", "pro")
    applied.edit("2", "level", "pro")
    applied.plan()
    applied.change("1", level="pro")
    outcome = applied.apply(refresh="full")
    assert applied.approved(outcome) == (2, 1, 1, 0)
    assert applied.nothing_left()


def test_a_change_of_which_before_moved_is_not_carried_out(applied: World) -> None:
    applied.edit("1", "level", "pro")
    applied.plan()
    applied.change("1", level=None)
    outcome = applied.apply(refresh="full")
    assert outcome.result is Result.NONE
    assert applied.approved(outcome) == (1, 0, 0, 1)
    assert applied.contacts()["p1@canary.example"]["level"] is None


def test_a_creation_is_approved_as_a_whole(world: World) -> None:
    world.plan()
    world.edit("4", "note", "another note")  # a field that is filled on creation alone
    outcome = world.apply()
    assert outcome.result is Result.APPLIED
    assert sorted(world.contacts()) == [f"p{n}@canary.example" for n in (1, 2, 3, 5, 6)]
    assert world.apply(saved=False).result is Result.APPLIED
    assert world.contacts()["p4@canary.example"]["once"] == "another note"
    assert world.nothing_left()


def test_somebody_new_is_not_created_by_a_plan_that_did_not_name_them(world: World) -> None:
    world.plan()
    world.people["7"] = ["7", "p7@canary.example", "Oulu", "pro", "1", "", "canary-role"]
    world.write()
    outcome = world.apply()
    assert len(world.contacts()) == 6
    assert outcome.plan.approved is not None
    assert outcome.plan.approved.contacts == 1


def test_pulled_values_are_approved_like_all_others(applied: World) -> None:
    applied.change("1", city="Turku")
    applied.change("2", city="Vaasa")
    applied.plan(refresh="full")
    applied.change("2", city="Oulu")
    outcome = applied.apply(refresh="full")
    assert outcome.result is Result.APPLIED
    cities = [row[2] for row in applied.read_back()]
    assert cities[:2] == ["Turku", "City 2"]
    assert applied.contacts()["p1@canary.example"]["greeting"] == "Hello Turku"
    assert applied.apply(saved=False, refresh="full").result is Result.APPLIED
    assert applied.read_back()[1][2] == "Oulu"
    assert applied.nothing_left()


def test_a_plan_is_used_up_once(world: World) -> None:
    world.plan()
    world.apply()
    assert refused(world) == (Exit.STALE, ["E568"])


def test_a_plan_with_nothing_to_do_is_used_up_too(applied: World) -> None:
    applied.plan()
    assert applied.apply().result is Result.NONE
    assert refused(applied) == (Exit.STALE, ["E568"])


def test_two_plans_of_the_same_moment_are_two_plans(applied: World) -> None:
    applied.plan()
    applied.apply()
    applied.now += timedelta(seconds=1)
    applied.plan()
    assert applied.apply().result is Result.NONE


@pytest.mark.parametrize(("age", "stale"), [(timedelta(hours=24), False), (timedelta(hours=24, seconds=1), True)])
def test_a_plan_is_good_for_24_hours(world: World, age: timedelta, stale: bool) -> None:
    world.plan()
    world.now += age
    if stale:
        assert refused(world) == (Exit.STALE, ["E562"])
    else:
        assert world.apply().result is Result.APPLIED


def test_the_clock_of_the_plan_counts_and_not_that_of_the_apply(world: World) -> None:
    world.plan()
    planned = pipeline.plan(world.request()).now
    world.now += timedelta(hours=20)  # another day
    assert world.apply().plan.now == planned


def test_a_plan_of_another_file_is_stale(world: World) -> None:
    world.plan()
    (world.folder / "reconciler.yaml").write_text(FILE.replace("orders > 0", "orders > 1"))
    assert refused(world) == (Exit.STALE, ["E563"])


def test_a_plan_of_the_same_file_laid_out_otherwise_is_good(world: World) -> None:
    world.plan()
    (world.folder / "reconciler.yaml").write_text("# reviewed\n" + FILE)
    assert world.apply().result is Result.APPLIED


@pytest.mark.parametrize("moved", ["type", "gone", "options", "tag"])
def test_a_plan_is_stale_when_what_it_touches_moved_in_the_crm(applied: World, moved: str) -> None:
    applied.edit("1", "level", "pro")
    applied.plan()
    with closing(applied.crm()) as crm:
        if moved == "tag":
            crm.delete_tag(next(tag.key for tag in crm.tags() if tag.name == "Customer"))
        elif moved == "options":
            crm.update_field("level", options=[])
        else:
            crm.delete_field("greeting")
            if moved == "type":
                crm.add_field(CrmField("greeting", "Greeting", "number"))
    assert refused(applied) == (Exit.STALE, ["E564"])


def test_what_the_file_does_not_touch_may_move(applied: World) -> None:
    applied.edit("1", "level", "pro")
    applied.plan()
    with closing(applied.crm()) as crm:
        crm.add_field(CrmField("theirs", "Theirs", "text"))
        crm.add_tag("Theirs")
    assert applied.apply().result is Result.APPLIED


def test_a_field_that_somebody_else_made_meanwhile_makes_a_first_plan_stale(applied: World) -> None:
    (applied.folder / "reconciler.yaml").write_text(
        FILE.replace("\ntags:", "\n  hobby: {from: note, type: text}\ntags:")
    )
    applied.plan()
    with closing(applied.crm()) as crm:
        crm.add_field(CrmField("hobby", "Hobby", "number"))
    assert refused(applied)[0] is Exit.STALE


def test_a_field_that_somebody_else_made_just_so_leaves_the_rest_of_the_plan_good(applied: World) -> None:
    (applied.folder / "reconciler.yaml").write_text(
        FILE.replace("\ntags:", "\n  hobby: {from: note, type: text}\ntags:")
    )
    applied.plan()
    with closing(applied.crm()) as crm:
        crm.add_field(CrmField("hobby", "hobby", "text"))
    outcome = applied.apply()
    assert outcome.result is Result.APPLIED
    assert applied.approved(outcome)[2] == 1
    assert applied.contacts()["p1@canary.example"]["hobby"] == "note 1"


def test_a_plan_of_another_account_is_refused(applied: World, tmp_path: Path) -> None:
    applied.plan()
    (applied.folder / "crm.db").rename(applied.folder / "other.db")
    with closing(applied.crm()) as crm:
        crm.seed([CrmField("city", "City", "text")], [], [{"email": "zoe@canary.example"}])
    assert refused(applied) == (Exit.REFUSED, ["E565"])


def test_a_plan_for_no_account_is_refused_by_one_that_came_to_be(world: World) -> None:
    world.plan()
    with closing(world.crm()) as crm:
        crm.seed([], [], [{"email": "zoe@canary.example"}])
    assert refused(world) == (Exit.REFUSED, ["E565"])


def _tampered(table: pa.Table, header: dict[str, Any], how: str) -> tuple[pa.Table, dict[str, Any]]:
    if how == "line":
        digests = [value ^ 1 if n == 0 else value for n, value in enumerate(table["digest"].to_pylist())]
        return table.set_column(3, APPROVALS.field("digest"), pa.array(digests, pa.int64())), header
    if how == "lines out":
        return table.slice(1), header
    if how == "order":
        return table.take(list(reversed(range(table.num_rows)))), header
    changes: dict[str, Any] = {
        "age": {"at": "2026-12-24T09:00:00+00:00"},
        "limit": {"options": {**header["options"], "allow": {"create": 10_000_000}}},
        "inventory": {"inventory": []},
        "document": {"document": {**header["document"], "guards": []}},
        "subjects": {"subjects": [*header["subjects"], ".more"]},
        "more": {"another": 1},
    }
    return table, {**header, **changes[how]}


TAMPERINGS = ["line", "lines out", "order", "age", "limit", "inventory", "document", "subjects", "more"]


@pytest.mark.parametrize("how", TAMPERINGS)
def test_a_plan_that_was_tampered_with_is_refused(world: World, how: str) -> None:
    (world.folder / "reconciler.yaml").write_text(FILE.replace("limits: {", "limits: {create: 2, "))
    world.plan()
    table = pq.read_table(world.file)
    header = json.loads(pq.read_metadata(world.file).metadata[b"reconciler"])
    table, header = _tampered(table, header, how)
    with pq.ParquetWriter(world.file, APPROVALS) as file:
        file.write_table(table.cast(APPROVALS))
        file.add_key_value_metadata({"reconciler": json.dumps(header)})
    assert refused(world) == (Exit.REFUSED, ["E566"])


def test_a_plan_that_was_laid_out_otherwise_is_the_same_plan(world: World) -> None:
    world.plan()
    table, metadata = pq.read_table(world.file), pq.read_metadata(world.file).metadata[b"reconciler"]
    with pq.ParquetWriter(world.file, APPROVALS, compression="none") as file:
        file.write_table(table.cast(APPROVALS), row_group_size=2)
        file.add_key_value_metadata({"reconciler": metadata.decode()})
    assert world.apply().result is Result.APPLIED


@pytest.mark.parametrize("content", [b"", b"PAR1", b"id,mail\n", b"PAR1" + b"\0" * 64 + b"PAR1", b"cut"])
def test_what_is_no_saved_plan_is_told_as_such(world: World, content: bytes) -> None:
    world.plan()
    world.file.write_bytes(world.file.read_bytes()[:-40] if content == b"cut" else content)
    assert refused(world) == (Exit.ERROR, ["E560"])


def test_a_parquet_file_of_somebody_else_is_no_saved_plan(world: World) -> None:
    world.plan()
    pq.write_table(pa.table({"id": [1]}), world.file)
    assert refused(world) == (Exit.ERROR, ["E560"])


def test_a_plan_of_a_newer_format_is_not_read(world: World) -> None:
    world.plan()
    header = {"format": "reconciler-saved-plan/2"}
    with pq.ParquetWriter(world.file, APPROVALS) as file:
        file.add_key_value_metadata({"reconciler": json.dumps(header)})
    with pytest.raises(Failure) as failure:
        world.apply()
    assert [p.detail for p in failure.value.problems] == ["its format is not reconciler-saved-plan/1"]


KEY, OTHER = "k" * 32, "o" * 32


def test_two_machines_share_a_key_and_nothing_else(world: World, tmp_path: Path) -> None:
    world.env = {"RECONCILER_PLAN_KEY": KEY}
    world.plan()
    outcome = world.apply(state_dir=tmp_path / "another" / "state")  # a runner that remembers nothing
    assert outcome.result is Result.APPLIED
    assert world.approved(outcome)[3] == 0


@pytest.mark.parametrize("other", ["", OTHER])
def test_a_plan_made_with_another_key_is_refused(world: World, other: str) -> None:
    world.env = {"RECONCILER_PLAN_KEY": KEY}
    world.plan()
    world.env = {"RECONCILER_PLAN_KEY": other} if other else {}
    assert refused(world) == (Exit.REFUSED, ["E567"])


def test_a_key_that_can_be_guessed_is_refused(world: World) -> None:
    world.env = {"RECONCILER_PLAN_KEY": "hunter2"}
    with pytest.raises(Failure) as failure:
        world.plan()
    assert [p.code for p in failure.value.problems] == ["E570"]
    assert "hunter2" not in str(failure.value.problems)
    assert not world.file.exists()


def test_a_plan_that_stopped_goes_on_without_a_new_review(world: World) -> None:
    world.plan()
    first = world.apply(max_calls=14)
    assert first.result is Result.PARTIAL
    assert 0 < len(world.contacts()) <= 6
    world.now += timedelta(minutes=5)
    second = world.apply()
    assert second.result is Result.APPLIED
    assert world.approved(second)[3] == 0
    assert world.approved(second)[2] > 0
    assert world.nothing_left()
    assert refused(world) == (Exit.STALE, ["E568"])


@pytest.mark.parametrize("instant", range(0, 40, 3))
def test_a_plan_whose_apply_was_killed_goes_on_without_a_new_review(world: World, instant: int) -> None:
    with closing(world.crm()) as crm:
        crm.seed([], [], [{"email": f"p{n}@canary.example"} for n in range(1, 4)])
    world.plan()
    with closing(world.crm()) as crm:
        ended = apply_and_die(world.request(saved=world.file), crm, instant)
    world.now += timedelta(minutes=5)
    outcome = world.apply()
    assert ended or outcome.result in (Result.APPLIED, Result.NONE)
    assert world.approved(outcome)[3] == 0
    assert len(world.contacts()) == 6
    assert world.nothing_left()


def test_a_plan_that_stopped_is_stale_when_somebody_else_touched_the_rest(applied: World) -> None:
    (applied.folder / "reconciler.yaml").write_text(
        FILE.replace("\ntags:", "\n  hobby: {from: note, type: text}\ntags:")
    )
    applied.plan()
    assert applied.apply(max_calls=7).result is Result.PARTIAL
    with closing(applied.crm()) as crm:
        crm.delete_field("level")
    assert refused(applied) == (Exit.STALE, ["E564"])


def test_a_limit_that_the_plan_exceeds_refuses_its_apply_until_it_is_raised(world: World) -> None:
    (world.folder / "reconciler.yaml").write_text(FILE.replace("limits: {", "limits: {create: 2, "))
    world.plan(allow={})
    outcome = world.apply(allow={})
    assert outcome.result is Result.REFUSED
    assert [p.code for p in outcome.problems] == ["E514"]
    assert world.apply(allow={"create": 6}).result is Result.APPLIED


def test_a_limit_that_was_raised_for_the_plan_is_raised_for_its_apply(world: World) -> None:
    (world.folder / "reconciler.yaml").write_text(FILE.replace("limits: {", "limits: {create: 2, "))
    world.plan(allow={"create": 6})
    assert world.apply(allow={}).result is Result.APPLIED


def test_a_plan_of_chosen_entries_is_applied_to_the_same(applied: World) -> None:
    applied.edit("1", "level", "pro")
    applied.edit("1", "city", "Oulu")
    applied.plan(target=("field.level",))
    assert applied.apply().result is Result.APPLIED
    contact = applied.contacts()["p1@canary.example"]
    assert (contact["level"], contact["city"]) == ("pro", "City 1")


def test_what_was_not_approved_is_not_remembered_as_agreed_on(applied: World) -> None:
    applied.edit("1", "level", "pro")
    applied.plan()
    applied.edit("2", "level", "pro")
    applied.apply()
    second = pipeline.plan(applied.request())
    assert [(f.key, f.cause.value, f.set) for f in second.fields if f.set] == [("level", "source", 1)]


def test_nothing_of_a_person_is_in_the_file(world: World) -> None:
    (world.folder / "reconciler.yaml").write_text(FILE)
    world.plan()
    saved = read_plan(world.file, plan_key({}, (world.folder / ".reconciler/reconciler/key").read_bytes()))
    lines = list(saved.lines())
    said = "\n".join(lines)
    assert '"dynamic_tags[\\"Role: *\\"]"' in said
    content = world.file.read_bytes()
    for canary in ("canary", "City 1", "note 1"):
        assert canary not in said
        assert canary.encode() not in content
        assert canary not in json.dumps(saved.document.model_dump(mode="json"))
    assert sum('"create"' in line for line in lines[1:]) == len(saved.approvals.inventory) + len(PEOPLE)


def test_the_lines_name_addresses_actions_and_causes(applied: World) -> None:
    applied.edit("2", "level", "pro")
    applied.edit("2", "orders", "3")
    applied.plan()
    rows = [json.loads(line) for line in pipeline.saved_plan(applied.request(), applied.file).lines()][1:]
    said = [(row["address"].partition(".")[2].partition(".")[2], row["action"], row["cause"]) for row in rows]
    assert said == [("level", "set", "source"), ('tag["Customer"]', "apply", None)]
    assert all(row["address"].startswith("contact.") and len(row["digest"]) == 16 for row in rows)


def test_a_plan_can_be_looked_at_without_its_key(world: World) -> None:
    world.env = {"RECONCILER_PLAN_KEY": KEY}
    world.plan()
    request = replace(world.request(), env={})
    assert pipeline.saved_plan(request, world.file).sealed is None
    assert pipeline.saved_plan(world.request(), world.file).sealed is True


def test_a_plan_that_cannot_be_saved_says_so_before_anything_is_read(world: World) -> None:
    with pytest.raises(Failure) as failure:
        pipeline.plan(world.request(out=world.folder / "nowhere" / "x.plan"))
    assert [p.code for p in failure.value.problems] == ["E561"]
    assert not (world.folder / ".reconciler").exists()


CONSENT = """
allow: [{limit: create, up_to: 9, reason: the first run, until: 2026-11-22}]
checks: {few: {deny: 'plan.summary.contacts.create > 3', message: not so many, level: error}}
"""


def test_what_the_file_allows_is_allowed_for_the_apply_of_a_saved_plan_until_its_last_day(world: World) -> None:
    limits = FILE.replace("limits: {", "limits: {create: 2, ")
    (world.folder / "reconciler.yaml").write_text(limits + CONSENT.splitlines()[1] + "\n")
    world.plan(allow={})
    world.now += timedelta(hours=16)  # the next day
    outcome = world.apply(allow={})
    assert outcome.result is Result.REFUSED
    assert [p.code for p in outcome.problems] == ["E514"]
    world.now -= timedelta(hours=15)
    assert world.apply(allow={}).result is Result.APPLIED


def test_a_check_that_the_reviewed_plan_failed_refuses_its_apply(world: World) -> None:
    (world.folder / "reconciler.yaml").write_text(FILE + CONSENT.splitlines()[2] + "\n")
    world.plan()
    outcome = world.apply()
    assert outcome.result is Result.REFUSED
    assert [p.code for p in outcome.problems] == ["E595"]
    assert not (world.folder / "crm.db").exists()


def test_a_check_is_of_what_was_reviewed_and_not_of_what_came_up_since(world: World) -> None:
    people = dict(world.people)
    world.people = {id: people[id] for id in ("1", "2", "3")}
    world.write()
    (world.folder / "reconciler.yaml").write_text(FILE + CONSENT.splitlines()[2] + "\n")
    world.plan()
    world.people = people
    world.write()
    assert world.apply().result is Result.APPLIED
    assert len(world.contacts()) == 3
