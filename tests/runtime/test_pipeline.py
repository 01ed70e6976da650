from __future__ import annotations

import errno
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from reconciler.localcrm import LocalCrm
from reconciler.model.clock import Clock
from reconciler.model.outcome import Outcome, Result
from reconciler.model.plan import Finding, Plan
from reconciler.model.problems import Exit, Failure, Level
from reconciler.runtime import pipeline
from reconciler.runtime.disk import full_disk_said, is_full
from reconciler.runtime.pipeline import Request
from reconciler.runtime.refusals import refusals

from .memory_crm import KEY, NOW, plan_of

FILE = """\
version: 1
crm: {type: local, path: crm.db}
source: {type: csv, path: people.csv, types: {orders: integer}}
identity: {person: id, match: email}
fields:
  email: mail
  city: {from: city, label: Home town}
  level: {from: level, type: select, options: {free: Free, pro: Pro}}
tags:
  Customer: {when: 'orders > 0'}
contacts: {create: true}
"""
HEADER = "id,mail,city,level,orders\n"
ADA = "ada@canary.example,ada@canary.example,Brno,free,0\n"
BOB = "bob@canary.example,bob@canary.example,Oslo,pro,3\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "reconciler.yaml").write_text(FILE)
    people(tmp_path, ADA, BOB)
    return tmp_path


def people(folder: Path, *rows: str) -> None:
    (folder / "people.csv").write_text(HEADER + "".join(rows))


def request(folder: Path, **more: Any) -> Request:
    return Request(
        folder / "reconciler.yaml",
        {},
        Clock.fixed(NOW),
        lambda count: KEY[:count],
        **more,
    )


def apply(
    folder: Path,
    confirm: Callable[[Plan], bool] = lambda _: True,
    stop: Callable[[], bool] = lambda: False,
    **more: Any,
) -> Outcome:
    return pipeline.apply(request(folder, **more), confirm, stop)


def crm_contacts(folder: Path) -> dict[str, list[str]]:
    """E-mail -> names of its tags, in the folder's CRM."""
    with closing(LocalCrm(folder / "crm.db", Clock.fixed(NOW))) as crm:
        names = {tag.key: tag.name for tag in crm.tags()}
        rows = pa.Table.from_batches(crm.pages(["email"])).to_pylist()
    return {row["email"]: [names[key] for key in row["$tags"]] for row in rows}


def codes(failure: pytest.ExceptionInfo[Failure]) -> list[str]:
    return [p.code for p in failure.value.problems]


def test_plan_apply_plan_is_empty(folder: Path) -> None:
    made = pipeline.plan(request(folder))
    assert made.pending
    assert not (folder / "crm.db").exists()
    outcome = apply(folder)
    assert outcome.result is Result.APPLIED
    assert crm_contacts(folder) == {"ada@canary.example": [], "bob@canary.example": ["Customer"]}
    again = pipeline.plan(request(folder))
    assert not again.pending
    assert again.problems == ()
    assert apply(folder).result is Result.NONE


def test_calls_are_as_the_plan_predicted_when_the_crm_exists(folder: Path) -> None:
    with closing(LocalCrm(folder / "crm.db", Clock.fixed(NOW))) as crm:
        crm.seed([], [], [{"email": "zoe@example.org"}])
    outcome = apply(folder, allow={"create": 5})
    assert outcome.result is Result.APPLIED
    assert outcome.calls == outcome.plan.cost.endpoints


def test_the_plans_clock_is_the_start_of_the_day_unless_another_is_given(folder: Path) -> None:
    assert pipeline.plan(request(folder)).now == datetime(2026, 11, 22, tzinfo=UTC)
    asked = datetime(2026, 1, 2, 3, tzinfo=UTC)
    assert pipeline.plan(request(folder, now=asked)).now == asked


