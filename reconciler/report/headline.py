"""What a document amounts to, in one sentence that needs no table: for a title, a step's output, a notification."""

from __future__ import annotations

from reconciler.report.remarks import check_of
from reconciler.report.shapes import DriftDocument, InventoryCounts, PlanDocument, ProblemRow, ValidationDocument
from reconciler.report.words import listing, number, some


def plan_headline(document: PlanDocument) -> str:
    """What an apply would do, has done, or why there is none. Holds no text that others wrote."""
    if document.mode == "apply":
        return _applied(document)
    if document.outcome == "error":
        return f"There is no plan: {_errors(document.problems)}."
    blocked = document.summary.fields.blocked + document.summary.tags.blocked
    aside = f" {some(blocked, 'change')} {_is(blocked)} blocked." if blocked else ""
    if document.outcome == "none":
        in_sync = document.summary.contacts.in_sync
        settled = f"{some(in_sync, 'person')} {_is(in_sync)} in sync" if in_sync else "nobody is written to"
        return f"Nothing to do: {settled}.{aside}"
    return f"An apply would {_joined(_acts(document))}.{aside}"


def drift_headline(document: DriftDocument) -> str:
    if document.outcome == "error":
        return f"Drift cannot be told: {_errors(document.problems)}."
    values = sum(field.moved for field in document.fields)
    taggings = sum(tag.applies + tag.removes for tag in document.tags)
    gone = document.gone
    if not values + taggings + gone:
        return "No drift: what was written is as it was written."
    moved = listing(
        some(count, noun)
        for count, noun in ((values, "value"), (taggings, "tagging"), (gone, "deleted contact"))
        if count
    )
    return f"Somebody else moved {moved} since the last apply."


def validation_headline(document: ValidationDocument) -> str:
    if document.outcome == "error":
        return f"The file cannot be used: {_errors(document.problems)}."
    declared = listing((some(document.fields, "field"), some(document.tags, "tag")))
    warned = sum(row.level == "warning" for row in document.problems)
    return f"The file is valid: {declared}." + (f" {some(warned, 'warning')}." if warned else "")


def refused(document: PlanDocument) -> str:
    """Why an apply of this plan would be refused, in a few words; "" if it would not."""
    limits = sum(guard.tripped for guard in document.guards)
    checks = sum(check_of(row).stops for row in document.checks)
    levels = [*(row.level for row in document.findings), *(row.level for row in document.problems)]
    forbidden = levels.count("error") if document.mode == "plan" else 0
    return listing(
        (
            f"{some(limits, 'limit')} {_is(limits)} exceeded" if limits else "",
            f"{some(checks, 'check')} {'denies' if checks == 1 else 'deny'} it" if checks else "",
            f"{some(forbidden, 'error')} stand{'s' if forbidden == 1 else ''} against it" if forbidden else "",
        )
    )


def _acts(document: PlanDocument) -> list[str]:
    summary = document.summary
    values, memberships, contacts = summary.values, summary.memberships, summary.contacts
    acts = (
        ("create", [*_inventory(document, "create"), (contacts.create, "contact")]),
        ("change", [*_inventory(document, "update")]),
        ("rename", [*_inventory(document, "rename")]),
        ("remove", [*_inventory(document, "delete")]),
        ("update", [(contacts.update, "contact")]),
        ("set", [(values.set, "value")]),
        ("clear", [(values.clear, "value")]),
        ("pull", [(values.pull, "value into the source")]),
        ("apply", [(memberships.apply, "tagging")]),
        ("take away", [(memberships.remove, "tagging")]),
    )
    return [
        f"{verb} {_joined([some(count, noun) for count, noun in counts if count])}"
        for verb, counts in acts
        if any(count for count, _ in counts)
    ]


def _inventory(document: PlanDocument, action: str) -> list[tuple[int, str]]:
    kinds: tuple[tuple[InventoryCounts, str], ...] = (
        (document.summary.fields, "field"),
        (document.summary.tags, "tag"),
    )
    return [(getattr(counts, action), noun) for counts, noun in kinds]


def _applied(document: PlanDocument) -> str:
    ended = {"stale": "The saved plan is stale", "refused": "Refused"}.get(document.outcome, "The apply failed")
    return {
        None: f"{ended}: {_errors(document.problems)}.",
        "none": "Nothing to do: nothing was written.",
        "applied": f"Applied: {_written(document)}.",
        "partial": f"Partly applied: {_written(document)}; {_left(document)}.",
        "refused": f"Refused, nothing was written: {refused(document) or _errors(document.problems)}.",
        "declined": "Not applied: nothing was written.",
        "interrupted": f"Interrupted: {_written(document)}; {_left(document)}.",
    }[document.result]


def _written(document: PlanDocument) -> str:
    w = document.written
    if w is None:
        return "nothing is known of it"
    parts = (
        (w.inventory, "change of fields and tags", ""),
        (w.created, "contact", " created"),
        (w.updated, "contact", " updated"),
        (w.values, "value", " set"),
        (w.pulled, "value", " pulled"),
        (w.tags_applied, "tagging", " applied"),
        (w.tags_removed, "tagging", " taken away"),
    )
    return listing(some(count, noun) + done for count, noun, done in parts if count) or "nothing was written"


def _left(document: PlanDocument) -> str:
    w = document.written
    if w is None:
        return "what is left is not known"
    moved = w.moved + w.moved_rows
    parts = ((w.failed, "refused by the CRM"), (moved, "changed meanwhile"), (w.left, "not reached"))
    return listing(f"{number(count)} {said}" for count, said in parts if count) or "nothing is left"


def _errors(problems: tuple[ProblemRow, ...]) -> str:
    count = sum(row.level == "error" for row in problems)
    return some(count, "error") if count else "no error is known"


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def _joined(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}" if parts else ""
