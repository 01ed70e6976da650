"""Numbers beside the charts: the figures at the top, the partition of people, what it costs, and the page's facts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.report.html.bars import Kind, Segment, stacked
from reconciler.report.shapes import (
    ContactCounts,
    DriftDocument,
    EndpointRow,
    InventoryCounts,
    PlanDocument,
    Summary,
    WrittenRow,
)
from reconciler.report.words import duration, listing, number, some

_PEOPLE = (
    (Kind("new", "to create"), "create"),
    (Kind("set", "to update"), "update"),
    (Kind("sync", "in sync"), "in_sync"),
    (Kind("held", "without a contact"), "no_contact"),
    (Kind("conflict", "set aside"), "set_aside"),
)
_APPROVED = (
    (Kind("set", "approved, and to do"), "pending"),
    (Kind("sync", "approved, and already so"), "already"),
    (Kind("conflict", "new since approval, left for the next plan"), "new"),
)
_INVENTORY = ("create", "update", "rename", "delete")
_INVENTORY_WORDS = ("created", "updated", "renamed", "removed")


@dataclass(frozen=True, slots=True)
class Tile:
    value: str
    label: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class People:
    """The partition of people in scope, and what is said beside it."""

    total: int
    bar: tuple[Segment, ...]
    beside: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Approvals:
    """A saved plan beside what is so now: its changes, and those that nobody approved."""

    total: int
    bar: tuple[Segment, ...]
    said: str


@dataclass(frozen=True, slots=True)
class CostLine:
    name: str
    write: bool
    calls: int
    bar: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class CostTable:
    said: str
    lines: tuple[CostLine, ...]


def tiles(document: PlanDocument) -> tuple[Tile, ...]:
    """The figures that decide; of an apply those of what was written."""
    shown = _written(document.written) if document.written else _planned(document)
    return tuple(tile for tile in shown if tile.value != "0" or tile.parts)


def _planned(document: PlanDocument) -> Iterable[Tile]:
    summary: Summary = document.summary
    contacts, values, taggings = summary.contacts, summary.values, summary.memberships
    changes = {name: _both(summary, name) for name in (*_INVENTORY, "blocked", "released")}
    left = [sum(getattr(f, name) for f in document.fields) for name in ("held", "conflict", "blocked")]
    yield _tile("contacts", (contacts.create, "created"), (contacts.update, "updated"))
    yield _tile("values", (values.set, "set"), (values.clear, "cleared"), (values.pull, "pulled"))
    yield _tile("taggings", (taggings.apply, "applied"), (taggings.remove, "removed"))
    made = [(changes[name], word) for name, word in zip(_INVENTORY, _INVENTORY_WORDS, strict=True)]
    beside = ((changes["blocked"], "blocked"), (changes["released"], "released"))
    yield Tile(number(sum(count for count, _ in made)), "fields and tags", _parts((*made, *beside)))
    yield _tile("values left alone", *zip(left, ("held", "in conflict", "blocked"), strict=True))


def _written(written: WrittenRow) -> Iterable[Tile]:
    yield _tile("contacts", (written.created, "created"), (written.updated, "updated"))
    pulled = (written.pulled, f"pulled into {some(written.rows, 'row')} of the source")
    yield _tile("values", (written.values, "set or cleared"), pulled)
    yield _tile("taggings", (written.tags_applied, "applied"), (written.tags_removed, "removed"))
    yield Tile(number(written.inventory), "changes of fields and tags", ())
    left = ((written.failed, "refused by the CRM"), (written.left, "not reached"))
    moved = (written.moved + written.moved_rows, "changed since they were read")
    yield _tile("left undone", *left, moved)
    notes = ((written.rewritten, "values rewritten by the CRM"), (written.recovered, "contacts found, not created"))
    yield _tile("noted", *notes)


def _tile(label: str, *parts: tuple[int, str]) -> Tile:
    return Tile(number(sum(count for count, _ in parts)), label, _parts(parts))


def _parts(counts: Iterable[tuple[int, str]]) -> tuple[str, ...]:
    return tuple(f"{number(count)} {word}" for count, word in counts if count)


def _both(summary: Summary, name: str) -> int:
    kinds: tuple[InventoryCounts, ...] = (summary.fields, summary.tags)
    return sum(int(getattr(counts, name)) for counts in kinds)


def people(document: PlanDocument) -> People | None:
    """None: nobody was counted."""
    counts: ContactCounts = document.summary.contacts
    if not (counts.people or counts.out_of_scope):
        return None
    shown = [(kind, int(getattr(counts, name))) for kind, name in _PEOPLE]
    kinds = ((counts.held, "held values"), (counts.conflict, "values in conflict"), (counts.blocked, "blocked values"))
    beside = [f"{what} in {some(count, 'contact')}" for count, what in kinds if count]
    beside += [f"{some(counts.out_of_scope, 'person')} out of scope"] if counts.out_of_scope else []
    return People(counts.people, stacked(shown, sum(count for _, count in shown)), tuple(beside))


def approvals(document: PlanDocument) -> Approvals | None:
    """None: it is not about a saved plan."""
    if (of := document.approved) is None:
        return None
    shown = [(kind, int(getattr(of, name))) for kind, name in _APPROVED]
    said = f"Of plan {of.id}, saved at {of.at}: {some(of.approved, 'change')} approved."
    people = f" What is new is of {some(of.contacts, 'contact')}." if of.new and of.contacts else ""
    return Approvals(of.approved, stacked(shown, sum(count for _, count in shown)), said + people)


def cost_table(document: PlanDocument) -> CostTable | None:
    """Calls per endpoint: of an apply those that were made, of a plan those that an apply would make. None: none."""
    if document.mode == "apply" and document.calls:
        return CostTable(_calls(document.calls), _costed(document.calls))
    cost = document.cost
    if not (cost.reads or cost.writes):
        return None
    pace = f" at {cost.rate:,g} calls a second" if cost.rate else ""
    said = f"reads {some(cost.reads, 'call')}, writes {some(cost.writes, 'call')}, about {duration(cost.seconds)}{pace}"
    return CostTable(said, _costed(cost.endpoints))


def _calls(rows: Iterable[EndpointRow]) -> str:
    made = {write: sum(row.calls for row in rows if row.write is write) for write in (False, True)}
    return f"reads {some(made[False], 'call')}, writes {some(made[True], 'call')}, as they were made"


def _costed(rows: tuple[EndpointRow, ...]) -> tuple[CostLine, ...]:
    longest = max((row.calls for row in rows), default=0)
    kinds = {True: Kind("set", "writes"), False: Kind("sync", "reads")}
    ordered = sorted(rows, key=lambda row: (-row.calls, row.name, row.write))
    return tuple(CostLine(r.name, r.write, r.calls, stacked([(kinds[r.write], r.calls)], longest)) for r in ordered)


def facts(document: PlanDocument | DriftDocument) -> tuple[tuple[str, str], ...]:
    """What the page is about: name and content, for its head and foot; only what is known."""
    crm = f"{document.crm} {document.object}".strip()
    shared = [("File", document.file), ("CRM", crm), ("Account", document.account)]
    if isinstance(document, DriftDocument):
        own = [("Since the apply of", document.since)]
    else:
        rows = f"{document.source} ({some(document.source_rows, 'row')})" if document.source else ""
        read = {"": "", "person": "chosen people only"}.get(document.scope, f"{document.scope} read")
        way = ("two-way" if document.two_way else "push only") if document.source else ""
        own = [
            ("Source", rows),
            ("Read", listing([read, way])),
            ("Pulled", document.written_how),
            ("Plan", document.id),
            ("Clock", document.now or ""),
            ("Run", document.run or ""),
            ("Digest of the file", document.config),
        ]
    return tuple((name, said) for name, said in (*shared, *own, ("Made by", f"reconciler {document.tool}")) if said)
