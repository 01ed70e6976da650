"""A score is the exact sum of the points whose condition is true."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from reconciler.model.desired import Expression, ScoreRule
from reconciler.model.expressions import result_text
from reconciler.model.problems import Place
from reconciler.model.scores import score

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def _rules(*rules: tuple[str, str]) -> tuple[ScoreRule, ...]:
    return tuple(ScoreRule(Expression(when, Place("reconciler.yaml")), Decimal(points)) for when, points in rules)


@pytest.mark.parametrize(
    ("orders", "total"),
    [(0, "0.1"), (1, "0.3"), (10, "-4.7")],
)
def test_points_of_true_conditions_are_summed_without_rounding(orders: int, total: str) -> None:
    rules = _rules(("true", "0.1"), ("orders > 0", "0.2"), ("orders >= 10", "-5"))
    found = score(rules, {"orders": orders}, NOW)
    assert found == Decimal(total)
    assert result_text(found) == total


def test_long_and_tiny_points_keep_every_digit() -> None:
    rules = _rules(("true", "1000000000000000000000000000000"), ("true", "0.000000000000000000000000000001"))
    assert result_text(score(rules, {}, NOW)) == "1" + "0" * 30 + "." + "0" * 29 + "1"


def test_one_unknown_condition_makes_the_score_unknown() -> None:
    assert score(_rules(("true", "1"), ("orders > 0", "1")), {"orders": None}, NOW) is None


def test_a_score_without_rules_is_zero() -> None:
    assert score((), {}, NOW) == 0
