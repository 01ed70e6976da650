"""The inventory of a plan as Markdown: how many of each kind change, then which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from reconciler.report.inventory import described, named, sign, told
from reconciler.report.markdown.fitting import Detail
from reconciler.report.markdown.parts import listed
from reconciler.report.redaction import TOGETHER
from reconciler.report.shapes import ChangeRow
from reconciler.report.words import listing, some

_WORDS = {
    "blocked": ("blocked", "blocked"),
    "create": ("create", "to create"),
    "update": ("change", "to change"),
    "rename": ("rename", "to rename"),
    "delete": ("remove", "to remove"),
    "released": ("release", "released"),
}
"""By action: what it is called in its row and in the sum. In this order: about what is blocked somebody has to do
something."""
_ORDER = list(_WORDS)


def inventory(changes: Sequence[ChangeRow], scope: str, detail: Detail) -> str:
    """Empty without any change."""
    if not changes:
        return ""
    ordered = sorted(changes, key=lambda c: (_ORDER.index(c.action), c.kind, c.key, c.option or ""))
    whole = listed(
        "change", ("action", "entry", "what", "line"), ordered, lambda change: _cells(change, scope, detail), detail
    )
    return f"#### Fields and tags: {_sum(ordered)}\n\n{whole}"


def _cells(change: ChangeRow, scope: str, detail: Detail) -> tuple[str, ...]:
    entry = f"{change.kind} {detail.code(named(change))}"
    said = detail.prose(_said(change, scope))
    hand = detail.prose(f"By hand: {change.by_hand}") if change.by_hand else ""
    shown = ". ".join(part.rstrip(".") for part in (said, hand) if part)
    return (f"`{sign(change)} {_WORDS[change.action][0]}`", entry, shown, detail.code(change.where or ""))


def _said(change: ChangeRow, scope: str) -> str:
    """As the text has it, without the word that stands before it, and with every attribute that changes."""
    attributes = listing(told(change)) if change.action == "update" else ""
    if attributes:
        return f"{change.summary}: {attributes}" if change.summary else attributes
    said = described(change, scope)
    for word in ("blocked: ", "remove, ", "released: "):
        said = said.removeprefix(word)
    return "" if said == _WORDS[change.action][0] else said


def _sum(changes: Sequence[ChangeRow]) -> str:
    counts: Counter[tuple[str, str]] = Counter()
    for change in changes:
        counts[change.kind, change.action] += _tags_together(change)
    return listing(f"{some(count, kind)} {_WORDS[action][1]}" for (kind, action), count in counts.items())


def _tags_together(change: ChangeRow) -> int:
    """How many tags stand in one row: those made from values have no names of their own."""
    together = change.address.startswith(TOGETHER) and change.deltas
    return int(change.deltas[0].after) if together else 1
