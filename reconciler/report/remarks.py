"""What a document has to say about lines of the file: problems, findings, blocked changes, limits that stop an apply,
and what somebody else moved. All as problems, so that every format for reviews draws them alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from reconciler.model.messages import problem
from reconciler.model.problems import Level, Place, Problem
from reconciler.report.shapes import (
    ChangeRow,
    DriftDocument,
    FindingRow,
    GuardRow,
    PlanDocument,
    ProblemRow,
    ValidationDocument,
)
from reconciler.report.words import listing, number, some

Told: TypeAlias = PlanDocument | DriftDocument | ValidationDocument

_AGAIN = frozenset({"E514", "E515"})
"""Why an apply was refused, told by the limits and findings themselves."""


def remarks(document: Told) -> tuple[Problem, ...]:
    """Every one of them, in no order."""
    if isinstance(document, PlanDocument):
        return tuple(_of_plan(document))
    told = tuple(map(problem_of, document.problems))
    return (*told, *_of_drift(document)) if isinstance(document, DriftDocument) else told


def _of_plan(document: PlanDocument) -> Iterator[Problem]:
    limits = [guard for guard in document.guards if guard.tripped]
    yield from (problem_of(row) for row in document.problems if row.code not in _AGAIN or not (limits or document.id))
    yield from map(_limit, limits)
    yield from map(_finding, document.findings)
    yield from (_blocked(change) for change in document.changes if change.action == "blocked")


def _limit(row: GuardRow) -> Problem:
    return problem("E514", limit(row), place(row.where), "")


def limit(row: GuardRow) -> str:
    """What stops the apply, and every way on."""
    from reconciler.model.plan import Guard
    from reconciler.planning.guards import tripped_message

    return tripped_message(Guard(**{**row.model_dump(), "where": place(row.where)}))


def _finding(row: FindingRow) -> Problem:
    said = listing((f"{number(row.count)} times" if row.count > 1 and not row.detail else "", rows_named(row)))
    detail = f"{row.detail or row.summary}{f' ({said})' if said else ''}"
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
