"""Opening the door: what an adapter says of itself, and that looking changes nothing."""

from __future__ import annotations

from reconciler.model.capabilities import Ability, Call
from reconciler.testing.kit.promise import Promise, collected
from reconciler.testing.samples import SAMPLES
from reconciler.testing.stage import Stage

KEPT: list[Promise] = []
promise = collected(KEPT)


@promise("every ability is in can or in cannot with a reason and every table fits the others")
def _(stage: Stage) -> None:
    has = stage.crm.capabilities
    assert all((a in has.can) != bool(has.cannot.get(a)) for a in Ability)
    assert has.rate > 0
    assert all(e.batch >= 1 and e.name for e in has.endpoints.values())
    assert all(wire.native in wire.accepts for wire in has.wires.values())
    assert set(has.holds.values()) <= set(has.wires) <= set(SAMPLES)
    assert {Call.CONNECT, Call.SYNC_FIELDS, Call.SYNC_TAGS, Call.GET_CONTACT_ID} <= set(has.endpoints)


@promise("connecting and reading create nothing")
def _(stage: Stage) -> None:
    before = stage.subject.traces()
    account = stage.crm.connect()
    inventory = (tuple(stage.crm.sync_crm_fields()), tuple(stage.crm.sync_tags()))
    stage.crm.get_contact_id(stage.address(1))
    stage.crm.close()
    assert stage.subject.traces() == before
    again = stage.opened()
    assert again.connect() == account
    assert (tuple(again.sync_crm_fields()), tuple(again.sync_tags())) == inventory


@promise("the account stays the same once there is one")
def _(stage: Stage) -> None:
    stage.many(1)
    account = stage.crm.connect()
    assert account.id
    assert stage.opened().connect() == account


@promise("the field that people are looked up by is in the inventory")
def _(stage: Stage) -> None:
    field = next(f for f in stage.crm.sync_crm_fields() if f.key == stage.match)
    assert field.native in stage.wire("email").accepts
    assert not field.read_only
