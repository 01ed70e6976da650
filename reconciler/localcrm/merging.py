"""Contacts that somebody merged: the lost one goes away, and its id goes on leading to the one that was kept.

The table is made with the first merge: files of CRMs in which nobody merges anything stay as they are.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from reconciler.localcrm.objects import id_of

_TABLE = "CREATE TABLE IF NOT EXISTS former (former INTEGER PRIMARY KEY, contact INTEGER NOT NULL) WITHOUT ROWID"


def merge(connection: sqlite3.Connection, kept: int, lost: int, moment: int) -> None:
    """The kept contact keeps its values and carries the tags of both; both are there."""
    run = connection.execute
    run(_TABLE)
    run("INSERT OR IGNORE INTO contact_tags SELECT ?, tag FROM contact_tags WHERE contact = ?", (kept, lost))
    run("DELETE FROM contact_tags WHERE contact = ?", (lost,))
    run("DELETE FROM contacts WHERE id = ?", (lost,))
    run("UPDATE former SET contact = ? WHERE contact = ?", (kept, lost))
    run("INSERT INTO former VALUES (?, ?)", (lost, kept))
    run("UPDATE contacts SET modified = ? WHERE id = ?", (moment, kept))


def any_merged(connection: sqlite3.Connection) -> bool:
    """Whether contacts were ever merged here."""
    return bool(connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'former'").fetchone())


def survivors(connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, int]:
    """Former id -> the contact that is there for it, of those among `ids`."""
    if not ids or not any_merged(connection):
        return {}
    marks = ", ".join("?" * len(ids))
    rows = connection.execute(
        f"SELECT former, contact FROM former JOIN contacts ON id = contact WHERE former IN ({marks})", ids
    )
    return dict(rows.fetchall())


def former_of(connection: sqlite3.Connection, contacts: Iterable[int]) -> dict[int, list[str]]:
    """Contact -> ids of those that went into it, of these contacts; only where there are any."""
    found: dict[int, list[str]] = {}
    if any_merged(connection):
        wanted = set(contacts)
        for former, contact in connection.execute("SELECT former, contact FROM former ORDER BY former"):
            if contact in wanted:
                found.setdefault(contact, []).append(id_of(former))
    return found
