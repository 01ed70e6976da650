"""The kinds of people of the embedded CRM: contacts, and leads that somebody may convert into contacts.

Both lie in one table, so that a lead's number is never a contact's: those of leads are negative, and are written with
an L. Standard fields and tags are of both, other fields of one. A file that never had a lead looks as it did without
them.
"""

from __future__ import annotations

from typing import NamedTuple

from reconciler.localcrm.ids import as_id


class Object(NamedTuple):
    """`begins`: how ids of it begin. `apart`: what stands before an address where addresses are compared: no address
    holds such a sign. `prefix`: what stands before a field's key where keys are compared. `rows`, `fields`: which rows
    of `contacts` and `fields` are of it, as SQL."""

    name: str
    begins: str
    apart: str
    prefix: str
    rows: str
    order: str
    fields: str

    def number(self, id: str) -> int | None:
        """The row that an id is of, or None for a text that is no id of this object."""
        found = as_id(id.removeprefix(self.begins)) if id.startswith(self.begins) else None
        return -found if found and self.begins else found

    def address(self, email: object) -> str | None:
        """The form in which addresses are compared."""
        return self.apart + email.lower() if isinstance(email, str) and email else None


CONTACT = Object("contact", "", "", "", "id > 0", "id", "instr(folded, ':') = 0")
LEAD = Object("lead", "L", "\x1fL", "lead:", "id < 0", "id DESC", "(standard OR folded LIKE 'lead:%')")
OBJECTS = {object.name: object for object in (CONTACT, LEAD)}


def row_of(id: str) -> int | None:
    """The row that an id is of, of whichever object it is."""
    return next((row for object in OBJECTS.values() if (row := object.number(id)) is not None), None)


def id_of(number: int) -> str:
    """The id of a row, of whichever object it is."""
    return str(number) if number > 0 else f"{LEAD.begins}{-number}"
