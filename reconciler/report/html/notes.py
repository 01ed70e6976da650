"""Findings and problems: each with its level, what it says, where, which rows, and the way out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.report.shapes import FindingRow, ProblemRow
from reconciler.report.words import first_up, listing, number


@dataclass(frozen=True, slots=True)
class Note:
    level: str
    code: str
    said: str
    detail: str
    where: str
    rows: str
    fix: str


def notes_of_findings(findings: Iterable[FindingRow]) -> tuple[Note, ...]:
    """Those that are not off; errors first."""
    shown = (row for row in findings if row.level != "off")
    ordered = sorted(shown, key=lambda row: (row.level, row.code, row.where or "", row.detail))
    return tuple(Note(r.level, r.code, r.detail or _summed(r), "", r.where or "", _rows(r), r.fix) for r in ordered)


def notes_of_problems(problems: Iterable[ProblemRow]) -> tuple[Note, ...]:
    """Those that are not off; errors first."""
    shown = (row for row in problems if row.level != "off")
    ordered = sorted(shown, key=lambda row: (row.level, row.where is None, row.where or "", row.code))
    return tuple(Note(r.level, r.code, first_up(r.summary), r.detail, r.where or "", "", r.fix) for r in ordered)


def _summed(row: FindingRow) -> str:
    return f"{first_up(row.summary.rstrip('.'))} ({number(row.count)})"


def _rows(row: FindingRow) -> str:
    if not row.rows:
        return ""
    said = f"{'row' if len(row.rows) == 1 == row.count else 'rows'} {listing(number(n) for n in row.rows)}"
    left = row.count - len(row.rows)
    return f"{said} and {number(left)} more" if left > 0 else said
