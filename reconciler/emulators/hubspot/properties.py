"""A property: what HubSpot keeps of it, how it is stored, how it is shown, and which there are.

The embedded CRM has the key, the label, the options and the values; a table beside it has what only HubSpot knows. A
field that somebody made in the embedded CRM itself is a property, too, of the type that its native type amounts to.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from reconciler.emulators.hubspot import standard
from reconciler.emulators.hubspot.moments import text_of

_NATIVE = {
    "string": "text",
    "phone_number": "text",
    "number": "number",
    "date": "date",
    "datetime": "datetime",
    "bool": "boolean",
    "enumeration": "select",
}
_MULTIPLE = "checkbox"
FIELD_TYPES: Mapping[str, tuple[str, ...]] = {
    "string": ("text", "textarea", "html", "file", "phonenumber"),
    "phone_number": ("phonenumber",),
    "number": ("number",),
    "date": ("date",),
    "datetime": ("date",),
    "bool": ("booleancheckbox",),
    "enumeration": ("select", "radio", "checkbox", "booleancheckbox"),
}
"""Type -> the field types that it may be shown as."""

_TYPES = {
    "email": ("string", "text"),
    "phone": ("string", "phonenumber"),
    "number": ("number", "number"),
    "integer": ("number", "number"),
    "boolean": ("bool", "booleancheckbox"),
    "date": ("date", "date"),
    "datetime": ("datetime", "date"),
    "select": ("enumeration", "select"),
    "multiselect": ("enumeration", "checkbox"),
}
"""Native type -> type and field type of a field that HubSpot's table does not know."""


def native_of(type: str, field_type: str) -> str:
    """The native type that the values of such a property are stored as."""
    return "multiselect" if type == "enumeration" and field_type == _MULTIPLE else _NATIVE[type]


@dataclass(frozen=True)
class Option:
    value: str
    label: str
    description: str = ""
    hidden: bool = False
    order: int = -1

    def shown(self) -> dict[str, Any]:
        return {
            "label": self.label,
            "value": self.value,
            "description": self.description,
            "displayOrder": self.order,
            "hidden": self.hidden,
        }


@dataclass(frozen=True)
class Property:
    """`column`: where its values are in the embedded CRM's table, "" where they are not stored. `created`, `updated`,
    `archived_at`: microseconds."""

    name: str
    label: str
    type: str
    field_type: str
    group: str
    options: tuple[Option, ...] = ()
    description: str = ""
    order: int = -1
    hidden: bool = False
    form: bool = False
    unique: bool = False
    defined: bool = False
    created: int = 0
    updated: int = 0
    archived_at: int | None = None
    column: str = ""
    native: str = "text"

    @cached_property
    def values(self) -> frozenset[str]:
        return frozenset(option.value for option in self.options)

    @property
    def read_only(self) -> bool:
        return not self.column

    def shown(self) -> dict[str, Any]:
        """As it is answered."""
        told: dict[str, Any] = {
            "updatedAt": text_of(self.updated),
            "createdAt": text_of(self.created),
            "name": self.name,
            "label": self.label,
            "type": self.type,
            "fieldType": self.field_type,
            "description": self.description,
            "groupName": self.group,
            "options": [option.shown() for option in self.options],
            "displayOrder": self.order,
            "calculated": False,
            "externalOptions": False,
            "archived": self.archived_at is not None,
            "hasUniqueValue": self.unique,
            "hidden": self.hidden,
            "hubspotDefined": self.defined,
            "modificationMetadata": {
                "archivable": not self.defined,
                "readOnlyDefinition": self.defined,
                "readOnlyOptions": self.defined and not self.options,
                "readOnlyValue": self.read_only,
            },
            "formField": self.form,
            "dataSensitivity": "non_sensitive",
        }
        if self.archived_at is not None:
            told["archivedAt"] = text_of(self.archived_at)
        return told


_KEPT = ("type", "field_type", "description", "order", "hidden", "form", "unique", "defined", "created", "updated")


def keep(connection: sqlite3.Connection, property: Property) -> None:
    """What the embedded CRM has no place for; of an archived property all of it."""
    kept: dict[str, Any] = {name: getattr(property, name) for name in _KEPT}
    kept["options"] = [vars(option) for option in property.options]
    if property.archived_at is not None:
        kept |= {"label": property.label, "group": property.group}
    row = (property.name, property.archived_at, json.dumps(kept))
    connection.execute("INSERT OR REPLACE INTO hubspot_properties VALUES (?, ?, ?)", row)


def forget(connection: sqlite3.Connection, name: str) -> None:
    connection.execute("DELETE FROM hubspot_properties WHERE name = ?", (name,))


def live(connection: sqlite3.Connection) -> dict[str, Property]:
    """All that are not archived, by name, in the order of their making."""
    kept = dict(connection.execute("SELECT name, kept FROM hubspot_properties WHERE archived IS NULL").fetchall())
    choices: dict[int, list[tuple[str, str]]] = {}
    for field, value, label in connection.execute("SELECT field, value, label FROM options ORDER BY field, position"):
        choices.setdefault(field, []).append((value, label))
    rows = connection.execute(
        "SELECT id, key, label, native, grouping FROM fields WHERE instr(folded, ':') = 0 ORDER BY id"
    )
    found = {row[1]: _read(row, kept.get(row[1]), choices.get(row[0], [])) for row in rows}
    return {**found, **_made_up(next(iter(found.values())).created)}


def archived(connection: sqlite3.Connection) -> dict[str, Property]:
    rows = connection.execute(
        "SELECT name, archived, kept FROM hubspot_properties WHERE archived IS NOT NULL ORDER BY archived, name"
    )
    return {name: _archived(name, moment, json.loads(kept)) for name, moment, kept in rows}


def _archived(name: str, moment: int, kept: dict[str, Any]) -> Property:
    options = tuple(Option(**option) for option in kept.pop("options"))
    return Property(name=name, archived_at=moment, options=options, **kept)


def _read(row: tuple[int, str, str, str, str | None], kept: str | None, choices: list[tuple[str, str]]) -> Property:
    id, name, label, native, group = row
    type, field_type = _TYPES.get(native, ("string", "text"))
    more: dict[str, Any] = json.loads(kept) if kept else {"type": type, "field_type": field_type}
    known = {option["value"]: Option(**option) for option in more.pop("options", ())}
    options = tuple(
        replace(known.get(value, Option(value, label)), label=label, order=number)
        for number, (value, label) in enumerate(choices)
    )
    if native == "boolean" and not options:
        options = (Option("true", "Yes", order=0), Option("false", "No", order=1))
    return Property(
        name=name,
        label=label,
        group=group or standard.CONTACT_GROUP,
        options=options,
        column=f"f{id}",
        native=native,
        **more,
    )


def _made_up(created: int) -> dict[str, Property]:
    return {
        row.name: Property(
            name=row.name,
            label=row.label,
            type=row.type,
            field_type=row.field_type,
            group=row.group,
            defined=True,
            created=created,
            updated=created,
            native="text",
        )
        for row in standard.PROPERTIES
        if not row.column
    }
