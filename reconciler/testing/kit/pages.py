"""All contacts, page by page."""

from __future__ import annotations

from datetime import UTC, datetime

from reconciler.adapters.codecs import wire_text
from reconciler.adapters.crm import ID, ReadsAll
from reconciler.testing.kit.promise import Promise, collected
from reconciler.testing.stage import Stage

KEPT: list[Promise] = []
promise = collected(KEPT)


@promise("the pages hold every contact exactly once with its values and its tags", ReadsAll)
def _(stage: Stage) -> None:
    (key,) = stage.text_fields(1)
    a, b = stage.tag("Kit A"), stage.tag("Kit B")
    contacts = stage.many(5)
    stage.crm.update_contact(contacts[0], {key: stage.text("page")})
    stage.crm.apply_tags([a, b], contacts[1])
    rows = stage.page_rows([key, stage.match])
    assert set(rows) == set(contacts)
    assert {id: sorted(tags) for id, (tags, _) in rows.items() if tags} == {contacts[1]: sorted([a, b])}
    for number, contact in enumerate(contacts, 1):
        assert stage.decoded("email", rows[contact][1][1]) == stage.address(number)
    assert [stage.decoded("text", rows[c][1][0]) for c in contacts] == [stage.stored(c, key) for c in contacts]


@promise("an empty CRM has no contacts in its pages", ReadsAll)
def _(stage: Stage) -> None:
    assert stage.page_rows([stage.match]) == {}


@promise("what changed since long ago is everybody", ReadsAll)
def _(stage: Stage) -> None:
    contacts = stage.many(3)
    pages = stage.crm.all_contacts([stage.match], since=datetime(2000, 1, 1, tzinfo=UTC))
    found = [id for page in pages for id in page.column(ID).to_pylist()]
    assert set(contacts) <= set(found) or not stage.crm.capabilities.since_covers


@promise("a wire value is text and empty is absent", ReadsAll)
def _(stage: Stage) -> None:
    (key,) = stage.text_fields(1)
    stage.many(1)
    ((_, (_, values)),) = stage.page_rows([key]).items()
    assert values in ([None], [""])
    assert wire_text(stage.wire("email").encode(stage.address(1))) == stage.address(1)
