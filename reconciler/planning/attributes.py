"""Label, group and options of one field: compared only where the file declares them, then put into words for apply.

An attribute that this CRM cannot change is one blocked change; it never holds back the field's values.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from reconciler.model.addresses import field_address, option_address
from reconciler.model.capabilities import Ability, Capabilities
from reconciler.model.desired import Field, Option
from reconciler.model.inventory import CrmField, CrmOption
from reconciler.model.plan import Action, Delta, InventoryChange
from reconciler.model.problems import Place

CHOICES = frozenset({"select", "multiselect"})
_RELABEL = {"label": Ability.RELABEL_FIELD, "group": Ability.REGROUP_FIELD}
_OPTION = {
    Action.CREATE: Ability.ADD_OPTION,
    Action.UPDATE: Ability.RELABEL_OPTION,
    Action.DELETE: Ability.DELETE_OPTION,
}
_BY_HAND = {
    Ability.RELABEL_FIELD: "in the CRM, set its label to `{after}`, or take `label` out of the file",
    Ability.REGROUP_FIELD: "in the CRM, move it to the group `{after}`, or take `group` out of the file",
    Ability.ADD_OPTION: "in the CRM, add the option `{value}`, labelled `{after}`",
    Ability.RELABEL_OPTION: "in the CRM, set the label of the option `{value}` to `{after}`",
    Ability.DELETE_OPTION: "in the CRM, remove the option `{value}`",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One attribute that differs: where in the attributes, what is there and what is wanted (None: nothing)."""

    path: tuple[str, ...]
    before: Any
    after: Any


