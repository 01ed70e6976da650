"""Properties and their groups: list, create, change, archive.

The name of an archived property stays taken (409) unless the account is set otherwise. Not documented: whether it is,
and whether a property of that name made anew has the old one's values; here it has none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from reconciler.emulators.hubspot import bodies, properties
from reconciler.emulators.hubspot.call import Answer, Call, check_size, done, unreadable
from reconciler.emulators.hubspot.errors import Wrong, conflict, invalid, not_found
from reconciler.emulators.hubspot.properties import FIELD_TYPES, Option, Property, native_of
from reconciler.localcrm import LocalCrmError, Taken
from reconciler.model.inventory import CrmField, CrmOption

_SENSITIVE = ("sensitive", "highly_sensitive")
_BOOLEAN = (Option("true", "Yes", order=0), Option("false", "No", order=1))


def every(call: Call) -> Answer:
    if call.one("dataSensitivity") in _SENSITIVE:
        return Answer(200, {"results": []})
    found = properties.archived(call.connection) if call.yes("archived") else call.properties
    return Answer(200, {"results": [property.shown() for property in found.values()]})


def get(call: Call) -> Answer:
    found = properties.archived(call.connection) if call.yes("archived") else call.properties
    return Answer(200, _known(found, call.path["propertyName"]).shown())


def create(call: Call) -> Answer:
    return Answer(201, _created(call, call.read(bodies.PropertyCreate)).shown())


def create_batch(call: Call) -> Answer:
    inputs = call.read(bodies.PropertyCreates).inputs
    check_size(inputs)
    results: list[Any] = []
    errors: list[Any] = []
    for item in inputs:
        name = str(item.get("name", "")) if isinstance(item, dict) else ""
        try:
            results.append(_created(call, bodies.PropertyCreate.model_validate(item)).shown())
        except ValidationError as error:
            errors.append(unreadable(error).of_input({"name": [name]}))
        except Wrong as wrong:
            errors.append(wrong.of_input({"name": [name]}))
    return done(call, results, errors, 201)


def read_batch(call: Call) -> Answer:
    asked = call.read(bodies.PropertyNames)
    check_size(asked.inputs)
    found = properties.archived(call.connection) if asked.archived else call.properties
    names = list(dict.fromkeys(item.name for item in asked.inputs))
    missing = [name for name in names if name not in found]
    errors = [not_found("Property does not exist").of_input({"name": [name]}) for name in missing]
    return done(call, [found[name].shown() for name in names if name in found], errors, 200)


def archive_batch(call: Call) -> Answer:
    asked = call.read(bodies.PropertyNames)
    check_size(asked.inputs)
    for name in {item.name for item in asked.inputs}:
        if name in call.properties:
            _archive(call, call.properties[name])
    return Answer(204)


def archive(call: Call) -> Answer:
    _archive(call, _known(call.properties, call.path["propertyName"]))
    return Answer(204)


def update(call: Call) -> Answer:
    """A property that HubSpot defined keeps its definition; options may be changed where it has some. A type may
    change while no contact has a value. Not documented: what becomes of values otherwise."""
    property = _known(call.properties, call.path["propertyName"])
    asked = call.read(bodies.PropertyUpdate)
    changed = _changed(property, asked)
    if property.defined and replace(changed, options=property.options) != property:
        raise invalid(f"{property.name} is defined by HubSpot; its definition cannot be changed")
    if property.defined and not property.options and changed.options:
        raise invalid(f"{property.name} has no options")
    _check(call, changed)
    if changed.native != property.native:
        _check_blank(call, property)
        call.connection.execute("UPDATE fields SET native = ? WHERE key = ?", (changed.native, property.name))
    _write(call, changed, choices=asked.options is not None)
    return Answer(200, call.properties[property.name].shown())


def _known(found: Mapping[str, Property], name: str) -> Property:
    if name not in found:
        raise not_found(f"Property {name} does not exist")
    return found[name]


def _created(call: Call, asked: bodies.PropertyCreate) -> Property:
    name = asked.name
    if name.startswith("hs_"):
        raise invalid("names that begin with hs_ are HubSpot's own")
    if name in call.properties:
        raise conflict(f"A property named '{name}' already exists.")
    if name in properties.archived(call.connection) and call.settings.archived_names == "taken":
        raise conflict(f"A property named '{name}' already exists. It is archived.")
    made = Property(
        name=name,
        label=asked.label,
        type=asked.type,
        field_type=asked.fieldType,
        group=asked.groupName,
        options=_options(asked.options) or (_BOOLEAN if asked.type == "bool" else ()),
        description=asked.description or "",
        order=-1 if asked.displayOrder is None else asked.displayOrder,
        hidden=asked.hidden,
        form=asked.formField,
        unique=asked.hasUniqueValue,
        created=call.moment,
        updated=call.moment,
    )
    _check(call, made)
    made = replace(made, native=native_of(made.type, made.field_type))
    try:
        call.crm.add_field(CrmField(name, made.label, made.native, _choices(made), made.group))
    except Taken as taken:
        raise conflict(f"A property named '{taken.existing}' already exists.") from None
    except LocalCrmError as error:
        raise invalid(error.detail) from None
    properties.keep(call.connection, made)
    del call.properties
    return call.properties[name]


def _changed(property: Property, asked: bodies.PropertyUpdate) -> Property:
    told: dict[str, Any] = {
        "label": asked.label,
        "type": asked.type,
        "field_type": asked.fieldType,
        "group": asked.groupName,
        "description": asked.description,
        "options": None if asked.options is None else _options(asked.options),
        "order": asked.displayOrder,
        "hidden": asked.hidden,
        "form": asked.formField,
    }
    changed = replace(property, **{name: value for name, value in told.items() if value is not None})
    if (changed.type, changed.field_type) == (property.type, property.field_type):
        return changed
    native = native_of(changed.type, changed.field_type) if changed.type in FIELD_TYPES else changed.native
    return replace(changed, native=native)


def _check(call: Call, property: Property) -> None:
    """Raises Wrong for a definition that cannot be."""
    if property.type not in FIELD_TYPES:
        raise invalid(f"{property.type} is no type")
    if property.field_type not in FIELD_TYPES[property.type]:
        raise invalid(f"the type {property.type} cannot have the field type {property.field_type}")
    if property.type not in ("enumeration", "bool") and property.options:
        raise invalid(f"the type {property.type} has no options")
    if property.type == "bool" and property.values != {"true", "false"}:
        raise invalid("a property of type bool has the options true and false")
    if property.unique and property.type not in ("string", "number"):
        raise invalid(f"the type {property.type} cannot be unique")
    labels = [option.label for option in property.options]
    if len(set(labels)) != len(labels) or len(property.values) != len(labels):
        raise invalid("every option has a label and a value of its own")
    if any(";" in option.value for option in property.options):
        raise invalid("an option's value has no semicolon")
    if not call.connection.execute("SELECT 1 FROM hubspot_groups WHERE name = ?", (property.group,)).fetchone():
        raise invalid(f"there is no property group {property.group}")


def _check_blank(call: Call, property: Property) -> None:
    filled = f"SELECT 1 FROM contacts WHERE {property.column} IS NOT NULL LIMIT 1"
    if call.connection.execute(filled).fetchone():
        raise invalid(f"{property.name} has values; its type cannot be changed")


def _write(call: Call, property: Property, *, choices: bool) -> None:
    try:
        call.crm.update_field(
            property.name,
            label=property.label,
            group=property.group,
            options=_choices(property) if choices else None,
        )
    except LocalCrmError as error:
        raise invalid(error.detail) from None
    properties.keep(call.connection, replace(property, updated=call.moment))
    del call.properties


def _archive(call: Call, property: Property) -> None:
    if property.defined:
        raise invalid(f"{property.name} is defined by HubSpot and cannot be archived")
    call.crm.delete_field(property.name)
    properties.keep(call.connection, replace(property, archived_at=call.moment))
    del call.properties


def _options(asked: Sequence[bodies.OptionInput]) -> tuple[Option, ...]:
    """In their displayed order, as far as one is given."""
    options = [
        Option(o.value, o.label, o.description or "", o.hidden, -1 if o.displayOrder is None else o.displayOrder)
        for o in asked
    ]
    return (
        tuple(sorted(options, key=lambda option: option.order)) if all(o.order >= 0 for o in options) else (*options,)
    )


def _choices(property: Property) -> tuple[CrmOption, ...]:
    if property.type == "bool":
        return ()
    return tuple(CrmOption(option.value, option.label) for option in property.options)


def groups(call: Call) -> Answer:
    rows = call.connection.execute("SELECT name, label, position FROM hubspot_groups ORDER BY position, name")
    return Answer(200, {"results": [_group(*row) for row in rows]})


def get_group(call: Call) -> Answer:
    return Answer(200, _group(*_known_group(call)))


def create_group(call: Call) -> Answer:
    asked = call.read(bodies.GroupCreate)
    if call.connection.execute("SELECT 1 FROM hubspot_groups WHERE name = ?", (asked.name,)).fetchone():
        raise conflict(f"A property group named '{asked.name}' already exists.")
    row = (asked.name, asked.label, -1 if asked.displayOrder is None else asked.displayOrder)
    call.connection.execute("INSERT INTO hubspot_groups (name, label, position) VALUES (?, ?, ?)", row)
    return Answer(201, _group(*row))


def update_group(call: Call) -> Answer:
    name, label, position = _known_group(call)
    asked = call.read(bodies.GroupUpdate)
    label = label if asked.label is None else asked.label
    position = position if asked.displayOrder is None else asked.displayOrder
    call.connection.execute("UPDATE hubspot_groups SET label = ?, position = ? WHERE name = ?", (label, position, name))
    return Answer(200, _group(name, label, position))


def archive_group(call: Call) -> Answer:
    """Only an empty one. Not documented: what becomes of its properties otherwise."""
    name, _label, _position = _known_group(call)
    defined = call.connection.execute("SELECT defined FROM hubspot_groups WHERE name = ?", (name,)).fetchone()[0]
    if defined or any(property.group == name for property in call.properties.values()):
        raise invalid(f"the property group {name} is in use or defined by HubSpot")
    call.connection.execute("DELETE FROM hubspot_groups WHERE name = ?", (name,))
    return Answer(204)


def _known_group(call: Call) -> tuple[str, str, int]:
    name = call.path["groupName"]
    row: tuple[str, str, int] | None = call.connection.execute(
        "SELECT name, label, position FROM hubspot_groups WHERE name = ?", (name,)
    ).fetchone()
    if row is None:
        raise not_found(f"Property group {name} does not exist")
    return row


def _group(name: str, label: str, position: int) -> dict[str, Any]:
    return {"name": name, "label": label, "displayOrder": position, "archived": False}
