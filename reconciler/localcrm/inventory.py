"""Fields, options and tags of the embedded CRM. Every function works inside a transaction that the caller holds."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.localcrm.errors import Missing, Refused, Taken
from reconciler.localcrm.ids import as_id
from reconciler.localcrm.kinds import KINDS, Kind
from reconciler.localcrm.limits import Limits
from reconciler.localcrm.objects import CONTACT, Object
from reconciler.model.inventory import CrmField, CrmOption, CrmTag

_SURROGATE = re.compile("[\ud800-\udfff]")
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}")


@dataclass(frozen=True, slots=True)
class Column:
    """A field as contacts are written through it: `name` is the column's, made by us and safe in SQL."""

    name: str
    key: str
    kind: Kind
    options: frozenset[str]
    max_length: int


def fields(connection: sqlite3.Connection, object: Object = CONTACT) -> tuple[CrmField, ...]:
    """All fields, the standard ones first, then in the order of their making."""
    choices: dict[int, list[CrmOption]] = {}
    for field, value, label in connection.execute("SELECT field, value, label FROM options ORDER BY field, position"):
        choices.setdefault(field, []).append(CrmOption(value, label))
    rows = connection.execute(
        f"SELECT id, key, label, native, grouping, standard, max_length FROM fields WHERE {object.fields} ORDER BY id"
    )
    return tuple(
        CrmField(key, label, native, tuple(choices.get(id, ())), group, bool(standard), max_length=length)
        for id, key, label, native, group, standard, length in rows
    )


def columns(connection: sqlite3.Connection, limits: Limits, object: Object = CONTACT) -> dict[str, Column]:
    """How each field is written, by key."""
    numbers = numbers_of(connection, object)
    return {
        field.key: Column(
            f"f{numbers[field.key]}",
            field.key,
            KINDS[field.native],
            frozenset(o.value for o in field.options),
            min(limits.length, field.max_length or limits.length),
        )
        for field in fields(connection, object)
    }


def numbers_of(connection: sqlite3.Connection, object: Object) -> dict[str, int]:
    """Key -> number of each field."""
    return dict(connection.execute(f"SELECT key, id FROM fields WHERE {object.fields}").fetchall())


def column_names(connection: sqlite3.Connection, keys: Sequence[str], object: Object = CONTACT) -> list[str]:
    """The columns of those fields. Raises Missing, naming the field."""
    numbers = numbers_of(connection, object)
    for key in keys:
        if key not in numbers:
            raise Missing(f"there is no field `{key}`")
    return [f"f{numbers[key]}" for key in keys]


def add_field(connection: sqlite3.Connection, field: CrmField, limits: Limits, object: Object = CONTACT) -> CrmField:
    """The field as it is now. Raises Taken, Refused."""
    _check_key(connection, field.key, object)
    if field.native not in KINDS:
        raise Refused(f"there is no native type `{field.native}`", field.key)
    if field.max_length is not None and field.max_length < 1:
        raise Refused("the longest value must have at least one character", field.key)
    custom = f"SELECT count(*) FROM fields WHERE NOT standard AND {object.fields}"
    if connection.execute(custom).fetchone()[0] >= limits.fields:
        raise Refused(f"there are {limits.fields} custom fields already, which is the most", field.key)
    added = connection.execute(
        "INSERT INTO fields (key, folded, label, native, grouping, max_length) VALUES (?, ?, ?, ?, ?, ?)",
        (field.key, folded(field.key, object), field.label or field.key, field.native, field.group, field.max_length),
    )
    connection.execute(f"ALTER TABLE contacts ADD COLUMN f{added.lastrowid} TEXT")
    _set_options(connection, added.lastrowid or 0, field.key, field.native, field.options, limits)
    return next(f for f in fields(connection, object) if f.key == field.key)


def update_field(
    connection: sqlite3.Connection,
    key: str,
    *,
    label: str | None,
    group: str | None,
    options: Sequence[CrmOption] | None,
    limits: Limits,
    object: Object = CONTACT,
) -> None:
    """Change what is given. Values that hold a removed option stay as they are."""
    id, native, _standard = _known(connection, key, object)
    if label is not None:
        connection.execute("UPDATE fields SET label = ? WHERE id = ?", (label, id))
    if group is not None:
        connection.execute("UPDATE fields SET grouping = ? WHERE id = ?", (group, id))
    if options is not None:
        connection.execute("DELETE FROM options WHERE field = ?", (id,))
        _set_options(connection, id, key, native, options, limits)


def rename_field(connection: sqlite3.Connection, key: str, new_key: str, object: Object = CONTACT) -> None:
    """The values stay where they are."""
    id = _custom(connection, key, object)
    _check_key(connection, new_key, object, except_id=id)
    row = (new_key, folded(new_key, object), id)
    connection.execute("UPDATE fields SET key = ?, folded = ? WHERE id = ?", row)


