"""What is kept of plans and runs: all of what was printed, nothing personal, and not for ever."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from reconciler.model.clock import Clock
from reconciler.model.outcome import Result
from reconciler.model.problems import Failure
from reconciler.report.document import outcome_document, plan_document
from reconciler.runtime import pipeline
from reconciler.runtime.kept import MOST_RUNS, KeptRuns, Shown

from .memory_crm import NOW
from .test_pipeline import ADA, BOB, FILE, apply, people, request

CANARY = "canary"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "reconciler.yaml").write_text(FILE)
    people(tmp_path, ADA, BOB)
    return tmp_path


def shown(folder: Path, name: str = "plan") -> Shown:
    return pipeline.shown(request(folder), name)


def codes(folder: Path, name: str) -> list[str]:
    with pytest.raises(Failure) as caught:
        shown(folder, name)
    return [p.code for p in caught.value.problems]


def kept_files(folder: Path) -> list[Path]:
    return sorted((folder / ".reconciler").rglob("shown/*"))


def later(folder: Path, minutes: int, **more: Any) -> Any:
    """Another person arrives, and an apply some minutes later."""
    people(folder, ADA, BOB, *(f"p{n}@x.example,p{n}@x.example,Oslo,pro,3\n" for n in range(minutes)))
    clock = Clock.fixed(NOW + timedelta(minutes=minutes))
    return pipeline.apply(replace(request(folder, **more), clock=clock), lambda _: True, lambda: False)


def test_a_plan_is_kept_as_it_was_and_replaced_by_the_next_one(folder: Path) -> None:
    made = pipeline.plan(request(folder))
    assert shown(folder).document == plan_document(made)
    people(folder, ADA)
    assert shown(folder).document != plan_document(pipeline.plan(request(folder, target=("field.city",))))
    assert shown(folder).narrowed
    assert [path.name for path in kept_files(folder)] == ["plan.json"]


def test_neither_file_nor_doors_are_needed_to_show_it(folder: Path) -> None:
    outcome = apply(folder)
    for name in ("crm.db", "people.csv", "reconciler.yaml"):
        (folder / name).unlink()
    assert shown(folder, "last").document == outcome_document(outcome)
    assert shown(folder).document == plan_document(outcome.plan)


def test_what_is_kept_is_for_its_owner_alone_and_holds_no_value(folder: Path) -> None:
    apply(folder)
    pipeline.plan(request(folder, show_values=True))
    files = kept_files(folder)
    assert len(files) == 2
    for path in files:
        assert path.stat().st_mode & 0o777 == 0o600
        assert CANARY not in path.read_text()
        assert "Brno" not in path.read_text()


def test_tags_made_from_values_are_kept_without_their_names_even_where_values_were_shown(folder: Path) -> None:
    tags = "dynamic_tags:\n  - {from: city, prefix: 'City: '}\n"
    (folder / "reconciler.yaml").write_text(FILE + tags)
    made = pipeline.plan(request(folder, show_values=True))
    assert made.values_shown
    (path,) = kept_files(folder)
    assert "Brno" not in path.read_text()
    assert "City: *" in path.read_text()


def test_a_plan_is_settled_once_an_apply_has_carried_it_out(folder: Path) -> None:
    pipeline.plan(request(folder))
    assert not shown(folder).settled
    apply(folder)
    assert shown(folder).settled
    pipeline.plan(replace(request(folder), clock=Clock.fixed(NOW + timedelta(minutes=5))))
    assert not shown(folder).settled


def test_an_apply_that_writes_nothing_keeps_its_plan_and_is_no_run(folder: Path) -> None:
    assert apply(folder, confirm=lambda _: False).result is Result.DECLINED
    assert shown(folder).document.outcome == "changes"
    assert codes(folder, "last") == ["E530"]
    assert pipeline.kept_runs(request(folder)) == ()


def test_runs_are_found_by_id_beginning_and_as_the_last(folder: Path) -> None:
    runs = [later(folder, minutes).run for minutes in (1, 2, 11)]
    assert [run.run.run for run in pipeline.kept_runs(request(folder))] == runs[::-1]
    assert shown(folder, "last").document.run == runs[2]
    assert shown(folder, runs[0]).document.run == runs[0]
    unique = runs[2][: len("20261122T1011")]
    assert [run for run in runs if run.startswith(unique)] == [runs[2]]
    assert shown(folder, unique).document.run == runs[2]
    assert codes(folder, runs[0][:8]) == ["E530"]
    assert codes(folder, "nonsense") == ["E530"]


def test_the_counts_of_a_run_are_those_of_its_outcome(folder: Path) -> None:
    written = later(folder, 1).written
    (run,) = pipeline.kept_runs(request(folder))
    assert (run.kept, run.run.result, run.counts["created"]) == (True, "applied", written.created)


def test_only_the_last_runs_are_kept_and_older_ones_are_still_listed(folder: Path, tmp_path: Path) -> None:
    runs = [later(folder, minutes).run for minutes in range(1, 4)]
    document = shown(folder, "last").document
    kept = KeptRuns(kept_files(folder)[0].parents[1])
    for number in range(MOST_RUNS):
        kept.keep_run(f"30000101T{number:06}Z-00", Shown("", False, document))
    assert len(kept.runs()) == MOST_RUNS
    assert len([path for path in kept_files(folder) if path.name.startswith("run-")]) == MOST_RUNS
    assert codes(folder, runs[0]) == ["E530"]
    assert [(run.kept, run.counts) for run in pipeline.kept_runs(request(folder))] == [(False, {})] * 3


def test_forgetting_runs_or_all_takes_what_is_kept_along(folder: Path) -> None:
    for what in ("runs", "all"):
        later(folder, 1 if what == "runs" else 2)
        assert kept_files(folder)
        pipeline.forget(request(folder), "links")
        assert kept_files(folder)
        pipeline.forget(request(folder), what)
        assert kept_files(folder) == []
        assert codes(folder, "plan") == ["E530"]
        assert pipeline.kept_runs(request(folder)) == ()


def test_a_status_says_what_can_be_shown(folder: Path) -> None:
    pipeline.plan(request(folder))
    found = pipeline.status(request(folder))
    assert (found.kept_plan, found.kept_runs) == (True, 0)
    apply(folder)
    found = pipeline.status(request(folder))
    assert (found.kept_plan, found.kept_runs, found.sizes["shown"] > 0) == (True, 1, True)


@pytest.mark.parametrize("damage", ["", "no json", "[]", "{}", '{"format": "reconciler-kept/9"}', '{"document": 1}'])
def test_a_kept_result_that_cannot_be_read_is_a_problem_of_its_own_and_of_nothing_else(
    folder: Path, damage: str
) -> None:
    apply(folder)
    run = shown(folder, "last").document.run
    for path in kept_files(folder):
        path.write_text(damage)
    assert codes(folder, "plan") == codes(folder, str(run)) == ["E531"]
    assert pipeline.plan(request(folder)).pending is False
    assert json.loads(kept_files(folder)[0].read_text())["format"] == "reconciler-kept/1"


def test_a_folder_that_takes_no_outcome_does_not_lose_it(folder: Path) -> None:
    pipeline.plan(request(folder))
    place = kept_files(folder)[0].parent

    def spoil(_: object) -> bool:
        """Where the outcomes go there is a file now."""
        for path in place.iterdir():
            path.unlink()
        place.rmdir()
        place.write_text("")
        return True

    outcome = apply(folder, confirm=spoil)
    assert outcome.result is Result.APPLIED
    assert [p.code for p in outcome.problems] == ["E532"]
