"""Contacts as rows: how they are found, read and shown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reconciler.emulators.hubspot import values
from reconciler.emulators.hubspot.call import Call
from reconciler.emulators.hubspot.errors import Wrong, invalid, not_found
from reconciler.emulators.hubspot.moments import text_of
from reconciler.emulators.hubspot.properties import Property
from reconciler.emulators.hubspot.standard import ALWAYS, CREATED, DEFAULTS, EMAIL, ID, MERGED, MODIFIED
from reconciler.localcrm.merging import any_merged, former_of, survivors

Shown = dict[str, Any]

_MANY = 500  # ids in one statement


def wanted(call: Call, asked: Sequence[str]) -> list[Property]:
    """The properties that a record is shown with; names that are none are left out, as HubSpot does."""
    names = dict.fromkeys((*asked, *ALWAYS) if asked else DEFAULTS)
    return [call.properties[name] for name in names if name in call.properties]


def number_of(id: str) -> int | None:
    """The row that an id may be of."""
    return int(id) if id.isascii() and id.isdigit() and 0 < len(id) < 19 and int(id) > 0 else None


def select(call: Call, shown: Sequence[Property], rest: str, bound: Sequence[Any] = ()) -> list[Shown]:
    """Records in the form in which they are answered. `rest`: what follows `WHERE id > 0`, as SQL."""
    stored = [property for property in shown if property.column]
    columns = ", ".join(("id", "created", "modified", *(property.column for property in stored)))
    rows = call.connection.execute(f"SELECT {columns} FROM contacts WHERE id > 0 {rest}", bound).fetchall()
    names = {property.name for property in shown}
    merged = former_of(call.connection, [row[0] for row in rows]) if MERGED in names else {}
    return [_shown(row, stored, names, merged) for row in rows]


def _shown(row: Sequence[Any], stored: Sequence[Property], names: set[str], merged: Mapping[int, list[str]]) -> Shown:
    id, created, modified, *texts = row
    made = {ID: str(id), CREATED: text_of(created), MODIFIED: text_of(modified)}
    told = {name: text for name, text in made.items() if name in names}
    if MERGED in names:
        told[MERGED] = ";".join(merged.get(id, ())) or None  # type: ignore[assignment] # null where there are none
    for property, text in zip(stored, texts, strict=True):
        told[property.name] = values.shown(property.native, text)  # type: ignore[assignment] # null where it is blank
    return {
        "id": made[ID],
        "properties": dict(sorted(told.items())),
        "createdAt": made[CREATED],
        "updatedAt": made[MODIFIED],
        "archived": False,
    }


def by_ids(call: Call, ids: Iterable[int], shown: Sequence[Property]) -> dict[int, Shown]:
    """Row -> record, of those that are there."""
    found: dict[int, Shown] = {}
    distinct = list(dict.fromkeys(ids))
    for start in range(0, len(distinct), _MANY):
        part = distinct[start : start + _MANY]
        for record in select(call, shown, f"AND id IN ({', '.join('?' * len(part))})", part):
            found[int(record["id"])] = record
    return found


def rows_of(call: Call, ids: Sequence[str], id_property: str | None) -> dict[str, int]:
    """Id, or value of a unique property -> row, of the contacts that are there. A merged one's id leads to the one
    that it went into. Raises Wrong for a property that identifies nobody."""
    if not id_property or id_property == ID:
        return _by_number(call, ids)
    property = call.properties.get(id_property)
    if property is None or not (property.unique or property.name == EMAIL):
        raise invalid(f"{id_property} is not a unique property")
    column, keys = (
        ("address", {id: id.strip().lower() for id in ids})
        if property.name == EMAIL
        else (
            property.column,
            {id: id for id in ids},
        )
    )
    found: dict[str, int] = {}
    looked = list(dict.fromkeys(keys.values()))
    for start in range(0, len(looked), _MANY):
        part = looked[start : start + _MANY]
        marks = ", ".join("?" * len(part))
        found.update(
            call.connection.execute(f"SELECT {column}, id FROM contacts WHERE {column} IN ({marks}) AND id > 0", part)
        )
    return {id: found[key] for id, key in keys.items() if key in found}


def _by_number(call: Call, ids: Sequence[str]) -> dict[str, int]:
    numbers = {id: number for id in ids if (number := number_of(id)) is not None}
    if any_merged(call.connection):
        kept = survivors(call.connection, list(numbers.values()))
        numbers = {id: kept.get(number, number) for id, number in numbers.items()}
    there: set[int] = set()
    looked = list(numbers.values())
    for start in range(0, len(looked), _MANY):
        part = looked[start : start + _MANY]
        marks = ", ".join("?" * len(part))
        there.update(id for (id,) in call.connection.execute(f"SELECT id FROM contacts WHERE id IN ({marks})", part))
    return {id: number for id, number in numbers.items() if number in there}


def row_of(call: Call, id: str, id_property: str | None) -> int:
    """Raises Wrong (404)."""
    found = rows_of(call, [id], id_property).get(id)
    if found is None:
        raise missing()
    return found


def missing() -> Wrong:
    return not_found("Object not found")


def archive(call: Call, row: int) -> None:
    """Keeps what is shown of archived ones, and takes the contact out of the embedded CRM, its memberships with it."""
    everything = [property for property in call.properties.values() if property.column]
    record = by_ids(call, [row], everything)[row]
    created, modified = call.connection.execute(
        "SELECT created, modified FROM contacts WHERE id = ?", (row,)
    ).fetchone()
    kept = {name: text for name, text in record["properties"].items() if text is not None}
    call.connection.execute(
        "INSERT OR REPLACE INTO hubspot_archived VALUES (?, ?, ?, ?, ?)",
        (row, created, modified, call.moment, json.dumps(kept)),
    )
    call.connection.execute("DELETE FROM hubspot_members WHERE contact = ?", (row,))
    call.crm.delete_contact(str(row))


def archived(call: Call, shown: Sequence[Property], rest: str, bound: Sequence[Any] = ()) -> list[Shown]:
    """Archived records. `rest`: what follows `WHERE true`, as SQL."""
    rows = call.connection.execute(
        f"SELECT contact, created, modified, moment, kept FROM hubspot_archived WHERE true {rest}", bound
    )
    return [_archived(row, [property.name for property in shown]) for row in rows.fetchall()]


def _archived(row: Sequence[Any], names: Sequence[str]) -> Shown:
    id, created, modified, moment, kept = row
    texts = json.loads(kept) | {ID: str(id), CREATED: text_of(created), MODIFIED: text_of(modified)}
    return {
        "id": str(id),
        "properties": {name: texts.get(name) for name in sorted(names)},
        "createdAt": text_of(created),
        "updatedAt": text_of(modified),
        "archived": True,
        "archivedAt": text_of(moment),
    }
