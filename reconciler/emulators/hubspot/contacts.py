"""Contacts, one at a time, and in pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.emulators.hubspot import bodies, records, values
from reconciler.emulators.hubspot.bodies import Value
from reconciler.emulators.hubspot.call import Answer, Call
from reconciler.emulators.hubspot.errors import Detail, Wrong, about, conflict, invalid, not_found, unknown_property
from reconciler.emulators.hubspot.records import Shown
from reconciler.emulators.hubspot.standard import EMAIL
from reconciler.localcrm import LocalCrmError, Missing, Result, Taken

_PAGE = 100
Prepared = dict[str, Any] | Wrong
"""What the embedded CRM is given for one contact, or why it is given nothing."""

_NEEDED = (EMAIL, "firstname", "lastname")


def page(call: Call) -> Answer:
    """In the order of their ids. `after` is the id of the last one seen."""
    limit = call.number("limit", 10, _PAGE)
    after = call.one("after", "0")
    if records.number_of(after) is None and after != "0":
        raise invalid("after is not one that was given out")
    shown = records.wanted(call, call.several("properties"))
    if call.yes("archived"):
        found = records.archived(call, shown, "AND contact > ? ORDER BY contact LIMIT ?", (int(after), limit + 1))
    else:
        found = records.select(call, shown, "AND id > ? ORDER BY id LIMIT ?", (int(after), limit + 1))
    return Answer(200, paged(found, limit))


def paged(found: Sequence[Shown], limit: int) -> dict[str, Any]:
    """`found` holds one more than the page if there is a next one."""
    told: dict[str, Any] = {"results": found[:limit]}
    if len(found) > limit:
        told["paging"] = {"next": {"after": found[limit - 1]["id"]}}
    return told


def get(call: Call) -> Answer:
    shown = records.wanted(call, call.several("properties"))
    id, by = call.path["contactId"], call.one("idProperty")
    if call.yes("archived"):
        number = records.number_of(id)
        found = records.archived(call, shown, "AND contact = ?", (number or 0,))
        if not found:
            raise records.missing()
        return Answer(200, found[0])
    row = records.row_of(call, id, by)
    return Answer(200, records.by_ids(call, [row], shown)[row])


def create(call: Call) -> Answer:
    result = add(call, [call.read(bodies.Record).properties])[0]
    if isinstance(result, Wrong):
        raise result
    return Answer(201, told(call, [result])[result])


def update(call: Call) -> Answer:
    row = records.row_of(call, call.path["contactId"], call.one("idProperty"))
    properties = call.read(bodies.Record).properties
    result = change(call, [(row, properties)])[0]
    if isinstance(result, Wrong):
        raise result
    return Answer(200, told(call, [row], tuple(properties))[row])


def archive(call: Call) -> Answer:
    """Also if there is no such contact, as HubSpot does. Not documented for an id that never was one."""
    row = records.rows_of(call, [call.path["contactId"]], None).get(call.path["contactId"])
    if row is not None:
        records.archive(call, row)
    return Answer(204)


def merge(call: Call) -> Answer:
    """The primary one keeps its id and its values. Not documented: whether a blank of it takes the other's value."""
    asked = call.read(bodies.Merge)
    rows = records.rows_of(call, [asked.primaryObjectId, asked.objectIdToMerge], None)
    kept, lost = rows.get(asked.primaryObjectId), rows.get(asked.objectIdToMerge)
    if kept is None or lost is None:
        raise not_found("one of the contacts does not exist")
    if kept == lost:
        raise invalid("a contact cannot be merged with itself")
    call.connection.execute("UPDATE OR REPLACE hubspot_members SET contact = ? WHERE contact = ?", (kept, lost))
    call.crm.merge(str(kept), str(lost))
    return Answer(200, told(call, [kept])[kept])


def add(call: Call, items: Sequence[Mapping[str, Value]]) -> list[int | Wrong]:
    """Creates contacts: the row of each, or why it was not created."""
    prepared = _unique(call, [_checked(call, item, new=True) for item in items], [None] * len(items))
    return _settled(prepared, call.crm.add([item for item in prepared if not isinstance(item, Wrong)]))


def change(call: Call, items: Sequence[tuple[int, Mapping[str, Value]]]) -> list[int | Wrong]:
    """Writes values of contacts that are there."""
    rows = [row for row, _item in items]
    prepared = _unique(call, [_checked(call, item, new=False) for _row, item in items], rows)
    good = [(str(row), item) for row, item in zip(rows, prepared, strict=True) if not isinstance(item, Wrong)]
    return _settled(prepared, call.crm.update(good))


def told(call: Call, rows: Sequence[int], names: Sequence[str] | None = None) -> dict[int, Shown]:
    """What is answered to a write: the values that are there after a create (`names` is None), those written after an
    update; in both cases what is shown of every record."""
    shown = list(call.properties.values()) if names is None else records.wanted(call, names)
    found = records.by_ids(call, rows, shown)
    if names is None:
        for record in found.values():
            record["properties"] = {key: text for key, text in record["properties"].items() if text is not None}
    return found


def _checked(call: Call, item: Mapping[str, Value], *, new: bool) -> Prepared:
    wrong: list[Detail] = []
    good: dict[str, Any] = {}
    for name, value in item.items():
        property = call.properties.get(name)
        if property is None:
            wrong.append(unknown_property(name))
        elif property.read_only:
            wrong.append(about("READ_ONLY_VALUE", name, f"{name} is a read only property; its value cannot be set"))
        else:
            try:
                good[name] = values.stored(property, value)
            except values.Unfit as unfit:
                wrong.append(unfit.detail)
    if wrong:
        return invalid("Property values were not valid", *wrong)
    if new and not any(good.get(name) for name in _NEEDED):
        return invalid("at least one of email, firstname and lastname is needed")
    return good


def _unique(call: Call, items: Sequence[Prepared], rows: Sequence[int | None]) -> list[Prepared]:
    """The items; those refused that would have the value of a unique property which another contact has."""
    settled = list(items)
    for property in call.properties.values():
        if not property.unique:
            continue
        name = property.name
        asked = {n: str(item[name]) for n, item in enumerate(settled) if not isinstance(item, Wrong) and item.get(name)}
        holders: dict[str, int | None] = dict(records.rows_of(call, list(asked.values()), name)) if asked else {}
        for n, text in asked.items():
            if holders.setdefault(text, rows[n]) != rows[n] or list(asked.values()).index(text) != list(asked).index(n):
                detail = about("NOT_UNIQUE", name, f"another contact has this value: {holders[text]}")
                settled[n] = invalid("Property values were not valid", detail)
    return settled


def _settled(prepared: Sequence[Prepared], results: Sequence[Result]) -> list[int | Wrong]:
    """One outcome per item, in order; there are results of those only that were not refused before."""
    written = iter(results)
    settled: list[int | Wrong] = []
    for item in prepared:
        if isinstance(item, Wrong):
            settled.append(item)
            continue
        result = next(written)
        settled.append(_wrong(result.error) if result.error else int(result.id or 0))
    return settled


def _wrong(error: LocalCrmError) -> Wrong:
    if isinstance(error, Taken):
        return conflict(f"Contact already exists. Existing ID: {error.existing}")
    if isinstance(error, Missing):
        return records.missing()
    return invalid(f"Property values were not valid: {error.detail}")
