"""What stands against carrying out a plan: exceeded limits, failed checks, what the file's rules call an error."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.messages import problem
from reconciler.model.plan import Guard, Plan
from reconciler.model.problems import Level, Problem
from reconciler.planning.guards import exceeded, ways_on


def refusals(plan: Plan) -> tuple[Problem, ...]:
    """One problem per reason; empty when the plan may be carried out."""
    return tuple(_reasons(plan))


def _reasons(plan: Plan) -> Iterator[Problem]:
    for guard in plan.guards:
        if guard.tripped:
            yield _exceeded(guard)
    for check in plan.checks:
        if check.stops:
            detail = f"{check.code}: {check.message}" + (f" ({check.detail})" if check.detail else "")
            yield problem("E595", detail, check.where, f"look at the plan; then {', or '.join(check.ways)}")
    for finding in plan.findings:
        if finding.level is Level.ERROR:
            detail = f"{finding.code} {finding.summary}" + (f", {finding.count:,} times" if finding.count > 1 else "")
            yield problem("E515", detail, finding.where, finding.fix or None)
    yield from (p for p in plan.problems if p.level is Level.ERROR)


def _exceeded(guard: Guard) -> Problem:
    return problem("E514", exceeded(guard), guard.where, f"look at the plan; then {', or '.join(ways_on(guard))}")
