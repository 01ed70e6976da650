"""The findings and the limits of a plan: what is left as it is, and what stops an apply."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from reconciler.model.plan import Finding, Guard
from reconciler.planning.guards import tripped_message
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
    """The limits that stop an apply, each with the ways past it."""
    tripped = sorted((g for g in guards if g.tripped), key=lambda g: (g.limit, g.subject))
    return section("Limits", [tripped_message(guard) for guard in tripped], width)