def attribute_changes(
    entry: Field, live: CrmField, key: str, capabilities: Capabilities
) -> tuple[InventoryChange, ...]:
    """What has to change on an existing field: at most one update of label and group, one change per option.

    `key`: the key that the CRM knows the field by when the change is made (the new one after a rename).
    """
    there, wanted = _there(entry, live), _wanted(entry, live)
    if not takes_options(live, capabilities):
        del there["options"], wanted["options"]
    if there == wanted:
        return ()
    of_field: list[Delta] = []
    changes: list[InventoryChange] = []
    for difference in differences(there, wanted):
        if difference.path[0] == "options":
            changes.append(_option_change(entry, key, difference, capabilities))
            continue
        delta = Delta(difference.path[0], difference.before, difference.after)
        ability = _RELABEL[delta.path]
        if reason := capabilities.why_not(ability):
            blocked = InventoryChange(field_address(entry.key), "field", key, Action.BLOCKED, _place(entry, delta.path))
            by_hand = _BY_HAND[ability].format(after=delta.after)
            changes.append(replace(blocked, deltas=(delta,), reason=reason, by_hand=by_hand))
        else:
            of_field.append(delta)
    if of_field:
        update = InventoryChange(field_address(entry.key), "field", key, Action.UPDATE, entry.where, tuple(of_field))
        changes.insert(0, update)
    return tuple(changes)


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Every leaf in which two nested mappings differ, sorted by path; imports the comparing library when called."""
    from deepdiff import DeepDiff
    from deepdiff.helper import NotPresent

    def value(side: Any) -> Any:
        return None if isinstance(side, NotPresent) else side

    # Without the threshold a mapping in which most leaves differ comes back as one whole change.
    tree = DeepDiff(before, after, view="tree", threshold_to_diff_deeper=0)
    found = [
        Difference(tuple(item.path(output_format="list")), value(item.t1), value(item.t2))
        for items in tree.values()
        for item in items
    ]
    return tuple(sorted(found, key=lambda d: d.path))


def declared_options(entry: Field) -> tuple[Option, ...]:
    """The options that the file wants to exist."""
    return tuple(o for o in entry.options or () if not o.absent)


def takes_options(live: CrmField, capabilities: Capabilities) -> bool:
    """Whether the field can have options: in one that keeps choices as plain text they live in the file alone."""
    return bool(live.options) or capabilities.holds.get(live.native) in CHOICES


def without_missing_options(entry: Field, changes: Iterable[InventoryChange]) -> Field:
    """The entry without the options that are missing in the CRM and cannot be added there.

    A person's value outside them is then a finding on that value, and never a write that the CRM refuses.
    """
    missing = {
        c.option for c in changes if c.kind == "option" and c.action is Action.BLOCKED and c.deltas[0].before is None
    }
    if not missing:
        return entry
    return entry._replace(options=tuple(o for o in entry.options or () if o.value not in missing))


def with_live_options(entry: Field, live: CrmField | None) -> Field:
    """The entry with the options of the CRM's field where the file declares none: values outside them and labels are
    then read as if they were declared, and nothing is written that the CRM refuses."""
    if live is None or declared_options(entry):
        return entry
    gone = {o.value for o in entry.options or ()}
    options = tuple(Option(o.value, o.label, False, entry.where) for o in live.options if o.value not in gone)
    return entry._replace(options=options) if options else entry


def wanted_options(options: Iterable[CrmOption], changes: Iterable[InventoryChange]) -> tuple[CrmOption, ...]:
    """The whole list to write: `options` as they are with the given option changes of that field carried out.

    What cannot be carried out any more (an option that is gone, or there already) is left as it is.
    """
    labels = {o.value: o.label for o in options}
    for change in changes:
        if change.kind != "option" or change.option is None:
            continue
        if change.action in {Action.CREATE, Action.UPDATE}:
            labels[change.option] = str(change.deltas[0].after)
        elif change.action is Action.DELETE:
            labels.pop(change.option, None)
    return tuple(CrmOption(value, label) for value, label in labels.items())


def _option_change(entry: Field, key: str, found: Difference, capabilities: Capabilities) -> InventoryChange:
    value = found.path[1]
    action = Action.CREATE if found.before is None else Action.DELETE if found.after is None else Action.UPDATE
    path = f"options.{value}.label" if action is Action.UPDATE else f"options.{value}"
    place = next((o.where for o in entry.options or () if o.value == value), entry.where)
    change = InventoryChange(
        option_address(entry.key, value),
        "option",
        key,
        action,
        place,
        (Delta(path, found.before, found.after),),
        option=value,
    )
    if reason := capabilities.why_not(_OPTION[action]):
        by_hand = _BY_HAND[_OPTION[action]].format(value=value, after=found.after)
        return replace(change, action=Action.BLOCKED, reason=reason, by_hand=by_hand)
    return change


def _there(entry: Field, live: CrmField) -> dict[str, Any]:
    named = {o.value for o in entry.options or ()}
    there: dict[str, Any] = {"options": {o.value: o.label for o in live.options if o.value in named}}
    if entry.label is not None:
        there["label"] = live.label
    if entry.group is not None:
        there["group"] = live.group
    return there


def _wanted(entry: Field, live: CrmField) -> dict[str, Any]:
    labels = {o.value: o.label for o in live.options}
    wanted: dict[str, Any] = {
        "options": {o.value: _unless_same(o.label, labels.get(o.value), o.value) for o in declared_options(entry)}
    }
    if entry.label is not None:
        wanted["label"] = _unless_same(entry.label, live.label, "")
    if entry.group is not None:
        wanted["group"] = _unless_same(entry.group, live.group, "")
    return wanted


def _unless_same(declared: str | None, there: str | None, default: str) -> str:
    """What is wanted; what is there when nothing else is declared, or only spaces and HTML entities differ.

    CRMs trim and escape texts when they store them: such a difference could never be brought to rest.
    """
    if declared is None:
        return default if there is None else there
    return there if there is not None and _seen(there) == _seen(declared) else declared


def _seen(text: str) -> str:
    return " ".join(html.unescape(text).split())


def _place(entry: Field, key: str) -> Place:
    return entry.where_of.get(key, entry.where)
