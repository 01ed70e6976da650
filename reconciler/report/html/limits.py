"""The limits: those that stop an apply with every way on, then those that are not reached."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.plan import Guard
from reconciler.planning.guards import permitted_by, ways_on
from reconciler.report.redrawn import plan_of
from reconciler.report.shapes import PlanDocument
from reconciler.report.words import number


@dataclass(frozen=True, slots=True)
class LimitLine:
    """The bar is as long as what is planned, or what is allowed if that is more."""

    name: str
    subject: str
    observed: int
    allowed: int
    unit: str
    tripped: bool
    detail: str
    permitted: str
    """What permits more than the file's limit."""
    ways: tuple[str, ...]
    planned_length: str
    allowed_at: str


def limits(document: PlanDocument) -> tuple[LimitLine, ...]:
    """Every limit that the plan comes near: tripped ones first, then by name and subject."""
    guards = sorted(plan_of(document).guards, key=lambda g: (not g.tripped, g.limit, g.subject))
    return tuple(map(_line, guards))


def _line(guard: Guard) -> LimitLine:
    ways = ways_on(guard) if guard.tripped else ()
    return LimitLine(
        name=guard.limit,
        subject=guard.subject,
        observed=guard.observed,
        allowed=guard.allowed,
        unit=" %" if guard.limit.endswith("_percent") else "",
        tripped=guard.tripped,
        detail=guard.detail,
        permitted=_permitted(guard),
        ways=ways,
        planned_length=_share(guard.observed, guard.allowed),
        allowed_at=_share(guard.allowed, guard.observed),
    )


def _permitted(guard: Guard) -> str:
    by = guard.allowed_by
    return f"Allowed {permitted_by(by)}; {number(by.instead_of)} without that." if by else ""


def _share(part: int, other: int) -> str:
    return f"{100 * part / max(part, other, 1):.2f}%"
