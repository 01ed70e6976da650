"""Which part of the file a run applies, and what it may remember of that."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.desired import Desired
from reconciler.planning.selection import Selection


@dataclass(frozen=True, slots=True)
class Scope:
    """Which part of the file is applied."""

    persons: frozenset[str] = frozenset()
    target: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        return not (self.persons or self.target or self.exclude)

    @property
    def everybody(self) -> bool:
        """Whether all people were paired and none was left out."""
        return not self.persons and not Selection(self.target, self.exclude).by_contact

    def entries(self, desired: Desired) -> dict[str, str]:
        """Address and digest of the entries that this apply carries out for everybody."""
        if not self.everybody:
            return {}
        selection = Selection(self.target, self.exclude)
        return {address: digest for address, digest in desired.entry_digests.items() if selection.takes(address)}
