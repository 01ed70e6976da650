"""Many contacts in one call."""

from __future__ import annotations

from reconciler.adapters.crm import ID, Batches
from reconciler.adapters.errors import Duplicate, NotFound
from reconciler.model.capabilities import Call
from reconciler.testing.kit.promise import Promise, collected
from reconciler.testing.stage import Stage

KEPT: list[Promise] = []
promise = collected(KEPT)


@promise("two batches and one item all arrive", Batches)
def _(stage: Stage) -> None:
    size = stage.crm.capabilities.endpoints[Call.ADD_CONTACTS].batch
    people = [stage.person(number) for number in range(2 * size + 1)]
    done = [d for start in range(0, len(people), size) for d in stage.crm.add_contacts(people[start : start + size])]
    assert all(d.error is None for d in done)
    assert len({d.id for d in done}) == len(people)
    for number in (0, size - 1, size, 2 * size):
        assert stage.crm.get_contact_id(stage.address(number)) == done[number].id


@promise("a failed item of a batch has its own error and does not stop the others", Batches)
def _(stage: Stage) -> None:
    (key,) = stage.text_fields(1)
    (there,) = stage.many(1)
    done = stage.crm.add_contacts([stage.person(2), stage.person(1), stage.person(3), stage.person(3)])
    assert [type(d.error) for d in done] == [type(None), Duplicate, type(None), Duplicate]
    changed = stage.crm.update_contacts([(there + "9", {key: stage.text("no")}), (there, {key: stage.text("yes")})])
    assert [type(d.error) for d in changed] == [NotFound, type(None)]
    assert "yes" in (stage.stored(there, key) or "")
    for item in (*done, *changed):
        if item.error is not None:
            stage.check_silence(item.error)


@promise("reading many gives those that exist", Batches)
def _(stage: Stage) -> None:
    (key,) = stage.text_fields(1)
    one, two = stage.many(2)
    stage.crm.update_contact(two, {key: stage.text("two")})
    records = {r[ID]: r for r in stage.crm.load_many([two, one + "9", one], [stage.match, key])}
    assert set(records) == {one, two}
    assert stage.decoded("email", records[one][stage.match]) == stage.address(1)
    assert records[one].get(key) in (None, "")
    assert "two" in (stage.decoded("text", records[two][key]) or "")


@promise("one tag reaches many contacts and the missing one is an error of its own", Batches)
def _(stage: Stage) -> None:
    tag = stage.tag("Kit A")
    one, two, three = stage.many(3)
    done = stage.crm.apply_tag(tag, [one, three + "9", two])
    assert [type(d.error) for d in done] == [type(None), NotFound, type(None)]
    assert sorted(stage.crm.load_contacts(tag)) == sorted([one, two])
    assert all(d.error is None for d in stage.crm.remove_tag(tag, [one, three]))
    assert list(stage.crm.load_contacts(tag)) == [two]
