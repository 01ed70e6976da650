"""Drift: what somebody else moved in the CRM since the last apply, by field and tag, and what the next apply does."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler import __version__
from reconciler.model.plan import Plan
from reconciler.model.problems import Problem
from reconciler.report.causes import moved_fields, moved_tags, moved_values, settled_how
from reconciler.report.document import problem_rows
from reconciler.report.layout import PAGE, Page, section, spread, table
from reconciler.report.shapes import DriftDocument, DriftField, DriftTag
from reconciler.report.text import command
from reconciler.report.words import counted, file_line, listing, number, some

_GONE = "R207"


def drifted(plan: Plan) -> bool:
    """Whether anything was moved."""
    return bool(moved_fields(plan) or moved_tags(plan) or _gone(plan))


def drift_text(plan: Plan, page: Page = PAGE) -> str:
    """What was moved, one line a field or tag, with what the next apply does about it."""
    account = f", account {plan.account}" if plan.account else ""
    head = [plan.file, f"{plan.crm} {plan.object}{account}", f"since the apply of {plan.drift_since}"]
    rows = [*_field_lines(plan), *_tag_lines(plan)]
    gone = _gone(plan)
    lines = [
        *(["Moved", *table(rows)] if rows else []),
        *section("Gone", [f"{some(gone, 'linked contact')} deleted; never created again by itself" if gone else ""]),
    ]
    ending = (
        [f"{_sum(plan)}.", f"Next: {command('plan', plan.file, page)}"]
        if lines
        else ["No drift: what was written is as it was written."]
    )
    parts = ["\n".join(spread(head, page.width)), "\n".join(lines), "\n".join(spread(ending, page.width))]
    return "\n\n".join(part for part in parts if part) + "\n"


def drift_document(plan: Plan | None, problems: Iterable[Problem] = (), file: str = "") -> DriftDocument:
    """The same for machines; `plan` None: it could not be told."""
    rows = problem_rows(problems)
    if plan is None:
        return DriftDocument(tool=__version__, outcome="error", file=file, problems=rows)
    return DriftDocument(
        tool=__version__,
        outcome="drift" if drifted(plan) else "none",
        file=plan.file,
        crm=plan.crm,
        object=plan.object,
        account=plan.account,
        since=plan.drift_since,
        fields=tuple(
            DriftField(
                key=f.key,
                where=file_line(f.where),
                moved=moved_values(f),
                overwrites=f.set + f.clear,
                keeps=f.held,
                pulls=f.pull,
                conflicts=f.conflict,
            )
            for f in moved_fields(plan)
        ),
        tags=tuple(
            DriftTag(name=t.name, where=file_line(t.where), applies=t.apply, removes=t.remove) for t in moved_tags(plan)
        ),
        gone=_gone(plan),
        problems=rows,
    )


def _gone(plan: Plan) -> int:
    return sum(finding.count for finding in plan.findings if finding.code == _GONE)


def _field_lines(plan: Plan) -> Iterable[list[str]]:
    for row in moved_fields(plan):
        count = f"{number(moved_values(row))} moved"
        yield ["~", row.key, count, f"next apply: {settled_how(row)}", file_line(row.where)]


def _tag_lines(plan: Plan) -> Iterable[list[str]]:
    for row in moved_tags(plan):
        moved = counted(((row.apply, "taken away"), (row.remove, "given")))
        sign = "+" if row.apply else "-"
        yield [sign, f"tag {row.name}", moved, f"next apply: {settled_how(row)}", file_line(row.where)]


def _sum(plan: Plan) -> str:
    values = sum(map(moved_values, moved_fields(plan)))
    taggings = sum(t.apply + t.remove for t in moved_tags(plan))
    gone = _gone(plan)
    parts = ((values, "value"), (taggings, "tagging"), (gone, "deleted contact"))
    return "Drift: " + listing(some(count, noun) for count, noun in parts if count)
