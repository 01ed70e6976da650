"""The inventory of a plan as Markdown: how many of each kind change, then which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from reconciler.model.plan import Action
from reconciler.report.inventory import SIGNS, described, named
from reconciler.report.markdown.fitting import Detail
from reconciler.report.markdown.parts import listed, rows_of
from reconciler.report.redaction import TOGETHER
from reconciler.report.shapes import ChangeRow
from reconciler.report.words import listing, some

_WORDS = {
    Action.BLOCKED: ("blocked", "blocked"),
    Action.CREATE: ("create", "to create"),
    Action.UPDATE: ("change", "to change"),
    Action.RENAME: ("rename", "to rename"),
    Action.DELETE: ("remove", "to remove"),
    Action.RELEASED: ("release", "released"),
}
"""By action: what it is called in its row and in the sum. In this order: about what is blocked somebody has to do
something."""
_ORDER = list(_WORDS)


def inventory(changes: Sequence[ChangeRow], scope: str, detail: Detail) -> str:
    """Empty without any change."""
    if not changes:
        return ""
    ordered = sorted(changes, key=lambda c: (_ORDER.index(Action(c.action)), c.kind, c.key, c.option or ""))
    rows = rows_of(_cells(change, scope, detail) for change in ordered)
    said = _sum(ordered)
    return f"#### Fields and tags: {said}\n\n" + listed("change", ("", "entry", "what", "line"), rows, detail)


def _cells(change: ChangeRow, scope: str, detail: Detail) -> tuple[str, ...]:
    action = Action(change.action)
    hand = f" By hand: {detail.prose(change.by_hand)}" if change.by_hand else ""
    said = detail.prose(described(change, scope).removeprefix("blocked: ")) + hand
    entry = f"{change.kind} {detail.code(named(change))}"
    return (f"`{SIGNS[action]}` {_WORDS[action][0]}", entry, said, detail.code(change.where or ""))


def _sum(changes: Sequence[ChangeRow]) -> str:
    counts: Counter[tuple[str, str]] = Counter()
    for change in changes:
        counts[change.kind, change.action] += _tags_together(change)
    return listing(f"{some(count, kind)} {_WORDS[Action(action)][1]}" for (kind, action), count in counts.items())


def _tags_together(change: ChangeRow) -> int:
    """How many tags stand in one row: those made from values have no names of their own."""
    together = change.address.startswith(TOGETHER) and change.deltas
    return int(change.deltas[0].after) if together else 1
