"""What the file's checks say of the plan: those that stop an apply with every way on, then those that do not."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.planning.guards import permitted_by
from reconciler.report.remarks import check_of
from reconciler.report.shapes import PlanCheckRow, PlanDocument


@dataclass(frozen=True, slots=True)
class CheckLine:
    code: str
    level: str
    stops: bool
    said: str
    detail: str
    permitted: str
    """What lets it pass."""
    where: str
    ways: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Checks:
    """`failed`: those that the plan does not pass, the ones that stop an apply first. `passed`: how many it passes."""

    failed: tuple[CheckLine, ...]
    passed: int

    @property
    def stopping(self) -> int:
        return sum(line.stops for line in self.failed)


def checks(document: PlanDocument) -> Checks:
    failed = [_line(row) for row in document.checks if not row.passed]
    failed.sort(key=lambda line: (not line.stops, line.level, line.code))
    return Checks(tuple(failed), len(document.checks) - len(failed))


def _line(row: PlanCheckRow) -> CheckLine:
    check = check_of(row)
    return CheckLine(
        code=row.code,
        level=row.level,
        stops=check.stops,
        said=row.message,
        detail=row.detail,
        permitted=f"Let pass {permitted_by(check.allowed_by)}." if check.allowed_by else "",
        where=row.where or "",
        ways=row.ways if check.stops else (),
    )
