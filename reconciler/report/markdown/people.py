"""What happens to people as Markdown: who is created and updated, why, then a row per field or tag and cause."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from reconciler.report.markdown.fitting import Detail
from reconciler.report.markdown.parts import joined, listed, rows_of, table
from reconciler.report.shapes import FieldRow, PlanDocument, TagRow
from reconciler.report.words import counted, listing, number, some

_FEW = 8
"""From more rows on, a table of causes stands before them."""
_CAUSES = {
    "created": "new contact",
    "config": "new in the file",
    "source": "source changed",
    "adopt": "taken over",
    "drift": "moved in the CRM",
    "store": "id of the person",
    "undo": "put back",
}
_LEFT = (("held", "held"), ("conflict", "in conflict"), ("blocked", "blocked"), ("rewritten", "rewritten"))


class _Row(NamedTuple):
    kind: str
    name: str
    written: int
    said: str
    cause: str
    where: str


def people(document: PlanDocument, detail: Detail) -> str:
    """Empty if everybody is in sync and nothing is held, blocked or in conflict."""
    fields = [*_fields(document)]
    tags = [*_tags(document.tags)]
    c = document.summary.contacts
    if not (fields or tags) and c.in_sync == c.people:
        return ""
    ordered = sorted((*fields, *tags), key=lambda row: (-row.written, row.kind, row.name, row.cause))
    head = ("field or tag", "what", "cause", "line")
    return joined(
        (
            f"#### People: {_partition(document)}",
            _beside(document),
            _by_cause(ordered) if len(ordered) > _FEW else "",
            listed("entry", head, ordered, lambda row: _cells(row, detail), detail),
        )
    ).rstrip("\n")


def _fields(document: PlanDocument) -> Iterator[_Row]:
    created = sum(row.created for row in document.fields)
    if document.summary.contacts.create:
        contacts = some(document.summary.contacts.create, "contact")
        yield _Row("", "", created, f"{number(created)} set in {contacts}", "created", "")
    for row in document.fields:
        said = counted(((row.set - row.created, "set"), (row.clear, "cleared"), (row.pull, "pulled")))
        left = counted((getattr(row, name), word) for name, word in _LEFT)
        if said or left:
            yield _Row("", row.key, _written(row), listing((said, left)), row.cause, row.where or "")


def _tags(tags: Sequence[TagRow]) -> Iterator[_Row]:
    for row in tags:
        said = counted(((row.apply, "applied"), (row.remove, "taken away")))
        left = counted(((row.kept, "left on people for whom the rule says no"), (row.unknown, "unknown")))
        if said or left:
            yield _Row("tag ", row.name, row.apply + row.remove, listing((said, left)), row.cause, row.where or "")


def _written(row: FieldRow) -> int:
    return row.set - row.created + row.clear + row.pull


def _cells(row: _Row, detail: Detail) -> tuple[str, ...]:
    name = f"{row.kind}{detail.code(row.name)}" if row.name else "*new contacts*"
    return (name, row.said, _CAUSES[row.cause] if row.written else "", detail.code(row.where))


def _partition(document: PlanDocument) -> str:
    c = document.summary.contacts
    words = ((c.create, "to create"), (c.update, "to update"), (c.in_sync, "in sync"))
    rest = ((c.no_contact, "without a contact"), (c.set_aside, "set aside"), (c.out_of_scope, "out of scope"))
    return counted((*words, *rest)) or "nobody in scope"


def _beside(document: PlanDocument) -> str:
    c = document.summary.contacts
    kinds = ((c.held, "held values"), (c.conflict, "values in conflict"), (c.blocked, "blocked values"))
    said = listing(f"{what} in {some(count, 'contact')}" for count, what in kinds if count)
    return f"Beside that: {said}." if said else ""


def _by_cause(rows: Sequence[_Row]) -> str:
    totals: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        if row.written:
            totals[row.cause][0] += row.written
            totals[row.cause][1] += 1
    cells = ((_CAUSES[cause], number(total[0]), number(total[1])) for cause, total in totals.items())
    return table(("cause", "values and taggings:", "fields and tags:"), rows_of(cells))
