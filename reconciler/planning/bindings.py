"""A mapping bound to one CRM: the file's entry, the value type it resolved to, the wire its values travel on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from reconciler.model.capabilities import Undecodable, Wire
from reconciler.model.desired import Field
from reconciler.model.inventory import CrmField
from reconciler.model.plan import Finding, InventoryChange
from reconciler.model.types import read_set


@dataclass(frozen=True, slots=True)
class Binding:
    """`crm_field` None: the field does not exist yet (this plan creates it, or it is blocked).

    `read_key`: the key under which contacts hold it today (the old key when a rename is planned); None if nowhere.
    `blocked`: why no value of it can be written, or "". `wire` None only when blocked. `blocked_in`: kind of object ->
    why none can be written there, where others can have the field; "" is the first kind.
    """

    entry: Field
    type: str
    wire: Wire | None
    crm_field: CrmField | None
    read_key: str | None
    blocked: str = ""
    blocked_in: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Held:
    """What contacts may hold: any value of the field `key`, or one of its options, read by `decode` from wire text."""

    key: str
    option: str | None = None
    decode: Callable[[str], str | None] | None = None
    several: bool = False  # the field holds a set of options
    object: str | None = None  # only contacts of this kind of object; "" is the first

    def by(self, text: str) -> bool:
        """Whether a contact with that wire text in the field is one of those."""
        if self.option is None or self.decode is None:
            return True
        try:
            canonical = self.decode(text)
        except Undecodable:
            return False
        return self.option in read_set(canonical) if self.several and canonical else self.option == canonical


@dataclass(frozen=True, slots=True)
class InventoryPlan:
    """What the inventory needs, and how mappings and tags stand in this CRM.

    `bindings`: every entry with an origin, blocked ones included, in the file's order. `tag_keys`: name of each rule
    tag -> the CRM's key for it today (None: created by this plan). `blocked_tags`: rule tag -> why it cannot be
    applied. `count_held`/`count_tags`: what is removed of fields, and tags (keys), whose holders the plan has to
    count, by the address of the change that asks.
    """

    changes: tuple[InventoryChange, ...] = ()
    bindings: tuple[Binding, ...] = ()
    findings: tuple[Finding, ...] = ()
    tag_keys: Mapping[str, str | None] = field(default_factory=dict)
    blocked_tags: Mapping[str, str] = field(default_factory=dict)
    count_held: Mapping[str, Held] = field(default_factory=dict)
    count_tags: Mapping[str, str] = field(default_factory=dict)
