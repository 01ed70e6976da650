"""A plan or an apply as Markdown: what will happen, what stops it, then fields and tags, people, findings, cost."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from functools import partial

from reconciler.report.headline import plan_headline, refused
from reconciler.report.layout import PAGE, Page
from reconciler.report.markdown.changes import inventory
from reconciler.report.markdown.findings import checks, findings, limits, problems
from reconciler.report.markdown.fitting import BUDGET, Budget, Detail, fitted
from reconciler.report.markdown.outcome import approved, outcome
from reconciler.report.markdown.parts import joined, mark
from reconciler.report.markdown.people import people
from reconciler.report.neutral import markdown_code
from reconciler.report.shapes import PlanDocument
from reconciler.report.text import command
from reconciler.report.words import duration, listing, some


def plan_markdown(document: PlanDocument, file: str, page: Page = PAGE, budget: Budget = BUDGET) -> str:
    """`file`: the file as a review names it."""
    name = (document.run or "last") if document.mode == "apply" else shlex.quote(page.saved or "plan")
    more = f"{command('show', document.file, page._replace(narrowed=False))} {name}"
    lists = (document.problems, document.changes, (*document.fields, *document.tags), document.findings)
    draw, terse = partial(_drawn, document, file), partial(_terse, document, file)
    return fitted(draw, terse, budget, more, map(len, lists))


def _drawn(document: PlanDocument, file: str, detail: Detail) -> str:
    return joined((*_head(document, file, detail), *_sections(document, detail), _foot(document, detail)))


def _terse(document: PlanDocument, file: str, detail: Detail) -> str:
    shown = f"Everything else is left out: {_in_full(detail)}."
    return joined((*_head(document, file, detail, terse=True), shown))


def _head(document: PlanDocument, file: str, detail: Detail, terse: bool = False) -> Iterator[str]:
    yield mark(file)
    yield f"### reconciler {document.mode}: {detail.code(file, cell=False)}"
    yield f"**{plan_headline(document)}**"
    stopped = refused(document) if document.mode == "plan" and document.id else ""
    if stopped:
        yield f"**An apply is refused:** {stopped}."
    if document.source and not terse:
        yield _doors(document, detail)


def _doors(document: PlanDocument, detail: Detail) -> str:
    source = f"{detail.code(document.source, cell=False)} ({some(document.source_rows, 'row')})"
    account = f", account {detail.code(document.account, cell=False)}" if document.account else ""
    crm = f"{detail.code(document.crm, cell=False)} {document.object}{account}"
    read = "chosen people only" if document.scope == "person" else f"{document.scope} read"
    return f"{source} → {crm} · {read}, {'two-way' if document.two_way else 'push only'}"


def _sections(document: PlanDocument, detail: Detail) -> Iterator[str]:
    yield outcome(document)
    yield approved(document)
    yield problems(document.problems, detail)
    yield limits(document.guards, detail)
    yield checks(document.checks, detail)
    planned = (inventory(document.changes, document.scope, detail), people(document, detail))
    if document.written is None:
        yield from planned
    elif any(planned):  # what came of it stands above
        yield joined(("<details><summary>The plan that it carried out</summary>", *planned, "</details>")).rstrip("\n")
    yield findings(document.findings, detail)
    yield _cost(document)


def _cost(document: PlanDocument) -> str:
    cost = document.cost
    if document.outcome != "changes" and not document.written:
        return ""
    if document.written is not None:
        reads, writes = (sum(c.calls for c in document.calls if c.write is write) for write in (False, True))
        return f"#### Calls\n\nreads {some(reads, 'call')}, writes {some(writes, 'call')}"
    pace = f"about {duration(cost.seconds)}" + (f" at {cost.rate:,g} calls a second" if cost.rate else "")
    calls = listing((f"reads {some(cost.reads, 'call')}", f"writes {some(cost.writes, 'call')}", pace))
    return f"#### Cost\n\n{calls}"


def _foot(document: PlanDocument, detail: Detail) -> str:
    if not document.id:
        return ""
    clock = f", clock {document.now}" if document.now else ""
    return f"Plan {markdown_code(document.id)}{clock}, reconciler {document.tool}. In full: {_in_full(detail)}."


def _in_full(detail: Detail) -> str:
    return f"{markdown_code(detail.more)}, or another report of the same run, as `html` or `json`"
