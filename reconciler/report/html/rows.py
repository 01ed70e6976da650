"""What changes per field and per tag, and why: the rows of the charts, the longest first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.report.html.bars import Kind, Segment, stacked
from reconciler.report.shapes import DriftDocument, FieldRow, PlanDocument, TagRow
from reconciler.report.words import number

NEW = Kind("new", "in new contacts")
SET = Kind("set", "set")
CLEARED = Kind("clear", "cleared")
PULLED = Kind("pull", "pulled")
HELD = Kind("held", "held")
CONFLICT = Kind("conflict", "conflict")
BLOCKED = Kind("blocked", "blocked")
_FIELD = (NEW, SET, CLEARED, PULLED, HELD, CONFLICT, BLOCKED)

APPLIED = Kind("set", "applied")
REMOVED = Kind("clear", "removed")
KEPT = Kind("held", "kept")
UNKNOWN = Kind("conflict", "unknown")
_TAG = (APPLIED, REMOVED, KEPT, UNKNOWN)

_DRIFT_FIELD = (
    Kind("set", "set back"),
    Kind("clear", "cleared again"),
    Kind("held", "kept"),
    Kind("pull", "pulled"),
    Kind("conflict", "in conflict"),
)
_DRIFT_TAG = (Kind("set", "applied again"), Kind("clear", "removed"))

_WHY = {
    "config": "new in the file",
    "source": "source changed",
    "drift": "moved in the CRM",
    "adopt": "taken over",
    "store": "stored ids",
    "undo": "put back",
}
_CAUSES = {
    "config": "A line of the file is new or changed",
    "source": "The source changed",
    "drift": "Somebody else moved it in the CRM",
    "adopt": "Taken over: the CRM had it before the file did",
    "store": "Ids of people that the CRM keeps",
    "undo": "Put back: a run had written it",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a chart. `counts`: by the chart's kinds."""

    name: str
    where: str
    why: str
    note: str
    counts: tuple[int, ...]
    bar: tuple[Segment, ...]

    @property
    def total(self) -> int:
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class Chart:
    """Rows on one scale. `kinds`: only those that occur."""

    noun: str
    kinds: tuple[Kind, ...]
    lines: tuple[Line, ...]

    @property
    def count(self) -> int:
        """How many fields or tags; one that changes for several causes has several rows."""
        return len({line.name for line in self.lines})

    @property
    def explained(self) -> bool:
        return any(line.why or line.note for line in self.lines)


_Told = tuple[str, str, str, str, tuple[int, ...]]
"""A line without its bar."""


def field_chart(document: PlanDocument) -> Chart:
    """Values per field and cause."""
    return _chart("field", _FIELD, [_field(row) for row in document.fields])


def tag_chart(document: PlanDocument) -> Chart:
    """Taggings per tag and cause."""
    return _chart("tag", _TAG, [_tag(row) for row in document.tags])


def drift_charts(document: DriftDocument) -> tuple[Chart, Chart]:
    """What somebody else moved: values per field, taggings per tag."""
    fields = [
        (f.key, f.where, "", "", (f.overwrites - f.clears, f.clears, f.keeps, f.pulls, f.conflicts))
        for f in document.fields
    ]
    tags = [(t.name, t.where, "", "", (t.applies, t.removes)) for t in document.tags]
    return _chart("field", _DRIFT_FIELD, fields), _chart("tag", _DRIFT_TAG, tags)


def causes(document: PlanDocument) -> Chart:
    """Values and taggings that would be written, by what they come from."""
    written: Counter[tuple[str, bool]] = Counter()
    for field in document.fields:
        written[field.cause, False] += field.set + field.clear + field.pull
    for tag in document.tags:
        written[tag.cause, True] += tag.apply + tag.remove
    kinds = (Kind("set", "values"), Kind("tagging", "taggings"))
    told = [(why, "", "", "", (written[cause, False], written[cause, True])) for cause, why in _CAUSES.items()]
    return _chart("cause", kinds, [row for row in told if any(row[4])])


def _field(row: FieldRow) -> _Told:
    counts = (row.created, row.set - row.created, row.clear, row.pull, row.held, row.conflict, row.blocked)
    note = f"{number(row.rewritten)} rewritten by the CRM" if row.rewritten else ""
    return row.key, row.where or "", _WHY[row.cause] if any(counts[:4]) else "", note, counts


def _tag(row: TagRow) -> _Told:
    ruled = row.cause == "source" and row.where
    why = "by its rule" if ruled else _WHY[row.cause]
    counts = (row.apply, row.remove, row.kept, row.unknown)
    return row.name, row.where or "", why if row.apply or row.remove else "", "", counts


def _chart(noun: str, kinds: Sequence[Kind], told: Sequence[_Told]) -> Chart:
    longest = max((sum(counts) for *_, counts in told), default=0)
    used = tuple(at for at in range(len(kinds)) if any(row[4][at] for row in told))
    ordered = sorted(told, key=lambda row: (-sum(row[4]), row[0]))
    lines = tuple(
        Line(*row[:4], tuple(row[4][at] for at in used), stacked(zip(kinds, row[4], strict=True), longest))
        for row in ordered
    )
    return Chart(noun, tuple(kinds[at] for at in used), lines)
