"""Everything that one two-way value can be in, in words, and what follows: the table that `docs/decision.md` prints."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import NamedTuple

from reconciler.model.desired import Empty, Push
from reconciler.model.plan import Verdict
from reconciler.planning.decision import Consent, Moved, Ours, Policy, Relation, Situation, Theirs, decide


class Combination(NamedTuple):
    """What was agreed on and what both sides hold, in words, and the situation that it is."""

    agreed: str
    ours: str
    theirs: str
    situation: Situation


_UNREAD = "\x00"
_Agreed = tuple[str | None, str | None]
_AGREED: tuple[tuple[str, _Agreed | None], ...] = (
    ("nothing yet", None),
    ("a value", ("a", "a")),
    ("a value, of which the CRM made another one", ("a", "c")),
    ("both empty", (None, None)),
    ("ours, which the CRM stored as nothing", ("a", None)),
    ("empty, of which the CRM made a value", (None, "a")),
    ("ours, which the CRM stored unreadably", ("a", _UNREAD)),
    ("empty, of which the CRM made something unreadable", (None, _UNREAD)),
)
_OURS = _THEIRS = ("a", "b", "c", None, _UNREAD)
_STATES = {None: 1, _UNREAD: 2}
_MOVED = {(True, False): Moved.OURS, (False, True): Moved.THEIRS, (True, True): Moved.BOTH}


def combinations() -> tuple[Combination, ...]:
    """Everything that one two-way value of an existing contact can be in; three different texts are enough for it."""
    found: dict[Situation, Combination] = {}
    for (told, agreed), ours, theirs in product(_AGREED, _OURS, _THEIRS):
        if ours != _UNREAD or theirs != _UNREAD:
            combination = Combination(told, *_sides(agreed, ours, theirs), _situation(agreed, ours, theirs))
            found.setdefault(combination.situation, combination)
    return tuple(found.values())


def _situation(agreed: _Agreed | None, ours: str | None, theirs: str | None) -> Situation:
    relation = Relation.EQUAL if ours == theirs else Relation.DIFFERENT
    states = Ours(_STATES.get(ours, 0)), Theirs(_STATES.get(theirs, 0))
    if agreed is None:
        return Situation(*states, relation)
    changed = ours != agreed[0], theirs != agreed[1]
    if not any(changed) and relation is Relation.DIFFERENT:
        relation = Relation.REWRITTEN
    had = agreed[0] is not None, agreed[1] is not None
    return Situation(*states, relation, False, Consent.NONE, _MOVED.get(changed, Moved.UNKNOWN), *had)


def _sides(agreed: _Agreed | None, ours: str | None, theirs: str | None) -> tuple[str, str]:
    """Both sides in words."""
    told = []
    for text, then in zip((ours, theirs), agreed or (None, None), strict=True):
        state = ("a value", "empty", "unreadable")[_STATES.get(text, 0)]
        moved = "" if agreed is None else ", as agreed" if text == then else ", moved"
        told.append(f"{state}{moved}")
    return told[0], f"the same{', moved' * (agreed is not None and theirs != agreed[1])}" if ours == theirs else told[1]


Outcomes = Mapping[str, tuple[Verdict, ...]]
"""Push policy -> the verdicts with `empty: skip` and with `empty: clear`."""


def merge_rows() -> tuple[tuple[Combination, Outcomes], ...]:
    """Every combination, and what each push policy makes of it where the field is pulled, too."""
    return tuple(
        (combination, {push.value: _by_empty(push, combination.situation) for push in Push})
        for combination in combinations()
    )


def _by_empty(push: Push, situation: Situation) -> tuple[Verdict, ...]:
    return tuple(decide(Policy(push, empty, pull=True), situation).verdict for empty in Empty)
