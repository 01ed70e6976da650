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

from reconciler.model.desired import Empty, Push
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
    """How the two stand to each other. REWRITTEN: what is stored is what the CRM made of the very value we sent."""

    DIFFERENT = 0
    EQUAL = 1
    REWRITTEN = 2


class Consent(IntEnum):
    """Which side of an opt-out is true; NONE where the field is no consent or neither is."""

    NONE = 0
    OURS = 1
    THEIRS = 2


@dataclass(frozen=True, slots=True)
class Policy:
    """What the file says of one field. `identity`: the e-mail by which contacts are looked up."""

    push: Push = Push.ALWAYS
    empty: Empty = Empty.SKIP
    identity: bool = False
    blocked: bool = False


@dataclass(frozen=True, slots=True)
class Situation:
    """All facts about one value of one contact. `new`: the contact is created by this plan."""

    ours: Ours
    theirs: Theirs
    relation: Relation
    new: bool
    consent: Consent

    @property
    def number(self) -> int:
        """The index into a policy's verdicts."""
        return (((self.ours * 3 + self.theirs) * 3 + self.relation) * 2 + self.new) * 3 + self.consent


SITUATIONS: tuple[Situation, ...] = tuple(
    Situation(ours, theirs, relation, new, consent)
    for ours, theirs, relation, new, consent in product(Ours, Theirs, Relation, (False, True), Consent)
)


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

ROWS: tuple[Row, ...] = (
    Row(1, "ours unreadable, or an expression unknown", "finding; nothing is written",
        lambda p, s: s.ours is Ours.UNREADABLE, Verdict.FINDING),
    Row(2, "the field is blocked or missing in this CRM", "blocked",
        lambda p, s: p.blocked, Verdict.BLOCKED),
    Row(3, "both are equal", "in sync",
        lambda p, s: s.relation is Relation.EQUAL, Verdict.IN_SYNC),
    Row(3, "theirs is what the CRM made of the value we sent", "in sync, counted as rewritten",
        lambda p, s: s.relation is Relation.REWRITTEN, Verdict.REWRITTEN),
    Row(4, "`consent: opt_out`, ours is true", "set: an opt-out always travels",
        lambda p, s: s.consent is Consent.OURS, Verdict.SET),
    Row(4, "`consent: opt_out`, theirs is true", "held: an opt-out is never taken back",
        lambda p, s: s.consent is Consent.THEIRS, Verdict.HELD),
    Row(5, "new contact, `push` is not `never`, ours not empty", "set",
        lambda p, s: s.new and p.push is not Push.NEVER and s.ours is Ours.VALUE, Verdict.SET),
    Row(6, "ours empty, `empty: skip`", "held",
        lambda p, s: s.ours is Ours.EMPTY and p.empty is Empty.SKIP, Verdict.HELD),
    Row(7, "ours empty, `empty: clear` or `raw`, the identity e-mail", "held: it is never cleared",
        lambda p, s: s.ours is Ours.EMPTY and p.identity, Verdict.HELD),
    Row(7, "ours empty, `empty: clear` or `raw`, `push: always`", "cleared in the CRM",
        lambda p, s: s.ours is Ours.EMPTY and p.push is Push.ALWAYS, Verdict.CLEAR),
    Row(7, "ours empty, `empty: clear` or `raw`, any other push", "held",
        lambda p, s: s.ours is Ours.EMPTY, Verdict.HELD),
    Row(8, "theirs empty, `push` is `always` or `if_empty`", "set",
        lambda p, s: s.theirs is Theirs.EMPTY and p.push in _FILL, Verdict.SET),
    Row(9, "theirs undecodable, `push: always`", "set, and counted",
        lambda p, s: s.theirs is Theirs.UNDECODABLE and p.push is Push.ALWAYS, Verdict.SET),
    Row(9, "theirs undecodable, any other push", "held, and counted",
        lambda p, s: s.theirs is Theirs.UNDECODABLE, Verdict.HELD),
    Row(10, "`push: always`", "set",
        lambda p, s: p.push is Push.ALWAYS, Verdict.SET),
    Row(11, "`push` is `on_create` or `if_empty`", "held",
        lambda p, s: p.push in _KEEP, Verdict.HELD),
    Row(15, "`push: never`", "nothing",
        lambda p, s: True, Verdict.NOTHING),
)  # fmt: skip


@cache
def verdicts(policy: Policy) -> tuple[Verdict, ...]:
    """The verdict of every situation under that policy, indexed by `Situation.number`."""
    return tuple(decide(policy, situation).verdict for situation in SITUATIONS)


def decide(policy: Policy, situation: Situation) -> Row:
    """The first row that matches."""
    return next(row for row in ROWS if row.matches(policy, situation))


def decision_rows() -> tuple[tuple[str, str, str], ...]:
    """The table for the documentation: row, situation, result."""
    return tuple((str(row.number), row.situation, row.result) for row in ROWS)
