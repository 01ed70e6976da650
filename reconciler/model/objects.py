"""The kinds of objects of a CRM that people are looked up in, in order, and how an id tells which one it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from reconciler.model.capabilities import Capabilities
from reconciler.model.desired import Desired, Door


class Objects(NamedTuple):
    """`names`: in the order in which people are looked up. `begin`: how the ids of each begin; the longest that fits
    decides, and what fits none is of the first. `create_as`: the number of the one that people are created as. `keys`:
    object -> {field key of the file: its key there}, where they differ."""

    names: tuple[str, ...] = ("contact",)
    begin: tuple[str, ...] = ("",)
    create_as: int = 0
    keys: Mapping[str, Mapping[str, str]] = {}

    @property
    def several(self) -> bool:
        return len(self.names) > 1

    def number(self, id: str) -> int:
        """Which object the id is of, as a place in `names`."""
        fitting = [(len(begin), -n) for n, begin in enumerate(self.begin) if id.startswith(begin)]
        return -max(fitting)[1] if fitting else 0

    @property
    def by_length(self) -> list[tuple[str, int]]:
        """Beginnings and the numbers of their objects, the longest first: the first that fits decides."""
        return sorted(((begin, n) for n, begin in enumerate(self.begin)), key=lambda pair: (-len(pair[0]), pair[1]))


ONE = Objects()


def objects_of(door: Door, capabilities: Capabilities, desired: Desired | None = None) -> Objects:
    """The objects of the file in this CRM."""
    names = door.objects
    fields = desired.fields.values() if desired else ()
    keys = {name: {entry.key: entry.keys[name] for entry in fields if name in entry.keys} for name in names}
    as_ = desired.contacts.create_as if desired else None
    return Objects(
        names,
        tuple(capabilities.ids_begin.get(name, "") for name in names),
        names.index(as_) if as_ in names else 0,
        {name: given for name, given in keys.items() if given},
    )
