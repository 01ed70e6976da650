"""The findings, limits and checks of a plan: what is left as it is, and what stops an apply."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from reconciler.model.plan import CheckResult, Finding, Guard
from reconciler.planning.guards import lifted_message, permitted_by, tripped_message
from reconciler.report.layout import LABEL, WIDTH, columns, paragraph, section, table
from reconciler.report.words import file_line, listing, number


def finding_lines(findings: Sequence[Finding], width: int = WIDTH) -> list[str]:
    """What the data has that the plan leaves as it is; errors first."""
    ordered = sorted(findings, key=lambda f: (f.level.value, f.code, f.where.line if f.where else 0, f.detail))
    rows = [[f"{f.level.value} {f.code}", f.detail or _summed(f), file_line(f.where)] for f in ordered]
    lines: list[str] = []
    shared = {at for at, pair in enumerate(pairwise(ordered)) if _one_way_out(*pair)}
    for at, (finding, row, line) in enumerate(zip(ordered, rows, table(rows, gaps=(2,)), strict=True)):
        whole = " " * LABEL + line.strip()
        lines += [whole] if columns(whole) <= width else paragraph(f"{row[0]}  {row[1]}   {row[2]}", LABEL, width, 4)
        word = "row" if len(finding.rows) == 1 == finding.count else "rows"
        rows_named = f"{word} {listing(number(n) for n in finding.rows)}" if finding.rows else ""
        if finding.count > len(finding.rows) > 0:
            rows_named += f" and {number(finding.count - len(finding.rows))} more"
        fix = "" if at in shared else finding.fix
        lines += paragraph(". ".join(part.rstrip(".") for part in (rows_named, fix) if part), LABEL + 2, width)
    return [f"{'Findings':<{LABEL}}{line[LABEL:]}" if not at else line for at, line in enumerate(lines)]


def _one_way_out(finding: Finding, following: Finding) -> bool:
    """Whether both have the same way out, which then stands once, below the second."""
    return (finding.code, finding.fix) == (following.code, following.fix) and not finding.rows


def _summed(finding: Finding) -> str:
    return f"{finding.summary.rstrip('.')} ({number(finding.count)})"


def limit_lines(guards: Sequence[Guard], width: int = WIDTH) -> list[str]:
    """The limits that stop an apply, each with the ways past it; then those that would, with what permits more."""
    ordered = sorted(guards, key=lambda g: (g.limit, g.subject))
    tripped = [tripped_message(guard) for guard in ordered if guard.tripped]
    return section("Limits", [*tripped, *(lifted_message(guard) for guard in ordered if guard.lifted)], width)


def check_lines(checks: Sequence[CheckResult], width: int = WIDTH) -> list[str]:
    """The checks that the plan does not pass, those that stop an apply first, and how many it passes."""
    failed = sorted((c for c in checks if not c.passed), key=lambda c: (not c.stops, c.level.value, c.code))
    lines = [line for check in failed for line in _failed_lines(check, width)]
    passed = sum(check.passed for check in checks)
    lines += paragraph(f"{number(passed)} passed" if passed else "", LABEL, width)
    return [f"{'Checks':<{LABEL}}{line[LABEL:]}" if not at else line for at, line in enumerate(lines)]


def _failed_lines(check: CheckResult, width: int) -> list[str]:
    head = f"{check.level.value} {check.code}: {check.message}   {file_line(check.where)}"
    after = f"apply is refused; {', or '.join(check.ways)}" if check.stops else ""
    after = f"let pass {permitted_by(check.allowed_by)}" if check.allowed_by else after
    said = ". ".join(part for part in (check.detail, after) if part)
    return [*paragraph(head, LABEL, width, 4), *paragraph(said, LABEL + 2, width)]
