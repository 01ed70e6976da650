"""What can stand between one field of the file and its field in the CRM: one check per row, the first that holds wins.

Types are compared in the CRM's own words: is the native type that is there one that the wanted type can be kept in?
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from reconciler.model.capabilities import Ability, Capabilities
from reconciler.model.desired import Field, FromScore
from reconciler.model.inventory import CrmField
from reconciler.model.plan import Delta
from reconciler.planning.attributes import CHOICES, declared_options, takes_options

DEFAULT_TYPE = "text"


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a field cannot be made or filled, what a person can do about it, and what differs."""

    reason: str
    by_hand: str
    deltas: tuple[Delta, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """One entry beside the field that the CRM has for it; `there` None: it has none yet."""

    entry: Field
    there: CrmField | None
    capabilities: Capabilities

    @property
    def type(self) -> str:
        """The declared value type, else the one that the existing field holds, else text; points are a score.

        A declared score in a field of whole numbers is of whole points: a half would be refused there.
        """
        held = self.capabilities.holds.get(self.there.native) if self.there else None
        if self.entry.type == "score" and held == "integer":
            return held
        return self.entry.type or held or ("score" if isinstance(self.entry.origin, FromScore) else DEFAULT_TYPE)

    @property
    def typed(self) -> bool:
        """Whether anything depends on the type: values are ours, the file names it, or the field has to be made."""
        return self.entry.origin is not None or self.entry.type is not None or self.there is None


Check = Callable[[Case], Obstacle | None]


def first_obstacle(checks: Iterable[Check], case: Case) -> Obstacle | None:
    """The first of the checks that holds, or None."""
    return next((found for check in checks if (found := check(case))), None)


def ambiguous(key: str, count: int) -> Obstacle:
    """More than one field of the CRM could be meant."""
    by_hand = "give all but one of them another label in the CRM, or name the field by its key"
    return Obstacle(f"{count} fields of the CRM have the label of {key}", by_hand)


def still_declared(former: str, kind: str = "fields") -> Obstacle:
    """The name that a rename starts from has an entry of its own."""
    return Obstacle(
        f"it is renamed from {former}, which the file declares too",
        f"take `renamed_from` out, or `{former}` out of `{kind}`",
    )


def taken(name: str, other: str) -> Obstacle:
    """Another entry of the file stands for the same field or tag of the CRM."""
    return Obstacle(f"{name} of the CRM is meant by {other} already", "take one of the two entries out of the file")


def both_there(former: str, name: str) -> Obstacle:
    """A rename that has both its names in the CRM."""
    by_hand = f"move over what `{former}` has and remove it in the CRM, or take `renamed_from` out of the file"
    return Obstacle(f"both {former} and {name} are there", by_hand)


def kept_key(key: str) -> Obstacle:
    """A field that was deleted keeps the key that a new one is to have."""
    by_hand = "restore that field in the CRM, or give the new one another key"
    return Obstacle(f"the CRM keeps the key {key} for a deleted field", by_hand)


def _is_joined(case: Case) -> Obstacle | None:
    if case.entry.origin is None or case.there is None or not case.there.joined:
        return None
    other = case.there.joined
    return Obstacle(f"its value belongs to the {other} and is only shown here", f"set it on the {other}")


def _is_read_only(case: Case) -> Obstacle | None:
    if case.entry.origin is None or case.there is None or not case.there.read_only:
        return None
    return Obstacle("it is read-only in this CRM", "map to another field, or take the entry out of the file")


def _is_unheld(case: Case) -> Obstacle | None:
    entry, there = case.entry, case.there
    if entry.origin is None or entry.type or there is None or there.native in case.capabilities.holds:
        return None
    return Obstacle(f"{there.native} is not read as any value type by default", "declare `type`")


def _has_no_wire(case: Case) -> Obstacle | None:
    wires = case.capabilities.wires
    if not case.typed or case.type in wires:
        return None
    return Obstacle(
        f"this CRM stores no values of type {case.type}", f"declare another `type`: {', '.join(sorted(wires))}"
    )


def _is_mismatched(case: Case) -> Obstacle | None:
    if not case.typed or case.there is None:
        return None
    wire, native = case.capabilities.wires[case.type], case.there.native
    if native in wire.accepts:
        return None
    read_as = case.capabilities.holds.get(native)
    declare = f", or declare `type: {read_as}`" if read_as else ""
    fitting = " or ".join(sorted(wire.accepts))
    return Obstacle(
        f"{wire.native} wanted, {native} there",
        f"in the CRM, make a field of type {fitting} and move the values{declare}",
        (Delta("type", native, wire.native),),
    )


def _has_no_choices(case: Case) -> Obstacle | None:
    has_options = case.there is not None and case.there.options
    if not declared_options(case.entry) or case.type in CHOICES or has_options:
        return None
    return Obstacle(f"a {case.type} field has no options", "declare `type: select` or `type: multiselect`")


def _lacks_all_options(case: Case) -> Obstacle | None:
    """Every declared option is missing and none can be added: not one value could be written."""
    wanted, reason = declared_options(case.entry), case.capabilities.why_not(Ability.ADD_OPTION)
    if not reason or not wanted or case.there is None or not takes_options(case.there, case.capabilities):
        return None
    if {o.value for o in wanted} & {o.value for o in case.there.options}:
        return None
    return Obstacle(reason, f"in the CRM, add the options {', '.join(o.value for o in wanted)}")


def _cannot_be_renamed(case: Case) -> Obstacle | None:
    if case.there is None:
        return None
    if case.there.standard:
        return Obstacle("a standard field of the CRM cannot be renamed", "take `renamed_from` out of the file")
    key, reason = case.entry.key, case.capabilities.why_not(Ability.RENAME_FIELD)
    by_hand = f"in the CRM, make `{key}`, move over the values of `{case.there.key}` and remove it"
    return Obstacle(reason, by_hand, (Delta("key", case.there.key, key),)) if reason else None


CREATING: tuple[Check, ...] = (_has_no_wire, _has_no_choices)
FILLING: tuple[Check, ...] = (
    _is_joined,
    _is_read_only,
    _is_unheld,
    _has_no_wire,
    _is_mismatched,
    _has_no_choices,
    _lacks_all_options,
)
RENAMING: tuple[Check, ...] = (_cannot_be_renamed, *FILLING)
