"""Findings: what the comparison of people left as it is, each with its count, its first rows and the way out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from reconciler.model.desired import Desired, Expression, FromColumn, FromExpression, Tag
from reconciler.model.messages import MESSAGES
from reconciler.model.plan import Finding
from reconciler.model.problems import Place
from reconciler.planning.conversion import UNKNOWN_REASON
from reconciler.planning.counts import Counts
from reconciler.planning.layout import FieldColumn
from reconciler.planning.people import PeoplePlan
from reconciler.tables.aside import Aside
from reconciler.tables.lanes import Lane, Refusals

_ASIDE = {
    Aside.NO_PERSON: ("R201", "{n} without an id in `{person}`"),
    Aside.SAME_PERSON: ("R202", "{n} with the same `{person}` as another row"),
    Aside.SAME_MATCH: ("R203", "{n} with the e-mail of another person"),
    Aside.MANY_CONTACTS: ("R206", "{n} with an e-mail that several contacts have"),
    Aside.GONE: ("R207", "{n} whose linked contact is gone"),
    Aside.TAKEN: ("R208", "{n} with the e-mail of a contact that is linked to somebody else"),
    Aside.SHARED_CONTACT: ("R209", "{n} linked to one contact together with somebody else"),
    Aside.NO_MATCH: ("R210", "{n} without a contact and without an e-mail"),
    Aside.MANY_STORED: ("R222", "{n} whose id several contacts hold"),
    Aside.GIVEN_AWAY: ("R223", "{n} led to a contact that a stronger sign gives to somebody else"),
}


def people_findings(desired: Desired, people: PeoplePlan) -> tuple[Finding, ...]:
    """All findings about people, by code and place."""
    found = [
        *_aside(desired, people),
        *_linked(desired, people),
        *_unreadable(people),
        *_unknown(desired, people),
        *_of_fields(people),
        *_of_tags(desired, people),
    ]
    return tuple(sorted(found, key=lambda f: (f.code, f.where or Place(""), f.detail)))


def _finding(code: str, count: int, detail: str, where: Place | None, rows: tuple[int, ...] | list[int]) -> Finding:
    row = MESSAGES[code]
    return Finding(code, row.level, row.summary, count, detail, row.fix, where, tuple(rows))


def _people(count: int) -> str:
    return f"{count:,} {'person' if count == 1 else 'people'}"


def _values(count: int) -> str:
    return f"{count:,} {'value' if count == 1 else 'values'}"


def _aside(desired: Desired, people: PeoplePlan) -> Iterator[Finding]:
    for reason, (count, rows) in people.paired.aside.items():
        code, words = _ASIDE[reason]
        detail = words.format(n=_people(count), person=desired.identity.person)
        yield _finding(code, count, detail, desired.identity.where, rows)


def _linked(desired: Desired, people: PeoplePlan) -> Iterator[Finding]:
    """Who goes on, though not all signs of who they are agree."""
    paired, identity, stored = people.paired, desired.identity, people.counts.claimed
    count, rows = paired.parted
    if count:
        detail = f"{_people(count)} whose linked contact is gone, not found anew"
        yield _finding("R207", count, detail, desired.contacts.where, rows)
    count, rows = paired.differing
    if count:
        detail = f"{_people(count)} whose `{identity.link}` names another contact than the remembered link"
        yield _finding("R221", count, detail, identity.where_of.get("link"), rows)
    if stored.count:
        detail = f"{_people(stored.count)} whose id cannot be kept in `{identity.store}`"
        yield _finding("R224", stored.count, detail, identity.where_of.get("store"), stored.rows)


def _unreadable(people: PeoplePlan) -> Iterator[Finding]:
    """One finding per field or list of tags, its reasons side by side."""
    for name, what, kind, where in _read(people):
        lane = people.ours.lanes[name]
        known = [(*lane.reasons[n], r) for n, r in lane.refusals.items() if lane.reasons[n][0] != UNKNOWN_REASON]
        if not known:
            continue
        total = sum(r.count for _, _, r in known)
        rows = sorted({row for _, _, r in known for row in r.rows})[: Refusals.MOST_ROWS]
        said = ", ".join(f"{r.count:,} {reason}" for reason, _, r in sorted(known, key=lambda k: (-k[2].count, k[0])))
        finding = _finding("R204", total, f"{_values(total)} of {what} unreadable as {kind} ({said})", where, rows)
        keys = ", ".join(sorted({key for _, key, _ in known if key}))
        fix = f"say how the values are written ({keys}), or correct them in the source" if keys else finding.fix
        yield replace(finding, fix=fix)


def _read(people: PeoplePlan) -> Iterator[tuple[str, str, str, Place]]:
    """What is read from the source: column, how to call it, as which type, and where the file says so."""
    for column in people.layout.read:
        entry = column.binding.entry
        what = f"`{entry.origin.column}`" if isinstance(entry.origin, FromColumn) else f"`{entry.key}`"
        yield column.name, what, column.binding.type, entry.where
    for dynamic in people.layout.dynamic:
        yield dynamic.name, f"`{dynamic.entry.column}`", "tags", dynamic.entry.where


def _unknown(desired: Desired, people: PeoplePlan) -> Iterator[Finding]:
    """One finding per expression, with its count."""
    for name, what, where in _expressions(desired, people):
        lane: Lane | None = people.ours.lanes.get(name)
        for number, refusals in (lane.refusals if lane else {}).items():
            if lane is not None and lane.reasons[number][0] == UNKNOWN_REASON:
                detail = f"{what} is unknown for {_people(refusals.count)}"
                yield _finding("R205", refusals.count, detail, where, refusals.rows)


def _expressions(desired: Desired, people: PeoplePlan) -> Iterator[tuple[str, str, Place | None]]:
    if desired.contacts.when is not None:
        yield "scope", "contacts.when", desired.contacts.when.where
    if isinstance(desired.contacts.create, Expression):
        yield "create", "contacts.create", desired.contacts.create.where
    for column in (*people.layout.fields, *people.layout.blocked):
        entry = column.binding.entry
        where = entry.origin.expression.where if isinstance(entry.origin, FromExpression) else entry.where
        yield column.name, f"the value of `{entry.key}`", where
    for tag in people.layout.tags:
        yield tag.name, f"the rule of tag {tag.tag.name}", _place(tag.tag)


def _place(tag: Tag) -> Place:
    return tag.when.where if tag.when else tag.where


def _of_fields(people: PeoplePlan) -> Iterator[Finding]:
    counts = people.counts
    if counts.taken.count:
        where = people.layout.match.binding.entry.where
        detail = f"{_people(counts.taken.count)} whose new e-mail another contact has"
        yield _finding("R211", counts.taken.count, detail, where, counts.taken.rows)
    if counts.circles.count:
        where = people.layout.match.binding.entry.where
        detail = f"{_people(counts.circles.count)} who would have to get each other's e-mail"
        yield _finding("R219", counts.circles.count, detail, where, counts.circles.rows)
    if counts.crowded.count:
        where = people.layout.match.binding.entry.where
        detail = f"{_people(counts.crowded.count)} whose contact has the new e-mail of another person"
        yield _finding("R225", counts.crowded.count, detail, where, counts.crowded.rows)
    for column in people.layout.read:
        refusals = counts.undecodable.get(column.number)
        if refusals:
            entry = column.binding.entry
            detail = f"{_values(refusals.count)} stored in `{entry.key}` cannot be read as {column.binding.type}"
            yield _finding("R212", refusals.count, detail, entry.where, refusals.rows)
        yield from _of_two_ways(counts, column)


def _of_two_ways(counts: Counts, column: FieldColumn) -> Iterator[Finding]:
    entry = column.binding.entry
    if conflicts := counts.in_conflict.get(column.number):
        detail = f"{_values(conflicts.count)} of `{entry.key}`"
        yield _finding("R230", conflicts.count, detail, entry.where_of.get("conflict", entry.where), conflicts.rows)
    if blind := counts.unremembered.get(column.number):
        detail = f"{_values(blind.count)} of `{entry.key}`: `conflict: {entry.conflict}` decides"
        yield _finding("R232", blind.count, detail, entry.where_of.get("conflict", entry.where), blind.rows)
    if known := counts.unpulled.get(column.number):
        total = sum(refusals.count for refusals in known.values())
        rows = sorted({row for refusals in known.values() for row in refusals.rows})[: Refusals.MOST_ROWS]
        said = ", ".join(sorted(f"{refusals.count:,} {reason}" for (reason, _), refusals in known.items()))
        yield _finding("R231", total, f"{_values(total)} of `{entry.key}` not pulled ({said})", entry.where, rows)


def _of_tags(desired: Desired, people: PeoplePlan) -> Iterator[Finding]:
    counts = people.counts
    for name, refusals in counts.first_kept.items():
        tag = desired.tags[name]
        detail = f"{_people(refusals.count)} with tag {name}, which becomes ours, though its rule says no"
        yield _finding("R213", refusals.count, detail, _place(tag), refusals.rows)
    for column in people.layout.dynamic:
        entry = column.entry
        if waiting := counts.too_many_tags.get(column.name):
            detail = (
                f"`{entry.column}` would make {people.refused[column.name]:,} new tags, {entry.max_new} are allowed;"
                f" {_people(waiting.count)} waiting"
            )
            yield _finding("R214", waiting.count, detail, entry.where, waiting.rows)
        if taken := counts.taken_tags.get(column.name):
            detail = f"{_people(taken.count)} whose `{entry.column}` makes a tag that is taken"
            yield _finding("R215", taken.count, detail, entry.where, taken.rows)
