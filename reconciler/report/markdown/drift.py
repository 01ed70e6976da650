"""Drift as Markdown: what somebody else moved, and what the next apply does about it."""

from __future__ import annotations

from functools import partial

from reconciler.report.drift import settled
from reconciler.report.headline import drift_headline
from reconciler.report.layout import PAGE, Page
from reconciler.report.markdown.findings import problems
from reconciler.report.markdown.fitting import BUDGET, Budget, Detail, fitted
from reconciler.report.markdown.parts import joined, listed, mark
from reconciler.report.neutral import markdown_code
from reconciler.report.shapes import DriftDocument, DriftField, DriftTag
from reconciler.report.text import command
from reconciler.report.words import counted, number, some


def drift_markdown(document: DriftDocument, file: str, page: Page = PAGE, budget: Budget = BUDGET) -> str:
    """`file`: the file as a review names it."""
    more = command("drift", document.file, page)
    draw = partial(_drawn, document, file)
    return fitted(draw, draw, budget, more, (len(document.fields) + len(document.tags), len(document.problems)))


def _drawn(document: DriftDocument, file: str, detail: Detail) -> str:
    account = f", account {detail.code(document.account, cell=False)}" if document.account else ""
    crm = f"{detail.code(document.crm, cell=False)} {document.object}{account}" if document.crm else ""
    since = f" · since the apply of {document.since}" if document.since else ""
    gone = f"{some(document.gone, 'linked contact')} deleted; never created again by itself." if document.gone else ""
    rows: tuple[DriftField | DriftTag, ...] = (*document.fields, *document.tags)
    head = ("field or tag", "moved", "the next apply", "line")
    return joined(
        (
            mark(file),
            f"### reconciler drift: {detail.code(file, cell=False)}",
            f"**{drift_headline(document)}**",
            crm + since,
            problems(document.problems, detail),
            listed("entry", head, rows, lambda row: _cells(row, detail), detail),
            gone,
            f"What the next apply does about it in full: {markdown_code(detail.more.replace(' drift', ' plan'))}"
            if document.outcome == "drift"
            else "",
        )
    )


def _cells(row: DriftField | DriftTag, detail: Detail) -> tuple[str, ...]:
    if isinstance(row, DriftField):
        return (detail.code(row.key), number(row.moved), settled(row), detail.code(row.where))
    moved = counted(((row.applies, "taken away"), (row.removes, "given")))
    return (f"tag {detail.code(row.name)}", moved, settled(row), detail.code(row.where))
