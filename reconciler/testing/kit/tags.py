"""Changing the inventory: tags."""

from __future__ import annotations

from reconciler.adapters.crm import WritesTags
from reconciler.adapters.errors import Duplicate, NotFound
from reconciler.model.capabilities import Ability
from reconciler.testing.kit.promise import Promise, collected
from reconciler.testing.stage import Stage

KEPT: list[Promise] = []
promise = collected(KEPT)


@promise("a created tag is in the inventory and a second one of that name is a duplicate", WritesTags, Ability.ADD_TAG)
def _(stage: Stage) -> None:
    tag = stage.crm.add_tag("Kit: Ünï & code")
    assert tag in stage.crm.sync_tags()
    assert tag.name == "Kit: Ünï & code"
    stage.refused(Duplicate, lambda: stage.crm.add_tag("Kit: Ünï & code"))


@promise("a renamed tag keeps its carriers", WritesTags, Ability.RENAME_TAG)
def _(stage: Stage) -> None:
    tag, other = stage.tag("Kit A"), stage.tag("Kit B")
    (contact,) = stage.many(1)
    stage.crm.apply_tags([tag, other], contact)
    renamed = stage.crm.rename_tag(tag, "Kit renamed")
    assert {t.name for t in stage.crm.sync_tags()} >= {"Kit renamed", "Kit B"}
    assert sorted(stage.crm.get_tags(contact)) == sorted([renamed.key, other])
    stage.refused(Duplicate, lambda: stage.crm.rename_tag(renamed.key, "Kit B"))


@promise("a deleted tag is carried by nobody", WritesTags, Ability.DELETE_TAG)
def _(stage: Stage) -> None:
    tag, other = stage.tag("Kit A"), stage.tag("Kit B")
    (contact,) = stage.many(1)
    stage.crm.apply_tags([tag, other], contact)
    stage.crm.delete_tag(tag)
    assert list(stage.crm.get_tags(contact)) == [other]
    assert "Kit A" not in {t.name for t in stage.crm.sync_tags()}
    stage.refused(NotFound, lambda: stage.crm.delete_tag(tag))
