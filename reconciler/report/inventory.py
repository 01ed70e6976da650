"""The inventory section of a plan: what must be made, changed or removed in the CRM, or cannot be.

A change and its row of a document read alike: `named`, `described` and `told` take either.
"""

from __future__ import annotations

import json
from typing import TypeAlias

from reconciler.model.plan import Action, Delta, InventoryChange, Plan
from reconciler.report.layout import WIDTH, folding_table, paragraph
from reconciler.report.redaction import shown_changes
from reconciler.report.shapes import ChangeRow, DeltaRow
from reconciler.report.words import file_line, listing, some

Change: TypeAlias = InventoryChange | ChangeRow

SIGNS: dict[Action, str] = {
    Action.CREATE: "+",
    Action.UPDATE: "~",
    Action.DELETE: "-",
    Action.RENAME: ">",
    Action.BLOCKED: "!",
    Action.RELEASED: ".",
}
_ORDER = list(SIGNS)
_MANY = 3


_WORDS = {
    Action.CREATE: "create",
    Action.UPDATE: "",
    Action.DELETE: "remove",
    Action.RENAME: "rename",
    Action.RELEASED: "released: no longer declared, left as it is",
}
_NAMES = {"key", "name"}  # deltas that only repeat what the row is called


def inventory_lines(plan: Plan, width: int = WIDTH) -> list[str]:
    """Fields, options and tags that must be made, changed or removed, or cannot be."""
    if not plan.inventory:
        return []
    changes = sorted(shown_changes(plan), key=lambda c: (_ORDER.index(c.action), c.kind, c.key, c.option or ""))
    rows = [[SIGNS[c.action], c.kind, named(c), described(c, plan.scope), file_line(c.where)] for c in changes]
    lines = ["Inventory"]
    lined = folding_table(rows, 3, width, gaps=(1, 2), least=(1, 3, 16, 38))
    for change, own in zip(changes, lined, strict=True):
        lines += [*own, *_more(change, width)]
    return lines


def sign(change: Change) -> str:
    """The sign of what happens to it."""
    return SIGNS[Action(change.action)]


def named(change: Change) -> str:
    """The entry, of an option its field too, of a rename both names."""
    key = change.shown if isinstance(change, InventoryChange) else change.key
    if change.kind == "option":
        return f"{key}: {change.option}"
    if change.action == Action.RENAME and change.new_key:
        return f"{key} -> {change.new_key}"
    return key


def described(change: Change, scope: str) -> str:
    """What happens to it, on one line."""
    if change.action == Action.BLOCKED:
        waiting = f"{some(change.waiting, 'value')} wait{'s' if change.waiting == 1 else ''}"
        return f"blocked: {change.reason}" + (f"; {waiting}" if change.waiting else "")
    deltas = told(change)
    said = change.summary or (listing(deltas) if len(deltas) < _MANY else some(len(deltas), "change"))
    if change.action == Action.DELETE:
        return listing([_WORDS[Action.DELETE], said, _holders(change, scope)])
    return said or _WORDS[Action(change.action)]


def _holders(change: Change, scope: str) -> str:
    """Who would lose something; only a read of everybody knows."""
    if scope == "person" or change.kind == "option":
        return ""
    return f"{'carried by' if change.kind == 'tag' else 'filled in'} {some(change.holders, 'contact')}"


def _more(change: InventoryChange, width: int) -> list[str]:
    deltas = told(change)
    unsaid = deltas if change.action == Action.UPDATE and (change.summary or len(deltas) >= _MANY) else []
    shown = [line for text in unsaid for line in paragraph(text, 6, width)]
    return shown + (paragraph(f"by hand: {change.by_hand}", 6, width) if change.by_hand else [])


def told(change: Change) -> list[str]:
    """Each attribute that changes: `label "Grade" -> "School grade"`."""
    if change.action in {Action.DELETE, Action.RELEASED}:
        return []
    deltas: list[Delta | DeltaRow] = sorted(change.deltas, key=lambda d: d.path)
    return [_delta(delta, change) for delta in deltas if delta.path not in _NAMES]


def _delta(delta: Delta | DeltaRow, change: Change) -> str:
    path = "label" if change.kind == "option" else delta.path
    if delta.before is None:
        return f"{path} {_json(delta.after)}"
    if delta.after is None:
        return f"{path} {_json(delta.before)} removed"
    return f"{path} {_json(delta.before)} -> {_json(delta.after)}"


def _json(value: object) -> str:
    return value if isinstance(value, str) and value.isidentifier() else json.dumps(value, ensure_ascii=False)
