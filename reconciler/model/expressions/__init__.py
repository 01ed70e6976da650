"""Expressions: CEL over one person's typed values. An error, a null or a senseless result is `UNKNOWN`, never a guess.

No message of this package quotes the engine or a value; an expression's own words may be quoted, they stand in the
file.
"""

from reconciler.model.expressions.engine import KNOWN, EngineMissing
from reconciler.model.expressions.program import (
    UNKNOWN,
    ExpressionError,
    Program,
    Unknown,
    compile_expression,
    result_text,
)
from reconciler.model.expressions.rehearsal import check_result

__all__ = [
    "KNOWN",
    "UNKNOWN",
    "EngineMissing",
    "ExpressionError",
    "Program",
    "Unknown",
    "check_result",
    "compile_expression",
    "result_text",
]
