"""Contacts of the embedded CRM, one and a batch at a time. Every function works inside a transaction of the caller.

A batch has one `Result` per item, in order; an item that fails leaves nothing behind and does not stop the others.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from reconciler.localcrm.errors import LocalCrmError, Missing, Refused, Taken
from reconciler.localcrm.file import EMAIL_COLUMN
from reconciler.localcrm.inventory import Column, column_names, storable, tag_id
from reconciler.localcrm.kinds import Unfit
from reconciler.localcrm.merging import any_merged, survivors
from reconciler.localcrm.objects import CONTACT, Object, id_of, row_of
from reconciler.localcrm.quirks import Mischief
from reconciler.model.capabilities import Json

EMAIL = "email"
STATUSES = ("subscribed", "unsubscribed", "pending")
QUIET = "unsubscribed"
"""The status of a contact for which none was asked."""

_TAG = "INSERT INTO contact_tags VALUES (?, ?)"
_UNTAG = "DELETE FROM contact_tags WHERE contact = ? AND tag = ?"

Record = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Result:
    """One item of a batch: the contact's id, or why nothing of it was done."""

    id: str | None = None
    error: LocalCrmError | None = None


@dataclass(frozen=True, slots=True)
class Writer:
    """What the writing of contacts depends on, for one call."""

    connection: sqlite3.Connection
    columns: Mapping[str, Column]
    mischief: Mischief
    moment: int
    object: Object = CONTACT
    addressless: bool = False

    def add(self, record: Record, status: str | None = None) -> str:
        """The new contact's id. Raises Taken, Refused."""
        if self.mischief.refuses_item():
            raise Refused("this record is refused")
        if status is not None and status not in STATUSES:
            raise Refused("there is no such status")
        stored = self._stored(record)
        address = self._address(stored.get(EMAIL_COLUMN))
        values: dict[str, object] = {
            "address": address,
            "status": status or QUIET,
            "created": self.moment,
            "modified": self.moment,
            **stored,
        }
        marks = ", ".join("?" * len(values))
        try:
            added = self.connection.execute(
                f"INSERT INTO contacts ({', '.join(values)}) VALUES ({marks})", tuple(values.values())
            )
        except sqlite3.IntegrityError:
            raise self._taken(str(address)) from None
        return self._id_of(added.lastrowid or 0)

    def _address(self, email: str | None) -> str | None:
        """What addresses are compared by. Raises Refused where there must be one."""
        address = self.object.address(email)
        if address is None and not self.addressless:
            raise Refused("a contact needs an e-mail address", EMAIL)
        return address

    def _id_of(self, number: int) -> str:
        """The id of a row just added, which gets the number of its object."""
        if self.object is CONTACT:
            return id_of(number)
        self.connection.execute("UPDATE contacts SET id = ? WHERE id = ?", (-number, number))
        return id_of(-number)

    def update(self, contact: str, record: Record) -> str:
        """Set what the record names. Raises Missing, Taken, Refused."""
        if self.mischief.refuses_item():
            raise Refused("this record is refused")
        id = self.existing(contact)
        stored = self._stored(record)
        values: dict[str, object] = {"modified": self.moment, **stored}
        if EMAIL_COLUMN in stored:
            values["address"] = self._address(stored[EMAIL_COLUMN])
        try:
            self.connection.execute(
                f"UPDATE contacts SET {', '.join(f'{name} = ?' for name in values)} WHERE id = ?",
                (*values.values(), id),
            )
        except sqlite3.IntegrityError:
            raise self._taken(str(values["address"])) from None
        return contact

    def tag(self, contacts: Sequence[str], tags: Iterable[int], *, on: bool) -> list[Result]:
        """Apply or take away; what is so already stays so. A few statements, however many contacts."""
        ids = [self.object.number(contact) for contact in contacts]
        for id in ids:
            if id is not None and self.mischief.loses_contact():
                delete(self.connection, id)
        there = self._numbers("SELECT id FROM contacts WHERE id", ids)
        changed: set[int] = set()
        for tag in set(tags):
            carriers = self._numbers(f"SELECT contact FROM contact_tags WHERE tag = {tag} AND contact", there)
            changing = there - carriers if on else carriers
            self.connection.executemany(_TAG if on else _UNTAG, [(id, tag) for id in changing])
            changed |= changing
        self.connection.executemany(
            "UPDATE contacts SET modified = ? WHERE id = ?", [(self.moment, id) for id in changed]
        )
        missing = Result(error=Missing("there is no such contact"))
        return [Result(contact) if id in there else missing for contact, id in zip(contacts, ids, strict=True)]

    def _numbers(self, select: str, ids: Iterable[int | None]) -> set[int]:
        given = [id for id in ids if id is not None]
        return {id for (id,) in self.connection.execute(f"{select} IN ({', '.join('?' * len(given))})", given)}

    def existing(self, contact: str) -> int:
        """The number of a contact that is there. Raises Missing."""
        id = self.object.number(contact)
        if id is not None and self.mischief.loses_contact():
            delete(self.connection, id)
        return known(self.connection, contact, self.object)

    def _stored(self, record: Record) -> dict[str, str | None]:
        """Column -> what is stored there. Raises Refused, naming the field."""
        stored: dict[str, str | None] = {}
        for key, value in record.items():
            column = self.columns.get(key)
            if column is None:
                raise Refused(f"there is no field `{key}`", key)
            stored[column.name] = None if value is None or value == "" else self._value(column, value)
        return stored

    def _value(self, column: Column, value: Json) -> str | None:
        if column.kind.free and type(value) is str:
            text = value
        else:
            try:
                text = column.kind.settle(value, column.options)
            except Unfit as unfit:
                raise Refused(f"`{column.key}` {unfit}", column.key) from None
        if self.mischief.rewrites:
            text = self.mischief.rewritten(column.key, text, column.kind.free)
        if len(text) > column.max_length:
            raise Refused(f"`{column.key}` takes at most {column.max_length:,} characters", column.key)
        if not storable(text):
            raise Refused(f"`{column.key}` holds characters that cannot be stored", column.key)
        return text or None

    def _taken(self, address: str) -> Taken:
        row = self.connection.execute("SELECT id FROM contacts WHERE address = ?", (address,)).fetchone()
        return Taken("a contact with this e-mail address exists", id_of(row[0]))


