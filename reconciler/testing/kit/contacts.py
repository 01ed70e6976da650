"""Contacts, one at a time: found, created, updated, cleared, refused."""

from __future__ import annotations

from functools import partial

from reconciler.adapters.codecs import wire_text
from reconciler.adapters.crm import STATUS
from reconciler.adapters.errors import Duplicate, NotFound, Rejected
from reconciler.model.capabilities import Ability
from reconciler.testing.kit.promise import Promise, collected
from reconciler.testing.samples import SAMPLES
from reconciler.testing.stage import Stage, as_stored

KEPT: list[Promise] = []
promise = collected(KEPT)


@promise("an unknown e-mail is nobody")
def _(stage: Stage) -> None:
    assert stage.crm.get_contact_id(stage.address(1)) is None


@promise("a created contact is found at once by its e-mail in any case")
def _(stage: Stage) -> None:
    contact = stage.crm.add_contact(stage.person(1))
    assert stage.crm.get_contact_id(stage.address(1)) == contact
    assert stage.crm.get_contact_id(stage.address(1).upper()) == contact
    assert stage.crm.get_contact_id(stage.address(2)) is None


@promise("what was written is there when the CRM is opened again")
def _(stage: Stage) -> None:
    (key,) = stage.text_fields(1)
    contact = stage.crm.add_contact(stage.person(1, **{key: stage.text("kept")}))
    stage.crm.close()
    stage.crm = stage.opened()
    assert stage.stored(contact, key) == as_stored(stage.wire("text"), str(stage.text("kept")))


@promise("a second contact with the same e-mail is a duplicate and changes nothing")
def _(stage: Stage) -> None:
    (key,) = stage.text_fields(1)
    contact = stage.crm.add_contact(stage.person(1, **{key: stage.text("first")}))
    twin = {**stage.person(1, **{key: stage.text("second")}), stage.match: stage.address(1).upper()}
    error = stage.refused(Duplicate, lambda: stage.crm.add_contact(twin))
    assert error.existing in (None, contact)
    assert "first" in (stage.stored(contact, key) or "")


@promise("every sample of every type survives the wire", Ability.ADD_FIELD)
def _(stage: Stage) -> None:
    number = 0
    for kind, wire in stage.crm.capabilities.wires.items():
        key = stage.new_field(kind)
        for sample in SAMPLES[kind]:
            number += 1
            contact = stage.crm.add_contact(stage.person(number, **{key: wire.encode(sample)}))
            stored = stage.stored(contact, key, kind)
            assert stored == as_stored(wire, sample), f"a {kind} came back as another one"
            assert stored is None or wire.encode(stored) == wire.encode(sample), f"a {kind} is not stable"
            assert not wire.plain or wire_text(wire.encode(sample)) == stored == sample, f"a {kind} is not plain"


@promise("an update leaves every other field alone")
def _(stage: Stage) -> None:
    one, two = stage.text_fields(2)
    contact = stage.crm.add_contact(stage.person(1, **{one: stage.text("one"), two: stage.text("two")}))
    stage.crm.update_contact(contact, {one: stage.text("changed")})
    assert "changed" in (stage.stored(contact, one) or "")
    assert "two" in (stage.stored(contact, two) or "")
    assert stage.stored(contact, stage.match, "email") == stage.address(1)


@promise("an update leaves every other contact alone")
def _(stage: Stage) -> None:
    (key,) = stage.text_fields(1)
    contact, other = stage.many(2)
    stage.crm.update_contact(contact, {key: stage.text("mine")})
    assert stage.stored(other, key) is None


@promise("clearing empties a field and only that", Ability.CLEAR_VALUE)
def _(stage: Stage) -> None:
    one, two = stage.text_fields(2)
    contact = stage.crm.add_contact(stage.person(1, **{one: stage.text("one"), two: stage.text("two")}))
    stage.crm.update_contact(contact, {one: stage.crm.capabilities.clears_with})
    assert stage.stored(contact, one) is None
    assert "two" in (stage.stored(contact, two) or "")


@promise("a changed e-mail stays one contact and another's e-mail is a duplicate")
def _(stage: Stage) -> None:
    contact, other = stage.many(2)
    stage.crm.update_contact(contact, stage.person(3))
    assert stage.crm.get_contact_id(stage.address(3)) == contact
    assert stage.crm.get_contact_id(stage.address(1)) is None
    stage.refused(Duplicate, lambda: stage.crm.update_contact(contact, stage.person(2)))
    assert stage.crm.get_contact_id(stage.address(2)) == other


@promise("a contact that is not there is not found by any call")
def _(stage: Stage) -> None:
    (key,) = stage.text_fields(1)
    (contact,) = stage.many(1)
    for missing in (contact + "9", "no such id", ""):
        stage.refused(NotFound, partial(stage.crm.load_contact, missing, [key]))
        stage.refused(NotFound, partial(stage.crm.update_contact, missing, {key: stage.text("x")}))
        stage.refused(NotFound, partial(stage.crm.get_tags, missing))


@promise("a field that is not there is an error and nothing of the record is stored")
def _(stage: Stage) -> None:
    stage.refused(Rejected, lambda: stage.crm.add_contact(stage.person(1, no_such_field_at_all=stage.text("x"))))
    assert stage.crm.get_contact_id(stage.address(1)) is None


@promise("a contact gets the status that was asked for or is refused", Ability.SET_STATUS)
def _(stage: Stage) -> None:
    for number, status in enumerate(stage.crm.capabilities.statuses, 1):
        stage.crm.add_contact(stage.person(number, **{STATUS: status}))
        assert stage.crm.get_contact_id(stage.address(number))
    stage.refused(Rejected, lambda: stage.crm.add_contact(stage.person(99, **{STATUS: "no such status"})))
    assert stage.crm.get_contact_id(stage.address(99)) is None
