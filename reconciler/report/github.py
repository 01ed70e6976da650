"""What a step of GitHub Actions hands on: outputs for the steps after it, and its part of the job's summary.

Both are files that the runner names in the environment and reads after the step; each step adds to them at their end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.report.headline import drift_headline, plan_headline, validation_headline
from reconciler.report.neutral import plain
from reconciler.report.remarks import check_of
from reconciler.report.shapes import DriftDocument, PlanDocument, ValidationDocument

SUMMARY_BYTES = 1024 * 1024
"""What a step may add to the summary; GitHub shows nothing of one that adds more."""


def step_outputs(document: PlanDocument | DriftDocument | ValidationDocument) -> Mapping[str, str]:
    """The outputs by name. `outcome`; `pending`: `true` if an apply would write something, of drift: if there is any;
    `summary`: one sentence; counts; `errors` and `warnings`: how many problems and findings are of that level."""
    if isinstance(document, DriftDocument):
        told = dict(_of_drift(document))
    elif isinstance(document, PlanDocument):
        told = dict(_of_plan(document))
    else:
        told = {"summary": validation_headline(document), "pending": "false"}
        told |= {"fields": str(document.fields), "tags": str(document.tags)}
    levels = [row.level for row in document.problems]
    if isinstance(document, PlanDocument):
        levels += [row.level for row in document.findings]
    counts = {f"{level}s": str(levels.count(level)) for level in ("error", "warning")}
    return {"outcome": document.outcome, **told, **counts}


def _of_plan(document: PlanDocument) -> Iterator[tuple[str, str]]:
    summary = document.summary
    yield "pending", _truth(document.outcome in {"changes", "partial", "refused", "stale"})
    yield "summary", plan_headline(document)
    stopped = any(guard.tripped for guard in document.guards) or any(check_of(row).stops for row in document.checks)
    yield "refused", _truth(stopped or document.outcome == "refused")
    for name, counts in (("fields", summary.fields), ("tags", summary.tags)):
        for action, count in counts.model_dump().items():
            yield f"{name}_{action}", str(count)
    for action in ("create", "update", "in_sync", "held", "conflict", "blocked"):
        yield f"contacts_{action}", str(getattr(summary.contacts, action))
    for action in ("set", "clear", "pull"):
        yield f"values_{action}", str(getattr(summary.values, action))
    yield "tags_applied", str(summary.memberships.apply)
    yield "tags_removed", str(summary.memberships.remove)
    yield "findings", str(len(document.findings))
    yield "run", document.run or ""


def _of_drift(document: DriftDocument) -> Iterator[tuple[str, str]]:
    yield "pending", _truth(document.outcome == "drift")
    yield "summary", drift_headline(document)
    yield "values_moved", str(sum(row.moved for row in document.fields))
    yield "taggings_moved", str(sum(row.applies + row.removes for row in document.tags))
    yield "contacts_gone", str(document.gone)


def _truth(value: bool) -> str:
    return "true" if value else "false"


def outputs_text(outputs: Mapping[str, str], delimiter: str) -> str:
    """As the runner reads them; each value stands between lines of `delimiter`, which nobody can have guessed."""
    return "".join(f"{name}<<{delimiter}\n{plain(value)}\n{delimiter}\n" for name, value in outputs.items())
