"""A plan, an outcome or problems become the JSON that machines read; the shapes are in `report.shapes`."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from pydantic import BaseModel

from reconciler import __version__
from reconciler.model.outcome import Outcome, Result
from reconciler.model.plan import (
    Action,
    AllowedBy,
    CheckResult,
    EndpointCost,
    FieldCount,
    Finding,
    Guard,
    InventoryChange,
    Plan,
    TagCount,
)
from reconciler.model.problems import Place, Problem
from reconciler.model.status import LastRun, Status
from reconciler.report import shapes
from reconciler.report.causes import adopted
from reconciler.report.neutral import json_in_a_log
from reconciler.report.redaction import Redacted, redacted, shown_changes, shown_tags
from reconciler.report.remarks import problem_rows as problem_rows
from reconciler.report.words import file_line

_OUTCOMES: dict[Result, shapes.PlanOutcome] = {
    Result.NONE: "none",
    Result.APPLIED: "applied",
    Result.PARTIAL: "partial",
    Result.REFUSED: "refused",
    Result.DECLINED: "refused",
    Result.INTERRUPTED: "partial",
}


def plan_document(plan: Plan) -> shapes.PlanDocument:
    """The plan as one document of mode `plan`; lists sorted by code point."""
    outcome: shapes.PlanOutcome = "changes" if plan.pending else "none"
    return shapes.PlanDocument(
        mode="plan", outcome=outcome, problems=problem_rows(plan.problems), **_facts(redacted(plan))
    )


def outcome_document(outcome: Outcome) -> shapes.PlanDocument:
    """What an apply did, with the plan that it carried out, as one document of mode `apply`."""
    return shapes.PlanDocument(
        mode="apply",
        outcome=_OUTCOMES[outcome.result],
        problems=problem_rows((*outcome.plan.problems, *outcome.problems)),
        run=outcome.run,
        result=outcome.result.value,
        written=shapes.WrittenRow(**asdict(outcome.written)),
        calls=_endpoints(outcome.calls),
        **_facts(redacted(outcome.plan)),
    )


def ended_document(plan: Plan, run: str, problems: Iterable[Problem]) -> shapes.PlanDocument:
    """An apply that could not go on: the plan that it carried out, and why it ended."""
    rows = problem_rows((*plan.problems, *problems))
    return shapes.PlanDocument(mode="apply", outcome="error", run=run, problems=rows, **_facts(redacted(plan)))


def error_document(
    mode: Literal["plan", "apply"],
    problems: Iterable[Problem],
    file: str = "",
    now: datetime | None = None,
    outcome: shapes.PlanOutcome = "error",
) -> shapes.PlanDocument:
    """The same shape for a command that came to no plan: every count is zero."""
    return shapes.PlanDocument(
        tool=__version__,
        mode=mode,
        outcome=outcome,
        file=file,
        now=_moment(now) if now else None,
        problems=problem_rows(problems),
    )


def status_document(status: Status | None, problems: Iterable[Problem] = (), file: str = "") -> shapes.StatusDocument:
    """What is remembered about a file; `status` None: it could not be found out."""
    rows = problem_rows(problems)
    if status is None:
        return shapes.StatusDocument(tool=__version__, outcome="error", file=file, problems=rows)
    return shapes.StatusDocument(
        tool=__version__,
        outcome="known" if status.known else "nothing",
        file=status.file,
        state=status.state,
        shared=status.shared,
        account=status.account,
        plan=_run_row(status.plan),
        apply=_run_row(status.apply),
        unfinished=_run_row(status.unfinished),
        open_creates=status.open_creates,
        kept_plan=status.kept_plan,
        kept_runs=status.kept_runs,
        running=status.lock,
        next_full_read=status.next_full_read,
        counts=dict(sorted(status.counts.items())),
        sizes=dict(sorted(status.sizes.items())),
        problems=rows,
    )


def _run_row(run: LastRun | None) -> shapes.RunRow | None:
    return shapes.RunRow(**asdict(run)) if run is not None and run.run else None


_STEERING = re.compile(
    "[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff\U000e0000-\U000e007f]"
)


def to_json(document: BaseModel | dict[str, Any]) -> str:
    """One JSON object, indented by two, as it is printed; invisible signs, and what a runner could take for a command
    in a log, are escaped, which changes no value."""
    content = document.model_dump(mode="json") if isinstance(document, BaseModel) else document
    return json_in_a_log(_STEERING.sub(_escape, json.dumps(content, indent=2, ensure_ascii=False)))


def _escape(found: re.Match[str]) -> str:
    return json.dumps(found.group())[1:-1]


Shape = Literal["plan", "validation", "status", "discovery", "adapters", "doctor", "runs", "drift", "tests", "why"]
SHAPES: tuple[Shape, ...] = get_args(Shape)
"""Of which documents there is a schema."""


def schema(shape: Shape) -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of what `--format json` prints."""
    from reconciler.report.discovery_shapes import DiscoveryDocument
    from reconciler.report.history_shapes import WhyDocument

    models: dict[str, type[BaseModel]] = {
        "plan": shapes.PlanDocument,
        "validation": shapes.ValidationDocument,
        "status": shapes.StatusDocument,
        "discovery": DiscoveryDocument,
        "adapters": shapes.AdaptersDocument,
        "doctor": shapes.DoctorDocument,
        "runs": shapes.RunsDocument,
        "drift": shapes.DriftDocument,
        "tests": shapes.CasesDocument,
        "why": WhyDocument,
    }
    body = models[shape].model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"{shape}.v1.json", **body}


