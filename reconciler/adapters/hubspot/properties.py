"""Properties of HubSpot's contacts as fields: read, made, changed as a whole, archived."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.adapters.errors import CrmFailed, Rejected
from reconciler.adapters.http import Http, Request
from reconciler.adapters.hubspot.errors import Archived
from reconciler.adapters.hubspot.paths import Paths
from reconciler.adapters.hubspot.shapes import Group, Groups, Option, Properties, Property
from reconciler.adapters.hubspot.types import CHECKBOXES, EXTERNAL, SHOWN, TICKS, native
from reconciler.model.capabilities import Call
from reconciler.model.inventory import CrmField, CrmOption

_GROUP = "contactinformation"  # every account has it, and it cannot be removed
_ALL = "properties/contacts"
_GROUPS = "properties/contacts/groups"
_NAME = "properties/contacts/{name}"
_TRUTHS = (CrmOption("true", "Yes"), CrmOption("false", "No"))


class Fields:
    """`sync` remembers what it showed: options that come later are nobody's to remove."""

    def __init__(self, http: Http, paths: Paths, held: str = "") -> None:
        """`held`: name of a property that is written by other means, and so is shown as read-only."""
        self._http, self._paths, self._held = http, paths, held
        self._groups: dict[str, str] = {}
        self._archived: frozenset[str] = frozenset()
        self._shown: dict[str, frozenset[str]] = {}

    def sync(self) -> list[CrmField]:
        found = self._properties(archived=False)
        self._archived = frozenset(there.name for there in self._properties(archived=True))
        self._groups = {group.name: group.label for group in self._read_groups()}
        self._shown = {there.name: _values(there.options) for there in found}
        return [self._field(there) for there in found]

    @property
    def archived(self) -> frozenset[str]:
        """Names of properties that HubSpot keeps, as `sync` found them, and of those archived since."""
        return self._archived

    @property
    def groups(self) -> frozenset[str]:
        """Labels, as `sync` found them, and of those made since."""
        return frozenset(self._groups.values())

    def add(self, field: CrmField) -> CrmField:
        if field.key in self._archived:
            raise Archived(f"`{field.key}` is the name of a property that is archived")
        type, _, field_type = field.native.partition("/")
        options = _TRUTHS if field.native in TICKS else field.options
        self._check(field.native, options)
        body = {
            "name": field.key,
            "label": field.label,
            "type": type,
            "fieldType": field_type,
            "groupName": self._group(field.group) if field.group else _GROUP,
            "options": [_option(option, None, at) for at, option in enumerate(options)],
        }
        path = self._paths.properties()
        made = self._http.send(Request(Call.ADD_FIELD, "POST", path, Property, body=body, endpoint=_ALL))
        self._shown[made.name] = _values(made.options)
        return self._field(made)

    def update(
        self, key: str, label: str | None = None, group: str | None = None, options: Sequence[CrmOption] | None = None
    ) -> None:
        """Changes what is given. Of options all are sent: those that are wanted, and those that nobody was shown."""
        there = self.read(key)
        body: dict[str, Any] = {}
        if label is not None:
            body["label"] = label
        if group is not None:
            body["groupName"] = self._group(group)
        if options is not None:
            self._check(native(there.type, there.field_type), options)
            body["options"] = merged(there.options, options, self._shown.get(key, _values(there.options)))
        self.patch(Call.UPDATE_FIELD, key, body)
        if options is not None:
            self._shown[key] = frozenset(option.value for option in options)

    def delete(self, key: str) -> None:
        """Archives it; HubSpot keeps it for a while."""
        self._http.send(Request(Call.DELETE_FIELD, "DELETE", self._paths.properties(key), endpoint=_NAME))
        self._archived |= {key}

    def read(self, key: str, kind: Call = Call.SYNC_FIELDS) -> Property:
        return self._http.send(Request(kind, "GET", self._paths.properties(key), Property, endpoint=_NAME))

    def patch(self, kind: Call, key: str, body: Mapping[str, Any]) -> Property:
        return self._http.send(Request(kind, "PATCH", self._paths.properties(key), Property, body=body, endpoint=_NAME))

    def _properties(self, *, archived: bool) -> list[Property]:
        query = (("archived", "true"),) if archived else ()
        path = self._paths.properties()
        return self._http.send(Request(Call.SYNC_FIELDS, "GET", path, Properties, query=query, endpoint=_ALL)).results

    def _read_groups(self) -> list[Group]:
        path = self._paths.properties("groups")
        return self._http.send(Request(Call.SYNC_FIELDS, "GET", path, Groups, endpoint=_GROUPS)).results

    def _field(self, there: Property) -> CrmField:
        kind = native(there.type, there.field_type, there.external_options)
        chosen = () if kind in TICKS or kind == EXTERNAL else there.options
        return CrmField(
            there.name,
            there.label,
            kind,
            tuple(CrmOption(option.value, option.label) for option in chosen),
            self._groups.get(there.group_name, there.group_name) or None,
            standard=there.hubspot_defined,
            read_only=_computed(there) or kind in SHOWN or there.name == self._held,
        )

    def _group(self, label: str) -> str:
        """The name of the group with that label, made if there is none."""
        if not self._groups:
            self._groups = {group.name: group.label for group in self._read_groups()}
        known = next((name for name, shown in self._groups.items() if label == shown), None)
        if known is None:
            body = {"name": self._free_name(label), "label": label}
            path = self._paths.properties("groups")
            made = self._http.send(Request(Call.ADD_GROUP, "POST", path, Group, body=body, endpoint=_GROUPS))
            self._groups[made.name] = made.label
            known = made.name
        return known

    def _free_name(self, label: str) -> str:
        plain = re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_") or "group"
        plain = plain if plain[0].isalpha() else f"group_{plain}"
        taken = self._groups.keys()
        return next(name for at in range(len(taken) + 1) if (name := f"{plain}_{at}" if at else plain) not in taken)

    def _check(self, kind: str, options: Sequence[CrmOption]) -> None:
        if kind == CHECKBOXES and any(";" in option.value for option in options):
            raise Rejected("an option holds `;`, which HubSpot puts between choices")


