"""The plan that puts back what one run wrote: only where the CRM still holds it as the run left it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from reconciler.model.addresses import value_digest
from reconciler.model.desired import Desired, Field, FromColumn, Push
from reconciler.model.history import Act, Ending, RunFacts
from reconciler.model.messages import MESSAGES
from reconciler.model.plan import CAUSES, Cause, ContactAction, FieldCount, Finding, TagAction, TagCount, Verdict
from reconciler.model.problems import Place
from reconciler.planning.bindings import Binding
from reconciler.planning.conversion import theirs_lane
from reconciler.tables.cells import MARK
from reconciler.tables.changes import ChangeTable, TagChanges, ValueChanges

_MEMO = 4_096  # distinct texts of a field
_CAUSE = CAUSES.index(Cause.CONFIG)
_PEOPLE = ("person", "row", "match", "contact", "rank")


class Past(NamedTuple):
    """One write of the run. `known`: it is known what was there before, which is `before`, a canonical text or None
    for empty; `was` and `left`: digests of that, and of what the CRM was left with."""

    person: str
    contact: str
    name: str
    act: Act
    ending: Ending
    before: str | None
    known: bool
    was: int | None
    left: int | None


class Restored(NamedTuple):
    """One value to put back: field key, what stands there now, what is to stand there."""

    key: str
    now: str | None
    before: str | None


@dataclass(slots=True)
class Tallied:
    """What was found, by field key or tag, or alone."""

    touched: Counter[str] = field(default_factory=Counter)
    touched_tags: int = 0
    lost: Counter[str] = field(default_factory=Counter)
    created: set[str] = field(default_factory=set)
    unknown_creations: int = 0
    gone: set[str] = field(default_factory=set)
    pulled: Counter[str] = field(default_factory=Counter)
    settled: int = 0  # contacts of whom nothing is to be put back
    overwritten: int = 0
    cleared: int = 0
    updated: int = 0  # contacts with values


def undone_desired(desired: Desired, facts: RunFacts) -> Desired:
    """The file as far as an undo needs it: the fields that the run wrote, as values are read and written, and nothing
    that asks for a change of the inventory. What this file does not have any more is known from the run."""
    fields = {key: _entry(desired, key, kind, facts) for key, kind in facts.types.items()}
    match = desired.identity.match
    if match in desired.fields and match not in fields:
        fields[match] = desired.fields[match]
    from dataclasses import replace

    return replace(desired, fields=fields, tags={}, dynamic_tags=(), scores={}, entry_digests={})


def _entry(desired: Desired, key: str, kind: str, facts: RunFacts) -> Field:
    file, _, line = facts.places.get(key, "").rpartition(":")
    place = Place(file or desired.files[0], int(line) if line.isdecimal() else 0)
    entry = desired.fields.get(key)
    if entry is None or entry.absent:
        entry = Field(key, place)
    return entry._replace(
        origin=entry.origin or FromColumn(""),
        type=kind,
        push=Push.ALWAYS,
        options=None,
        group=None,
        renamed_from=None,
    )


class PuttingBack:
    """Feed the contacts of the run; read `changes` and `tallied`."""

    def __init__(
        self,
        desired: Desired,
        bindings: Sequence[Binding],
        key: bytes,
        tags: frozenset[str],
        path: Path,
        clear_created: bool,
    ) -> None:
        """`bindings`: of the fields that the run wrote, as this CRM has them. `tags`: names of the live tags."""
        self._bindings = {b.entry.key: b for b in bindings if b.crm_field is not None and b.wire and not b.blocked}
        self._keys = tuple(self._bindings)
        self._numbers = {name: number for number, name in enumerate(self._keys)}
        self._kept = {desired.identity.match, *([desired.identity.store] if desired.identity.store else [])}
        self._match = desired.identity.match
        self._key, self._tags, self._clear_created = key, tags, clear_created
        self._lanes = {name: theirs_lane(name, b, name) for name, b in self._bindings.items()}
        self._memo: dict[str, dict[str | None, str | None]] = {}
        self._fields: dict[str, FieldCount] = {}
        self._taggings: dict[str, TagCount] = {}
        self.changes = ChangeTable(path, self._keys)
        self.tallied = Tallied()

    @property
    def read_keys(self) -> Mapping[str, str]:
        """Field key of the file -> the CRM's key, of what has to be read."""
        return {name: b.read_key or b.crm_field.key for name, b in self._bindings.items() if b.crm_field is not None}

    @property
    def fields(self) -> tuple[FieldCount, ...]:
        return tuple(sorted(self._fields.values(), key=lambda count: count.key))

    @property
    def tags(self) -> tuple[TagCount, ...]:
        return tuple(sorted(self._taggings.values(), key=lambda count: count.name))

    def restored(self, pasts: Iterable[Past], record: Mapping[str, str | None] | None) -> list[Restored]:
        """What is put back of one contact's values. `record`: what it holds now, wire texts by field key of the file;
        None: it is gone."""
        found = []
        for past in pasts:
            if record is None:
                self.tallied.gone.add(past.contact)
            elif (one := self._restored(past, record)) is not None:
                found.append(one)
        return found

    def _restored(self, past: Past, record: Mapping[str, str | None]) -> Restored | None:
        name, tallied = past.name, self.tallied
        created = past.contact in tallied.created
        if created and (not self._clear_created or name in self._kept):
            return None
        if name not in self._bindings:
            tallied.lost[name] += 1
            return None
        now = self._now(name, record.get(name))
        digest = value_digest(self._key, now)
        if digest == past.was and digest != past.left:
            return None
        if digest != past.left:
            tallied.touched[name] += 1
            return None
        if not past.known or past.ending is Ending.FOUND or (past.before is None and name in self._kept):
            tallied.lost[name] += 1
            return None
        if past.was == past.left:
            return None
        return Restored(name, None if now is None or now.startswith(MARK) else now, past.before)

    def _now(self, name: str, text: str | None) -> str | None:
        known = self._memo.setdefault(name, {})
        if text not in known:
            if len(known) >= _MEMO:
                known.clear()
            known[text] = self._lanes[name].one(text or None)
        return known[text]

    def taggings(
        self, pasts: Iterable[tuple[str, Act]], carried: frozenset[str] | None, contact: str
    ) -> list[tuple[str, TagAction]]:
        """What is put back of one contact's tags. `carried`: names of those that it carries now; None: it is gone."""
        found = []
        for name, act in pasts:
            if contact in self.tallied.created and not self._clear_created:
                continue
            if carried is None:
                self.tallied.gone.add(contact)
            elif name not in self._tags:
                self.tallied.touched_tags += act is Act.REMOVE
            elif (act is Act.APPLY) is (name in carried):
                found.append((name, TagAction.REMOVE if act is Act.APPLY else TagAction.APPLY))
        return found

    def add(
        self, rows: Sequence[tuple[str, str, list[Restored], list[tuple[str, TagAction]]]], facts: RunFacts
    ) -> None:
        """Contacts with what is put back: person, contact, values, tags; of those with nothing only the number."""
        wanted = [row for row in rows if row[2] or row[3]]
        self.tallied.settled += len(rows) - len(wanted)
        if not wanted:
            return
        first = self.changes.contacts + 1
        columns: tuple[list[object], ...] = (
            [person for person, *_ in wanted],
            list(range(first, first + len(wanted))),
            [None] * len(wanted),
            [contact for _, contact, *_ in wanted],
            [0] * len(wanted),
        )
        kinds = (pa.string(), pa.int64(), pa.string(), pa.string(), pa.int64())
        people = pa.RecordBatch.from_arrays(
            [pa.array(column, kind) for column, kind in zip(columns, kinds, strict=True)], names=list(_PEOPLE)
        )
        self.changes.append(people, ContactAction.UPDATE, list(self._values(wanted)), list(self._tagged(wanted)))
        self._count(wanted, facts)

    def _values(self, rows: Sequence[tuple[str, str, list[Restored], object]]) -> Iterator[ValueChanges]:
        by_field: dict[str, list[tuple[int, Restored]]] = {}
        for at, (_, _, values, _) in enumerate(rows):
            for one in values:
                by_field.setdefault(one.key, []).append((at, one))
        for key, found in by_field.items():
            verdicts = [int(Verdict.CLEAR if one.before is None else Verdict.SET) for _, one in found]
            yield ValueChanges(
                self._numbers[key],
                pa.array([at for at, _ in found], pa.int64()),
                pa.array(verdicts, pa.int8()),
                pa.array([_CAUSE] * len(found), pa.int8()),
                pa.array([one.now for _, one in found], pa.string()),
                pa.array([one.before for _, one in found], pa.string()),
                pa.array([one.now is not None for _, one in found], pa.bool_()),
            )

    def _tagged(self, rows: Sequence[tuple[str, str, object, list[tuple[str, TagAction]]]]) -> Iterator[TagChanges]:
        found = [(at, name, int(action)) for at, (*_, tags) in enumerate(rows) for name, action in tags]
        if found:
            at, names, actions = zip(*found, strict=True)
            yield TagChanges(pa.array(at, pa.int64()), pa.array(names, pa.string()), pa.array(actions, pa.int8()))

    def _count(
        self, rows: Sequence[tuple[str, str, list[Restored], list[tuple[str, TagAction]]]], facts: RunFacts
    ) -> None:
        tallied = self.tallied
        for _, _, values, tags in rows:
            tallied.updated += bool(values)
            tallied.overwritten += any(one.now is not None for one in values)
            for one in values:
                count = self._fields.setdefault(one.key, FieldCount(one.key, self._where(one.key), Cause.UNDO))
                if one.before is None:
                    count.clear += 1
                    tallied.cleared += 1
                else:
                    count.set += 1
            for name, action in tags:
                under = under_of(name, facts)
                tag = self._taggings.setdefault(name, TagCount(name, None, Cause.UNDO, under=under))
                tag.apply += action is TagAction.APPLY
                tag.remove += action is TagAction.REMOVE

    def _where(self, key: str) -> Place:
        return self._bindings[key].entry.where


