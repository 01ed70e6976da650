"""What an apply did, as text: what was written, what was not and why, and how to go on."""

from __future__ import annotations

from reconciler.model.outcome import Outcome, Result
from reconciler.report.layout import PAGE, Page, section, spread
from reconciler.report.problems import problems_text
from reconciler.report.text import command, obstacles
from reconciler.report.words import listing, number, some


def outcome_text(outcome: Outcome, page: Page = PAGE) -> str:
    """The outcome of an apply whose plan was printed before: why one was refused stands there, and is not repeated."""
    lines = [
        *section("Written", [_written(outcome)], page.width),
        *section("Left", [_left(outcome)], page.width),
        *section("Notes", _notes(outcome), page.width),
        *section("Calls", [_calls(outcome)], page.width),
    ]
    problems = () if outcome.result is Result.REFUSED and obstacles(outcome.plan) else outcome.problems
    ending = "\n".join(spread(_last_line(outcome, page), page.width))
    parts = ["\n".join(lines), problems_text(problems, page.width).rstrip("\n"), ending]
    return "\n\n".join(part for part in parts if part) + "\n"


def _written(outcome: Outcome) -> str:
    w = outcome.written
    return listing(
        [
            some(w.inventory, "change of fields and tags") if w.inventory else "",
            some(w.created, "contact") + " created" if w.created else "",
            some(w.updated, "contact") + " updated" if w.updated else "",
            some(w.values, "value") if w.values else "",
            f"{some(w.pulled, 'value')} pulled into {some(w.rows, 'row')} of the source" if w.pulled else "",
            some(w.tags_applied, "tag applied") if w.tags_applied else "",
            some(w.tags_removed, "tag removed") if w.tags_removed else "",
        ]
    )


def _left(outcome: Outcome) -> str:
    w = outcome.written
    return listing(
        [
            some(w.failed, "item") + " refused" if w.failed else "",
            _moved(w.moved_rows, "row of the source", "rows of the source"),
            _moved(w.moved, "contact", "contacts"),
            some(w.left, "contact") + " not reached" if w.left else "",
        ]
    )


def _moved(count: int, one: str, many: str) -> str:
    if not count:
        return ""
    return f"{number(count)} {one if count == 1 else many} changed since {'it was' if count == 1 else 'they were'} read"


def _notes(outcome: Outcome) -> list[str]:
    w = outcome.written
    stores = "stores it" if w.rewritten == 1 else "stores them"
    return [
        f"{some(w.rewritten, 'value')} rewritten: the CRM {stores} differently from what was sent; remembered"
        if w.rewritten
        else "",
        f"{some(w.recovered, 'contact')} found instead of created" if w.recovered else "",
    ]


def _calls(outcome: Outcome) -> str:
    reads = sum(c.calls for c in outcome.calls if not c.write)
    writes = sum(c.calls for c in outcome.calls if c.write)
    return f"reads {some(reads, 'call')}, writes {some(writes, 'call')}" if reads or writes else ""


def _last_line(outcome: Outcome, page: Page) -> list[str]:
    if outcome.plan.undoes:
        return _undone(outcome, page)
    plan, apply = (command(name, outcome.plan.file, page) for name in ("plan", "apply"))
    refused = obstacles(outcome.plan) or "the errors above"
    run = f" (run {outcome.run})" if outcome.run else ""
    more = outcome.written.moved + outcome.written.moved_rows + outcome.plan.withheld
    settled = "" if more else ", which has nothing left to do"
    return {
        Result.NONE: ["Nothing to do. Nothing was written."],
        Result.APPLIED: [f"Applied{run}.", f"Next: {plan}{settled}"],
        Result.PARTIAL: [f"Partly applied{run}: what is left stands above.", f"Next: {plan}"],
        Result.REFUSED: [f"Refused, nothing was written: see {refused}."],
        Result.DECLINED: ["Not applied: nothing was written."],
        Result.INTERRUPTED: [f"Interrupted{run}: what was written stays, nothing is lost.", f"To go on: {apply}"],
    }[outcome.result]


def _undone(outcome: Outcome, page: Page) -> list[str]:
    file, of = outcome.plan.file, outcome.plan.undoes
    run = f" (run {outcome.run})" if outcome.run else ""
    plan, again = command("plan", file, page), f"{command('undo', file, page._replace(narrowed=False))} {of}"
    refused = obstacles(outcome.plan) or "the errors above"
    return {
        Result.NONE: ["Nothing to put back. Nothing was written."],
        Result.APPLIED: [f"Run {of} is undone{run}.", f"Next: {plan}"],
        Result.PARTIAL: [f"Run {of} is partly undone{run}: what is left stands above.", f"To go on: {again}"],
        Result.REFUSED: [f"Refused, nothing was written: see {refused}."],
        Result.DECLINED: ["Not undone: nothing was written."],
        Result.INTERRUPTED: [f"Interrupted{run}: what was written stays, nothing is lost.", f"To go on: {again}"],
    }[outcome.result]
