"""BottleCRM's fields: the standard ones and the organisation's own, which are switched off rather than deleted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from reconciler.adapters.bottlecrm.abilities import CANNOT
from reconciler.adapters.bottlecrm.api import Api
from reconciler.adapters.bottlecrm.shapes import APART, EMPTIES, STANDARD, Definition, Definitions
from reconciler.adapters.crm import Record
from reconciler.adapters.errors import NotFound, Rejected
from reconciler.model.capabilities import Ability, Call
from reconciler.model.inventory import CrmField, CrmOption

_KEY = re.compile(r"[a-z][a-z0-9_]{0,63}")
NAMES = ("first_name", "last_name")
"""What no contact is made without."""


class SwitchedOff(Rejected):
    """A new field has the key of a deleted one, which is of another type."""

    code = "E335"


class Fields:
    """As they were listed last, and changed since: every record is checked against them."""

    def __init__(self, api: Api, missing_name: str) -> None:
        """`missing_name`: what stands in for a name that a new contact lacks; "": it is refused."""
        self._api = api
        self._missing_name = missing_name
        self._own: dict[str, Definition] = {}

    def sync(self) -> list[CrmField]:
        query = (("target_model", "Contact"), ("include_counts", "false"))
        listed = self._api.read(Call.SYNC_FIELDS, "custom-fields", Definitions, query).definitions
        self._own = {definition.field.key: definition for definition in listed}
        spared = NAMES if self._missing_name else ()
        standard = [replace(field, required=False) if key in spared else field for key, field in STANDARD.items()]
        return [*standard, *(definition.field for definition in listed if definition.is_active)]

    def kept(self) -> dict[str, frozenset[str]]:
        """Keys of fields that are switched off, each with the type that it can be switched on with."""
        return {key: frozenset({own.field_type}) for key, own in self._own.items() if not own.is_active}

    def creation(self, data: Record) -> dict[str, Any]:
        """The body that creates a contact."""
        names = dict.fromkeys(NAMES, self._missing_name) if self._missing_name else {}
        return self.body({**names, **{key: value for key, value in data.items() if value is not None}})

    def body(self, data: Record) -> dict[str, Any]:
        """The record as the API takes it. A key that is no field would be ignored without a word: it is refused."""
        body: dict[str, Any] = {}
        custom: dict[str, Any] = {}
        for key, value in data.items():
            if key in STANDARD:
                body[key] = EMPTIES.get(key) if value is None else value
            elif (definition := self._find(key)) is not None:
                custom[definition.key] = value
            else:
                raise Rejected(f"there is no field `{key}`", field=key)
        return {**body, "custom_fields": custom} if custom else body

    def add(self, field: CrmField) -> CrmField:
        """A field of that key that was deleted is switched on again, with the label and the options of the new one."""
        key = _new_key(field)
        described: dict[str, Any] = {"label": field.label}
        if field.native == "dropdown":
            described["options"] = _choices(field.options)
        former = self._own.get(field.key)
        if former is None or former.is_active:
            kind = {"target_model": "Contact", "key": key, "field_type": field.native}
            made = self._api.write(Call.ADD_FIELD, "POST", "custom-fields", {**described, **kind}, Definition)
            return self._know(made)
        if former.field_type != field.native:
            detail = f"`{field.key}` is a deleted {former.field_type} field, {field.native} is wanted"
            raise SwitchedOff(detail, field=field.key)
        return self._change(Call.ADD_FIELD, former, {**described, "is_active": True})

    def update(self, key: str, label: str | None, options: Sequence[CrmOption] | None) -> None:
        """Changes what is given."""
        change = {"label": label, "options": None if options is None else _choices(options)}
        given = {name: value for name, value in change.items() if value is not None}
        self._change(Call.UPDATE_FIELD, self._existing(key), given)

    def delete(self, key: str) -> None:
        definition = self._existing(key)
        self._api.do(Call.DELETE_FIELD, "DELETE", f"custom-fields/{definition.id}")
        self._know(definition.model_copy(update={"is_active": False}))

    def _change(self, kind: Call, definition: Definition, change: dict[str, Any]) -> CrmField:
        return self._know(self._api.write(kind, "PUT", f"custom-fields/{definition.id}", change, Definition))

    def _know(self, definition: Definition) -> CrmField:
        field = definition.field
        self._own[field.key] = definition
        return field

    def _find(self, key: str) -> Definition | None:
        """The organisation's field of that key, unless it is switched off."""
        if key not in self._own:
            self.sync()
        found = self._own.get(key)
        return found if found is not None and found.is_active else None

    def _existing(self, key: str) -> Definition:
        if key in STANDARD:
            raise Rejected(f"`{key}` is a standard field, which cannot be changed", field=key)
        found = self._find(key)
        if found is None:
            raise NotFound(f"there is no field `{key}`")
        return found


def _new_key(field: CrmField) -> str:
    """The key that the API is given. Raises Rejected where a field cannot be made as it is wanted."""
    bare = field.key.removeprefix(APART)
    key = bare if bare in STANDARD else field.key
    if not _KEY.fullmatch(key):
        detail = f"`{field.key}`: a key begins with a small letter; small letters, digits and _ follow, 64 in all"
        raise Rejected(detail, "give the field another key", field=field.key)
    if field.native == "dropdown" and not field.options:
        raise Rejected(f"`{field.key}`: a dropdown has one option at least", "declare `options`", field=field.key)
    return key


def cannot_rename(key: str, new_key: str) -> Rejected:
    return Rejected(f"`{key}` cannot become `{new_key}`: {CANNOT[Ability.RENAME_FIELD]}", field=key)


def _choices(options: Sequence[CrmOption]) -> list[dict[str, str]]:
    return [{"value": option.value, "label": option.label} for option in options]
