"""Where the file names objects of the CRM beside `crm.object`: each has to be one of those, and each key there one
field's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.config.collect import Problems, listed, shown
from reconciler.config.reading import path_text
from reconciler.model.desired import Contacts, Door, Field


def check_objects(crm: Door, fields: Mapping[str, Field], contacts: Contacts, problems: Problems) -> None:
    """Note every object that is not one of the file's, and every field that is meant twice in one of them."""
    known = f"`crm.object` names {listed(crm.objects)}"
    asked = contacts.create_as
    if asked is not None and asked not in crm.objects:
        detail = f"`contacts.create_as` is {shown(asked)}"
        problems.add("E133", detail, contacts.where, problems.meant(asked, crm.objects) or known)
    for entry in fields.values():
        where = entry.where_of.get("keys", entry.where)
        for object in entry.keys:
            if object not in crm.objects:
                detail = f"{shown(path_text('fields', [entry.key, 'keys']))} names {shown(object)}"
                problems.add("E133", detail, where, problems.meant(object, crm.objects) or known)
    for first, second, object in _meant_twice(crm, fields):
        detail = f"{shown(second.key)} is the same field of {object} as {shown(first.key)}"
        problems.add("R103", detail, second.where_of.get("keys", second.where))


def _meant_twice(crm: Door, fields: Mapping[str, Field]) -> Iterator[tuple[Field, Field, str]]:
    for object in crm.objects:
        meant: dict[str, Field] = {}
        for entry in fields.values():
            first = meant.setdefault(entry.keys.get(object, entry.key), entry)
            if first is not entry:
                yield first, entry, object