def under_of(name: str, facts: RunFacts) -> str:
    """For a tag that was made from a value: how the list of such tags is called; "" for a declared one."""
    if f"tag:{name}" in facts.places:
        return ""
    prefixes = (entry.removeprefix("tags:") for entry in facts.places if entry.startswith("tags:"))
    return max((prefix for prefix in prefixes if name.startswith(prefix)), key=len, default="") + "*"


def undo_findings(tallied: Tallied, facts: RunFacts, desired: Desired, cleared: bool) -> tuple[Finding, ...]:
    """What is not undone, and what follows."""
    places = {key: entry.where for key, entry in desired.fields.items()}
    found = [
        *(
            _finding("E606", n, f"{_values(n)} of `{key}` touched since", places.get(key))
            for key, n in _of(tallied.touched)
        ),
        *(
            _finding("E610", n, f"{_values(n)} of `{key}` cannot be put back", places.get(key))
            for key, n in _of(tallied.lost)
        ),
        *(
            _finding("E609", n, f"{_values(n)} of `{key}` written into the source", places.get(key))
            for key, n in _of(tallied.pulled)
        ),
    ]
    if tallied.touched_tags:
        found.append(_finding("E606", tallied.touched_tags, f"{tallied.touched_tags:,} taggings of tags that are gone"))
    if created := len(tallied.created):
        emptied = ", emptied of what it filled" if cleared else ""
        found.append(_finding("E607", created, f"{_contacts(created)} created by the run{emptied}"))
    if missing := len(tallied.gone) + tallied.unknown_creations:
        found.append(_finding("E611", missing, f"{_contacts(missing)} gone, or not known"))
    made = [made for made in facts.made if made.action in ("create", "rename", "delete", "update")]
    if made:
        found.append(_finding("E608", len(made), _made(facts)))
    return tuple(found)


def _made(facts: RunFacts) -> str:
    """`2 fields created (birthday, plan), 1 tag renamed (Gold)`."""
    groups: dict[tuple[str, str], list[str]] = {}
    for made in facts.made:
        groups.setdefault((made.kind, made.action), []).append(made.under or made.key)
    said = []
    for (kind, action), names in groups.items():
        shown = list(dict.fromkeys(names))
        more = f" and {len(shown) - 3} more" if len(shown) > 3 else ""
        done = {"create": "created", "rename": "renamed", "update": "changed", "delete": "removed"}[action]
        said.append(f"{len(names)} {kind}{'' if len(names) == 1 else 's'} {done} ({', '.join(shown[:3])}{more})")
    return ", ".join(said)


def _finding(code: str, count: int, detail: str, where: Place | None = None) -> Finding:
    row = MESSAGES[code]
    return Finding(code, row.level, row.summary, count, detail, row.fix, where)


def _of(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items())


def _values(count: int) -> str:
    return f"{count:,} value{'' if count == 1 else 's'}"


def _contacts(count: int) -> str:
    return f"{count:,} contact{'' if count == 1 else 's'}"
