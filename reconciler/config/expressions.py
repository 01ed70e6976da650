"""Expressions of the file: compiled, checked, and answered with *quote the expression* where YAML cut them."""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from reconciler.config.collect import Problems, shown
from reconciler.config.previous import PREVIOUS_EMAIL, not_alone
from reconciler.config.syntax import expression_at, written_quoted
from reconciler.config.tree import Scalar
from reconciler.model.desired import Expression
from reconciler.model.problems import Place

if TYPE_CHECKING:
    from reconciler.model.expressions import ExpressionError, Program

_SOME_DAY = datetime(2020, 1, 1, tzinfo=UTC)  # samples only: nothing of the result is kept


@lru_cache(maxsize=4096)
def compiled(text: str) -> Program:
    """The program of an expression, compiled once. Raises `ExpressionError`."""
    from reconciler.model.expressions import compile_expression

    return compile_expression(text)


@dataclass(slots=True, eq=False, repr=False)
class Expressions:
    """Compiles each text once.

    `types`: how columns read, as `source.types` says; None: unknown, so nothing is tried. `where`: the first place of
    each text.
    """

    types: AnyMapping[str, str] | None
    problems: Problems
    programs: dict[str, Program] = field(default_factory=dict)
    where: dict[str, Place] = field(default_factory=dict)

    def read(self, node: Scalar | None, path: str, want: Literal["bool", "any"]) -> Expression | None:
        """The expression at `node`, whose result is to be `want`; None if there is none or it has a problem, noted."""
        if node is None:
            return None
        from reconciler.model.expressions import ExpressionError, check_result

        try:
            program = compiled(node.text)
        except ExpressionError as error:
            self._note(node, path, error)
            return None
        self.programs[node.text] = program
        self.where.setdefault(node.text, node.where)
        wrong = None if self.types is None else check_result(program, self.types, want, _SOME_DAY)
        if wrong is not None:
            self._note(node, path, wrong)
            return None
        if PREVIOUS_EMAIL in program.names.plain:
            not_alone(node.where, path, self.problems)
            return None
        return Expression(node.text, node.where)

    def _note(self, node: Scalar, path: str, error: ExpressionError) -> None:
        hint = cut(node)
        if hint is not None:
            self.problems.add("E116", f"{shown(path)}: YAML cuts it short", node.where, hint)
        elif node.foreign:
            self.problems.add("E117", f"{shown(path)}, once its references are filled in", node.where)
        else:
            self.problems.add("E117", f"{shown(path)}: {error.detail}", node.where, error.hint or None)


def cut(node: Scalar) -> str | None:
    """The line with the whole expression quoted, if more was meant than YAML has read."""
    if node.style or node.written is not None or node.line != node.end_line:
        return None
    line = node.file.line(node.line)
    rest = line[node.end_column - 1 :].lstrip()
    meant = expression_at(node.file, node.line, node.column, node.in_flow)
    if rest.startswith("#") and len(meant) <= len(node.text):
        meant = line[node.column - 1 :].rstrip()
    if len(meant) <= len(node.text):
        return None
    return written_quoted(line, node.column - 1, meant)
