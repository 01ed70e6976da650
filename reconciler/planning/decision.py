"""The decision for one value, as a table.

A value's situation is one small integer made of a few facts; per field, a policy turns the table into a list of
verdicts that bulk indexes by column and a single record by one number. The rows below are the source of that list and
of `docs/decision.md`; the first that matches wins.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from itertools import product

from reconciler.model.desired import Conflict, Empty, Push
from reconciler.model.plan import Verdict


class Ours(IntEnum):
    """Judged on what was parsed, never on what the CRM makes of it."""

    VALUE = 0
    EMPTY = 1
    UNREADABLE = 2


class Theirs(IntEnum):
    VALUE = 0
    EMPTY = 1
    UNDECODABLE = 2


class Relation(IntEnum):
    """How the two stand to each other. REWRITTEN: what is stored is what the CRM made of the very value we sent, and
    neither moved since."""

    DIFFERENT = 0
    EQUAL = 1
    REWRITTEN = 2


class Consent(IntEnum):
    """Which side of an opt-out is true; NONE where the field is no consent or neither is."""

    NONE = 0
    OURS = 1
    THEIRS = 2


class Moved(IntEnum):
    """Which side is not any more what both last agreed on. UNKNOWN: nothing is remembered, or the field is pushed only.
    (Where neither moved the relation says so: EQUAL or REWRITTEN.)"""

    UNKNOWN = 0
    OURS = 1
    THEIRS = 2
    BOTH = 3


@dataclass(frozen=True, slots=True)
class Policy:
    """What the file says of one field. `identity`: the e-mail by which contacts are looked up. `conflict`: who wins
    where both sides moved, and `pull` allows both ways."""

    push: Push = Push.ALWAYS
    empty: Empty = Empty.SKIP
    identity: bool = False
    blocked: bool = False
    pull: bool = False
    conflict: Conflict = Conflict.REPORT


@dataclass(frozen=True, slots=True)
class Situation:
    """All facts about one value of one contact. `new`: the contact is created by this plan. `had_ours`, `had_theirs`:
    that side had a value when both last agreed."""

    ours: Ours
    theirs: Theirs
    relation: Relation
    new: bool = False
    consent: Consent = Consent.NONE
    moved: Moved = Moved.UNKNOWN
    had_ours: bool = False
    had_theirs: bool = False

    @property
    def number(self) -> int:
        """The index into a policy's verdicts. What only two-way fields know counts most, so that the verdicts of all
        others are the first few."""
        agreed = (self.moved * 2 + self.had_ours) * 2 + self.had_theirs
        return (((agreed * 3 + self.ours) * 3 + self.theirs) * 3 + self.relation) * 6 + self.new * 3 + self.consent


SITUATIONS: tuple[Situation, ...] = tuple(
    Situation(ours, theirs, relation, new, consent, moved, had_ours, had_theirs)
    for moved, had_ours, had_theirs, ours, theirs, relation, new, consent in product(
        Moved, (False, True), (False, True), Ours, Theirs, Relation, (False, True), Consent
    )
)
_ONE_WAY = 3 * 3 * 3 * 2 * 3
"""Situations of which nothing is remembered, which are all that a field that is only pushed can be in."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number in the product's table, when it matches, what follows, and both in words."""

    number: int
    situation: str
    result: str
    matches: Callable[[Policy, Situation], bool]
    verdict: Verdict


_FILL = (Push.ALWAYS, Push.IF_EMPTY)
_KEEP = (Push.ON_CREATE, Push.IF_EMPTY)


def _skips(p: Policy) -> bool:
    """Whether an empty does not travel; the address that people are looked up by is never emptied."""
    return p.empty is Empty.SKIP or p.identity


def _pushes(p: Policy, s: Situation) -> bool:
    """Whether ours may replace theirs here, in a field that is pulled too."""
    return p.push is Push.ALWAYS or (p.push is Push.IF_EMPTY and s.theirs is Theirs.EMPTY and s.ours is Ours.VALUE)


def _both(p: Policy, s: Situation) -> bool:
    """Whether each side may replace the other here."""
    return p.pull and _pushes(p, s)


