"""Problems, codes and outcomes as text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from reconciler.model.messages import MESSAGES, problem
from reconciler.model.outcome import Outcome, Result, Written
from reconciler.model.plan import EndpointCost, Guard
from reconciler.model.problems import Level, Place, Problem
from reconciler.report.outcome import outcome_text
from reconciler.report.problems import all_codes, explain, find_message, near_codes, problems_text
from tests.report.plans import FULL

Golden = Callable[[str, str], None]

SEVERAL = (
    Problem("R110", Level.WARNING, "empties count in a raw field", "`notes` is raw", where=Place("a.yaml", 9, 3)),
    Problem("E301", Level.ERROR, "the CRM refused the credentials", fix="Check the token that `crm.token` names."),
    Problem("E111", Level.ERROR, "an unknown key", "`lable`; near: `label`", "Rename it.", Place("a.yaml", 30, 5)),
    Problem("E111", Level.ERROR, "an unknown key", "`x`", where=Place("a.yaml", 4, 1)),
    Problem("R106", Level.OFF, "no score is mapped"),
)


def test_all_problems_are_printed_errors_first_in_the_order_of_the_file(golden: Golden) -> None:
    golden("problems.txt", problems_text(SEVERAL))


def test_no_problem_is_no_text() -> None:
    assert problems_text([Problem("R106", Level.OFF, "no score is mapped")]) == ""


def test_a_problem_cannot_steer_a_terminal() -> None:
    text = problems_text(
        [Problem("E111", Level.ERROR, "an unknown key", "`\x1b[31m\u202e`", "\x07", Place("\x1b.yaml", 1))]
    )
    assert {sign for sign in text if not sign.isprintable()} == {"\n"}


@pytest.mark.parametrize("code", sorted(MESSAGES))
def test_every_code_can_be_explained_by_code_and_by_name(code: str) -> None:
    message = MESSAGES[code]
    assert find_message(code.lower()) is message
    assert message.name == "" or find_message(message.name) is message
    text = explain(message)
    assert text.startswith(f"{code}  {message.summary}\n")
    assert " ".join(message.reason.split()) in " ".join(text.split())


def test_an_unknown_code_has_near_matches() -> None:
    assert find_message("") is None
    assert find_message("E90") is None
    assert "E905" in near_codes("E9055")
    assert "score-mapped" in near_codes("scores-mapped")


def test_the_list_of_codes_has_a_line_for_each() -> None:
    assert [line.split()[0] for line in all_codes().splitlines()] == sorted(MESSAGES)


CALLS = (EndpointCost("contacts", 11, False), EndpointCost("contacts/batch", 1, True), EndpointCost("tags", 2, True))
OUTCOMES = {
    "applied": Outcome(
        Result.APPLIED,
        FULL,
        "r-7f3a",
        Written(
            inventory=1, created=3, updated=40, values=61, tags_applied=12, tags_removed=4, rewritten=1, recovered=1
        ),
        CALLS,
    ),
    "partial": Outcome(
        Result.PARTIAL, FULL, "r-7f3a", Written(created=1, failed=2, moved=1), CALLS, (problem("E306", "2 items"),)
    ),
    "refused": Outcome(Result.REFUSED, FULL, "", Written()),
    "declined": Outcome(Result.DECLINED, FULL, "", Written()),
    "interrupted": Outcome(
        Result.INTERRUPTED,
        replace(FULL, file="north.yaml", guards=(Guard("create", 1, 0, False),)),
        "r-7f3a",
        Written(updated=1000, values=1000, left=9000, moved=2),
        CALLS,
    ),
}


@pytest.mark.parametrize("name", OUTCOMES)
def test_an_outcome_says_what_was_written_and_how_to_go_on(golden: Golden, name: str) -> None:
    golden(f"outcome-{name}.txt", outcome_text(OUTCOMES[name]))
