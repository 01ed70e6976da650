"""A mapping bound to one CRM: the file's entry, the value type it resolved to, the wire its values travel on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.model.capabilities import Wire
from reconciler.model.desired import Field
from reconciler.model.inventory import CrmField
from reconciler.model.plan import Finding, InventoryChange


@dataclass(frozen=True, slots=True)
class Binding:
    """`crm_field` None: the field does not exist yet (this plan creates it, or it is blocked).

    `read_key`: the key under which contacts hold it today (the old key when a rename is planned); None if nowhere.
    `blocked`: why no value of it can be written, or "". `wire` None only when blocked.
    """

    entry: Field
    type: str
    wire: Wire | None
    crm_field: CrmField | None
    read_key: str | None
    blocked: str = ""


@dataclass(frozen=True, slots=True)
class InventoryPlan:
    """What the inventory needs, and how mappings and tags stand in this CRM.

    `bindings`: every entry with an origin, blocked ones included, in the file's order. `tag_keys`: name of each rule
    tag -> the CRM's key for it today (None: created by this plan). `blocked_tags`: rule tag -> why it cannot be
    applied. `count_fields`/`count_tags`: fields (read keys) and tags (keys) whose holders the plan has to count,
    by the address of the change that asks.
    """

    changes: tuple[InventoryChange, ...] = ()
    bindings: tuple[Binding, ...] = ()
    findings: tuple[Finding, ...] = ()
    tag_keys: Mapping[str, str | None] = field(default_factory=dict)
    blocked_tags: Mapping[str, str] = field(default_factory=dict)
    count_fields: Mapping[str, str] = field(default_factory=dict)
    count_tags: Mapping[str, str] = field(default_factory=dict)
