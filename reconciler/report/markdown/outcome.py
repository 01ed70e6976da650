"""What an apply wrote, and what it did not, as Markdown."""

from __future__ import annotations

from reconciler.report.markdown.parts import rows_of, table
from reconciler.report.neutral import markdown_code
from reconciler.report.shapes import PlanDocument
from reconciler.report.words import listing, number, some

_ROWS = (
    ("inventory", "changes of fields and tags"),
    ("created", "contacts created"),
    ("updated", "contacts updated"),
    ("values", "values set or cleared"),
    ("tags_applied", "tags applied"),
    ("tags_removed", "tags taken away"),
    ("pulled", "values pulled into the source"),
    ("rows", "rows of the source written"),
    ("rewritten", "values that the CRM stores differently from what was sent"),
    ("recovered", "contacts found instead of created"),
    ("failed", "**items that the CRM refused**"),
    ("moved", "**contacts left alone: changed since they were read**"),
    ("moved_rows", "**rows of the source left alone: changed since they were read**"),
    ("left", "**contacts not reached**"),
)


def outcome(document: PlanDocument) -> str:
    """Empty where nothing was written."""
    written = document.written
    if written is None:
        return ""
    counts = written.model_dump()
    rows = rows_of((words, number(counts[name])) for name, words in _ROWS if counts[name])
    run = f"#### Run {markdown_code(document.run)}\n\n" if document.run else ""
    return run + table(("what", "number:"), rows) if rows else ""


def approved(document: PlanDocument) -> str:
    """Of a saved plan: what of it is carried out, and what is not because nobody approved it."""
    of = document.approved
    if of is None:
        return ""
    done = f"{number(of.already)} already so" if of.already else ""
    told = listing((f"{number(of.pending)} of {some(of.approved, 'change')} still to do", done)) + "."
    if of.new:
        people = f", of {some(of.contacts, 'contact')}" if of.contacts else ""
        told += f" **{number(of.new)} new since approval**{people}: left for the next plan."
    return f"#### Approved: plan {markdown_code(of.id)}, {of.at}\n\n{told}"
