"""Values of whole columns meet the decision table: what is written is returned, everything is counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from reconciler.model.addresses import contact_address, text_digest
from reconciler.model.desired import Field, Push
from reconciler.model.plan import CAUSES, Cause, Example, FieldCount, Verdict, example_key
from reconciler.planning.agreement import agreement
from reconciler.planning.causes import FILLING, OVERWRITING
from reconciler.planning.counts import Counts
from reconciler.planning.decision import Consent, Moved, Policy, Relation, verdicts
from reconciler.planning.kinds import BlockedKinds
from reconciler.planning.layout import FieldColumn, Layout
from reconciler.planning.observed import Remembered
from reconciler.planning.previous import PreviousAddresses
from reconciler.planning.watching import Watch
from reconciler.tables.cells import as_sent, as_stored, is_marked
from reconciler.tables.changes import ValueChanges
from reconciler.tables.lanes import Refusals
from reconciler.tables.moving import CIRCLE
from reconciler.tables.remembered import TwoWay
from reconciler.tables.scalars import NO, NOTHING, flags, text, whole
from reconciler.tables.settled import pattern_of

_WRITES = pa.array([int(Verdict.SET), int(Verdict.CLEAR)], pa.int8())
_LOUD = pa.array([int(Verdict.FINDING), int(Verdict.REWRITTEN), int(Verdict.CONFLICT)], pa.int8())
_MOST_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class HeldValues:
    """Rows of the batch in which one field is held; `filled`: the contacts hold something there."""

    field: int
    filled: bool
    at: pa.Array


@dataclass(slots=True)
class Decided:
    """One batch: what is written, what is held, rows in conflict, rows with a value that has to be looked at in each
    plan, and what is agreed on of two-way values that differ, and rows in whose kind of
    object a field is blocked."""

    changes: list[ValueChanges] = field(default_factory=list)
    held: list[HeldValues] = field(default_factory=list)
    conflicts: list[pa.Array] = field(default_factory=list)
    loud: list[pa.Array] = field(default_factory=list)
    agreed: dict[str, Agreed] = field(default_factory=dict)
    blocked: list[pa.Array] = field(default_factory=list)


class Agreed(NamedTuple):
    """Of the rows `at` in which one two-way field differs, the digests that are agreed on."""

    at: pa.Array
    sent: pa.Array
    stored: pa.Array


@dataclass(frozen=True, slots=True)
class Differing:
    """The rows `at` in which a field differs: texts of both sides, the verdict of each, whether theirs was moved."""

    at: pa.Array
    ours: pa.Array
    theirs: pa.Array
    verdict: pa.Array
    moved: pa.Array
    agreed: Agreed | None = None

    def filter(self, chosen: pa.Array) -> Differing:
        at, ours, theirs, verdict, moved = (
            part.filter(chosen) for part in (self.at, self.ours, self.theirs, self.verdict, self.moved)
        )
        agreed = self.agreed and Agreed(*(part.filter(chosen) for part in self.agreed))
        return Differing(at, ours, theirs, verdict, moved, agreed)


class ValueDecisions:
    """The decision for every mapped field, by column."""

    def __init__(
        self, layout: Layout, remembered: Remembered, counts: Counts, examples: bool, previous: PreviousAddresses
    ) -> None:
        self._layout, self._remembered, self._counts, self._examples = layout, remembered, counts, examples
        self._rewrites = _by_field(remembered.rewrites)
        self._previous = previous
        self._kinds = BlockedKinds(layout.objects)
        self.watch = Watch()

    def decide(self, batch: pa.RecordBatch, new: bool, drift: bool = False) -> Decided:
        """`batch`: the spooled columns of our side, and of theirs unless the contacts are `new`. `drift`: what differs
        was moved by somebody else; the column `agreed` says what was held before."""
        decided = Decided()
        for column in self._layout.fields:
            if new or self._layout.writes(column):
                self._decide(column, batch, new, drift, decided)
        if self._layout.previous and not new:
            for column, rows in self._previous.beside(batch, decided.changes):
                self._decide(column, rows, new, False, decided)
        return decided

    def pulls(self, column: FieldColumn, batch: pa.RecordBatch) -> Differing | None:
        """The rows in which the value of a two-way field goes into the source; nothing is counted."""
        found = self._differing(column, batch, new=False)
        if found is None:
            return None
        pulled = pc.equal(found.verdict, _verdict(Verdict.PULL))
        if column.binding.blocked_in:
            pulled = pc.and_not(pulled, self._kinds.blocked(column, batch, found.at))
        return found.filter(pulled) if pc.any(pulled).as_py() else None

    def count_pulled(self, column: FieldColumn, batch: pa.RecordBatch, pulled: Differing) -> pa.Array:
        """Count what goes into the source; the cause of each."""
        self._note_unremembered(column, batch, pulled, flags(True, len(pulled.at)))
        cause = _pull_causes(column, pc.is_valid(pulled.ours), pulled.moved)
        self._count(column, pulled.verdict, cause, new=False)
        return cause

    def _differing(self, column: FieldColumn, batch: pa.RecordBatch, new: bool) -> Differing | None:
        ours = batch.column(column.name)
        theirs = pa.nulls(len(ours), pa.string()) if new else batch.column(column.theirs)
        self.watch.values(column.binding.entry.key, batch, ours, theirs, new)
        at = _differing(as_stored(ours), theirs)
        if not len(at):
            return None
        ours, theirs = as_sent(ours.take(at)), theirs.take(at)
        return self._verdicts(column, batch, at, ours, theirs, new)

    def _decide(self, column: FieldColumn, batch: pa.RecordBatch, new: bool, drift: bool, decided: Decided) -> None:
        found = self._decidable(column, batch, new, decided)
        if found is None:
            return
        at, ours, theirs = found.at, found.ours, found.theirs
        # What could be pulled is pulled by now: the source has no text for what is left of it.
        stuck = pc.equal(found.verdict, _verdict(Verdict.PULL))
        verdict = pc.if_else(stuck, _verdict(Verdict.FINDING), found.verdict)
        self._note_undecodable(column, batch, at, theirs)
        if found.agreed is not None:
            decided.agreed[column.name] = found.agreed
            decided.loud.append(at)
        if column is self._layout.match and not new:
            verdict = self._without_taken(batch, at, verdict)
        if column is self._layout.store and not new:
            verdict = self._without_claimed(batch, at, verdict)
        filled = pc.is_valid(theirs)
        held = pc.equal(verdict, _verdict(Verdict.HELD))
        if pc.any(conflict := pc.equal(verdict, _verdict(Verdict.CONFLICT))).as_py():
            decided.conflicts.append(at.filter(conflict))
            rows = batch.column("row").take(at).filter(conflict).to_pylist()
            self._counts.in_conflict.setdefault(column.number, Refusals()).add(rows)
        self._note_unremembered(column, batch, found, pc.equal(verdict, _verdict(Verdict.SET)))
        cause = _causes(column, filled, new)
        if column is self._layout.store and not new:
            writes = pc.equal(verdict, _verdict(Verdict.SET))
            cause = pc.if_else(pc.and_not(writes, filled), _cause(Cause.STORE), cause)
        if drift:
            moved = pc.invert(pc.and_(held, _held_before(column, batch.column("agreed").take(at))))
            cause = pc.if_else(moved, _cause(Cause.DRIFT), cause)
            decided.loud.append(at.filter(pc.and_(held, moved)))
        self._count(column, verdict, cause, new)
        for holds, chosen in ((True, pc.and_(held, filled)), (False, pc.and_not(held, filled))):
            if pc.any(chosen).as_py():
                decided.held.append(HeldValues(column.number, holds, at.filter(chosen)))
        decided.loud.append(at.filter(pc.or_(pc.is_in(verdict, _LOUD), is_marked(theirs))))
        writes = pc.is_in(verdict, _WRITES)
        if not pc.any(writes).as_py():
            return
        before = pc.if_else(is_marked(theirs), NOTHING, theirs)
        chosen = [a.filter(writes) for a in (at, verdict, cause, before, ours, filled)]
        changes = ValueChanges(column.number, *chosen)
        if self._examples and not new:
            self._keep_examples(column, batch, changes)
        decided.changes.append(changes)

    def _decidable(self, column: FieldColumn, batch: pa.RecordBatch, new: bool, decided: Decided) -> Differing | None:
        """The rows that differ and whose kind of object can have the field; of those of others nothing is decided and
        nothing agreed on."""
        found = self._differing(column, batch, new)
        if found is None or not column.binding.blocked_in:
            return found
        blocked = self._kinds.blocked(column, batch, found.at)
        if not pc.any(blocked).as_py():
            return found
        at = found.at.filter(blocked)
        decided.loud.append(at)
        if waiting := self._kinds.waiting(column, batch, at.filter(pc.is_valid(found.ours.filter(blocked)))):
            decided.blocked.append(at)
            for key, n in waiting.items():
                self._counts.blocked_in[key] = self._counts.blocked_in.get(key, 0) + n
        left = found.filter(pc.invert(blocked))
        if column.binding.entry.pull:
            nothing = pa.nulls(len(at), pa.uint64())
            known = left.agreed or Agreed(at[:0], nothing[:0], nothing[:0])
            parts = zip(known, (at, nothing, nothing), strict=True)
            left = replace(left, agreed=Agreed(*(pa.concat_arrays(pair) for pair in parts)))
        return left

    def _verdicts(
        self, column: FieldColumn, batch: pa.RecordBatch, at: pa.Array, ours: pa.Array, theirs: pa.Array, new: bool
    ) -> Differing:
        entry = column.binding.entry
        policy = Policy(entry.push, entry.empty, column is self._layout.match, pull=entry.pull, conflict=entry.conflict)
        table = pa.array([int(v) for v in verdicts(policy)], pa.int8())
        relation, consent = self._relation(column, batch, at, ours, theirs), _consent(entry.consent, ours, theirs)
        number, moved, agreed = _state(ours), flags(False, len(at)), None
        if entry.pull and not new and column.binding.read_key is not None:
            known = agreement(self._remembered.key, two_way(column), batch, at, ours, theirs)
            relation = pc.if_else(known.neither, _fact(Relation.REWRITTEN), relation)
            number = _mix(known.number, number, 3)
            moved = pc.greater_equal(known.number, _fact(4 * Moved.THEIRS))
            agreed = Agreed(at, known.sent, known.stored)
        number = _mix(_mix(number, _state(theirs), 3), relation, 3)
        number = _mix(_mix(number, pa.repeat(_fact(int(new)), len(at)), 2), consent, 3)
        self.watch.situation(entry.key, policy, number)
        return Differing(at, ours, theirs, table.take(number), moved, agreed)

    def _note_unremembered(
        self, column: FieldColumn, batch: pa.RecordBatch, found: Differing, written: pa.Array
    ) -> None:
        """Values over which `conflict` decides although nothing is remembered of what both sides agreed on."""
        if found.agreed is None or column.binding.entry.push is not Push.ALWAYS:
            return
        both = pc.and_(pc.is_valid(found.ours), pc.is_valid(found.theirs))
        blind = pc.and_(pc.and_(pc.is_null(found.agreed.stored), written), both)
        if pc.any(blind).as_py():
            rows = batch.column("row").take(found.at).filter(blind).to_pylist()
            self._counts.unremembered.setdefault(column.number, Refusals()).add(rows)

    def _note_undecodable(self, column: FieldColumn, batch: pa.RecordBatch, at: pa.Array, theirs: pa.Array) -> None:
        undecodable = batch.column("row").take(at).filter(is_marked(theirs))
        if len(undecodable):
            self._counts.undecodable.setdefault(column.number, Refusals()).add(undecodable.to_pylist())

    def _without_taken(self, batch: pa.RecordBatch, at: pa.Array, verdict: pa.Array) -> pa.Array:
        """An address that belongs to another contact, and stays there, is not written."""
        taken = pc.and_(batch.column("taken").take(at), pc.equal(verdict, _verdict(Verdict.SET)))
        if pc.any(taken).as_py():
            rows, circle = batch.column("row").take(at), pc.equal(batch.column("rank").take(at), whole(CIRCLE))
            self._counts.taken.add(rows.filter(pc.and_not(taken, circle)).to_pylist())
            self._counts.circles.add(rows.filter(pc.and_(taken, circle)).to_pylist())
        return pc.if_else(taken, _verdict(Verdict.FINDING), verdict)

    def _without_claimed(self, batch: pa.RecordBatch, at: pa.Array, verdict: pa.Array) -> pa.Array:
        """An id is not stored over that of somebody in the source, nor in a second contact."""
        claimed = pc.and_(batch.column("claimed").take(at), pc.equal(verdict, _verdict(Verdict.SET)))
        if pc.any(claimed).as_py():
            self._counts.claimed.add(batch.column("row").take(at).filter(claimed).to_pylist())
        return pc.if_else(claimed, _verdict(Verdict.FINDING), verdict)

    def _relation(
        self, column: FieldColumn, batch: pa.RecordBatch, at: pa.Array, ours: pa.Array, theirs: pa.Array
    ) -> pa.Array:
        different = pa.repeat(_fact(Relation.DIFFERENT), len(at))
        if not self._rewrites or "id" not in batch.schema.names:
            return different
        if column.binding.read_key is None:  # what was remembered is of a field that is there no more
            return different
        contacts = batch.column("id").take(at)
        known = _known_rewrites(self._rewrites, column.binding.entry, contacts)
        if not known:
            return different
        key = self._remembered.key
        rewritten = [
            known.get(contact) == (text_digest(key, sent), text_digest(key, stored)) if contact in known else False
            for contact, sent, stored in zip(contacts.to_pylist(), ours.to_pylist(), theirs.to_pylist(), strict=True)
        ]
        return pc.if_else(pa.array(rewritten), _fact(Relation.REWRITTEN), different)

    def _count(self, column: FieldColumn, verdict: pa.Array, cause: pa.Array, new: bool) -> None:
        pairs = pc.add(pc.multiply(verdict.cast(pa.int32()), _fact(len(CAUSES))), cause.cast(pa.int32()))
        for entry in pc.value_counts(pairs).to_pylist():
            what, why = divmod(entry["values"], len(CAUSES))
            name = _COUNTED.get(Verdict(what))
            if name is None:
                continue
            count = self._field_count(column, CAUSES[why])
            setattr(count, name, getattr(count, name) + entry["counts"])
            if new and name == "set":
                count.created += entry["counts"]

    def _field_count(self, column: FieldColumn, cause: Cause) -> FieldCount:
        entry = column.binding.entry
        return self._counts.fields.setdefault((column.number, cause), FieldCount(entry.key, entry.where, cause))

    def count_held(self, column: FieldColumn, filled: bool, contacts: int) -> None:
        """So many contacts in which the field is held, without looking at them."""
        cause = OVERWRITING[column.since] if filled else FILLING[column.since]
        self._field_count(column, cause).held += contacts

    def _keep_examples(self, column: FieldColumn, batch: pa.RecordBatch, changes: ValueChanges) -> None:
        key = column.binding.entry.key
        for cause in pc.unique(changes.cause).to_pylist():
            kept = self._counts.examples.setdefault(example_key(key, CAUSES[cause]), [])
            chosen = pc.indices_nonzero(pc.equal(changes.cause, whole(cause, pa.int8()))).to_pylist()
            for n in chosen[:_MOST_EXAMPLES]:
                at = changes.at[n].as_py()
                address = contact_address(self._remembered.key, batch.column("person")[at].as_py())
                row = batch.column("row")[at].as_py()
                kept.append(Example(f"{address}.{key}", row, changes.before[n].as_py(), changes.after[n].as_py()))
            kept.sort(key=lambda example: example.row)
            del kept[_MOST_EXAMPLES:]  # batches come in no order


_COUNTED = {
    Verdict.SET: "set",
    Verdict.CLEAR: "clear",
    Verdict.PULL: "pull",
    Verdict.HELD: "held",
    Verdict.CONFLICT: "conflict",
    Verdict.REWRITTEN: "rewritten",
}


def _differing(ours: pa.Array, theirs: pa.Array) -> pa.Array:
    """Rows in which the two are not equal; two empties are."""
    both_empty = pc.and_(pc.is_null(ours), pc.is_null(theirs))
    same = pc.or_(pc.fill_null(pc.equal(ours, theirs), NO), both_empty)
    return pc.indices_nonzero(pc.invert(same)).cast(pa.int64())


def _state(cells: pa.Array) -> pa.Array:
    """0 value, 1 empty, 2 mark: the numbers of `Ours` and `Theirs`."""
    marked = pc.if_else(is_marked(cells), _fact(2), _fact(0))
    return pc.if_else(pc.is_null(cells), _fact(1), marked)


def _fact(number: int) -> pa.Scalar:
    return whole(number, pa.int32())


def _verdict(verdict: Verdict) -> pa.Scalar:
    return whole(verdict, pa.int8())


def _cause(cause: Cause) -> pa.Scalar:
    return whole(CAUSES.index(cause), pa.int8())


def _mix(number: pa.Array, fact: pa.Array, size: int) -> pa.Array:
    return pc.add(pc.multiply(number, _fact(size)), fact)


def _consent(is_consent: bool, ours: pa.Array, theirs: pa.Array) -> pa.Array:
    none = pa.repeat(_fact(Consent.NONE), len(ours))
    if not is_consent:
        return none
    out = pc.if_else(pc.fill_null(pc.equal(theirs, text("true")), NO), _fact(Consent.THEIRS), none)
    return pc.if_else(pc.fill_null(pc.equal(ours, text("true")), NO), _fact(Consent.OURS), out)


def _causes(column: FieldColumn, filled: pa.Array, new: bool) -> pa.Array:
    filling = _cause(FILLING[column.since])
    if new:
        return pa.repeat(filling, len(filled))
    return pc.if_else(filled, _cause(OVERWRITING[column.since]), filling)


def _pull_causes(column: FieldColumn, filled: pa.Array, moved: pa.Array) -> pa.Array:
    """Of values that go into the source; `filled`: it holds something there."""
    first = pc.if_else(filled, _cause(OVERWRITING[column.since]), _cause(FILLING[column.since]))
    first = pc.if_else(pc.equal(first, _cause(Cause.SOURCE)), _cause(Cause.DRIFT), first)
    return pc.if_else(moved, _cause(Cause.DRIFT), first)


def two_way(column: FieldColumn) -> TwoWay:
    """The column of a field that is pulled, too, as what is remembered names it."""
    return TwoWay(column.name, column.binding.entry.key, column.binding.entry.renamed_from)


def _held_before(column: FieldColumn, patterns: pa.Array) -> pa.Array:
    """Boolean per row: the field was held already when both sides last agreed on everything else."""
    kinds = [pc.match_substring(patterns, pattern_of(column.number, filled)) for filled in (True, False)]
    return pc.fill_null(pc.or_(*kinds), NO)


def _by_field(rewrites: pa.Table | None) -> dict[str, pa.Table]:
    """What the CRM rewrote, apart for each field."""
    if not rewrites:
        return {}
    names = pc.unique(rewrites["field"]).to_pylist()
    return {name: rewrites.filter(pc.equal(rewrites["field"], text(name))) for name in names}


def _known_rewrites(
    rewrites: Mapping[str, pa.Table], entry: Field, contacts: pa.Array
) -> dict[str, tuple[bytes, bytes]]:
    """Contact -> digests (sent, stored), for those of these contacts whose value the CRM rewrote; what it rewrote
    under the field's former name counts until something is rewritten under the new one."""
    known: dict[str, tuple[bytes, bytes]] = {}
    for name in (entry.renamed_from, entry.key):
        if (table := rewrites.get(name or "")) is not None:
            here = table.filter(pc.is_in(table["contact"], contacts))
            known.update({r["contact"]: (r["sent"], r["stored"]) for r in here.to_pylist()})
    return known
