"""What a page says first: how it stands, in a word and in a sentence, and what comes next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from reconciler.report.layout import PAGE, Page
from reconciler.report.redrawn import plan_of
from reconciler.report.remarks import check_of
from reconciler.report.shapes import DriftDocument, InventoryCounts, PlanDocument, ProblemRow, WrittenRow
from reconciler.report.text import command, obstacles
from reconciler.report.words import counted, duration, first_up, listing, number, some


@dataclass(frozen=True, slots=True)
class Headline:
    """`tone`: good, go, warn or stop, which the style sheet colours; `word` says the same."""

    title: str
    tone: str
    word: str
    sentence: str
    detail: str = ""
    next: str = ""
    """A command."""
    next_note: str = ""


_ENDS = {
    "none": ("good", "Nothing to do", "Nothing was written."),
    "applied": ("good", "Applied", ""),
    "partial": ("warn", "Partly applied", "What is left stands below."),
    "refused": ("stop", "Refused", "Nothing was written."),
    "declined": ("warn", "Not applied", "Nothing was written."),
    "interrupted": ("warn", "Interrupted", "What was written stays, nothing is lost."),
    "stale": ("stop", "Stale", "Nothing was written: what was approved is out of date."),
    "error": ("stop", "Error", "The apply could not go on."),
}

_LEFT = (("held", "held"), ("conflict", "in conflict"), ("blocked", "blocked"))


def headline(document: PlanDocument | DriftDocument, page: Page = PAGE, settled: bool = False) -> Headline:
    """Of a plan what an apply would do, of an apply what it did, of drift what was moved."""
    if isinstance(document, DriftDocument):
        return _of_drift(document, page)
    if document.mode == "apply":
        return _of_apply(document, page)
    head = _of_plan(document, page)
    return replace(head, tone="good", word="Carried out", next="", next_note="") if settled else head


def _of_plan(document: PlanDocument, page: Page) -> Headline:
    title = f"Plan of {document.file or 'a file'}"
    if document.outcome == "error":
        return Headline(title, "stop", "No plan", "No plan could be made.", _tally(document.problems))
    if document.outcome == "none":
        in_sync = document.summary.contacts.in_sync
        settled = f"{some(in_sync, 'person')} in sync." if in_sync else "There is nobody to write to."
        return Headline(title, "good", "Nothing to do", settled, _aside(document))
    sentence, detail = f"An apply {_spoken(_promised(document))}.", _weight(document)
    if obstacles(plan_of(document)):
        note = f"Against it: {_spoken(_stops(document))}, see below."
        return Headline(title, "stop", "Apply is refused", sentence, detail, next_note=note)
    return Headline(title, "go", "Ready to apply", sentence, detail, command("apply", document.file, page))


def _of_apply(document: PlanDocument, page: Page) -> Headline:
    tone, word, sentence = _ENDS[document.result or document.outcome]
    written = _done(document.written) if document.written else ()
    said = f"{first_up(_spoken(written))}." if written else sentence
    detail = sentence if written else _tally(document.problems)
    goes_on = {"partial": "plan", "applied": "plan", "interrupted": "apply"}.get(document.result or "")
    note = "which has nothing left to do" if document.result == "applied" and not _more(document) else ""
    following = command(goes_on, document.file, page) if goes_on else ""
    return Headline(f"Apply of {document.file or 'a file'}", tone, word, said, detail, following, note)


def _of_drift(document: DriftDocument, page: Page) -> Headline:
    title = f"Drift of {document.file}"
    if document.outcome == "error":
        return Headline(title, "stop", "Not known", "Drift could not be told.", _tally(document.problems))
    since = f"Since the apply of {document.since}." if document.since else ""
    if document.outcome == "none":
        return Headline(title, "good", "No drift", "What was written is as it was written.", since)
    moved = (
        (sum(row.moved for row in document.fields), "value"),
        (sum(row.applies + row.removes for row in document.tags), "tagging"),
    )
    parts = [some(count, noun) for count, noun in moved if count]
    said = [f"moved {_spoken(parts)}"] if parts else []
    said += [f"deleted {some(document.gone, 'contact')}"] if document.gone else []
    following = command("plan", document.file, page)
    return Headline(title, "warn", "Drift", f"Somebody else {_spoken(said)}.", since, following)


def _more(document: PlanDocument) -> int:
    """Changes that an apply left to the next plan."""
    moved = document.written.moved + document.written.moved_rows if document.written else 0
    return moved + (document.approved.new if document.approved else 0)


def _stops(document: PlanDocument) -> list[str]:
    """What an apply is refused for, counted."""
    levels = [*(row.level for row in document.findings), *(row.level for row in document.problems)]
    counts = (
        (sum(guard.tripped for guard in document.guards), "limit"),
        (sum(check_of(row).stops for row in document.checks), "check"),
        (levels.count("error"), "error"),
    )
    return [some(count, noun) for count, noun in counts if count] or ["what the plan says"]


def _promised(document: PlanDocument) -> Iterable[str]:
    """What an apply does, as verbs with what they do it to."""
    summary = document.summary
    contacts = ((summary.contacts.create, "creates"), (summary.contacts.update, "updates"))
    people = [(verb, count) for count, verb in contacts if count]
    for at, (verb, count) in enumerate(people):
        yield f"{verb} {some(count, 'contact') if not at else number(count)}"
    made = [(_changed(summary.fields), "field"), (_changed(summary.tags), "tag")]
    if inventory := [some(count, noun) for count, noun in made if count]:
        yield f"changes {' and '.join(inventory)}"
    if summary.source.rows:
        yield f"writes {some(summary.source.rows, 'row')} of the source"


def _weight(document: PlanDocument) -> str:
    values, taggings = document.summary.values, document.summary.memberships
    taken = f" ({values.adopt:,} taken over)" if values.adopt else ""
    counts = (
        (values.set + values.clear + values.pull, "value", taken),
        (taggings.apply + taggings.remove, "tagging", ""),
        (document.cost.reads + document.cost.writes, "call", ""),
    )
    said = [some(count, noun) + more for count, noun, more in counts if count]
    return f"{listing([*said, f'about {duration(document.cost.seconds)}'])}." if said else ""


def _aside(document: PlanDocument) -> str:
    fields = document.fields
    left = tuple((sum(getattr(f, name) for f in fields), word) for name, word in _LEFT)
    findings = sum(row.level != "off" for row in document.findings)
    said = listing([counted(left), some(findings, "finding") if findings else ""])
    return f"Left as it is: {said}." if said else ""


def _done(written: WrittenRow) -> Sequence[str]:
    updated = some(written.updated, "contact") if not written.created else number(written.updated)
    counts = (
        (written.created, f"{some(written.created, 'contact')} created"),
        (written.updated, f"{updated} updated"),
        (written.inventory, f"{some(written.inventory, 'change of fields and tags')} made"),
        (written.rows, f"{some(written.rows, 'row of the source')} written"),
    )
    return [said for count, said in counts if count]


def _changed(counts: InventoryCounts) -> int:
    return counts.create + counts.update + counts.rename + counts.delete


def _tally(problems: Iterable[ProblemRow]) -> str:
    levels = [row.level for row in problems]
    counts = ((levels.count("error"), "error"), (levels.count("warning"), "warning"))
    said = listing(some(count, noun) for count, noun in counts if count)
    return f"{said}, see below." if said else ""


def _spoken(parts: Iterable[str]) -> str:
    """`a, b and c`."""
    *first, last = [part for part in parts if part] or ["changes nothing that is counted"]
    return f"{', '.join(first)} and {last}" if first else last
