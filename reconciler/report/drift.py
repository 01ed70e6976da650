"""Drift: what somebody else moved in the CRM since the last apply, by field and tag, and what the next apply does."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler import __version__
from reconciler.model.plan import Plan
from reconciler.model.problems import Problem
from reconciler.report.causes import moved_fields, moved_tags, moved_values
from reconciler.report.document import problem_rows
from reconciler.report.layout import PAGE, Page, section, spread, table
from reconciler.report.problems import problems_text
from reconciler.report.redaction import redacted
from reconciler.report.remarks import problem_of
from reconciler.report.shapes import DriftDocument, DriftField, DriftTag
from reconciler.report.text import command
from reconciler.report.words import counted, file_line, listing, number, some

_GONE = "R207"


def drifted(plan: Plan) -> bool:
    """Whether anything was moved."""
    return bool(moved_fields(plan) or moved_tags(plan) or _gone(plan))


def drift_text(document: DriftDocument, page: Page = PAGE) -> str:
    """What was moved, one line a field or tag, with what the next apply does about it; why, if it cannot be told."""
    problems = problems_text(tuple(map(problem_of, document.problems)), page.width)
    if document.outcome == "error":
        return problems
    account = f", account {document.account}" if document.account else ""
    head = [document.file, f"{document.crm} {document.object}{account}", f"since the apply of {document.since}"]
    rows = [*_field_lines(document), *_tag_lines(document)]
    gone = document.gone
    lines = [
        *(["Moved", *table(rows)] if rows else []),
        *section("Gone", [f"{some(gone, 'linked contact')} deleted; never created again by itself" if gone else ""]),
    ]
    ending = (
        [f"{_sum(document)}.", f"Next: {command('plan', document.file, page)}"]
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
    plan = redacted(plan).plan
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
                clears=f.clear,
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


def settled(row: DriftField | DriftTag) -> str:
    """What the next apply does about it: `2 set back, 1 kept`."""
    if isinstance(row, DriftTag):
        return counted(((row.applies, "applied again"), (row.removes, "removed")))
    written = ((row.overwrites - row.clears, "set back"), (row.clears, "cleared again"), (row.pulls, "pulled"))
    return counted((*written, (row.keeps, "kept"), (row.conflicts, "in conflict")))


def _field_lines(document: DriftDocument) -> Iterable[list[str]]:
    for row in document.fields:
        yield ["~", row.key, f"{number(row.moved)} moved", f"next apply: {settled(row)}", row.where]


def _tag_lines(document: DriftDocument) -> Iterable[list[str]]:
    for row in document.tags:
        moved = counted(((row.applies, "taken away"), (row.removes, "given")))
        sign = "+" if row.applies else "-"
        yield [sign, f"tag {row.name}", moved, f"next apply: {settled(row)}", row.where]


def _sum(document: DriftDocument) -> str:
    values = sum(row.moved for row in document.fields)
    taggings = sum(row.applies + row.removes for row in document.tags)
    parts = ((values, "value"), (taggings, "tagging"), (document.gone, "deleted contact"))
    return "Drift: " + listing(some(count, noun) for count, noun in parts if count)