def test_the_changes_of_a_plan_can_be_read_while_the_plan_is_there_and_take_no_space_afterwards(folder: Path) -> None:
    made = pipeline.plan(request(folder))
    assert sum(batch.num_rows for batch in made.people.batches()) == 2
    tmp = folder / ".reconciler" / "reconciler" / "tmp"
    assert [p for p in tmp.iterdir() if p.is_dir()]
    del made
    assert [p for p in tmp.iterdir() if p.is_dir()] == []


def test_a_run_that_fails_leaves_no_spill_files(folder: Path) -> None:
    people(folder, "ada,ada@canary.example\n")
    with pytest.raises(Failure):
        pipeline.plan(request(folder))
    tmp = folder / ".reconciler" / "reconciler" / "tmp"
    assert [p for p in tmp.iterdir() if p.is_dir()] == []


def test_a_no_writes_nothing(folder: Path) -> None:
    assert apply(folder, confirm=lambda _: False).result is Result.DECLINED
    assert not (folder / "crm.db").exists()
    assert pipeline.status(request(folder)).apply.run == ""


def test_an_exceeded_limit_refuses_before_anybody_is_asked_and_nothing_is_written(folder: Path) -> None:
    asked: list[Plan] = []
    (folder / "reconciler.yaml").write_text(FILE + "limits: {create: 1}\n")
    outcome = apply(folder, confirm=lambda plan: bool(asked.append(plan)) or True)
    assert outcome.result is Result.REFUSED
    (found,) = outcome.problems
    assert found.code == "E514"
    assert "2 planned, 1 allowed" in found.detail
    assert "--allow create=2" in found.fix
    assert asked == []
    assert not (folder / "crm.db").exists()
    assert apply(folder, allow={"create": 2}).result is Result.APPLIED


@pytest.mark.parametrize(("level", "refused"), [(Level.ERROR, ["E515"]), (Level.WARNING, [])])
def test_what_the_files_rules_call_an_error_refuses(level: Level, refused: list[str]) -> None:
    finding = Finding("R204", level, "values are unreadable", 3)
    found = refusals(replace(plan_of(), findings=(finding,)))
    assert [p.code for p in found] == refused
    assert all("R204" in p.detail and "3 times" in p.detail for p in found)


def test_another_account_than_the_file_allows_is_refused_before_anything_else(folder: Path) -> None:
    apply(folder)
    (folder / "reconciler.yaml").write_text(FILE.replace("crm: {", 'crm: {account: "other", '))
    with pytest.raises(Failure) as failure:
        pipeline.plan(request(folder))
    assert codes(failure) == ["E302"]
    assert failure.value.exit is Exit.ERROR


def test_another_crm_begins_with_a_state_of_its_own_and_says_so(folder: Path) -> None:
    apply(folder)
    (folder / "crm.db").unlink()
    made = pipeline.plan(request(folder))
    assert [p.code for p in made.problems] == ["E510"]
    assert made.contacts.create == 2
    assert apply(folder).result is Result.APPLIED
    assert not pipeline.plan(request(folder)).pending


def test_a_source_that_cannot_be_read_is_a_failure_with_its_row(folder: Path) -> None:
    people(folder, ADA, "bob,bob@canary.example\n")
    with pytest.raises(Failure) as failure:
        pipeline.plan(request(folder))
    (found,) = failure.value.problems
    assert found.code == "E420"
    assert "row 2" in found.detail
    assert "canary" not in repr(found)


def test_a_source_without_people_is_a_failure(folder: Path) -> None:
    people(folder)
    with pytest.raises(Failure) as failure:
        pipeline.plan(request(folder))
    assert codes(failure) == ["E410"]


def test_a_missing_column_is_a_failure_before_contacts_are_read(folder: Path) -> None:
    (folder / "people.csv").write_text("id,mail,city,level\nada,ada@canary.example,Brno,free\n")
    with pytest.raises(Failure) as failure:
        pipeline.plan(request(folder))
    assert failure.value.problems[0].where is not None


