"""What the door to the embedded CRM adds: options, capabilities, the door's own errors."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from reconciler.adapters import registry
from reconciler.adapters.crm import STATUS, Batches, ReadsAll, WritesFields, WritesTags
from reconciler.adapters.errors import CrmFailed, Duplicate, NotFound, RateLimited, Rejected, Unavailable, Uncertain
from reconciler.adapters.local import door as local
from reconciler.adapters.local import options as local_options
from reconciler.adapters.opening import Opening
from reconciler.localcrm import (
    KINDS,
    AnswerLost,
    Down,
    Missing,
    Quirks,
    Refused,
    Taken,
    TooManyCalls,
    Trouble,
    Unusable,
)
from reconciler.model.capabilities import Ability, Call
from reconciler.model.clock import Clock
from reconciler.model.messages import MESSAGES


def door(tmp_path: Path, **options: Any) -> local.LocalDoor:
    return local_options.ADAPTER.open(
        local_options.LocalOptions(**{"path": "crm.db", **options}), Opening(tmp_path, Clock.system()), "contact"
    )


def test_the_registry_knows_the_crm() -> None:
    assert registry.find(registry.CRM, "local").Options is local_options.LocalOptions


def test_the_path_is_relative_to_the_file_that_names_it(tmp_path: Path) -> None:
    crm = door(tmp_path)
    assert crm.connect().name == "crm.db"
    crm.add_tag("A")
    crm.close()
    assert (tmp_path / "crm.db").exists()


@pytest.mark.parametrize(
    "options", [{"path": ""}, {"path": 5}, {"calls_per_second": 0}, {"quirks": {"nope": 1}}, {"token": "x"}]
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        local_options.LocalOptions(**{"path": "crm.db", **options})


def test_quirks_come_from_the_options(tmp_path: Path) -> None:
    crm = door(tmp_path, quirks={"rewrites": {"*": "upper"}, "lost_answers": [2]})
    id = crm.add_contact({"email": "ann@example.org", "first_name": "Ann"})
    assert crm.load_contact(id, ["first_name"]) == {"$id": id, "first_name": "ANN"}
    with pytest.raises(Uncertain):
        crm.add_tag("A")
    crm.close()


def test_it_has_every_ability_and_a_price_for_every_call(tmp_path: Path) -> None:
    crm = door(tmp_path, calls_per_second=19.0)
    assert all(isinstance(crm, protocol) for protocol in (ReadsAll, WritesFields, WritesTags, Batches))
    assert crm.capabilities.can == set(Ability)
    elsewhere = {Call.CHANGED_CONTACTS, Call.READ_TAGS, Call.ADD_GROUP}  # here they are part of other calls
    assert set(crm.capabilities.endpoints) == set(Call) - elsewhere
    assert crm.capabilities.rate == 19.0
    assert set(crm.capabilities.holds) == set(KINDS)


def test_a_wire_only_names_native_types_that_exist(tmp_path: Path) -> None:
    named = {native for wire in door(tmp_path).capabilities.wires.values() for native in wire.accepts}
    assert named == set(KINDS)


@pytest.mark.parametrize("native", KINDS)
def test_the_type_read_by_default_from_a_field_can_be_written_to_it(tmp_path: Path, native: str) -> None:
    capabilities = door(tmp_path).capabilities
    assert native in capabilities.wires[capabilities.holds[native]].accepts


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        (Missing("m"), NotFound, "E307"),
        (Taken("t", "7"), Duplicate, "E308"),
        (Refused("r", "f"), Rejected, "E306"),
        (TooManyCalls(2.5), RateLimited, "E304"),
        (Down("d"), Unavailable, "E303"),
        (AnswerLost("a"), Uncertain, "E305"),
        (Unusable(Trouble.NEWER, "n"), CrmFailed, "E320"),
        (Unusable(Trouble.FOREIGN, "f"), CrmFailed, "E321"),
        (Unusable(Trouble.CLOSED, "c"), CrmFailed, "E322"),
    ],
)
def test_every_error_of_the_crm_is_one_of_the_door(error: Any, kind: type, code: str) -> None:
    told = local.translated(error)
    assert type(told) is kind
    assert told.detail == error.detail
    assert told.code == code
    assert code in MESSAGES
    assert getattr(told, "existing", "7") == "7"
    assert getattr(told, "field", "f") == "f"
    assert getattr(told, "after", 2.5) == 2.5


def test_a_file_that_is_not_ours_is_told_at_connect(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "crm.db")
    connection.execute("CREATE TABLE x (y)")
    connection.close()
    with pytest.raises(CrmFailed) as caught:
        door(tmp_path).connect()
    assert caught.value.code == "E321"


def test_a_status_is_asked_for_per_record(tmp_path: Path) -> None:
    crm = door(tmp_path, quirks=Quirks())
    done = crm.add_contacts([{"email": "a@x.org", STATUS: "pending"}, {"email": "b@x.org"}])
    assert [crm._crm.status_of(d.id or "") for d in done] == ["pending", "unsubscribed"]
    crm.close()
