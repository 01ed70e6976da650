"""The tables beside those of the embedded CRM, in the same file, and the account as it is when it is new."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

from reconciler.emulators.hubspot import properties, standard
from reconciler.emulators.hubspot.properties import Option, Property, native_of
from reconciler.localcrm import LocalCrm, Trouble, Unusable
from reconciler.model.inventory import CrmField, CrmOption

_TABLES = (
    "CREATE TABLE hubspot_properties (name TEXT PRIMARY KEY, archived INTEGER, kept TEXT NOT NULL) WITHOUT ROWID",
    """CREATE TABLE hubspot_groups (
        name TEXT PRIMARY KEY, label TEXT NOT NULL, position INTEGER NOT NULL, defined INTEGER NOT NULL DEFAULT 0)
        WITHOUT ROWID""",
    """CREATE TABLE hubspot_lists (
        id INTEGER PRIMARY KEY, processing TEXT NOT NULL, version INTEGER NOT NULL, created INTEGER NOT NULL,
        updated INTEGER NOT NULL, filters TEXT, deleted INTEGER, name TEXT NOT NULL)""",
    """CREATE TABLE hubspot_members (
        list INTEGER NOT NULL, contact INTEGER NOT NULL, moment INTEGER NOT NULL, PRIMARY KEY (list, contact))
        WITHOUT ROWID""",
    """CREATE TABLE hubspot_archived (
        contact INTEGER PRIMARY KEY, created INTEGER NOT NULL, modified INTEGER NOT NULL, moment INTEGER NOT NULL,
        kept TEXT NOT NULL)""",
    "CREATE INDEX hubspot_modified ON contacts (modified)",
)
_IN_USE = """SELECT 1 FROM fields WHERE NOT standard UNION ALL SELECT 1 FROM tags
    UNION ALL SELECT 1 FROM contacts UNION ALL SELECT 1 FROM fields WHERE key = 'firstname'"""
_RENAMED = {"first_name": "firstname", "last_name": "lastname"}


def prepare(crm: LocalCrm, moment: int) -> None:
    """Makes the account, if it is not there yet. The standard fields of the embedded CRM get HubSpot's names.
    Raises Unusable for a file that somebody uses as a CRM of its own: its fields would be renamed."""
    with crm.transaction() as connection:
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'hubspot_properties'").fetchone():
            return
        if connection.execute(_IN_USE).fetchone():
            raise Unusable(Trouble.FOREIGN, "it holds an embedded CRM that is in use as such")
        for statement in _TABLES:
            connection.execute(statement)
        groups = [(name, label, number, 1) for number, (name, label) in enumerate(standard.GROUPS)]
        connection.executemany("INSERT INTO hubspot_groups VALUES (?, ?, ?, ?)", groups)
        for ours, theirs in _RENAMED.items():
            connection.execute("UPDATE fields SET key = ?, folded = ? WHERE key = ?", (theirs, theirs, ours))
        connection.execute("UPDATE fields SET native = 'text' WHERE key = 'phone'")
        there = {field.key for field in crm.fields()}
        for row in standard.PROPERTIES:
            if row.column:
                _add(crm, connection, row, moment, row.name in there)


def _add(crm: LocalCrm, connection: sqlite3.Connection, row: standard.Standard, moment: int, there: bool) -> None:
    options = tuple(Option(value, label) for value, label in row.options)
    native = native_of(row.type, row.field_type)
    if there:
        crm.update_field(row.name, label=row.label, group=row.group)
    else:
        choices = tuple(CrmOption(option.value, option.label) for option in options)
        crm.add_field(CrmField(row.name, row.label, native, choices, row.group))
    connection.execute("UPDATE fields SET standard = 1 WHERE key = ?", (row.name,))
    made = Property(row.name, row.label, row.type, row.field_type, row.group, options)
    properties.keep(connection, replace(made, form=True, defined=True, created=moment, updated=moment))
