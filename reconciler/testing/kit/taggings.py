"""Tags on contacts."""

from __future__ import annotations

from reconciler.testing.kit.promise import Promise, collected
from reconciler.testing.stage import Stage

KEPT: list[Promise] = []
promise = collected(KEPT)


@promise("a tag applied twice is carried once")
def _(stage: Stage) -> None:
    tag = stage.tag("Kit A")
    (contact,) = stage.many(1)
    stage.crm.apply_tags([tag], contact)
    stage.crm.apply_tags([tag, tag], contact)
    assert list(stage.crm.get_tags(contact)) == [tag]


@promise("applying and removing a tag leaves the other tags alone")
def _(stage: Stage) -> None:
    a, b, c = stage.tag("Kit A"), stage.tag("Kit B"), stage.tag("Kit C")
    (contact,) = stage.many(1)
    stage.crm.apply_tags([a, b], contact)
    stage.crm.apply_tags([c], contact)
    stage.crm.remove_tags([a], contact)
    assert sorted(stage.crm.get_tags(contact)) == sorted([b, c])


@promise("removing a tag that is not carried is nothing")
def _(stage: Stage) -> None:
    tag = stage.tag("Kit A")
    (contact,) = stage.many(1)
    stage.crm.remove_tags([tag], contact)
    assert list(stage.crm.get_tags(contact)) == []


@promise("the carriers of a tag are those that carry it")
def _(stage: Stage) -> None:
    tag = stage.tag("Kit A")
    contacts = stage.many(3)
    for contact in contacts[:2]:
        stage.crm.apply_tags([tag], contact)
    assert sorted(stage.crm.load_contacts(tag)) == sorted(contacts[:2])
