"""The limits: those that stop an apply with every way on, then those that are not reached."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.plan import Guard
from reconciler.planning.guards import ways_on
from reconciler.report.shapes import GuardRow, PlanDocument


@dataclass(frozen=True, slots=True)
class LimitLine:
    """`reached`: how much of the bar is what is allowed; the bar is as long as what is planned, or allowed if more."""

    name: str
    subject: str
    observed: int
    allowed: int
    unit: str
    tripped: bool
    detail: str
    where: str
    ways: tuple[str, ...]
    planned_length: str
    allowed_at: str


def limits(document: PlanDocument) -> tuple[LimitLine, ...]:
    """Every limit that the plan comes near: tripped ones first, then by name and subject."""
    guards = sorted(document.guards, key=lambda g: (not g.tripped, g.limit, g.subject))
    return tuple(
        LimitLine(
            name=guard.limit,
            subject=guard.subject,
            observed=guard.observed,
            allowed=guard.allowed,
            unit=" %" if guard.limit.endswith("_percent") else "",
            tripped=guard.tripped,
            detail=guard.detail,
            where=guard.where or "",
            ways=_ways(guard) if guard.tripped else (),
            planned_length=_share(guard.observed, guard.allowed),
            allowed_at=_share(guard.allowed, guard.observed),
        )
        for guard in guards
    )


def _ways(row: GuardRow) -> tuple[str, ...]:
    return ways_on(Guard(row.limit, row.allowed, row.observed, row.tripped, row.subject, detail=row.detail))


def _share(part: int, other: int) -> str:
    return f"{100 * part / max(part, other, 1):.2f}%"
