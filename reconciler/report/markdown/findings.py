"""Problems, limits and findings as Markdown: what stops an apply, and what the data have that is left as it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from reconciler.model.problems import Level, Problem
from reconciler.report.markdown.fitting import Detail
from reconciler.report.markdown.parts import bullets, joined, listed, rows_of, table
from reconciler.report.problems import ordered
from reconciler.report.remarks import check, check_of, lifted, limit, place, problem_of, rows_named
from reconciler.report.shapes import FindingRow, GuardRow, PlanCheckRow, ProblemRow
from reconciler.report.words import number, some

_FEW = 5


def problems(rows: Sequence[ProblemRow], detail: Detail) -> str:
    """Errors and warnings with their way out; empty for none."""
    shown = ordered(map(problem_of, rows))
    if not shown:
        return ""
    errors = sum(p.level is Level.ERROR for p in shown)
    title = some(errors, "error") if errors else some(len(shown), "warning")
    return f"#### Problems: {title}\n\n" + bullets("problem", shown, lambda p: _problem(p, detail), detail)


def _problem(problem: Problem, detail: Detail) -> str:
    place = f" {detail.code(str(problem.where), cell=False)}" if problem.where else ""
    said = detail.prose(_sentence(problem), cell=False)
    return f"**{problem.level.value} {problem.code}**{place} {said}"


def _sentence(problem: Problem) -> str:
    """What is wrong, what of it here, and the way out, as one sentence or two."""
    said = f"{problem.summary}: {problem.detail}" if problem.detail else problem.summary
    return f"{said.rstrip('.')}. {problem.fix}" if problem.fix else said


def limits(guards: Sequence[GuardRow], detail: Detail) -> str:
    """The limits that stop an apply, with the ways past them; and those that would, with what permits more."""
    ordered = sorted(guards, key=lambda guard: (guard.limit, guard.subject))
    parts = (
        ("#### Limits that stop an apply", [guard for guard in ordered if guard.tripped]),
        ("#### Limits that are permitted to be exceeded", [guard for guard in ordered if lifted(guard)]),
    )
    return joined(
        f"{head}\n\n" + bullets("limit", rows, lambda g: _limit(g, detail), detail) for head, rows in parts if rows
    ).rstrip("\n")


def _limit(guard: GuardRow, detail: Detail) -> str:
    said = lifted(guard) or limit(guard)
    where = f" ({detail.code(guard.where, cell=False)})" if guard.where and guard.where not in said else ""
    return detail.prose(said, cell=False) + where


def checks(rows: Sequence[PlanCheckRow], detail: Detail) -> str:
    """The checks that the plan does not pass, those that stop an apply first."""
    failed = sorted((row for row in rows if not row.passed), key=lambda row: (not check_of(row).stops, row.code))
    if not failed:
        return ""
    return "#### Checks that deny this\n\n" + bullets("check", failed, lambda row: _check(row, detail), detail)


def _check(row: PlanCheckRow, detail: Detail) -> str:
    where = f" ({detail.code(row.where, cell=False)})" if row.where else ""
    said = ". ".join(part for part in (f"{row.level} {row.code}: {row.message}", check(row)) if part)
    return detail.prose(said, cell=False) + where


def findings(rows: Sequence[FindingRow], detail: Detail) -> str:
    """What is left as it is: first how much of each kind, where there is much of it."""
    if not rows:
        return ""
    sorted_rows = sorted(rows, key=lambda f: (f.level, f.code, *_at(f), f.detail))
    head = ("code", "finding", "way out", "line")
    return joined(
        (
            f"#### Findings: {number(len(rows))}",
            table(("code", "kind", "findings:", "times:"), rows_of(_kinds(rows))) if len(rows) > _FEW else "",
            listed("finding", head, sorted_rows, lambda row: _cells(row, detail), detail),
        )
    ).rstrip("\n")


def _at(row: FindingRow) -> tuple[str, int]:
    where = place(row.where)
    return (where.file, where.line) if where else ("", 0)


def _cells(row: FindingRow, detail: Detail) -> tuple[str, ...]:
    named = rows_named(row)
    said = row.detail or f"{row.summary} ({number(row.count)})"
    whole = detail.prose(said) + (f"; {named}" if named else "")
    return (f"{row.level} {row.code}", whole, detail.prose(row.fix), detail.code(row.where or ""))


def _kinds(rows: Sequence[FindingRow]) -> Iterator[tuple[str, ...]]:
    kinds: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for row in rows:
        kinds[row.level, row.code, row.summary].append(row.count)
    for (level, code, summary), counts in sorted(kinds.items()):
        yield (f"{level} {code}", summary, number(len(counts)), number(sum(counts)))
