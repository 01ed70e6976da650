"""The inventory's changes, by what is done: first what cannot be done or takes something away."""

from __future__ import annotations

import json
from dataclasses import dataclass

from reconciler.model.plan import Action
from reconciler.report.inventory import SIGNS
from reconciler.report.shapes import ChangeRow, DeltaRow, PlanDocument
from reconciler.report.words import listing, some

_WORDS: dict[Action, str] = {
    Action.BLOCKED: "Blocked",
    Action.DELETE: "Remove",
    Action.RENAME: "Rename",
    Action.UPDATE: "Update",
    Action.CREATE: "Create",
    Action.RELEASED: "Released",
}
_MEANING: dict[Action, str] = {
    Action.BLOCKED: "Planned, but this CRM cannot: somebody has to do it by hand.",
    Action.DELETE: "Taken out of the CRM, with what contacts hold in it.",
    Action.RENAME: "The same thing under another name.",
    Action.UPDATE: "Changed where it is.",
    Action.CREATE: "Made in the CRM.",
    Action.RELEASED: "No longer declared by this file; left as it is.",
}
_SAID = {Action.DELETE, Action.RELEASED}  # of which nothing but the row itself is told
_NAMES = {"key", "name"}  # deltas that only repeat what the row is called


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs, as it is written in the file; "": there is none."""

    path: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ChangeLine:
    kind: str
    name: str
    new_name: str
    said: str
    by_hand: str
    where: str
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Group:
    sign: str
    tone: str
    word: str
    meaning: str
    lines: tuple[ChangeLine, ...]


def groups(document: PlanDocument) -> tuple[Group, ...]:
    """What is done to fields, options and tags, by action; rows by name."""
    found: dict[Action, list[ChangeRow]] = {action: [] for action in _WORDS}
    for row in document.changes:
        found[Action(row.action)].append(row)
    return tuple(
        Group(
            SIGNS[action],
            action.value,
            _WORDS[action],
            _MEANING[action],
            tuple(
                _line(row, action, document.scope)
                for row in sorted(rows, key=lambda row: (row.kind, row.key, row.option or ""))
            ),
        )
        for action, rows in found.items()
        if rows
    )


def _line(row: ChangeRow, action: Action, scope: str) -> ChangeLine:
    return ChangeLine(
        kind=row.kind,
        name=f"{row.key}: {row.option}" if row.kind == "option" else row.key,
        new_name=row.new_key or "" if action is Action.RENAME else "",
        said=_said(row, action, scope),
        by_hand=row.by_hand,
        where=row.where or "",
        differences=() if action in _SAID else _differences(row),
    )


def _said(row: ChangeRow, action: Action, scope: str) -> str:
    if action is Action.BLOCKED:
        waiting = f"{some(row.waiting, 'value')} wait{'s' if row.waiting == 1 else ''}"
        return f"{row.reason}; {waiting}" if row.waiting else row.reason
    if action is Action.DELETE and scope != "person" and row.kind != "option":
        holders = f"{'carried by' if row.kind == 'tag' else 'filled in'} {some(row.holders, 'contact')}"
        return listing([row.summary, holders])
    return row.summary


def _differences(row: ChangeRow) -> tuple[Difference, ...]:
    said = _NAMES | {"type"} if row.action == "create" and row.summary else _NAMES
    told = sorted((delta for delta in row.deltas if delta.path not in said), key=lambda delta: delta.path)
    return tuple(_difference(delta, row) for delta in told)


def _difference(delta: DeltaRow, row: ChangeRow) -> Difference:
    path = "label" if row.kind == "option" else delta.path
    before, after = ("" if value is None else _written(value) for value in (delta.before, delta.after))
    return Difference(path, before, after)


def _written(value: object) -> str:
    """A text stands for itself where its ends can be seen."""
    return value if isinstance(value, str) and value.strip() == value != "" else json.dumps(value, ensure_ascii=False)
