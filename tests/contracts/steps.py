"""One call of every method of HubSpot's door, each on an account that is as `prepared` left it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from reconciler.adapters.crm import Done
from reconciler.adapters.errors import AdapterError
from reconciler.adapters.hubspot.door import HubSpotDoor
from reconciler.model.capabilities import Call
from reconciler.model.inventory import CrmField, CrmOption
from tests.contracts.world import NOW, World

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
LEVEL = CrmField("level", "Level", "enumeration/select", (CrmOption("a", "A"), CrmOption("b", "B")))


@dataclass(frozen=True)
class Ids:
    ada: str
    cyd: str
    tag: str


Step = Callable[[HubSpotDoor, Ids], object]


def prepared(world: World) -> Ids:
    """Three contacts, a field with options, and a tag that two of them carry."""
    door = world.opened()
    door.connect()
    door.sync_crm_fields()
    door.add_field(LEVEL)
    ada, bob, cyd = (door.add_contact({"email": f"{name}@example.org", "level": "a"}) for name in ("ada", "bob", "cyd"))
    tag = door.add_tag("Member").key
    for carrier in (ada, bob):
        door.apply_tags([tag], carrier)
    return Ids(ada, cyd, tag)


def _rights(door: HubSpotDoor, _ids: Ids) -> None:
    door.connect()
    door.check_rights([Call.ADD_CONTACTS])


def _fields(door: HubSpotDoor, _ids: Ids) -> object:
    return sorted(door.sync_crm_fields(), key=lambda field: field.key)


def _new_field(door: HubSpotDoor, _ids: Ids) -> object:
    door.sync_crm_fields()
    return door.add_field(CrmField("new", "New", "string/text", group="Membership"))


def _new_choice(door: HubSpotDoor, _ids: Ids) -> object:
    door.sync_crm_fields()
    return door.add_field(replace(LEVEL, key="rank"))


def _new_options(door: HubSpotDoor, _ids: Ids) -> object:
    door.sync_crm_fields()
    door.update_field("level", label="Rank", options=[CrmOption("a", "A"), CrmOption("c", "C")])
    return _fields(door, _ids)


def _gone_field(door: HubSpotDoor, _ids: Ids) -> object:
    door.sync_crm_fields()
    door.delete_field("level")
    return None


def _pages(door: HubSpotDoor, since: datetime | None) -> object:
    return [row for page in door.all_contacts(["email", "level"], since) for row in page.to_pylist()]


STEPS: Mapping[str, Step] = {
    "connect": lambda door, _ids: door.connect().name,
    "check_rights": _rights,
    "sync_crm_fields": _fields,
    "sync_tags": lambda door, _ids: list(door.sync_tags()),
    "get_contact_id": lambda door, _ids: door.get_contact_id("ada@example.org"),
    "get_tags": lambda door, ids: list(door.get_tags(ids.ada)),
    "apply_tags": lambda door, ids: door.apply_tags([ids.tag], ids.cyd),
    "remove_tags": lambda door, ids: door.remove_tags([ids.tag], ids.ada),
    "apply_tag": lambda door, ids: _done(door.apply_tag(ids.tag, [ids.ada, "999999"])),
    "add_contact": lambda door, _ids: door.add_contact({"email": "eve@example.org", "level": "a"}),
    "add_contacts": lambda door, _ids: _done(door.add_contacts([_person("eve"), _person("ada"), _person("fay")])),
    "update_contact": lambda door, ids: door.update_contact(ids.ada, {"level": "b"}),
    "update_contacts": lambda door, ids: _done(door.update_contacts([(ids.ada, {"level": "b"}), ("999999", {})])),
    "upsert_contacts": lambda door, _ids: _done(door.upsert_contacts([_person("eve"), _person("ada")])),
    "load_contact": lambda door, ids: door.load_contact(ids.ada, ["email", "level"]),
    "load_many": lambda door, ids: list(door.load_many([ids.ada, "999999"], ["email", "level"])),
    "load_contacts": lambda door, ids: list(door.load_contacts(ids.tag)),
    "all_contacts": lambda door, _ids: _pages(door, None),
    "all_contacts since": lambda door, _ids: _pages(door, LONG_AGO),
    "all_contacts since now": lambda door, _ids: _pages(door, NOW + timedelta(days=1)),
    "add_field": _new_field,
    "add_field with options": lambda door, _ids: (door.sync_crm_fields(), door.add_field(replace(LEVEL, key="rank")))[
        1
    ],
    "update_field": _new_options,
    "delete_field": _gone_field,
    "add_tag": lambda door, _ids: door.add_tag("Guest"),
    "rename_tag": lambda door, ids: door.rename_tag(ids.tag, "Patron"),
    "delete_tag": lambda door, ids: door.delete_tag(ids.tag),
}
"""Name -> what is done, and what it gives, the same on each account; portal numbers differ and are left out."""


def _person(name: str) -> dict[str, Any]:
    return {"email": f"{name}@example.org", "level": "a"}


def _done(items: Iterable[Done]) -> Sequence[tuple[str | None, str]]:
    return [(item.id, type(item.error).__name__ if item.error else "") for item in items]


def outcome(step: Step, door: HubSpotDoor, ids: Ids) -> object:
    """What the step gave, or its typed error. Any other exception is nobody's answer, and passes."""
    try:
        return step(door, ids)
    except AdapterError as error:
        return error
