"""A kept document is drawn as the plan or the outcome that it was made of."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model.messages import problem
from reconciler.model.outcome import Outcome, Result, Written
from reconciler.model.plan import EndpointCost, Plan
from reconciler.model.problems import Level, Place, Problem
from reconciler.report.document import ended_document, outcome_document, plan_document, to_json
from reconciler.report.layout import Page
from reconciler.report.outcome import outcome_text
from reconciler.report.redrawn import document_text
from reconciler.report.shapes import PlanDocument
from reconciler.report.text import plan_text
from tests.report.plans import EMPTY, FULL
from tests.report.test_redaction import made
from tests.report.test_text import EVERYTHING, SETTLED

PROBLEMS = (
    Problem("E512", Level.WARNING, "an earlier run did not finish", "run a-1"),
    Problem("R107", Level.WARNING, "a score", "`x`", "remove it", Place("odd:name 3:x.yaml", 7, 2)),
    Problem("R107", Level.WARNING, "a score", "`y`", "remove it", Place("a:4", 7)),
)
PLANS = [FULL, EMPTY, SETTLED, EVERYTHING, replace(FULL, problems=PROBLEMS), replace(EMPTY, scope="person")]


def kept(document: PlanDocument) -> PlanDocument:
    """As it comes back from a file."""
    return PlanDocument.model_validate_json(to_json(document))


@pytest.mark.parametrize("width", [60, 80, 112])
@pytest.mark.parametrize("plan", [*PLANS, made()], ids=lambda plan: plan.file)
def test_a_plan_is_drawn_again_as_it_was(plan: Plan, width: int) -> None:
    page = Page(width)
    assert document_text(kept(plan_document(plan)), page) == plan_text(plan, page=page)


def test_a_plan_that_was_carried_out_does_not_say_that_an_apply_comes_next() -> None:
    plan = replace(FULL, guards=())
    assert document_text(kept(plan_document(plan)), settled=True) == plan_text(plan, applying=True)


RESULTS = [Result.APPLIED, Result.PARTIAL, Result.INTERRUPTED]


@pytest.mark.parametrize("result", RESULTS)
@pytest.mark.parametrize("plan", [FULL, EVERYTHING, made()], ids=lambda plan: plan.file)
def test_an_outcome_is_drawn_again_as_it_was(plan: Plan, result: Result) -> None:
    written = Written(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
    calls = (EndpointCost("contacts/list", 3, False), EndpointCost("contacts/create", 1, True))
    outcome = Outcome(result, plan, "20261122T100000Z-00ff", written, calls, (problem("E517", "7 contacts left"),))
    expected = plan_text(plan, applying=True) + "\n" + outcome_text(outcome)
    assert document_text(kept(outcome_document(outcome))) == expected


def test_a_run_that_could_not_go_on_is_drawn_with_why() -> None:
    text = document_text(kept(ended_document(FULL, "r-1", [problem("E509")])))
    assert text.startswith(plan_text(FULL, applying=True))
    assert "error E509  the disk is full" in text