def merged(there: Sequence[Option], wanted: Sequence[CrmOption], shown: frozenset[str]) -> list[dict[str, Any]]:
    """The whole list to send: `wanted`, each with what HubSpot knows of it beside its label, and behind them what has
    come since the list was `shown`."""
    known = {option.value: option for option in there}
    listed = {option.value for option in wanted}
    since = [CrmOption(o.value, o.label) for o in there if o.value not in listed and o.value not in shown]
    return [_option(option, known.get(option.value), at) for at, option in enumerate((*wanted, *since))]


def _option(option: CrmOption, known: Option | None, order: int) -> dict[str, Any]:
    kept = known or Option(value=option.value, label=option.label)
    more = {"description": kept.description} if kept.description is not None else {}
    shown_at = kept.display_order if kept.display_order is not None else order
    return {"value": option.value, "label": option.label, "hidden": kept.hidden, "displayOrder": shown_at, **more}


def _values(options: Sequence[Option]) -> frozenset[str]:
    return frozenset(option.value for option in options)


def _computed(there: Property) -> bool:
    """Whether HubSpot writes it, and nobody else."""
    rights = there.modification_metadata
    computed = (there.hubspot_defined and there.calculated) or there.calculation_formula
    return bool((rights and rights.read_only_value) or computed)


def checkboxes(there: Property) -> Property:
    """The property, if it can hold several choices and these can be written."""
    if native(there.type, there.field_type, there.external_options) != CHECKBOXES:
        raise CrmFailed("E331", f"`{there.name}` has no multiple checkboxes")
    if _computed(there):
        raise CrmFailed("E331", f"`{there.name}` is written by HubSpot alone")
    return there