def each(items: Sequence[object], carry_out: Callable[[int], str]) -> list[Result]:
    """One `Result` per item; `carry_out(number of the item)` gives the contact's id or raises."""
    results = []
    for number in range(len(items)):
        try:
            results.append(Result(carry_out(number)))
        except LocalCrmError as error:
            results.append(Result(error=error))
    return results


def find(connection: sqlite3.Connection, email: str, object: Object = CONTACT) -> str | None:
    """The contact with that address, in any case."""
    address = object.address(email)
    if address is None or not storable(address):
        return None
    row = connection.execute("SELECT id FROM contacts WHERE address = ?", (address,)).fetchone()
    return id_of(row[0]) if row else None


def known(connection: sqlite3.Connection, contact: str, object: Object = CONTACT) -> int:
    """The number of a contact that is there. Raises Missing."""
    id = object.number(contact)
    if id is None or not connection.execute("SELECT 1 FROM contacts WHERE id = ?", (id,)).fetchone():
        raise Missing("there is no such contact")
    return id


def load(
    connection: sqlite3.Connection, contacts: Sequence[str], keys: Sequence[str], object: Object = CONTACT
) -> dict[str, list[str | None]]:
    """Id -> wire texts of those fields, of the contacts that are there, or are there for these ids since a merge.
    Raises Missing for a field."""
    names = column_names(connection, keys, object)
    ids = [id for id in map(object.number, contacts) if id is not None]
    ids += survivors(connection, [row for contact in contacts if (row := row_of(contact)) is not None]).values()
    marks = ", ".join("?" * len(ids))
    rows = connection.execute(
        f"SELECT {', '.join(('id', *names))} FROM contacts WHERE id IN ({marks}) AND {object.rows}", ids
    )
    return {id_of(id): values for id, *values in rows}


def tags_of(connection: sqlite3.Connection, contact: str, object: Object = CONTACT) -> list[str]:
    """Keys of the tags that the contact carries. Raises Missing."""
    id = known(connection, contact, object)
    return [
        str(tag) for (tag,) in connection.execute("SELECT tag FROM contact_tags WHERE contact = ? ORDER BY tag", (id,))
    ]


def carriers(connection: sqlite3.Connection, tag: str, many: int, object: Object = CONTACT) -> Iterator[str]:
    """Ids of the contacts that carry the tag. Raises Missing."""
    rows = connection.execute(
        f"SELECT contact AS id FROM contact_tags WHERE tag = ? AND {object.rows.replace('id', 'contact')}"
        f" ORDER BY {object.order}",
        (tag_id(connection, tag),),
    )
    while page := rows.fetchmany(many):
        yield from (id_of(contact) for (contact,) in page)


def delete(connection: sqlite3.Connection, id: int) -> None:
    """What only other people do: the door has no such call."""
    connection.execute("DELETE FROM contact_tags WHERE contact = ?", (id,))
    connection.execute("DELETE FROM contacts WHERE id = ?", (id,))
    if any_merged(connection):
        connection.execute("DELETE FROM former WHERE contact = ?", (id,))
