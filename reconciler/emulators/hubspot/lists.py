"""Lists of contacts: which there are, and who is on them. A list is a tag of the embedded CRM.

Only MANUAL and SNAPSHOT lists can be written; members of a DYNAMIC one come from its filters, which are kept and not
carried out. Being put on a list does not change a contact's `lastmodifieddate`. Not documented: whether names differ
that differ in case only (they do not here), and what a restored list is called if its name is taken (it stays away).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.emulators.hubspot import bodies, records
from reconciler.emulators.hubspot.call import Answer, Call, check_size, done
from reconciler.emulators.hubspot.errors import Wrong, invalid, not_found
from reconciler.emulators.hubspot.moments import text_of
from reconciler.localcrm import LocalCrmError, Taken

CONTACTS = "0-1"
KINDS = ("MANUAL", "SNAPSHOT", "DYNAMIC")
_PAGE = 250
_SEARCH = 500
_MEMBERS = 100_000
_BATCH = 100
_KEPT = 90 * 86_400 * 1_000_000  # microseconds for which a deleted list can be restored


@dataclass(frozen=True)
class CrmList:
    """Moments in microseconds. `filters`: as given."""

    id: int
    name: str
    kind: str = "MANUAL"
    version: int = 1
    created: int = 0
    updated: int = 0
    filters: str | None = None
    size: int = 0

    def shown(self, *, filters: bool = False) -> dict[str, Any]:
        told: dict[str, Any] = {
            "listId": str(self.id),
            "listVersion": self.version,
            "createdAt": text_of(self.created),
            "updatedAt": text_of(self.updated),
            "filtersUpdatedAt": text_of(self.created),
            "processingStatus": "COMPLETE",
            "createdById": "1",
            "updatedById": "1",
            "processingType": self.kind,
            "objectTypeId": CONTACTS,
            "name": self.name,
            "size": self.size,
        }
        if filters and self.filters:
            told["filterBranch"] = json.loads(self.filters)
        return told

    def found(self, additional: Sequence[str]) -> dict[str, Any]:
        """As a search shows it: without the size, unless it is asked for."""
        told = self.shown()
        del told["size"]
        known = {"hs_list_size": str(self.size), "hs_list_reference_count": "0"}
        return {**told, "additionalProperties": {name: known[name] for name in additional if name in known}}


def read(call: Call, rest: str = "", bound: Sequence[Any] = ()) -> list[CrmList]:
    """Lists, in the order of their making. `rest`: what follows `WHERE true`, as SQL."""
    rows = call.connection.execute(
        f"""SELECT t.id, t.name, coalesce(l.processing, 'MANUAL'), coalesce(l.version, 1),
            coalesce(l.created, (SELECT created FROM account)), coalesce(l.updated, (SELECT created FROM account)),
            l.filters, (SELECT count(*) FROM contact_tags WHERE tag = t.id AND contact > 0)
            FROM tags AS t LEFT JOIN hubspot_lists AS l ON l.id = t.id WHERE true {rest} ORDER BY t.id""",
        bound,
    )
    return [CrmList(*row) for row in rows]


def known(call: Call, id: str) -> CrmList:
    """Raises Wrong (404)."""
    number = records.number_of(id)
    found = read(call, "AND t.id = ?", (number,)) if number is not None else []
    if not found:
        raise not_found(f"List does not exist with ID {id}.", sub="ILS.LIST_NOT_FOUND")
    return found[0]


def search(call: Call) -> Answer:
    asked = call.read(bodies.ListSearch)
    if not 0 <= asked.count <= _SEARCH or asked.offset < 0:
        raise invalid(f"count must be a number from 0 to {_SEARCH}")
    ids = None if not asked.listIds else set(asked.listIds)
    kinds = set(asked.processingTypes or KINDS)
    words = (asked.query or "").casefold()
    there = [
        one
        for one in (read(call) if asked.objectTypeId in (None, CONTACTS) else [])
        if words in one.name.casefold() and one.kind in kinds and (ids is None or str(one.id) in ids)
    ]
    end = asked.offset + asked.count
    shown = [one.found(asked.additionalProperties or ()) for one in there[asked.offset : end]]
    reached = asked.offset + len(shown)
    return Answer(200, {"offset": reached, "hasMore": reached < len(there), "lists": shown, "total": len(there)})


def by_ids(call: Call) -> Answer:
    numbers = [number for id in call.several("listIds") if (number := records.number_of(id)) is not None]
    found = read(call, f"AND t.id IN ({', '.join('?' * len(numbers))})", numbers)
    return Answer(200, {"lists": [one.shown(filters=call.yes("includeFilters")) for one in found]})


def get(call: Call) -> Answer:
    return Answer(200, {"list": known(call, call.path["listId"]).shown(filters=call.yes("includeFilters"))})


def by_name(call: Call) -> Answer:
    found = read(call, "AND t.folded = ?", (call.path["listName"].casefold(),))
    if not found or call.path["objectTypeId"] != CONTACTS:
        raise not_found("List does not exist with this name.", sub="ILS.LIST_NOT_FOUND")
    return Answer(200, {"list": found[0].shown(filters=call.yes("includeFilters"))})


def create(call: Call) -> Answer:
    asked = call.read(bodies.ListCreate)
    if asked.objectTypeId != CONTACTS:
        raise invalid(f"there are lists of {CONTACTS} only")
    if asked.processingType not in KINDS:
        raise invalid(f"processingType is one of {', '.join(KINDS)}")
    if asked.processingType == "DYNAMIC" and not asked.filterBranch:
        raise invalid("a DYNAMIC list needs a filterBranch")
    try:
        id = int(call.crm.add_tag(asked.name).key)
    except LocalCrmError as error:
        raise _refused(error) from None
    filters = json.dumps(asked.filterBranch) if asked.filterBranch else None
    _keep(call, CrmList(id, asked.name, asked.processingType, 1, call.moment, call.moment, filters))
    return Answer(200, {"list": known(call, str(id)).shown(filters=True)})


def rename(call: Call) -> Answer:
    one = known(call, call.path["listId"])
    name = call.one("listName", one.name)
    try:
        call.crm.rename_tag(str(one.id), name)
    except LocalCrmError as error:
        raise _refused(error) from None
    _keep(call, CrmList(one.id, name, one.kind, one.version + 1, one.created, call.moment, one.filters))
    return Answer(200, {"updatedList": known(call, str(one.id)).shown(filters=call.yes("includeFilters"))})


def delete(call: Call) -> Answer:
    """It can be restored, members included."""
    one = known(call, call.path["listId"])
    _keep(call, one)
    run = call.connection.execute
    run("UPDATE hubspot_lists SET deleted = ? WHERE id = ?", (call.moment, one.id))
    run(
        "INSERT OR IGNORE INTO hubspot_members SELECT tag, contact, ? FROM contact_tags WHERE tag = ? AND contact > 0",
        (call.moment, one.id),
    )
    run("DELETE FROM contact_tags WHERE tag = ?", (one.id,))
    run("DELETE FROM tags WHERE id = ?", (one.id,))
    return Answer(204)


def restore(call: Call) -> Answer:
    id = records.number_of(call.path["listId"])
    run = call.connection.execute
    row = run("SELECT name, deleted FROM hubspot_lists WHERE id = ? AND deleted IS NOT NULL", (id,)).fetchone()
    if row is None or row[1] < call.moment - _KEPT:
        raise not_found(f"List does not exist with ID {id}.", sub="ILS.LIST_NOT_FOUND")
    name = str(row[0])
    if run("SELECT 1 FROM tags WHERE folded = ?", (name.casefold(),)).fetchone():
        raise _duplicate()
    run("INSERT INTO tags (id, name, folded) VALUES (?, ?, ?)", (id, name, name.casefold()))
    run(
        "INSERT INTO contact_tags SELECT contact, list FROM hubspot_members WHERE list = ?"
        " AND contact IN (SELECT id FROM contacts)",
        (id,),
    )
    run("UPDATE hubspot_lists SET deleted = NULL WHERE id = ?", (id,))
    return Answer(204)


def members(call: Call) -> Answer:
    one = known(call, call.path["listId"])
    limit = call.number("limit", 100, _PAGE)
    after = records.number_of(call.one("after")) or 0
    rows = call.connection.execute(
        """SELECT c.contact, coalesce(m.moment, k.modified)
        FROM contact_tags AS c JOIN contacts AS k ON k.id = c.contact
        LEFT JOIN hubspot_members AS m ON m.list = c.tag AND m.contact = c.contact
        WHERE c.tag = ? AND c.contact > ? ORDER BY c.contact LIMIT ?""",
        (one.id, after, limit + 1),
    ).fetchall()
    told: dict[str, Any] = {
        "results": [{"recordId": str(id), "membershipTimestamp": text_of(moment)} for id, moment in rows[:limit]],
        "total": one.size,
    }
    if len(rows) > limit:
        told["paging"] = {"next": {"after": str(rows[limit - 1][0])}}
    return Answer(200, told)


def add(call: Call) -> Answer:
    return _change(call, call.read(list[bodies.Id]), [])


def remove(call: Call) -> Answer:
    return _change(call, [], call.read(list[bodies.Id]))


def add_and_remove(call: Call) -> Answer:
    asked = call.read(bodies.MembershipChange)
    return _change(call, asked.recordIdsToAdd, asked.recordIdsToRemove)


def clear(call: Call) -> Answer:
    one = _writable(call)
    if one.size > _MEMBERS:
        raise invalid(f"the list has more than {_MEMBERS:,} members")
    call.connection.execute("DELETE FROM contact_tags WHERE tag = ?", (one.id,))
    call.connection.execute("DELETE FROM hubspot_members WHERE list = ?", (one.id,))
    return Answer(204)


def of_record(call: Call) -> Answer:
    """404 if there is no such contact."""
    if call.path["objectTypeId"] != CONTACTS:
        raise not_found("there are lists of contacts only")
    row = records.row_of(call, call.path["recordId"], None)
    return Answer(200, {"results": _memberships(call, [row]).get(row, [])})


def of_records(call: Call) -> Answer:
    asked = call.read(bodies.RecordsOfTypes).inputs
    check_size(asked, _BATCH)
    ids = list(dict.fromkeys(item.recordId for item in asked if item.objectTypeId == CONTACTS))
    rows = records.rows_of(call, ids, None)
    found = _memberships(call, rows.values())
    results = [
        {"objectTypeId": CONTACTS, "recordId": id, "recordListMemberships": found.get(rows[id], [])}
        for id in ids
        if id in rows
    ]
    missing = [item.recordId for item in asked if item.recordId not in rows]
    errors = [not_found("Could not get some CONTACT objects").of_input({"ids": missing})] if missing else []
    return done(call, results, errors, 200)


def _memberships(call: Call, rows: Iterable[int]) -> dict[int, list[dict[str, Any]]]:
    """Contact -> the lists it is on, in the order of their ids."""
    numbers = list(rows)
    selected = call.connection.execute(
        f"""SELECT c.contact, c.tag, coalesce(l.version, 1), coalesce(m.moment, k.modified)
        FROM contact_tags AS c JOIN contacts AS k ON k.id = c.contact LEFT JOIN hubspot_lists AS l ON l.id = c.tag
        LEFT JOIN hubspot_members AS m ON m.list = c.tag AND m.contact = c.contact
        WHERE c.contact IN ({", ".join("?" * len(numbers))}) ORDER BY c.tag""",
        numbers,
    )
    found: dict[int, list[dict[str, Any]]] = {}
    for contact, id, version, moment in selected:
        times = {"firstAddedTimestamp": text_of(moment), "lastAddedTimestamp": text_of(moment)}
        found.setdefault(contact, []).append({"listId": str(id), "listVersion": version, **times})
    return found


def _writable(call: Call) -> CrmList:
    one = known(call, call.path["listId"])
    if one.kind == "DYNAMIC":
        raise invalid("members of a DYNAMIC list come from its filters", sub="ILS.INVALID_LIST_PROCESSING_TYPE")
    return one


def _change(call: Call, add: Sequence[str], remove: Sequence[str]) -> Answer:
    """Says who was really added and removed; who is no contact is told as missing and ignored."""
    one = _writable(call)
    if len(add) + len(remove) > _MEMBERS:
        raise invalid(f"one request takes at most {_MEMBERS:,} records")
    rows = records.rows_of(call, [*add, *remove], None)
    on = {
        contact for (contact,) in call.connection.execute("SELECT contact FROM contact_tags WHERE tag = ?", (one.id,))
    }
    added = {rows[id] for id in add if id in rows} - on
    removed = {rows[id] for id in remove if id in rows} & (on | added)
    run = call.connection.executemany
    run("INSERT INTO contact_tags VALUES (?, ?)", [(row, one.id) for row in added])
    run("INSERT OR REPLACE INTO hubspot_members VALUES (?, ?, ?)", [(one.id, row, call.moment) for row in added])
    run("DELETE FROM contact_tags WHERE contact = ? AND tag = ?", [(row, one.id) for row in removed])
    run("DELETE FROM hubspot_members WHERE contact = ? AND list = ?", [(row, one.id) for row in removed])
    return Answer(
        200,
        {
            "recordsIdsAdded": [str(row) for row in sorted(added)],
            "recordIdsRemoved": [str(row) for row in sorted(removed)],
            "recordIdsMissing": [id for id in dict.fromkeys((*add, *remove)) if id not in rows],
        },
    )


def _keep(call: Call, one: CrmList) -> None:
    call.connection.execute(
        "INSERT OR REPLACE INTO hubspot_lists VALUES (?, ?, ?, ?, ?, ?, NULL, ?)",
        (one.id, one.kind, one.version, one.created, one.updated, one.filters, one.name),
    )


def _refused(error: LocalCrmError) -> Wrong:
    return _duplicate() if isinstance(error, Taken) else invalid(error.detail)


def _duplicate() -> Wrong:
    return invalid("List names must be unique; there is a list of this name.", sub="ILS.DUPLICATE_LIST_NAMES")
