"""Contacts that somebody merged in the CRM."""

from __future__ import annotations

from reconciler.adapters.codecs import wire_text
from reconciler.adapters.crm import FORMER, ID, ReadsAll
from reconciler.model.capabilities import Ability
from reconciler.testing.kit.promise import Promise, collected
from reconciler.testing.stage import Stage

KEPT: list[Promise] = []
promise = collected(KEPT)


@promise("a contact in the pages names every contact that went into it", Ability.TELL_MERGES, ReadsAll)
def _(stage: Stage) -> None:
    kept, other, lost, first = stage.many(4)
    _merge(stage, lost, first)
    _merge(stage, kept, lost)
    pages = list(stage.crm.all_contacts([stage.match]))
    assert all(FORMER in page.schema.names for page in pages), "all pages of a read tell of merges, or none"
    rows = {row[ID]: row[FORMER] or [] for page in pages for row in page.to_pylist()}
    assert {id: sorted(former) for id, former in rows.items()} == {kept: sorted([lost, first]), other: []}


@promise("a former id is answered with the contact that is left", Ability.TELL_MERGES)
def _(stage: Stage) -> None:
    kept, lost = stage.many(2)
    _merge(stage, kept, lost)
    record = stage.crm.load_contact(lost, [stage.match])
    assert record.get(ID) == kept
    assert record.get(FORMER) == wire_text([lost])
    assert stage.decoded("email", record.get(stage.match)) == stage.address(1)
    assert stage.crm.get_contact_id(stage.address(1)) == kept


def _merge(stage: Stage, kept: str, lost: str) -> None:
    assert stage.subject.merge is not None, "the subject has to say how somebody merges contacts: `merge`"
    stage.subject.merge(kept, lost)
