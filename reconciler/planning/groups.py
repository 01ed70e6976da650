"""In which group of fields a field is, for those who may say that no field of a group changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.model.capabilities import Capabilities
from reconciler.model.desired import Desired, Field
from reconciler.model.inventory import Inventory
from reconciler.planning.fields import LiveFields


@dataclass(frozen=True, slots=True)
class Groups:
    """`kinds`: the live fields by kind of object, "" being the first."""

    desired: Desired
    kinds: Mapping[str, LiveFields]

    @classmethod
    def of_crm(cls, desired: Desired, inventory: Inventory, capabilities: Capabilities) -> Groups:
        live = {"": inventory, **inventory.others}
        return cls(desired, {name: LiveFields(there, capabilities) for name, there in live.items()})

    def of(self, key: str, object: str = "") -> str:
        """The group in the CRM, as it names it; of a field that is in none there, the one that the file wants; "" where
        neither says one. A field that is moved is in the group that it leaves: that is where it is missed."""
        entry = self.desired.fields.get(key) or self._renamed(key)
        for name in (object,) if object else self.kinds:
            if group := self._there(key, entry, self.kinds[name]):
                return group
        return (entry.group or "") if entry else ""

    def _there(self, key: str, entry: Field | None, live: LiveFields) -> str:
        former = (entry.renamed_from,) if entry and entry.renamed_from else ()
        for name in (key, *former):
            found = live.find(name, entry.label if entry and name == entry.key else None)
            if len(found) == 1 and found[0].group:
                return found[0].group
        return ""

    def _renamed(self, key: str) -> Field | None:
        return next((entry for entry in self.desired.fields.values() if entry.renamed_from == key), None)
