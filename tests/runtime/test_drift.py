"""Drift: what somebody else moved since the last apply is told from what our side asks for."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reconciler.localcrm import LocalCrm
from reconciler.model.clock import Clock
from reconciler.model.inventory import CrmField
from reconciler.model.plan import Cause, FieldCount, Plan
from reconciler.model.problems import Failure
from reconciler.report.document import to_json
from reconciler.report.drift import drift_document, drift_text, drifted
from reconciler.runtime import pipeline
from tests.report.json_schema import parsed

NOW = datetime(2026, 11, 22, tzinfo=UTC)
FILE = """\
version: 1
crm: {type: local, path: crm.db}
source: {type: csv, path: people.csv, types: {orders: integer}}
identity: {person: id, match: email}
fields: {email: email, city: city, hobby: {from: hobby, push: on_create}}
tags: {Customer: {when: 'orders > 0'}}
contacts: {create: true}
"""
PEOPLE = {n: (f"p{n}@canary.example", "Brno", "chess", str(n % 2)) for n in range(1, 6)}
Edit = Callable[[LocalCrm], None]


def write(folder: Path, people: dict[int, tuple[str, ...]], text: str = FILE) -> None:
    rows = "".join(f"{n},{','.join(person)}\n" for n, person in people.items())
    (folder / "people.csv").write_text("id,email,city,hobby,orders\n" + rows)
    (folder / "reconciler.yaml").write_text(text)


def request(folder: Path, **more: Any) -> pipeline.Request:
    return pipeline.Request(folder / "reconciler.yaml", {}, Clock.fixed(NOW), lambda n: b"\x07" * n, **more)


def edit(folder: Path, change: Edit) -> None:
    with closing(LocalCrm(folder / "crm.db", Clock.fixed(NOW))) as crm:
        change(crm)


@pytest.fixture
def applied(tmp_path: Path) -> Path:
    """Five people: the first had a contact with another hobby already, which is kept; all is applied."""
    write(tmp_path, PEOPLE)
    fields = [CrmField("city", "City", "text"), CrmField("hobby", "Hobby", "text")]
    edit(tmp_path, lambda crm: crm.seed(fields, ["Customer"], [{"email": PEOPLE[1][0], "hobby": "go"}]))
    outcome = pipeline.apply(request(tmp_path, allow={"create": 9}), lambda _: True, lambda: False)
    assert outcome.result.value == "applied", outcome.problems
    return tmp_path


def told(plan: Plan) -> dict[str, tuple[int, int]]:
    """By field and tag: what the next apply writes, and what it keeps."""
    fields = {f.key: (f.set + f.clear, f.held) for f in plan.fields if f.cause is Cause.DRIFT}
    return fields | {t.name: (t.apply + t.remove, 0) for t in plan.tags if t.cause is Cause.DRIFT}


EDITS: dict[str, tuple[Edit, dict[str, tuple[int, int]]]] = {
    "nothing": (lambda crm: None, {}),
    "a value overwritten": (lambda crm: crm.update([("2", {"city": "Oulu"})]) and None, {"city": (1, 0)}),
    "a value emptied": (lambda crm: crm.update([("2", {"city": None})]) and None, {"city": (1, 0)}),
    "a value that is only filled on create": (
        lambda crm: crm.update([("2", {"hobby": "go"}), ("3", {"hobby": None})]) and None,
        {"hobby": (0, 2)},
    ),
    "a value that was held before": (lambda crm: crm.update([("1", {"hobby": "bridge"})]) and None, {}),
    "a tag taken away": (lambda crm: crm.tag(["1"], ["3"], on=False) and None, {"Customer": (1, 0)}),
    "a tag given": (lambda crm: crm.tag(["1"], ["2"], on=True) and None, {"Customer": (1, 0)}),
    "a field that is not ours": (lambda crm: crm.update([("2", {"first_name": "Ada"})]) and None, {}),
}


@pytest.mark.parametrize(("change", "expected"), EDITS.values(), ids=EDITS)
def test_what_somebody_else_moved_is_counted_by_field_and_tag(
    applied: Path, change: Edit, expected: dict[str, tuple[int, int]]
) -> None:
    edit(applied, change)
    plan = pipeline.drift(request(applied))
    assert told(plan) == expected
    assert drifted(plan) is bool(expected)


@pytest.mark.parametrize(("change", "expected"), EDITS.values(), ids=EDITS)
def test_after_an_apply_nothing_is_left_but_what_is_kept(
    applied: Path, change: Edit, expected: dict[str, tuple[int, int]]
) -> None:
    edit(applied, change)
    allow = {"update_percent": 100, "untag_percent": 100}
    outcome = pipeline.apply(request(applied, allow=allow), lambda _: True, lambda: False)
    assert outcome.result.value in ("applied", "none"), outcome.problems
    assert told(pipeline.drift(request(applied))) == {}


def test_what_changed_on_our_side_is_no_drift(applied: Path) -> None:
    write(applied, PEOPLE | {2: (PEOPLE[2][0], "Oulu", "chess", "1")})
    edit(applied, lambda crm: crm.update([("2", {"city": "Elsewhere"}), ("3", {"city": "Elsewhere"})]) and None)
    plan = pipeline.drift(request(applied))
    assert told(plan) == {"city": (1, 0)}
    assert [(f.cause, f.set) for f in plan.fields if f.key == "city"] == [(Cause.SOURCE, 1), (Cause.DRIFT, 1)]


def test_a_deleted_contact_is_told_by_a_full_read(applied: Path) -> None:
    edit(applied, lambda crm: crm.delete_contact("2"))
    plan = pipeline.drift(request(applied, refresh="full"))
    assert drift_document(plan).gone == 1
    assert "1 linked contact deleted" in drift_text(drift_document(plan))


@pytest.mark.parametrize("spoil", ["never applied", "another file", "forgotten"])
def test_without_an_apply_to_tell_it_against_there_is_an_error(applied: Path, tmp_path: Path, spoil: str) -> None:
    if spoil == "never applied":
        pipeline.forget(request(applied))
    elif spoil == "another file":
        write(applied, PEOPLE, FILE.replace("push: on_create", "push: if_empty"))
    else:
        pipeline.forget(request(applied), "fields")
    with pytest.raises(Failure) as failure:
        pipeline.drift(request(applied))
    assert [p.code for p in failure.value.problems] == ["E534"]


def test_each_field_says_how_many_were_moved_and_what_becomes_of_them(applied: Path) -> None:
    edit(applied, lambda crm: crm.update([("2", {"city": "Oulu"}), ("3", {"hobby": "go"})]) and None)
    plan = pipeline.drift(request(applied))
    pulled = FieldCount("city", plan.fields[0].where, Cause.DRIFT, set=1, pull=2, conflict=3)
    plan = replace(plan, fields=(*(f for f in plan.fields if f.key != "city"), pulled))
    rows = {row.key: row for row in drift_document(plan).fields}
    city, hobby = rows["city"], rows["hobby"]
    assert (city.moved, city.overwrites, city.keeps, city.pulls, city.conflicts) == (6, 1, 0, 2, 3)
    assert (hobby.moved, hobby.overwrites, hobby.keeps, hobby.pulls, hobby.conflicts) == (1, 0, 1, 0, 0)
    lines = [" ".join(line.split()) for line in drift_text(drift_document(plan)).splitlines()]
    assert "~ city 6 moved next apply: 1 set back, 2 pulled, 3 in conflict" in " ".join(lines)
    assert "Drift: 7 values." in drift_text(drift_document(plan))


def test_text_and_document_name_no_person_and_the_document_fits_its_schema(applied: Path) -> None:
    edit(applied, lambda crm: crm.update([("2", {"city": "canary"}), ("3", {"hobby": "canary"})]) and None)
    plan = pipeline.drift(request(applied))
    document = parsed(to_json(drift_document(plan)))
    assert document["outcome"] == "drift"
    assert "canary" not in drift_text(drift_document(plan)) + str(document)