def test_validate_never_touches_the_crm_or_the_state(folder: Path) -> None:
    desired, problems = pipeline.validate(request(folder), offline=False)
    assert desired.files[0].endswith("reconciler.yaml")
    assert problems == ()
    assert sorted(p.name for p in folder.iterdir()) == ["people.csv", "reconciler.yaml"]


def test_validate_offline_does_not_look_at_the_source(folder: Path) -> None:
    (folder / "people.csv").unlink()
    assert pipeline.validate(request(folder), offline=True)[1] == ()
    with pytest.raises(Failure) as failure:
        pipeline.validate(request(folder), offline=False)
    assert codes(failure) == ["E401"]


def test_one_person_is_planned_from_their_row_and_their_contacts_alone(folder: Path) -> None:
    apply(folder)
    people(folder, ADA.replace("Brno", "Rome"), BOB.replace("Oslo", "Rome"))
    made = pipeline.plan(request(folder, persons=frozenset({"bob@canary.example"})))
    assert (made.contacts.update, made.contacts.people, made.contacts.contacts) == (1, 1, 1)
    (row,) = [row for batch in made.people.batches() for row in batch.to_pylist()]
    assert (row["person"], row["row"]) == ("bob@canary.example", 2)
    assert "contacts/list" not in {e.name for e in made.cost.endpoints}


def test_one_person_whose_address_somebody_else_has_too_is_set_aside_as_in_the_full_plan(folder: Path) -> None:
    people(folder, ADA, BOB, "third,ada@canary.example,Rome,free,0\n")
    made = pipeline.plan(request(folder, persons=frozenset({"third"})))
    full = pipeline.plan(request(folder))
    assert made.contacts.set_aside == 1
    assert full.contacts.set_aside == 2


def test_one_person_with_a_new_address_is_found_by_their_link(folder: Path) -> None:
    apply(folder)
    apply(folder)  # links are in their file now, no longer beside it
    people(folder, ADA.replace(",ada@canary", ",new@canary"), BOB)
    made = pipeline.plan(request(folder, persons=frozenset({"ada@canary.example"})))
    assert (made.contacts.create, made.contacts.update) == (0, 1)


def test_an_apply_for_one_person_does_not_count_as_applying_the_file(folder: Path) -> None:
    outcome = apply(folder, persons=frozenset({"bob@canary.example"}))
    assert outcome.result is Result.APPLIED
    assert list(crm_contacts(folder)) == ["bob@canary.example"]
    counts = pipeline.status(request(folder)).counts
    assert (counts["links"], counts["fields and tags applied"], counts["tags ours"]) == (1, 0, 0)
    assert pipeline.plan(request(folder)).contacts.create == 1


def test_a_status_before_anything_happened_touches_nothing(folder: Path) -> None:
    status = pipeline.status(request(folder))
    assert not status.known
    assert not (folder / ".reconciler").exists()


def test_a_status_says_account_runs_counts_and_sizes(folder: Path) -> None:
    apply(folder)
    made = pipeline.plan(request(folder))
    status = pipeline.status(request(folder))
    assert status.known
    assert status.account == made.account
    assert (status.plan.run, status.plan.result, status.apply.result) == (made.id, "none", "applied")
    assert status.unfinished is None
    assert status.counts["links"] == 2
    assert status.sizes["state.db"] > 0


def test_forgetting_makes_the_next_plan_pair_anew(folder: Path) -> None:
    apply(folder)
    pipeline.forget(request(folder))
    assert pipeline.status(request(folder)).counts["links"] == 0
    assert not pipeline.plan(request(folder)).pending
    apply(folder)
    assert pipeline.status(request(folder)).counts["links"] == 2


def test_lost_state_and_a_filled_crm_need_a_word_for_creations(folder: Path) -> None:
    people(folder, ADA)
    apply(folder)
    pipeline.forget(request(folder))
    people(folder, ADA, BOB)
    assert apply(folder).result is Result.REFUSED
    assert apply(folder, allow={"create": 1}).result is Result.APPLIED


