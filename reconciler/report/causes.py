"""What of a plan's counts stands apart by its cause: what is taken over, and what somebody else moved."""

from __future__ import annotations

from reconciler.model.plan import Cause, FieldCount, Plan, TagCount
from reconciler.report.redaction import shown_tags
from reconciler.report.words import counted


def adopted(plan: Plan) -> int:
    """Values that contacts held before their field became ours, and that the plan writes over."""
    return sum(f.set + f.clear for f in plan.fields if f.cause is Cause.ADOPT)


def moved_fields(plan: Plan) -> list[FieldCount]:
    """The fields of which somebody else moved values, by key."""
    return sorted((f for f in plan.fields if f.cause is Cause.DRIFT and moved_values(f)), key=lambda f: f.key)


def moved_tags(plan: Plan) -> list[TagCount]:
    """The tags that somebody else gave or took away, by name."""
    moved = (t for t in shown_tags(plan) if t.cause is Cause.DRIFT and (t.apply or t.remove))
    return sorted(moved, key=lambda t: t.name)


def moved_values(row: FieldCount) -> int:
    """How many people's values were moved, whatever comes of it."""
    return row.set + row.clear + row.pull + row.held + row.conflict


def settled_how(row: FieldCount | TagCount) -> str:
    """What the next apply does about it: `2 set back, 1 kept`."""
    if isinstance(row, TagCount):
        return counted(((row.apply, "applied again"), (row.remove, "removed")))
    written = ((row.set, "set back"), (row.clear, "cleared again"), (row.pull, "pulled"))
    return counted((*written, (row.held, "kept"), (row.conflict, "in conflict")))
