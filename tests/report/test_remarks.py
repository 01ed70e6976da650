"""What a document says beside the lines of the file: as annotations, and for code scanning."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.model.messages import MESSAGES, problem
from reconciler.model.outcome import Outcome, Result, Written
from reconciler.model.plan import Action, Finding, Guard, InventoryChange, Plan
from reconciler.model.problems import Level, Place, Problem
from reconciler.report.annotations import MOST, Seen, sarif, workflow_commands
from reconciler.report.document import outcome_document, plan_document
from reconciler.report.drift import drift_document
from reconciler.report.formats import View, drawn
from reconciler.report.remarks import remarks
from reconciler.report.validation import validation_document
from tests.report.plans import EMPTY, FULL, at
from tests.report.sarif_schema import results_of
from tests.report.test_markdown import DRIFT

HERE = Seen("/repo", "crm", "reconciler.yaml")
WARNED = problem("R107", "`engagement`", at(9), level=Level.WARNING)
MARKED = replace(FULL, problems=(WARNED,))


def told(document: Any) -> set[tuple[str, str, str]]:
    return {(p.level.value, p.code, str(p.where or "")) for p in remarks(document)}


def test_a_plan_marks_problems_findings_blocked_changes_and_limits_that_stop_an_apply() -> None:
    assert told(plan_document(MARKED)) == {
        ("warning", "R107", "reconciler.yaml:9:3"),
        ("warning", "R204", "reconciler.yaml:28"),
        ("warning", "E951", "reconciler.yaml:33"),
        ("error", "E514", "reconciler.yaml:44"),
    }


def test_a_limit_that_is_kept_and_a_change_that_goes_on_mark_nothing() -> None:
    assert told(plan_document(replace(EMPTY, guards=(Guard("create", 9, 8, False),)))) == set()
    made = InventoryChange("field.x", "field", "x", Action.CREATE, at(3))
    assert told(plan_document(replace(EMPTY, inventory=(made,)))) == set()


def test_why_an_apply_was_refused_is_marked_once() -> None:
    finding = Finding("R320", Level.ERROR, "two owners", 1, where=at(7))
    plan = replace(FULL, findings=(finding,))
    again = (problem("E514", "update_percent", at(44)), problem("E515", "R320 two owners", at(7)))
    refused = outcome_document(Outcome(Result.REFUSED, plan, "", Written(), (), again))
    assert [p.code for p in remarks(refused) if p.level is Level.ERROR] == ["E514", "R320"]


def test_drift_marks_the_lines_of_what_was_moved() -> None:
    assert told(DRIFT) == {("warning", "E952", "shop.yaml:7"), ("warning", "E952", "shop.yaml:9")}


def test_a_validation_marks_its_problems() -> None:
    wrong = problem("E111", "`x`", Place("a.yaml", 3, 4))
    assert told(validation_document("a.yaml", [wrong])) == {("error", "E111", "a.yaml:3:4")}


def test_a_blocked_change_says_why_what_waits_and_what_can_be_done_by_hand() -> None:
    (blocked,) = (p for p in remarks(plan_document(FULL)) if p.code == "E951")
    assert blocked.detail == "field `rank`: number wanted, text there; 12 values wait"
    assert blocked.fix.startswith("Change the field's type to number in the CRM")


def test_a_finding_names_rows_and_how_many_there_are_beyond_them() -> None:
    finding = Finding("R204", Level.WARNING, "values are unreadable", 300, rows=(17, 1203))
    (said,) = remarks(plan_document(replace(EMPTY, findings=(finding,))))
    assert said.detail == "values are unreadable; 300 times, rows 17, 1,203 and 298 more"


def test_the_annotations_of_a_plan_name_files_as_the_review_sees_them() -> None:
    lines = drawn("github", plan_document(MARKED), View(HERE)).splitlines()
    assert [line.partition(",title")[0] for line in lines] == [
        "::error file=crm/reconciler.yaml,line=44",
        "::warning file=crm/reconciler.yaml,line=9,col=3",
        "::warning file=crm/reconciler.yaml,line=28",
        "::warning file=crm/reconciler.yaml,line=33",
    ]


def many(count: int, level: Level) -> list[Problem]:
    return [Problem("R204" if n % 3 else "E951", level, "sum", f"`{n}`", where=at(n + 1)) for n in range(count)]


@pytest.mark.parametrize("count", [0, 1, MOST, MOST + 1, 500])
def test_no_more_annotations_of_a_level_are_written_than_a_step_shows(count: int) -> None:
    lines = workflow_commands([*many(count, Level.WARNING), *many(3, Level.ERROR)], HERE).splitlines()
    assert [line for line in lines if line.startswith("::error ")] == lines[:3]
    warnings = lines[3:]
    assert len(warnings) == min(count, MOST)
    if count > MOST:
        assert warnings[-1].startswith(f"::warning title={count - MOST + 1} more warnings::")
        counts = [int(part.split()[0]) for part in warnings[-1].rpartition("::")[2].split(", ")]
        assert sum(counts) == count - MOST + 1


@pytest.mark.parametrize("plan", [EMPTY, FULL, MARKED], ids=["empty", "full", "marked"])
def test_a_plan_for_code_scanning_has_a_result_for_everything_that_is_marked(plan: Plan) -> None:
    log = sarif(remarks(plan_document(plan)), HERE)
    results = results_of(log)
    assert len(results) == len(remarks(plan_document(plan)))
    assert all(result["ruleId"] in MESSAGES for result in results)


def test_a_gone_contact_alone_is_drift_without_a_line() -> None:
    plan = replace(EMPTY, findings=(Finding("R207", Level.WARNING, "the linked contact does not exist any more", 2),))
    assert remarks(drift_document(plan)) == ()