def _facts(told: Redacted) -> dict[str, Any]:
    """What a plan says, whichever command prints it."""
    plan = told.plan
    return {
        "tool": __version__,
        "id": plan.id,
        "now": _moment(plan.now),
        "file": plan.file,
        "config": plan.config,
        "crm": plan.crm,
        "object": plan.object,
        "account": plan.account,
        "source": plan.source_label,
        "source_rows": plan.source_rows,
        "scope": plan.scope,
        "two_way": plan.two_way,
        "undoes": plan.undoes,
        "written_how": plan.written_how,
        "summary": _summary(plan),
        "fields": tuple(_field_row(f) for f in sorted(plan.fields, key=lambda f: (f.key, f.cause)) if _says(f)),
        "tags": _tag_rows(plan),
        "changes": tuple(_change_row(c) for c in sorted(shown_changes(plan), key=lambda c: (c.address, c.action))),
        "guards": tuple(_guard_row(g) for g in sorted(plan.guards, key=lambda g: (g.limit, g.subject))),
        "checks": tuple(_check_row(c) for c in sorted(plan.checks, key=lambda c: c.code)),
        "findings": tuple(_finding_row(f) for f in sorted(plan.findings, key=_finding_order)),
        "cost": shapes.CostRow(
            reads=plan.cost.reads,
            writes=plan.cost.writes,
            seconds=round(plan.cost.seconds, 3),
            rate=plan.cost.rate,
            endpoints=_endpoints(plan.cost.endpoints),
        ),
        "approved": shapes.ApprovedRow(**asdict(plan.approved)) if plan.approved else None,
    }


def _summary(plan: Plan) -> shapes.Summary:
    return shapes.Summary(
        fields=inventory_counts(plan.inventory, {"field", "option"}),
        tags=inventory_counts(plan.inventory, {"tag"}),
        contacts=shapes.ContactCounts(**asdict(plan.contacts)),
        values=shapes.ValueCounts(
            set=sum(f.set for f in plan.fields),
            clear=sum(f.clear for f in plan.fields),
            pull=sum(f.pull for f in plan.fields),
            adopt=adopted(plan),
            rewritten=sum(f.rewritten for f in plan.fields),
        ),
        memberships=shapes.MembershipCounts(
            apply=sum(t.apply for t in plan.tags), remove=sum(t.remove for t in plan.tags)
        ),
        source=shapes.SourceCounts(rows=plan.source_writes),
    )