def _one_empty(s: Situation) -> bool:
    return s.ours is Ours.EMPTY or s.theirs is Theirs.EMPTY


def _clash(p: Policy, s: Situation, conflict: Conflict) -> bool:
    """Whether both sides moved, or nobody knows who did, and the policy says this of it."""
    return _both(p, s) and s.moved in (Moved.BOTH, Moved.UNKNOWN) and p.conflict is conflict


ROWS: tuple[Row, ...] = (
    Row(1, "ours unreadable, or an expression unknown", "finding; nothing is written",
        lambda p, s: s.ours is Ours.UNREADABLE, Verdict.FINDING),
    Row(2, "the field is blocked or missing in this CRM", "blocked",
        lambda p, s: p.blocked, Verdict.BLOCKED),
    Row(3, "both are equal", "in sync",
        lambda p, s: s.relation is Relation.EQUAL, Verdict.IN_SYNC),
    Row(3, "both are as they were agreed on: theirs is what the CRM made of the value we sent",
        "in sync, counted as rewritten",
        lambda p, s: s.relation is Relation.REWRITTEN, Verdict.REWRITTEN),
    Row(4, "`consent: opt_out`, ours is true", "set: an opt-out always travels",
        lambda p, s: s.consent is Consent.OURS, Verdict.SET),
    Row(4, "`consent: opt_out`, theirs is true, `pull: true`", "pulled: an opt-out always travels",
        lambda p, s: s.consent is Consent.THEIRS and p.pull, Verdict.PULL),
    Row(4, "`consent: opt_out`, theirs is true", "held: an opt-out is never taken back",
        lambda p, s: s.consent is Consent.THEIRS, Verdict.HELD),
    Row(5, "new contact, `push` is not `never`, ours not empty", "set",
        lambda p, s: s.new and p.push is not Push.NEVER and s.ours is Ours.VALUE, Verdict.SET),
    Row(6, "ours empty, `empty: skip` or the identity e-mail; theirs filled, `pull: true`, ours had no value when both"
        " last agreed", "pulled",
        lambda p, s: s.ours is Ours.EMPTY and _skips(p) and p.pull and s.theirs is Theirs.VALUE and not s.had_ours,
        Verdict.PULL),
    Row(6, "ours empty, `empty: skip` or the identity e-mail", "held",
        lambda p, s: s.ours is Ours.EMPTY and _skips(p), Verdict.HELD),
    Row(7, "ours empty, `empty: clear` or `raw`, `push: always`, no `pull`", "cleared in the CRM",
        lambda p, s: s.ours is Ours.EMPTY and not p.pull and p.push is Push.ALWAYS, Verdict.CLEAR),
    Row(7, "ours empty, `empty: clear` or `raw`, any other push, no `pull`", "held",
        lambda p, s: s.ours is Ours.EMPTY and not p.pull, Verdict.HELD),
    Row(8, "theirs empty, `pull: true`, `empty: skip` or the identity e-mail; theirs had a value when both last agreed",
        "held: it was emptied since",
        lambda p, s: s.theirs is Theirs.EMPTY and p.pull and _skips(p) and s.had_theirs, Verdict.HELD),
    Row(8, "theirs empty, `push` is `always` or `if_empty`; no `pull`, or `empty: skip` or the identity e-mail", "set",
        lambda p, s: s.theirs is Theirs.EMPTY and p.push in _FILL and (not p.pull or _skips(p)), Verdict.SET),
    Row(8, "one side empty, both ways, `empty: clear` or `raw`, nothing was agreed on; ours filled",
        "set: a blank is filled",
        lambda p, s: _both(p, s) and s.theirs is Theirs.EMPTY and s.moved is Moved.UNKNOWN, Verdict.SET),
    Row(8, "the same; theirs filled", "pulled: a blank is filled",
        lambda p, s: _both(p, s) and s.ours is Ours.EMPTY and s.theirs is Theirs.VALUE and s.moved is Moved.UNKNOWN,
        Verdict.PULL),
    Row(9, "theirs undecodable, `push: always`; no `pull`, or only ours moved; ours empty", "cleared, and counted",
        lambda p, s: s.theirs is Theirs.UNDECODABLE and p.push is Push.ALWAYS and s.ours is Ours.EMPTY
        and s.moved is Moved.OURS, Verdict.CLEAR),
    Row(9, "theirs undecodable, `push: always`; no `pull`, or only ours moved", "set, and counted",
        lambda p, s: s.theirs is Theirs.UNDECODABLE and p.push is Push.ALWAYS and s.ours is Ours.VALUE
        and (not p.pull or s.moved is Moved.OURS), Verdict.SET),
    Row(9, "theirs undecodable, otherwise", "held, and counted: never pulled",
        lambda p, s: s.theirs is Theirs.UNDECODABLE, Verdict.HELD),
    Row(10, "`push: always`, no `pull`", "set",
        lambda p, s: p.push is Push.ALWAYS and not p.pull, Verdict.SET),
    Row(11, "`push` is `on_create` or `if_empty`, no `pull`", "held",
        lambda p, s: p.push in _KEEP and not p.pull, Verdict.HELD),
    Row(12, "`pull: true`, `push` does not allow it; theirs empty, `empty: clear` or `raw`, theirs moved", "pulled",
        lambda p, s: p.pull and not _pushes(p, s) and s.theirs is Theirs.EMPTY and not _skips(p)
        and s.moved in (Moved.THEIRS, Moved.BOTH), Verdict.PULL),
    Row(12, "`pull: true`, `push` does not allow it; theirs empty, otherwise", "held",
        lambda p, s: p.pull and not _pushes(p, s) and s.theirs is Theirs.EMPTY, Verdict.HELD),
    Row(12, "`pull: true`, `push` does not allow it", "pulled",
        lambda p, s: p.pull and not _pushes(p, s), Verdict.PULL),
    Row(13, "both ways, only ours moved; ours empty", "cleared in the CRM",
        lambda p, s: _both(p, s) and s.moved is Moved.OURS and s.ours is Ours.EMPTY, Verdict.CLEAR),
    Row(13, "both ways, only ours moved", "set",
        lambda p, s: _both(p, s) and s.moved is Moved.OURS, Verdict.SET),
    Row(13, "both ways, only theirs moved", "pulled",
        lambda p, s: _both(p, s) and s.moved is Moved.THEIRS, Verdict.PULL),
    Row(14, "both ways, both moved or nothing was agreed on, `conflict: source`; ours empty", "cleared in the CRM",
        lambda p, s: _clash(p, s, Conflict.SOURCE) and s.ours is Ours.EMPTY, Verdict.CLEAR),
    Row(14, "both ways, both moved or nothing was agreed on, `conflict: source`", "set",
        lambda p, s: _clash(p, s, Conflict.SOURCE), Verdict.SET),
    Row(14, "both ways, both moved or nothing was agreed on, `conflict: crm`", "pulled",
        lambda p, s: _clash(p, s, Conflict.CRM), Verdict.PULL),
    Row(14, "both ways, both moved or nothing was agreed on, `conflict: report`", "conflict; nothing is written",
        lambda p, s: _clash(p, s, Conflict.REPORT), Verdict.CONFLICT),
    Row(15, "`push: never`, no `pull`", "nothing",
        lambda p, s: True, Verdict.NOTHING),
)  # fmt: skip


@cache
def verdicts(policy: Policy) -> tuple[Verdict, ...]:
    """The verdict of every situation under that policy, indexed by `Situation.number`; only those that a field can be
    in which is pushed only, where it is."""
    return tuple(decide(policy, situation).verdict for situation in SITUATIONS[: None if policy.pull else _ONE_WAY])


def decide(policy: Policy, situation: Situation) -> Row:
    """The first row that matches."""
    return next(row for row in ROWS if row.matches(policy, situation))


def decision_rows() -> tuple[tuple[str, str, str], ...]:
    """The table for the documentation: row, situation, result."""
    return tuple((str(row.number), row.situation, row.result) for row in ROWS)
