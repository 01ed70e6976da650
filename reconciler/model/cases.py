"""What `reconciler test` found out: one result a case, and what no case tests."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.problems import Place, Problem


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as its case says. `what`: a check's code, or a key of the plan's document."""

    what: str
    said: str
    where: Place


@dataclass(frozen=True, slots=True)
class CaseResult:
    name: str
    where: Place
    differences: tuple[Difference, ...] = ()

    @property
    def passed(self) -> bool:
        return not self.differences


@dataclass(frozen=True, slots=True)
class Tested:
    """`files`: that the cases stand in. `checks`: how many the tested file has. `problems`: warnings."""

    files: tuple[str, ...]
    checks: int
    cases: tuple[CaseResult, ...]
    problems: tuple[Problem, ...] = ()