def delete_field(connection: sqlite3.Connection, key: str, moment: int, object: Object = CONTACT) -> None:
    """The field, its options and every value of it."""
    id = _custom(connection, key, object)
    connection.execute(f"UPDATE contacts SET modified = ? WHERE f{id} IS NOT NULL", (moment,))
    connection.execute("DELETE FROM options WHERE field = ?", (id,))
    connection.execute("DELETE FROM fields WHERE id = ?", (id,))
    connection.execute(f"ALTER TABLE contacts DROP COLUMN f{id}")


def tags(connection: sqlite3.Connection) -> tuple[CrmTag, ...]:
    """All tags, oldest first."""
    return tuple(CrmTag(str(id), name) for id, name in connection.execute("SELECT id, name FROM tags ORDER BY id"))


def add_tag(connection: sqlite3.Connection, name: str, limits: Limits) -> CrmTag:
    """Raises Taken if a tag of that name exists in any case."""
    _check_name(connection, name, limits)
    added = connection.execute("INSERT INTO tags (name, folded) VALUES (?, ?)", (name, name.casefold()))
    return CrmTag(str(added.lastrowid), name)


def rename_tag(connection: sqlite3.Connection, key: str, name: str, limits: Limits) -> CrmTag:
    id = tag_id(connection, key)
    _check_name(connection, name, limits, except_id=id)
    connection.execute("UPDATE tags SET name = ?, folded = ? WHERE id = ?", (name, name.casefold(), id))
    return CrmTag(key, name)


def delete_tag(connection: sqlite3.Connection, key: str, moment: int) -> None:
    """The tag, and every tagging with it."""
    id = tag_id(connection, key)
    connection.execute(
        "UPDATE contacts SET modified = ? WHERE id IN (SELECT contact FROM contact_tags WHERE tag = ?)", (moment, id)
    )
    connection.execute("DELETE FROM contact_tags WHERE tag = ?", (id,))
    connection.execute("DELETE FROM tags WHERE id = ?", (id,))


def tag_id(connection: sqlite3.Connection, key: str) -> int:
    """Raises Missing."""
    id = as_id(key)
    if id is None or not connection.execute("SELECT 1 FROM tags WHERE id = ?", (id,)).fetchone():
        raise Missing("there is no such tag")
    return id


def folded(key: str, object: Object) -> str:
    """The form in which the keys of fields are compared."""
    return object.prefix + key.lower()


def _known(connection: sqlite3.Connection, key: str, object: Object) -> tuple[int, str, bool]:
    row = connection.execute(
        f"SELECT id, native, standard FROM fields WHERE key = ? AND {object.fields}", (key,)
    ).fetchone()
    if row is None:
        raise Missing(f"there is no field `{key}`")
    return row[0], row[1], bool(row[2])


def _custom(connection: sqlite3.Connection, key: str, object: Object) -> int:
    id, _native, standard = _known(connection, key, object)
    if standard:
        raise Refused("a standard field can be neither renamed nor removed", key)
    return id


def _check_key(connection: sqlite3.Connection, key: str, object: Object, except_id: int = 0) -> None:
    if not _KEY.fullmatch(key):
        raise Refused("a key is a letter, then up to 99 letters, digits and underscores, all of them ASCII", key)
    row = connection.execute(
        f"SELECT key FROM fields WHERE {object.fields} AND folded IN (?, ?) AND id != ?",
        (key.lower(), folded(key, object), except_id),
    ).fetchone()
    if row:
        raise Taken(f"the field `{row[0]}` exists", row[0])


def _check_name(connection: sqlite3.Connection, name: str, limits: Limits, except_id: int = 0) -> None:
    if not name.strip() or len(name) > limits.name or not storable(name):
        raise Refused(f"a tag's name has 1 to {limits.name} characters that can be seen and stored")
    row = connection.execute(
        "SELECT id, name FROM tags WHERE folded = ? AND id != ?", (name.casefold(), except_id)
    ).fetchone()
    if row:
        raise Taken("a tag of that name exists", str(row[0]))


def storable(text: str) -> bool:
    """Whether the text can be written as UTF-8 at all; a lone surrogate cannot."""
    return text.isascii() or not _SURROGATE.search(text)


def _set_options(
    connection: sqlite3.Connection, id: int, key: str, native: str, options: Sequence[CrmOption], limits: Limits
) -> None:
    if options and not KINDS[native].choices:
        raise Refused(f"the native type `{native}` has no options", key)
    if len(options) > limits.options:
        raise Refused(f"a field has at most {limits.options} options", key)
    if len({o.value for o in options}) != len(options) or not all(o.value and storable(o.value) for o in options):
        raise Refused("every option has a value of its own", key)
    connection.executemany(
        "INSERT INTO options VALUES (?, ?, ?, ?)",
        [(id, position, o.value, o.label or o.value) for position, o in enumerate(options)],
    )
