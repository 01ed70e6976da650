"""A CRM that exists only as data, and short ways to write entries of a file for it."""

from dataclasses import replace
from typing import Any

from reconciler.model.capabilities import Ability, Call, Capabilities, Endpoint, Wire
from reconciler.model.desired import Contacts, Desired, Door, Expression, Field, FromColumn, Identity, Option, Tag
from reconciler.model.inventory import CrmField, CrmOption, CrmTag, Inventory
from reconciler.model.plan import Action, InventoryChange
from reconciler.model.problems import Place
from reconciler.planning.attributes import wanted_options
from reconciler.planning.bindings import InventoryPlan
from reconciler.planning.fields import new_field
from reconciler.planning.inventory import plan_inventory

FILE = "reconciler.yaml"


def _wire(native: str, *accepts: str) -> Wire:
    return Wire(native, frozenset({native, *accepts}), str, str)


CAN_ALL = Capabilities(
    can=frozenset(Ability),
    cannot={},
    wires={
        "text": _wire("string", "longtext"),
        "email": _wire("string"),
        "number": _wire("number"),
        "date": _wire("date"),
        "select": _wire("choice", "string"),
        "multiselect": _wire("choices"),
    },
    holds={
        "string": "text",
        "longtext": "text",
        "number": "number",
        "date": "date",
        "choice": "select",
        "choices": "multiselect",
    },
    endpoints={
        Call.ADD_CONTACTS: Endpoint("contacts/batch/create", 100),
        Call.UPDATE_CONTACTS: Endpoint("contacts/batch/update", 100),
        Call.LOAD_CONTACTS: Endpoint("contacts/batch/read", 50),
        Call.APPLY_TAG: Endpoint("tags/members", 10),
        Call.REMOVE_TAG: Endpoint("tags/members", 10),
        Call.ADD_FIELD: Endpoint("fields"),
        Call.UPDATE_FIELD: Endpoint("fields/one"),
        Call.DELETE_FIELD: Endpoint("fields/one"),
        Call.ADD_TAG: Endpoint("tags"),
        Call.RENAME_TAG: Endpoint("tags/one"),
        Call.DELETE_TAG: Endpoint("tags/one"),
        Call.GET_CONTACT_ID: Endpoint("contacts/search"),
        Call.ALL_CONTACTS: Endpoint("contacts/list", 100),
    },
    rate=10.0,
    statuses=("unsubscribed", "subscribed"),
)


def cannot(*abilities: Ability, why: str = "fields of this CRM are made on its settings page") -> Capabilities:
    """The same CRM without these abilities."""
    return replace(CAN_ALL, can=CAN_ALL.can - set(abilities), cannot=dict.fromkeys(abilities, why))


EMAIL = CrmField("email", "E-mail", "string", standard=True)


def live(*fields: CrmField, tags: tuple[str, ...] = ()) -> Inventory:
    """What the CRM has beside its e-mail field; the key of tag number n is `tn`."""
    return Inventory((EMAIL, *fields), tuple(CrmTag(f"t{n}", name) for n, name in enumerate(tags, 1)))


def text(key: str, **more: Any) -> CrmField:
    """A text field of the CRM, labelled by its key in capitals."""
    return CrmField(key, more.pop("label", key.upper()), more.pop("native", "string"), **more)


def choice(key: str, **options: str) -> CrmField:
    """A field of one choice; `options` are stored value: label."""
    return CrmField(key, key, "choice", tuple(CrmOption(v, label) for v, label in options.items()))


def mapped(key: str, line: int = 5, **more: Any) -> Field:
    """An entry that fills the field from a column."""
    return Field(key, Place(FILE, line), FromColumn(f"column_{key}"), **more)


def declared(key: str, line: int = 5, **more: Any) -> Field:
    """An entry whose field must exist, without values."""
    return Field(key, Place(FILE, line), **more)


def option(value: str, label: str | None = None, absent: bool = False) -> Option:
    return Option(value, label, absent, Place(FILE, 9))


def rule_tag(name: str, **more: Any) -> Tag:
    """A tag that a rule applies and takes away."""
    return Tag(name, Place(FILE, 7), Expression("true", Place(FILE, 7)), **more)


def file_with(
    *entries: Field | Tag, match: str = "email", status: str | None = None, create: bool = False, **more: Any
) -> Desired:
    """A resolved file with these entries."""
    door = Door("small", None, Place(FILE, 2))
    return Desired(
        files=(FILE,),
        digest="",
        crm=door,
        source=door,
        identity=Identity("id", match, Place(FILE, 3)),
        fields={e.key: e for e in entries if isinstance(e, Field)},
        tags={e.name: e for e in entries if isinstance(e, Tag)},
        contacts=Contacts(create, status=status, where=Place(FILE, 4)),
        **more,
    )


def planned(
    *entries: Field | Tag,
    there: Inventory | None = None,
    capabilities: Capabilities = CAN_ALL,
    applied: tuple[str, ...] = (),
    **more: Any,
) -> InventoryPlan:
    """The inventory plan of a file with these entries against what is there."""
    desired = file_with(*entries, **more)
    return plan_inventory(desired, there or live(), capabilities, dict.fromkeys(applied, "digest"))


def told(changes: tuple[InventoryChange, ...]) -> list[tuple[str, str]]:
    """Address and action of each change."""
    return [(c.address, c.action.value) for c in changes]


def carried_out(changes: tuple[InventoryChange, ...], there: Inventory) -> Inventory:
    """The inventory after these changes were made in their order, options of a field in one go."""
    fields, tags = {f.key: f for f in there.fields}, {t.name: t for t in there.tags}
    for change in changes:
        key, after = change.key, {d.path: d.after for d in change.deltas}
        match change.kind, change.action:
            case "field", Action.CREATE:
                fields[key] = new_field(change, CAN_ALL)
            case "field", Action.RENAME:
                fields[change.new_key or ""] = replace(fields.pop(key), key=change.new_key or "")
            case "field", Action.UPDATE:
                fields[key] = replace(fields[key], **after)
            case "option", _:
                fields[key] = replace(fields[key], options=wanted_options(fields[key].options, (change,)))
            case "tag", Action.CREATE:
                tags[key] = CrmTag(f"new {key}", key)
            case "tag", Action.RENAME:
                tags[change.new_key or ""] = replace(tags.pop(key), name=change.new_key or "")
            case kind, Action.DELETE:
                del (fields if kind == "field" else tags)[key]
    return Inventory(tuple(fields.values()), tuple(tags.values()))
