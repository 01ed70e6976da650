"""A lead that somebody converts: it goes away, and a contact has what it had. Nothing of this program does that."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from reconciler.localcrm.contacts import delete
from reconciler.localcrm.inventory import numbers_of
from reconciler.localcrm.merging import merge
from reconciler.localcrm.objects import CONTACT, LEAD


def convert(connection: sqlite3.Connection, lead: int, keys: Mapping[str, str], told: bool, moment: int) -> int:
    """The row of the contact: the one with the lead's address, of which blanks are filled, or a new one. `keys`: field
    of leads -> field of contacts; others go into the field of the same key, if there is one. `told`: the contact names
    the lead as one that it was."""
    run = connection.execute
    address, status = run("SELECT address, status FROM contacts WHERE id = ?", (lead,)).fetchone()
    address = (address or "").removeprefix(LEAD.apart) or None
    there = run("SELECT id FROM contacts WHERE address = ?", (address,)).fetchone() if address else None
    contact = there[0] if there else _made(connection, address, status, moment)
    ours, theirs = numbers_of(connection, CONTACT), numbers_of(connection, LEAD)
    for key, number in theirs.items():
        if (field := ours.get(keys.get(key, key))) is not None:
            run(
                f"UPDATE contacts SET f{field} = coalesce(f{field}, (SELECT f{number} FROM contacts WHERE id = ?))"
                " WHERE id = ?",
                (lead, contact),
            )
    merge(connection, contact, lead, moment) if told else _untold(connection, contact, lead, moment)
    return int(contact)


def _made(connection: sqlite3.Connection, address: str | None, status: str, moment: int) -> int:
    added = connection.execute(
        "INSERT INTO contacts (address, status, created, modified) VALUES (?, ?, ?, ?)",
        (address, status, moment, moment),
    )
    return added.lastrowid or 0


def _untold(connection: sqlite3.Connection, contact: int, lead: int, moment: int) -> None:
    run = connection.execute
    run("INSERT OR IGNORE INTO contact_tags SELECT ?, tag FROM contact_tags WHERE contact = ?", (contact, lead))
    run("UPDATE contacts SET modified = ? WHERE id = ?", (moment, contact))
    delete(connection, lead)
