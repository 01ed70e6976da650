"""--target and --exclude: globs over addresses choose which part of the file is planned."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True, slots=True)
class Selection:
    """No target means everything. A pattern that begins with `contact.` chooses contacts; all others choose entries."""

    target: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    @property
    def by_contact(self) -> bool:
        return any(p.startswith("contact.") for p in (*self.target, *self.exclude))

    def takes(self, address: str) -> bool:
        """Whether the field, option, tag or dynamic tag of that address is planned. An option goes with its field."""
        entries = _of(self.target, contacts=False)
        named = (address, address.partition(".option.")[0]) if address.startswith("field.") else (address,)
        chosen = not entries or any(_matches(name, entries) for name in named)
        return chosen and not any(_matches(name, _of(self.exclude, contacts=False)) for name in named)

    def takes_contact(self, address: str) -> bool:
        """Whether that contact (`contact.<12 hex>`) is planned."""
        chosen = _of(self.target, contacts=True)
        return (not chosen or _matches(address, chosen)) and not _matches(address, _of(self.exclude, contacts=True))


def _of(patterns: tuple[str, ...], contacts: bool) -> tuple[str, ...]:
    return tuple(p for p in patterns if p.startswith("contact.") is contacts)


def _matches(address: str, patterns: tuple[str, ...]) -> bool:
    # Brackets are part of tag addresses, not character classes.
    return any(fnmatchcase(address, p.replace("[", "[[]")) for p in patterns)
