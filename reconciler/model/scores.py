"""Scores: points for the rules that are true of a person, summed exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Context, Decimal
from functools import lru_cache

from reconciler.model.desired import ScoreRule
from reconciler.model.expressions import compile_expression

_EXACT = Context(prec=1000)
_compiled = lru_cache(maxsize=1024)(compile_expression)


def score(rules: Sequence[ScoreRule], values: Mapping[str, object], now: datetime) -> Decimal | None:
    """The sum of the points whose condition is true; None (unknown) if any condition is.

    `values` are `types.cel_value`s by column name. Raises `ExpressionError` for a condition that does not compile.
    """
    total = Decimal(0)
    for rule in rules:
        holds = _compiled(rule.when.text).evaluate_bool(values, now)
        if holds is None:
            return None
        if holds:
            total = _EXACT.add(total, rule.points)
    return total
