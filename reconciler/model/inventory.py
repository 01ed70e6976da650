"""A CRM's inventory: the fields and tags that exist there, in the CRM's own words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from reconciler.model.names import fold_name


@dataclass(frozen=True, slots=True)
class CrmOption:
    """One choice of a select or multiselect field: the stored value and what people see."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class CrmField:
    """A field as the CRM has it.

    `key` is the adapter's stable, human key; `native` is the CRM's own type name, compared as it is.
    `standard` fields are the vendor's and can be neither renamed nor removed; `read_only` ones cannot be written.
    `joined` names the object that the value really belongs to (account, owner): never writable here.
    `max_length` counts characters; None where the CRM declares none. `required`: no contact is made without it.
    """

    key: str
    label: str
    native: str
    options: tuple[CrmOption, ...] = ()
    group: str | None = None
    standard: bool = False
    read_only: bool = False
    joined: str | None = None
    max_length: int | None = None
    required: bool = False


@dataclass(frozen=True, slots=True)
class CrmTag:
    """A tag as the CRM has it: `key` is what tag calls and pages use, `name` what people see."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Account:
    """Who answers behind the door: `id` is what state is bound to; empty while it does not exist yet."""

    id: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Inventory:
    """All fields and tags of one CRM object. `others`: the same of further objects that people are looked up in, in
    that order, by name; their fields have the keys that the file has for them. `groups`: groups that fields can be put
    into, where the CRM tells of those that no field is in. `kept`: keys that deleted fields keep -> native types of
    which a new field can have them all the same."""

    fields: tuple[CrmField, ...] = ()
    tags: tuple[CrmTag, ...] = ()
    others: Mapping[str, Inventory] = field(default_factory=dict)
    groups: frozenset[str] = frozenset()
    kept: Mapping[str, frozenset[str]] = field(default_factory=dict)
    _fields: dict[str, CrmField] = field(init=False, repr=False, compare=False)
    _tags: dict[str, CrmTag] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_fields", {f.key: f for f in self.fields})
        object.__setattr__(self, "_tags", {t.name: t for t in self.tags})

    def natives(self, keys: Iterable[str]) -> dict[str, str]:
        """The native types of those of these fields that there are; those in other objects as `KEY (OBJECT)`."""
        beside = {f"{key} ({name})": other.field(key) for name, other in self.others.items() for key in keys}
        here = {key: self.field(key) for key in keys}
        for other in self.others.values():
            here = {key: there or other.field(key) for key, there in here.items()}
        return {name: found.native for name, found in {**here, **beside}.items() if found}

    def field(self, key: str) -> CrmField | None:
        """The field of that key, or None."""
        return self._fields.get(key)

    def tag(self, name: str) -> CrmTag | None:
        """The tag of exactly that name, or None."""
        return self._tags.get(name)

    def tags_like(self, name: str) -> tuple[CrmTag, ...]:
        """Tags that differ from `name` only in case, spaces or HTML entities, the exact one included."""
        folded = fold_name(name)
        return tuple(t for t in self.tags if fold_name(t.name) == folded)
