"""Approve, then recompute: what a plan would do as keyed digests, and of a plan made again only what was approved."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from reconciler.model.addresses import field_address, list_address, tag_address
from reconciler.model.approvals import APPROVALS, WHATS, Approvals, Approved, InventoryApproval
from reconciler.model.desired import Desired
from reconciler.model.inventory import CrmField, Inventory
from reconciler.model.plan import (
    CAUSES,
    CHANGES,
    Action,
    Changes,
    ContactAction,
    InventoryChange,
    Plan,
    TagAction,
    Verdict,
)
from reconciler.tables.grouped import grouped
from reconciler.tables.spool import Spool

_NOTHING = b"\xff" * 8
_PENDING = frozenset({Action.CREATE, Action.UPDATE, Action.RENAME, Action.DELETE})
_WHAT: Mapping[tuple[str, str], int] = {what: number for number, what in enumerate(WHATS)}
_WRITES: Mapping[int, str] = {Verdict.SET: "set", Verdict.CLEAR: "clear", Verdict.PULL: "pull"}
_TAGGINGS: Mapping[int, str] = {TagAction.APPLY: "apply", TagAction.REMOVE: "remove"}
_CREATE = _WHAT["create", ""]
_VALUE = ("field", "verdict", "cause", "before", "after", "read", "write")
_LINES = pa.schema(
    [
        ("row", pa.int64()),
        ("place", pa.int64()),  # of a value or a tagging: its number among all of the batch
        ("kind", pa.int8()),
        ("created", pa.bool_()),  # of somebody who is created
        *APPROVALS,
        ("part", pa.int64()),  # the digest that it would have as part of a creation
    ]
)
"""Of a batch of changes."""
_IS_CREATE, _IS_VALUE, _IS_TAG = range(3)


_Line = tuple[int, int, int, bool, int, int, int, int, int]


def framed(*parts: str | None) -> bytes:
    """Texts as bytes that no other texts come to: each after its length, nothing as a length that no text has."""
    out: list[bytes] = []
    for part in parts:
        if part is None:
            out.append(_NOTHING)
        else:
            text = part.encode("utf-8", "surrogatepass")
            out += (len(text).to_bytes(8, "little"), text)
    return b"".join(out)


class Approver:
    """Turns the changes of one plan into lines. `subjects` grows as new ones come up."""

    def __init__(self, plan: Plan, key: bytes, subjects: Iterable[str] = ("",)) -> None:
        """`key`: 32 secret bytes that the plan's makers and its appliers share."""
        self._keys = plan.people.keys
        self._under = {tag.name: tag.under for tag in plan.tags if tag.under}
        self._under |= {change.key: change.under for change in plan.inventory if change.under}
        self._person = blake2b(digest_size=6, key=key, person=b"contact")
        self._change = blake2b(digest_size=8, key=key, person=b"change")
        self._subjects = {name: number for number, name in enumerate(subjects)}
        self._values = [self._number(f".{key}") for key in self._keys]

    @property
    def subjects(self) -> tuple[str, ...]:
        return tuple(self._subjects)

    def inventory(self, change: InventoryChange) -> InventoryApproval:
        """Of a tag made from a value only the list is named; the digest knows which one it is."""
        deltas = json.dumps([[d.path, d.before, d.after] for d in change.deltas], sort_keys=True, default=str)
        parts = (change.address, change.action, change.key, change.new_key, change.option, deltas)
        touches = () if change.under else tuple(sorted({change.shown, change.new_key or change.shown}))
        address = list_address(change.under) if change.under else change.address
        return InventoryApproval(address, change.action.value, self._digest(framed(*parts)).hex(), touches)

    def lines(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Schema _LINES: of each row its creation, its values, its taggings."""
        rows = list(self._rows(batch))
        columns = zip(*rows, strict=True) if rows else ([] for _ in _LINES)
        arrays = [pa.array(column, kind.type) for column, kind in zip(columns, _LINES, strict=True)]
        return pa.RecordBatch.from_arrays(arrays, schema=_LINES)

    def _rows(self, batch: pa.RecordBatch) -> Iterator[_Line]:
        values, tags = batch.column("values"), batch.column("tags")
        flat = values.flatten()
        each = enumerate(zip(*(flat.field(name).to_pylist() for name in _VALUE), strict=True))
        flat = tags.flatten()
        tagging = enumerate(zip(flat.field("tag").to_pylist(), flat.field("action").to_pylist(), strict=True))
        people = (batch.column(name).to_pylist() for name in ("person", "match", "contact", "action"))
        counts = values.value_lengths().to_pylist(), tags.value_lengths().to_pylist()
        for row, (person, match, contact, action, filled, carried) in enumerate(zip(*people, *counts, strict=True)):
            who, created = self._contact(person), action == ContactAction.CREATE
            parts = [*self._values_of(islice(each, filled)), *self._tags_of(islice(tagging, carried))]
            alone, whose = framed(person, None), framed(person, contact)
            if created:
                whole = self._line(framed(person, "create", match) + b"".join(sorted(said for *_, said in parts)))
                yield row, -1, _IS_CREATE, created, who, 0, _CREATE, whole, whole
            for place, kind, subject, what, said in parts:
                part = self._line(alone + said)
                yield row, place, kind, created, who, subject, what, part if created else self._line(whose + said), part

    def _values_of(self, values: Iterable[Any]) -> Iterator[tuple[int, int, int, int, bytes]]:
        for place, (field, verdict, cause, *texts) in values:
            action = _WRITES[verdict]
            said = framed(self._keys[field], action, *texts)
            yield place, _IS_VALUE, self._values[field], _WHAT[action, CAUSES[cause]], said

    def _tags_of(self, tags: Iterable[Any]) -> Iterator[tuple[int, int, int, int, bytes]]:
        for place, (tag, number) in tags:
            action = _TAGGINGS[number]
            yield place, _IS_TAG, self._tag(tag), _WHAT[action, ""], framed(tag, action)

    def _contact(self, person: str) -> int:
        made = self._person.copy()
        made.update(person.encode("utf-8", "surrogatepass"))
        return int.from_bytes(made.digest(), "big")

    def _line(self, content: bytes) -> int:
        return int.from_bytes(self._digest(content), "little", signed=True)

    def _digest(self, content: bytes) -> bytes:
        made = self._change.copy()
        made.update(content)
        return made.digest()

    def _tag(self, name: str) -> int:
        under = self._under.get(name)
        return self._number(
            f".dynamic_tags[{json.dumps(under, ensure_ascii=False)}]" if under else f".{tag_address(name)}"
        )

    def _number(self, subject: str) -> int:
        return self._subjects.setdefault(subject, len(self._subjects))


def approve(plan: Plan, desired: Desired, inventory: Inventory, key: bytes) -> Approvals:
    """Everything that the plan would do. `inventory`: what the plan saw in the CRM."""
    approver = Approver(plan, key)
    changes = tuple(approver.inventory(change) for change in plan.inventory if change.action in _PENDING)
    lines = [approver.lines(batch).select(APPROVALS.names) for batch in plan.people.batches()]
    table = pa.Table.from_batches(lines, APPROVALS).sort_by([("contact", "ascending"), ("subject", "ascending")])
    return Approvals(changes, approver.subjects, lambda: iter(table.to_batches(65_536)), touched(desired, inventory))


def touched(desired: Desired, inventory: Inventory) -> dict[str, str]:
    """What the fields and tags that the file names are in the CRM, as digests; who is not there has none. Labels and
    groups are not part of it: no value depends on them."""
    found: dict[str, str] = {}
    live = {"": inventory, **inventory.others}
    for key, entry in desired.fields.items():
        for name in filter(None, (key, entry.renamed_from)):
            for kind, fields in live.items():
                if (there := fields.field(name)) is not None:
                    found[field_address(name) + (f" ({kind})" if kind else "")] = _held(there)
    for name, tag in desired.tags.items():
        for shown in filter(None, (name, tag.renamed_from)):
            if (carried := inventory.tag(shown)) is not None:
                found[tag_address(shown)] = blake2b(framed(carried.key), digest_size=8).hexdigest()
    return found


def _held(field: CrmField) -> str:
    """What decides which values the field can hold."""
    facts = (field.native, str(field.read_only), str(field.joined), str(field.max_length))
    options = (text for option in field.options for text in (option.value, option.label))
    return blake2b(framed(*facts, *options), digest_size=8).hexdigest()


class Intersection:
    """A plan that was made again, beside what was approved of the first one."""

    def __init__(self, plan: Plan, approvals: Approvals, key: bytes) -> None:
        self._plan, self._approvals = plan, approvals
        self._approver = Approver(plan, key, approvals.subjects)
        known = {approval.digest for approval in approvals.inventory}
        pending = [(c, self._approver.inventory(c)) for c in plan.inventory if c.action in _PENDING]
        self._kept = [(change, approval) for change, approval in pending if approval.digest in known]
        self._new = [(change, approval) for change, approval in pending if approval.digest not in known]
        self._blocked = {c.shown for c in plan.inventory if c.action is Action.BLOCKED}

    def moved(self, desired: Desired, inventory: Inventory) -> tuple[str, ...]:
        """Addresses that are not what they were when the plan was approved, and that the plan itself has not made so,
        nor is still to make so."""
        before, now = self._approvals.touched, touched(desired, inventory)
        ours = {name for approval in self._approvals.inventory for name in approval.touches}
        ours -= {name for _, approval in self._new for name in approval.touches} | self._blocked
        made = {address(name) for name in ours for address in (field_address, tag_address)}
        differing = {address for address in before.keys() | now.keys() if before.get(address) != now.get(address)}
        return tuple(sorted(differing - made))

    def plan(self, workdir: Path, approved: Approved) -> Plan:
        """The plan with only what was approved left in it, and how much that is. `workdir`: for its changes."""
        people = _ApprovedPeople(self._plan.people, workdir / "approved.arrow")
        told = people.keep(self._approver, self._approvals, approved)
        new = [change for change, _ in self._new]
        pending, elsewhere = {a.digest for _, a in self._kept}, {a.address for _, a in self._new}
        approvals = self._approvals.inventory
        told = replace(
            told,
            approved=told.approved + len(approvals),
            pending=told.pending + len(self._kept),
            already=told.already + sum(a.digest not in pending and a.address not in elsewhere for a in approvals),
            new=told.new + len(new),
        )
        inventory = tuple(change for change in self._plan.inventory if change not in new)
        return replace(self._plan, people=people, inventory=inventory, approved=told)


class _ApprovedPeople:
    """Of the changes of people those that were approved: what `Plan.people` is."""

    def __init__(self, all: Changes, path: Path) -> None:
        self._all = all  # its files lie where ours do, and go with it
        self.keys = all.keys
        self.contacts = 0
        self._spool = Spool(path)

    def batches(self) -> Iterator[pa.RecordBatch]:
        return self._spool.batches()

    def keep(self, approver: Approver, approvals: Approvals, approved: Approved) -> Approved:
        """Goes through all changes once; counts their lines."""
        known = pa.chunked_array([batch.column("digest") for batch in approvals.people()], pa.int64())
        found: list[pa.Array] = []
        moved: list[pa.Array] = []
        pending = new = contacts = 0
        for batch in self._all.batches():
            lines = approver.lines(batch)
            mask = _approved(lines, known)
            kept, others = lines.filter(mask), lines.filter(pc.invert(mask))
            found += (kept.column("digest"), kept.column("part"))
            pending += kept.num_rows
            moved.append(_place(others))
            new += others.num_rows
            contacts += len(pc.unique(others.column("row")))
            if kept.num_rows:
                left = _only(batch, kept) if others.num_rows else batch
                self.contacts += left.num_rows
                self._spool.append(left)
        settled = _settled(approvals, pa.chunked_array(found, pa.int64()), pa.chunked_array(moved, pa.uint64()))
        return replace(approved, approved=len(known), pending=pending, already=settled, new=new, contacts=contacts)


def _approved(lines: pa.RecordBatch, known: pa.ChunkedArray) -> pa.Array:
    """Which lines are. Of somebody who is to be created all of them or none; what an earlier apply left of a creation
    was approved with it."""
    kind, created = lines.column("kind"), lines.column("created")
    same = pc.or_(pc.is_in(lines.column("digest"), value_set=known), pc.is_in(lines.column("part"), value_set=known))
    creations = lines.column("row").filter(pc.and_(same, pc.equal(kind, _IS_CREATE)))
    return pc.if_else(created, pc.is_in(lines.column("row"), value_set=creations), same)


def _only(batch: pa.RecordBatch, kept: pa.RecordBatch) -> pa.RecordBatch:
    """The rows of the batch with only the lines that are kept; rows of which nothing is kept are left out."""
    columns = {name: batch.column(name) for name in CHANGES.names}
    for name, kind in (("values", _IS_VALUE), ("tags", _IS_TAG)):
        lists = batch.column(name)
        owners = pc.list_parent_indices(lists).cast(pa.int64())
        mine = kept.filter(pc.equal(kept.column("kind"), kind)).column("place")
        mask = pc.is_in(pa.arange(0, len(owners)), value_set=mine)
        columns[name], _ = grouped(batch.num_rows, [owners.filter(mask)], lists.flatten().filter(mask))
    made = pa.RecordBatch.from_arrays(
        [columns[name].cast(field.type) for name, field in zip(CHANGES.names, CHANGES, strict=True)], schema=CHANGES
    )
    return made.filter(pc.is_in(pa.arange(0, batch.num_rows), value_set=kept.column("row")))


def _place(lines: pa.RecordBatch) -> pa.Array:
    """Contact and subject as one number."""
    contact = lines.column("contact").cast(pa.uint64())
    subject = pc.bit_wise_and(lines.column("subject").cast(pa.uint64()), pa.scalar(0xFFFF, pa.uint64()))
    return pc.bit_wise_or(pc.shift_left(contact, pa.scalar(16, pa.uint64())), subject)


def _settled(approvals: Approvals, found: pa.ChunkedArray, moved: pa.ChunkedArray) -> int:
    """Approved lines of which nothing is pending: neither they, nor another change in their place."""
    count = 0
    for batch in approvals.people():
        gone = batch.filter(pc.invert(pc.is_in(batch.column("digest"), value_set=found)))
        count += pc.sum(pc.invert(pc.is_in(_place(gone), value_set=moved))).as_py() or 0
    return count
