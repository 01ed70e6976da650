"""Changing the inventory: fields and their options."""

from __future__ import annotations

from reconciler.adapters.crm import WritesFields
from reconciler.adapters.errors import Duplicate, NotFound, Rejected
from reconciler.model.capabilities import Ability
from reconciler.model.inventory import CrmOption
from reconciler.testing.kit.promise import Promise, collected
from reconciler.testing.samples import SAMPLES
from reconciler.testing.stage import Stage

KEPT: list[Promise] = []
promise = collected(KEPT)


@promise("a created field is in the inventory as it was asked for", WritesFields, Ability.ADD_FIELD)
def _(stage: Stage) -> None:
    before = {f.key for f in stage.crm.sync_crm_fields()}
    for kind in stage.crm.capabilities.wires:
        key = stage.new_field(kind)
        field = next(f for f in stage.crm.sync_crm_fields() if f.key == key)
        assert field.label == f"Kit {kind} 0"
        assert field.native in stage.wire(kind).accepts
        assert not field.standard
        assert not field.read_only
    assert before < {f.key for f in stage.crm.sync_crm_fields()}


@promise("a created field is in the group that was asked for", WritesFields, Ability.ADD_FIELD, Ability.REGROUP_FIELD)
def _(stage: Stage) -> None:
    keys = [stage.new_field("text", number, "Kit group") for number in (1, 2)]
    groups = {f.key: f.group for f in stage.crm.sync_crm_fields()}
    assert [groups[key] for key in keys] == ["Kit group", "Kit group"]
    stage.crm.update_field(keys[0], group="Another group")
    assert next(f.group for f in stage.crm.sync_crm_fields() if f.key == keys[0]) == "Another group"


@promise("a field that exists is a duplicate", WritesFields, Ability.ADD_FIELD)
def _(stage: Stage) -> None:
    stage.new_field("text")
    stage.refused(Duplicate, lambda: stage.new_field("text"))


@promise("options that are added leave the others and the values alone", WritesFields, Ability.ADD_OPTION)
def _(stage: Stage) -> None:
    key = stage.new_field("select")
    contact = stage.crm.add_contact(stage.person(1, **{key: stage.wire("select").encode("pro")}))
    options = next(f for f in stage.crm.sync_crm_fields() if f.key == key).options
    assert [o.value for o in options] == list(SAMPLES["select"])
    stage.crm.update_field(key, options=[*options, CrmOption("gold", "Gold")])
    field = next(f for f in stage.crm.sync_crm_fields() if f.key == key)
    assert field.options == (*options, CrmOption("gold", "Gold"))
    assert field.label == "Kit select 0"
    assert stage.stored(contact, key, "select") == "pro"
    stage.crm.update_contact(contact, {key: stage.wire("select").encode("gold")})
    assert stage.stored(contact, key, "select") == "gold"


@promise("a value outside the options is refused or stored and never something else", Ability.ADD_FIELD)
def _(stage: Stage) -> None:
    key = stage.new_field("select")
    contact = stage.crm.add_contact(stage.person(1, **{key: stage.wire("select").encode("pro")}))
    try:
        stage.crm.update_contact(contact, {key: stage.wire("select").encode("platinum")})
    except Rejected as error:
        stage.check_silence(error)
        assert stage.stored(contact, key, "select") == "pro"
    else:
        assert stage.stored(contact, key, "select") == "platinum"


@promise("a new label leaves the rest of the field alone", WritesFields, Ability.RELABEL_FIELD)
def _(stage: Stage) -> None:
    key = stage.new_field("select")
    before = next(f for f in stage.crm.sync_crm_fields() if f.key == key)
    stage.crm.update_field(key, label="Another label")
    after = next(f for f in stage.crm.sync_crm_fields() if f.key == key)
    assert after.label == "Another label"
    assert (after.options, after.native, after.group) == (before.options, before.native, before.group)


@promise("a renamed field keeps its values", WritesFields, Ability.RENAME_FIELD)
def _(stage: Stage) -> None:
    key = stage.new_field("text")
    contact = stage.crm.add_contact(stage.person(1, **{key: stage.text("kept")}))
    stage.crm.rename_field(key, "kit_renamed")
    assert "kept" in (stage.stored(contact, "kit_renamed") or "")
    assert key not in {f.key for f in stage.crm.sync_crm_fields()}


@promise("a deleted field is gone and the others keep their values", WritesFields, Ability.DELETE_FIELD)
def _(stage: Stage) -> None:
    gone, kept = stage.new_field("text", 1), stage.new_field("text", 2)
    contact = stage.crm.add_contact(stage.person(1, **{gone: stage.text("gone"), kept: stage.text("kept")}))
    stage.crm.delete_field(gone)
    assert gone not in {f.key for f in stage.crm.sync_crm_fields()}
    assert "kept" in (stage.stored(contact, kept) or "")
    stage.refused(NotFound, lambda: stage.crm.delete_field(gone))
