"""What an apply did, as text: what was written, what was not and why, and how to go on."""

from __future__ import annotations

from reconciler.model.outcome import Outcome, Result
from reconciler.report.findings import limit_lines
from reconciler.report.layout import section
from reconciler.report.problems import problems_text
from reconciler.report.text import command
from reconciler.report.words import counted, listing, some


def outcome_text(outcome: Outcome) -> str:
    """The outcome of an apply whose plan was printed before."""
    lines = [
        *section("Written", [_written(outcome)]),
        *section("Left", [_left(outcome)]),
        *section("Notes", _notes(outcome)),
        *(limit_lines(outcome.plan.guards) if outcome.result is Result.REFUSED and not outcome.problems else ()),
        *section("Calls", [_calls(outcome)]),
    ]
    parts = ["\n".join(lines), problems_text(outcome.problems).rstrip("\n"), _last_line(outcome)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _written(outcome: Outcome) -> str:
    w = outcome.written
    return listing(
        [
            some(w.inventory, "change of fields and tags") if w.inventory else "",
            some(w.created, "contact") + " created" if w.created else "",
            some(w.updated, "contact") + " updated" if w.updated else "",
            some(w.values, "value") if w.values else "",
            counted(((w.tags_applied, "tags applied"), (w.tags_removed, "tags removed"))),
        ]
    )


def _left(outcome: Outcome) -> str:
    w = outcome.written
    return listing(
        [
            some(w.failed, "item") + " refused by the CRM" if w.failed else "",
            f"{some(w.moved, 'contact')} changed since {'it was' if w.moved == 1 else 'they were'} read"
            if w.moved
            else "",
            some(w.left, "contact") + " not reached" if w.left else "",
        ]
    )


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


def _last_line(outcome: Outcome) -> str:
    plan, apply = (command(name, outcome.plan.file) for name in ("plan", "apply"))
    run = f" (run {outcome.run})" if outcome.run else ""
    settled = "" if outcome.written.moved else ", which has nothing left to do"
    return {
        Result.NONE: "Nothing to do. Nothing was written.",
        Result.APPLIED: f"Applied{run}.   Next: {plan}{settled}",
        Result.PARTIAL: f"Partly applied{run}: what is left stands above.   Next: {plan}",
        Result.REFUSED: "Refused: nothing was written.",
        Result.DECLINED: "Not applied: nothing was written.",
        Result.INTERRUPTED: f"Interrupted{run}: what was written stays, nothing is lost.   To go on: {apply}",
    }[outcome.result]
