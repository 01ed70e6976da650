"""What a document has to say about lines of the file: problems, findings, blocked changes, limits that stop an apply,
and what somebody else moved. All as problems, so that every format for reviews draws them alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, TypeAlias

from reconciler.model.messages import problem
from reconciler.model.problems import Level, Place, Problem
from reconciler.report.problem_shapes import ProblemRow, ValidationDocument
from reconciler.report.words import listing, number, some

if TYPE_CHECKING:
    from reconciler.model.plan import AllowedBy, CheckResult, Guard
    from reconciler.report.shapes import (
        AllowedByRow,
        ChangeRow,
        DriftDocument,
        FindingRow,
        GuardRow,
        PlanCheckRow,
        PlanDocument,
    )

    Told: TypeAlias = PlanDocument | DriftDocument | ValidationDocument

NOT_EVALUATED = "it cannot be evaluated, and so it has not passed"
_AGAIN = frozenset({"E514", "E515", "E595"})
"""Why an apply was refused, told by the limits, checks and findings themselves."""


def remarks(document: Told) -> tuple[Problem, ...]:
    """Every one of them, in no order."""
    if isinstance(document, ValidationDocument):
        return tuple(map(problem_of, document.problems))
    if document.format == "reconciler-plan/1":
        return tuple(_of_plan(document))
    return (*map(problem_of, document.problems), *_of_drift(document))


def _of_plan(document: PlanDocument) -> Iterator[Problem]:
    limits = [guard for guard in document.guards if guard.tripped]
    yield from (problem_of(row) for row in document.problems if row.code not in _AGAIN or not (limits or document.id))
    yield from map(_limit, limits)
    yield from (_check(row) for row in document.checks if not row.passed)
    yield from map(_finding, document.findings)
    yield from (_blocked(change) for change in document.changes if change.action == "blocked")


def _limit(row: GuardRow) -> Problem:
    return problem("E514", limit(row), place(row.where), "")


def limit(row: GuardRow) -> str:
    """What stops the apply, and every way on."""
    from reconciler.planning.guards import tripped_message

    return tripped_message(guard_of(row))


def lifted(row: GuardRow) -> str:
    """What permits more than a limit that would stop the apply; "" where nothing does."""
    from reconciler.planning.guards import lifted_message

    guard = guard_of(row)
    return lifted_message(guard) if guard.lifted else ""


def _check(row: PlanCheckRow) -> Problem:
    """A check that stops no apply is a warning, whatever its level."""
    said = f"{row.code}: {row.message}. {check(row)}"
    level = Level.ERROR if check_of(row).stops else Level.WARNING
    return problem("E595", said.rstrip(". "), place(row.where), "", level)


def check(row: PlanCheckRow) -> str:
    """What a check denies, and what lets it pass or every way on."""
    from reconciler.planning.guards import permitted_by

    found = check_of(row)
    after = f"apply is refused; {', or '.join(found.ways)}" if found.stops else ""
    after = f"let pass {permitted_by(found.allowed_by)}" if found.allowed_by else after
    named = found.detail and not found.detail.startswith(NOT_EVALUATED)
    return ". ".join(part for part in (f"because of {found.detail}" if named else found.detail, after) if part)


def guard_of(row: GuardRow) -> Guard:
    from reconciler.model.plan import Guard

    return Guard(**{**row.model_dump(), "where": place(row.where), "allowed_by": _by(row.allowed_by)})


def check_of(row: PlanCheckRow) -> CheckResult:
    from reconciler.model.plan import CheckResult

    told = {"where": place(row.where), "allowed_by": _by(row.allowed_by), "level": Level(row.level)}
    return CheckResult(**{**row.model_dump(), **told})


def _by(row: AllowedByRow | None) -> AllowedBy | None:
    from reconciler.model.plan import AllowedBy

    return AllowedBy(**{**row.model_dump(), "where": place(row.where)}) if row else None


def _finding(row: FindingRow) -> Problem:
    said = listing((f"{number(row.count)} times" if row.count > 1 and not row.detail else "", rows_named(row)))
    detail = f"{row.detail or row.summary}{f'; {said}' if said else ''}"
    return Problem(row.code, Level(row.level), row.summary, detail, row.fix, place(row.where))


def rows_named(row: FindingRow) -> str:
    """`rows 17, 203 and 9 more`; "" where none is named."""
    if not row.rows:
        return ""
    more = f" and {number(row.count - len(row.rows))} more" if row.count > len(row.rows) else ""
    return f"{'row' if row.count == 1 else 'rows'} {listing(map(number, row.rows))}{more}"


def _blocked(row: ChangeRow) -> Problem:
    waiting = f"; {some(row.waiting, 'value')} wait" if row.waiting else ""
    return problem("E951", f"{row.kind} `{row.key}`: {row.reason}{waiting}", place(row.where), row.by_hand)


def _of_drift(document: DriftDocument) -> Iterator[Problem]:
    for field in document.fields:
        yield problem("E952", f"`{field.key}`: {some(field.moved, 'value')}", place(field.where))
    for tag in document.tags:
        yield problem("E952", f"tag `{tag.name}`: {some(tag.applies + tag.removes, 'tagging')}", place(tag.where))


def problem_of(row: ProblemRow) -> Problem:
    return Problem(**{**row.model_dump(), "level": Level(row.level), "where": place(row.where)})


def problem_rows(problems: Iterable[Problem]) -> tuple[ProblemRow, ...]:
    """Problems as every document holds them, sorted by code and place."""
    rows = map(_problem_row, problems)
    return tuple(sorted(rows, key=lambda p: (p.code, p.where or "", p.detail)))


def _problem_row(problem: Problem) -> ProblemRow:
    where = str(problem.where) if problem.where else None
    return ProblemRow(**{**asdict(problem), "level": problem.level.value, "where": where})


def place(said: str | None) -> Place | None:
    """`file:line:column` as it was written; what cannot be a line is part of the file's name. None: nowhere."""
    if not said:
        return None
    file, *numbers = said.rsplit(":", 2) if said.count(":") > 1 else said.rsplit(":", 1)
    if len(numbers) == 2 and not numbers[0].isdecimal():
        file, numbers = f"{file}:{numbers[0]}", numbers[1:]
    if not all(number.isdecimal() for number in numbers):
        return Place(said)
    return Place(file, *map(int, numbers))