HOLD = """
import sys
from pathlib import Path
from reconciler.model.clock import Clock
from reconciler.runtime.pipeline import Request, apply
def confirm(plan):
    print("asking", flush=True)
    sys.stdin.read()
    return False
apply(Request(Path(sys.argv[1]), {}, Clock.system(), lambda n: bytes(range(n))), confirm, lambda: False)
"""


def test_a_second_apply_is_refused_while_one_runs_and_at_once_possible_when_it_was_killed(folder: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(folder / "reconciler.yaml")]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"asking\n"
        with pytest.raises(Failure) as failure:
            apply(folder)
        assert codes(failure) == ["E507"]
        with pytest.raises(Failure) as failure:
            pipeline.forget(request(folder))
        assert codes(failure) == ["E507"]
        made = pipeline.plan(request(folder))
        assert [p.code for p in made.problems] == ["E513"]
        assert f"process {process.pid}" in pipeline.status(request(folder)).lock
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    assert apply(folder).result is Result.APPLIED


def test_a_run_that_died_is_named_by_the_next_plan_and_taken_up_by_the_next_apply(folder: Path) -> None:
    apply(folder)
    account = pipeline.plan(request(folder)).account
    journal = folder / ".reconciler" / "reconciler" / "accounts" / account / "journal.db"
    with sqlite3.connect(journal) as connection:
        connection.execute("INSERT INTO runs (id, started, config) VALUES ('dead', '2026-11-22T09:00:00Z', 'x')")
    connection.close()
    assert [p.code for p in pipeline.plan(request(folder)).problems] == ["E512"]
    unfinished = pipeline.status(request(folder)).unfinished
    assert unfinished is not None
    assert unfinished.run == "dead"
    apply(folder)
    assert pipeline.plan(request(folder)).problems == ()


def test_nothing_personal_is_in_any_file_of_the_state(folder: Path) -> None:
    apply(folder)
    people(folder, ADA.replace("Brno", "canary-town"), BOB)
    made = pipeline.plan(request(folder))
    apply(folder, stop=lambda: True)
    apply(folder)
    del made
    pipeline.plan(request(folder, persons=frozenset({"bob@canary.example"})))
    files = [path for path in (folder / ".reconciler").rglob("*") if path.is_file()]
    assert len(files) > 5
    assert [path for path in files if b"canary" in path.read_bytes()] == []


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        sqlite3.OperationalError("database or disk is full"),
        RuntimeError('IO Error: Could not write file "x": No space left on device'),
    ],
)
def test_a_full_disk_has_its_own_sentence_whoever_met_it(error: Exception) -> None:
    with pytest.raises(Failure) as failure, full_disk_said():
        raise error
    assert codes(failure) == ["E509"]


@pytest.mark.parametrize("error", [OSError(errno.EACCES, "Permission denied"), ValueError("full"), KeyError("disk")])
def test_other_errors_are_not_taken_for_a_full_disk(error: Exception) -> None:
    assert not is_full(error)
    with pytest.raises(type(error)), full_disk_said():
        raise error


def test_a_scenario_with_everything_going_wrong_still_comes_to_rest(folder: Path) -> None:
    quirks = {"lost_answers": [1, 2, 3, 5], "unavailable": [4, 7], "busy_every": 6, "rewrites": {"city": "upper"}}
    (folder / "reconciler.yaml").write_text(
        FILE.replace("path: crm.db}", f"path: crm.db, quirks: {json.dumps(quirks)}}}")
    )
    outcome = apply(folder)
    assert outcome.result is Result.APPLIED
    assert outcome.written.rewritten == 2
    assert sorted(crm_contacts(folder)) == ["ada@canary.example", "bob@canary.example"]
    made = pipeline.plan(request(folder))
    assert not made.pending
    assert sum(count.rewritten for count in made.fields) == 2