def inventory_counts(changes: Sequence[InventoryChange], kinds: set[str]) -> shapes.InventoryCounts:
    """Fields (or tags) per action, each once. A field whose options change counts as updated, however many they are."""
    named = {(c.shown, Action.UPDATE if _alters_field(c) else c.action) for c in changes if c.kind in kinds}
    created = {key for key, action in named if action is Action.CREATE}
    named -= {(key, Action.UPDATE) for key in created}
    return shapes.InventoryCounts(**{a.value: sum(action is a for _, action in named) for a in Action})


def _alters_field(change: InventoryChange) -> bool:
    return change.kind == "option" and change.action in {Action.CREATE, Action.RENAME, Action.DELETE}


def _says(row: FieldCount | TagCount) -> bool:
    return any(value for value in asdict(row).values() if isinstance(value, int))


def _field_row(row: FieldCount) -> shapes.FieldRow:
    return shapes.FieldRow(**{**asdict(row), "cause": row.cause.value, "where": _line(row.where)})


def _tag_rows(plan: Plan) -> tuple[shapes.TagRow, ...]:
    reaches = _reaches(plan)
    rows = sorted(shown_tags(plan), key=lambda t: (t.name, t.cause))
    return tuple(_tag_row(row, reaches.get(row.name, 0)) for row in rows if _says(row))


def _reaches(plan: Plan) -> dict[str, int]:
    """People whom each tag is applied to, by the name that is shown; a tag has a row for each cause."""
    of_one: Counter[tuple[str, str]] = Counter()
    for tag in plan.tags:
        of_one[tag.under or tag.name, tag.name] += tag.apply
    most: dict[str, int] = {}
    for (shown, _), people in of_one.items():
        most[shown] = max(people, most.get(shown, 0))
    return most


def _tag_row(row: TagCount, reaches: int) -> shapes.TagRow:
    told = {name: value for name, value in asdict(row).items() if name != "under"}
    return shapes.TagRow(**{**told, "cause": row.cause.value, "where": _line(row.where), "reaches": reaches})


def _change_row(change: InventoryChange) -> shapes.ChangeRow:
    return shapes.ChangeRow(
        address=change.address,
        kind=change.kind,
        key=change.shown,
        new_key=change.new_key,
        option=change.option,
        action=change.action.value,
        where=_line(change.where),
        deltas=tuple(
            shapes.DeltaRow(path=d.path, before=d.before, after=d.after)
            for d in sorted(change.deltas, key=lambda d: d.path)
        ),
        summary=change.summary,
        reason=change.reason,
        by_hand=change.by_hand,
        waiting=change.waiting,
        holders=change.holders,
        group=change.group,
    )


def _guard_row(guard: Guard) -> shapes.GuardRow:
    return shapes.GuardRow(**{**asdict(guard), "where": _line(guard.where), "allowed_by": _by_row(guard.allowed_by)})


def _by_row(by: AllowedBy | None) -> shapes.AllowedByRow | None:
    return shapes.AllowedByRow(**{**asdict(by), "where": _line(by.where)}) if by else None


def _check_row(check: CheckResult) -> shapes.PlanCheckRow:
    told = {"where": _line(check.where), "level": check.level.value, "allowed_by": _by_row(check.allowed_by)}
    return shapes.PlanCheckRow(**{**asdict(check), **told})


def _finding_order(finding: Finding) -> tuple[str, str, str, str]:
    return (finding.code, file_line(finding.where), finding.summary, finding.detail)


def _finding_row(finding: Finding) -> shapes.FindingRow:
    return shapes.FindingRow(**{**asdict(finding), "level": finding.level.value, "where": _line(finding.where)})


def _endpoints(costs: Iterable[EndpointCost]) -> tuple[shapes.EndpointRow, ...]:
    return tuple(
        shapes.EndpointRow(name=c.name, calls=c.calls, write=c.write)
        for c in sorted(costs, key=lambda c: (c.name, c.write))
    )


def _line(place: Place | None) -> str | None:
    return file_line(place) or None


def _place(place: Place | None) -> str | None:
    return str(place) if place else None


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
