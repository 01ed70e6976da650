"""The contract kit: what every adapter of a CRM promises, one numbered sentence each.

An adapter's test is one parametrised function::

    @pytest.mark.parametrize("promise", PROMISES, ids=str)
    def test_my_crm_keeps_its_promises(promise, tmp_path):
        promise.check(Subject(open=lambda fault: my_crm(tmp_path, fault)))

A promise is skipped only if the adapter declares that the ability is missing. Nothing here needs pytest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from unittest import SkipTest

from reconciler.adapters.codecs import wire_text
from reconciler.adapters.crm import ID, STATUS, Batches, Crm, ReadsAll, WritesFields, WritesTags
from reconciler.adapters.errors import Duplicate, NotFound, RateLimited, Rejected, Unavailable, Uncertain
from reconciler.model.capabilities import Ability, Call
from reconciler.model.inventory import CrmOption
from reconciler.testing.samples import SAMPLES
from reconciler.testing.stage import Fault, Stage, Subject, as_stored

__all__ = ["PROMISES", "Fault", "Promise", "Subject"]

Need = Ability | type
"""An ability, or one of the optional protocols of the door."""


@dataclass(frozen=True, slots=True)
class Promise:
    """`keep(stage)` fails with AssertionError, or with the door's own error, where the promise is broken."""

    number: int
    sentence: str
    keep: Callable[[Stage], None]
    needs: tuple[Need, ...] = ()

    def __str__(self) -> str:
        return f"{self.number:02d}-{self.sentence.replace(' ', '-')}"

    def check(self, subject: Subject) -> None:
        """Raises unittest's SkipTest, with the declared reason, if the CRM cannot do what the promise is about."""
        if not __debug__:
            raise RuntimeError("promises are assertions: run Python without -O")
        stage = Stage(subject)
        try:
            for need in self.needs:
                reason = _lacking(stage.crm, need)
                if reason:
                    raise SkipTest(reason)
            self.keep(stage)
        finally:
            stage.close()


def _lacking(crm: Crm, need: Need) -> str | None:
    """Why the CRM does not have it, or None."""
    if isinstance(need, Ability):
        return crm.capabilities.why_not(need)
    return None if isinstance(crm, need) else f"the adapter has no {need.__name__}"


_KEPT: list[Promise] = []


def _promise(sentence: str, *needs: Need) -> Callable[[Callable[[Stage], None]], Callable[[Stage], None]]:
    """Adds a row to the list of promises."""

    def add(keep: Callable[[Stage], None]) -> Callable[[Stage], None]:
        _KEPT.append(Promise(len(_KEPT) + 1, sentence, keep, needs))
        return keep

    return add


@_promise("every ability is in can or in cannot with a reason and every table fits the others")
def _(stage: Stage) -> None:
    has = stage.crm.capabilities
    assert all((a in has.can) != bool(has.cannot.get(a)) for a in Ability)
    assert has.rate > 0
    assert all(e.batch >= 1 and e.name for e in has.endpoints.values())
    assert all(wire.native in wire.accepts for wire in has.wires.values())
    assert set(has.holds.values()) <= set(has.wires) <= set(SAMPLES)
    assert {Call.CONNECT, Call.SYNC_FIELDS, Call.SYNC_TAGS, Call.GET_CONTACT_ID} <= set(has.endpoints)


@_promise("connecting and reading create nothing")
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


@_promise("the account stays the same once there is one")
def _(stage: Stage) -> None:
    stage.many(1)
    account = stage.crm.connect()
    assert account.id
    assert stage.opened().connect() == account


@_promise("the field that people are looked up by is in the inventory")
def _(stage: Stage) -> None:
    field = next(f for f in stage.crm.sync_crm_fields() if f.key == stage.match)
    assert field.native in stage.wire("email").accepts
    assert not field.read_only


@_promise("an unknown e-mail is nobody")
def _(stage: Stage) -> None:
    assert stage.crm.get_contact_id(stage.address(1)) is None


@_promise("a created contact is found at once by its e-mail in any case")
def _(stage: Stage) -> None:
    contact = stage.crm.add_contact(stage.person(1))
    assert stage.crm.get_contact_id(stage.address(1)) == contact
    assert stage.crm.get_contact_id(stage.address(1).upper()) == contact
    assert stage.crm.get_contact_id(stage.address(2)) is None


@_promise("what was written is there when the CRM is opened again")
def _(stage: Stage) -> None:
    (key,) = stage.text_fields(1)
    contact = stage.crm.add_contact(stage.person(1, **{key: stage.text("kept")}))
    stage.crm.close()
    stage.crm = stage.opened()
    assert stage.stored(contact, key) == as_stored(stage.wire("text"), str(stage.text("kept")))


@_promise("a second contact with the same e-mail is a duplicate and changes nothing")
def _(stage: Stage) -> None:
    (key,) = stage.text_fields(1)
    contact = stage.crm.add_contact(stage.person(1, **{key: stage.text("first")}))
    twin = {**stage.person(1, **{key: stage.text("second")}), stage.match: stage.address(1).upper()}
    error = stage.refused(Duplicate, lambda: stage.crm.add_contact(twin))
    assert error.existing in (None, contact)
    assert "first" in (stage.stored(contact, key) or "")


@_promise("every sample of every type survives the wire", Ability.ADD_FIELD)
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


@_promise("an update leaves every other field alone")
def _(stage: Stage) -> None:
    one, two = stage.text_fields(2)
    contact = stage.crm.add_contact(stage.person(1, **{one: stage.text("one"), two: stage.text("two")}))
    stage.crm.update_contact(contact, {one: stage.text("changed")})
    assert "changed" in (stage.stored(contact, one) or "")
    assert "two" in (stage.stored(contact, two) or "")
    assert stage.stored(contact, stage.match, "email") == stage.address(1)


@_promise("an update leaves every other contact alone")
def _(stage: Stage) -> None:
    (key,) = stage.text_fields(1)
    contact, other = stage.many(2)
    stage.crm.update_contact(contact, {key: stage.text("mine")})
    assert stage.stored(other, key) is None


@_promise("clearing empties a field and only that", Ability.CLEAR_VALUE)
def _(stage: Stage) -> None:
    one, two = stage.text_fields(2)
    contact = stage.crm.add_contact(stage.person(1, **{one: stage.text("one"), two: stage.text("two")}))
    stage.crm.update_contact(contact, {one: stage.crm.capabilities.clears_with})
    assert stage.stored(contact, one) is None
    assert "two" in (stage.stored(contact, two) or "")


@_promise("a changed e-mail stays one contact and another's e-mail is a duplicate")
def _(stage: Stage) -> None:
    contact, other = stage.many(2)
    stage.crm.update_contact(contact, stage.person(3))
    assert stage.crm.get_contact_id(stage.address(3)) == contact
    assert stage.crm.get_contact_id(stage.address(1)) is None
    stage.refused(Duplicate, lambda: stage.crm.update_contact(contact, stage.person(2)))
    assert stage.crm.get_contact_id(stage.address(2)) == other


@_promise("a contact that is not there is not found by any call")
def _(stage: Stage) -> None:
    (key,) = stage.text_fields(1)
    (contact,) = stage.many(1)
    for missing in (contact + "9", "no such id", ""):
        stage.refused(NotFound, partial(stage.crm.load_contact, missing, [key]))
        stage.refused(NotFound, partial(stage.crm.update_contact, missing, {key: stage.text("x")}))
        stage.refused(NotFound, partial(stage.crm.get_tags, missing))


@_promise("a field that is not there is an error and nothing of the record is stored")
def _(stage: Stage) -> None:
    stage.refused(Rejected, lambda: stage.crm.add_contact(stage.person(1, no_such_field_at_all=stage.text("x"))))
    assert stage.crm.get_contact_id(stage.address(1)) is None


@_promise("a contact gets the status that was asked for or is refused", Ability.SET_STATUS)
def _(stage: Stage) -> None:
    for number, status in enumerate(stage.crm.capabilities.statuses, 1):
        stage.crm.add_contact(stage.person(number, **{STATUS: status}))
        assert stage.crm.get_contact_id(stage.address(number))
    stage.refused(Rejected, lambda: stage.crm.add_contact(stage.person(99, **{STATUS: "no such status"})))
    assert stage.crm.get_contact_id(stage.address(99)) is None


@_promise("a tag applied twice is carried once")
def _(stage: Stage) -> None:
    tag = stage.tag("Kit A")
    (contact,) = stage.many(1)
    stage.crm.apply_tags([tag], contact)
    stage.crm.apply_tags([tag, tag], contact)
    assert list(stage.crm.get_tags(contact)) == [tag]


@_promise("applying and removing a tag leaves the other tags alone")
def _(stage: Stage) -> None:
    a, b, c = stage.tag("Kit A"), stage.tag("Kit B"), stage.tag("Kit C")
    (contact,) = stage.many(1)
    stage.crm.apply_tags([a, b], contact)
    stage.crm.apply_tags([c], contact)
    stage.crm.remove_tags([a], contact)
    assert sorted(stage.crm.get_tags(contact)) == sorted([b, c])


@_promise("removing a tag that is not carried is nothing")
def _(stage: Stage) -> None:
    tag = stage.tag("Kit A")
    (contact,) = stage.many(1)
    stage.crm.remove_tags([tag], contact)
    assert list(stage.crm.get_tags(contact)) == []


@_promise("the carriers of a tag are those that carry it")
def _(stage: Stage) -> None:
    tag = stage.tag("Kit A")
    contacts = stage.many(3)
    for contact in contacts[:2]:
        stage.crm.apply_tags([tag], contact)
    assert sorted(stage.crm.load_contacts(tag)) == sorted(contacts[:2])


@_promise("a created field is in the inventory as it was asked for", WritesFields, Ability.ADD_FIELD)
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


@_promise("a field that exists is a duplicate", WritesFields, Ability.ADD_FIELD)
def _(stage: Stage) -> None:
    stage.new_field("text")
    stage.refused(Duplicate, lambda: stage.new_field("text"))


@_promise("options that are added leave the others and the values alone", WritesFields, Ability.ADD_OPTION)
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


@_promise("a value outside the options is refused or stored and never something else", Ability.ADD_FIELD)
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


@_promise("a new label leaves the rest of the field alone", WritesFields, Ability.RELABEL_FIELD)
def _(stage: Stage) -> None:
    key = stage.new_field("select")
    before = next(f for f in stage.crm.sync_crm_fields() if f.key == key)
    stage.crm.update_field(key, label="Another label")
    after = next(f for f in stage.crm.sync_crm_fields() if f.key == key)
    assert after.label == "Another label"
    assert (after.options, after.native, after.group) == (before.options, before.native, before.group)


@_promise("a renamed field keeps its values", WritesFields, Ability.RENAME_FIELD)
def _(stage: Stage) -> None:
    key = stage.new_field("text")
    contact = stage.crm.add_contact(stage.person(1, **{key: stage.text("kept")}))
    stage.crm.rename_field(key, "kit_renamed")
    assert "kept" in (stage.stored(contact, "kit_renamed") or "")
    assert key not in {f.key for f in stage.crm.sync_crm_fields()}


@_promise("a deleted field is gone and the others keep their values", WritesFields, Ability.DELETE_FIELD)
def _(stage: Stage) -> None:
    gone, kept = stage.new_field("text", 1), stage.new_field("text", 2)
    contact = stage.crm.add_contact(stage.person(1, **{gone: stage.text("gone"), kept: stage.text("kept")}))
    stage.crm.delete_field(gone)
    assert gone not in {f.key for f in stage.crm.sync_crm_fields()}
    assert "kept" in (stage.stored(contact, kept) or "")
    stage.refused(NotFound, lambda: stage.crm.delete_field(gone))


@_promise("a created tag is in the inventory and a second one of that name is a duplicate", WritesTags, Ability.ADD_TAG)
def _(stage: Stage) -> None:
    tag = stage.crm.add_tag("Kit: Ünï & code")
    assert tag in stage.crm.sync_tags()
    assert tag.name == "Kit: Ünï & code"
    stage.refused(Duplicate, lambda: stage.crm.add_tag("Kit: Ünï & code"))


@_promise("a renamed tag keeps its carriers", WritesTags, Ability.RENAME_TAG)
def _(stage: Stage) -> None:
    tag, other = stage.tag("Kit A"), stage.tag("Kit B")
    (contact,) = stage.many(1)
    stage.crm.apply_tags([tag, other], contact)
    renamed = stage.crm.rename_tag(tag, "Kit renamed")
    assert {t.name for t in stage.crm.sync_tags()} >= {"Kit renamed", "Kit B"}
    assert sorted(stage.crm.get_tags(contact)) == sorted([renamed.key, other])
    stage.refused(Duplicate, lambda: stage.crm.rename_tag(renamed.key, "Kit B"))


@_promise("a deleted tag is carried by nobody", WritesTags, Ability.DELETE_TAG)
def _(stage: Stage) -> None:
    tag, other = stage.tag("Kit A"), stage.tag("Kit B")
    (contact,) = stage.many(1)
    stage.crm.apply_tags([tag, other], contact)
    stage.crm.delete_tag(tag)
    assert list(stage.crm.get_tags(contact)) == [other]
    assert "Kit A" not in {t.name for t in stage.crm.sync_tags()}
    stage.refused(NotFound, lambda: stage.crm.delete_tag(tag))


@_promise("two batches and one item all arrive", Batches)
def _(stage: Stage) -> None:
    size = stage.crm.capabilities.endpoints[Call.ADD_CONTACTS].batch
    people = [stage.person(number) for number in range(2 * size + 1)]
    done = [d for start in range(0, len(people), size) for d in stage.crm.add_contacts(people[start : start + size])]
    assert all(d.error is None for d in done)
    assert len({d.id for d in done}) == len(people)
    for number in (0, size - 1, size, 2 * size):
        assert stage.crm.get_contact_id(stage.address(number)) == done[number].id


@_promise("a failed item of a batch has its own error and does not stop the others", Batches)
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


@_promise("reading many gives those that exist", Batches)
def _(stage: Stage) -> None:
    (key,) = stage.text_fields(1)
    one, two = stage.many(2)
    stage.crm.update_contact(two, {key: stage.text("two")})
    records = {r[ID]: r for r in stage.crm.load_many([two, one + "9", one], [stage.match, key])}
    assert set(records) == {one, two}
    assert stage.decoded("email", records[one][stage.match]) == stage.address(1)
    assert records[one].get(key) in (None, "")
    assert "two" in (stage.decoded("text", records[two][key]) or "")


@_promise("one tag reaches many contacts and the missing one is an error of its own", Batches)
def _(stage: Stage) -> None:
    tag = stage.tag("Kit A")
    one, two, three = stage.many(3)
    done = stage.crm.apply_tag(tag, [one, three + "9", two])
    assert [type(d.error) for d in done] == [type(None), NotFound, type(None)]
    assert sorted(stage.crm.load_contacts(tag)) == sorted([one, two])
    assert all(d.error is None for d in stage.crm.remove_tag(tag, [one, three]))
    assert list(stage.crm.load_contacts(tag)) == [two]


@_promise("the pages hold every contact exactly once with its values and its tags", ReadsAll)
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


@_promise("an empty CRM has no contacts in its pages", ReadsAll)
def _(stage: Stage) -> None:
    assert stage.page_rows([stage.match]) == {}


@_promise("what changed since long ago is everybody", ReadsAll)
def _(stage: Stage) -> None:
    contacts = stage.many(3)
    pages = stage.crm.all_contacts([stage.match], since=datetime(2000, 1, 1, tzinfo=UTC))
    found = [id for page in pages for id in page.column(ID).to_pylist()]
    assert set(contacts) <= set(found) or not stage.crm.capabilities.since_covers


@_promise("a create whose answer was lost is uncertain and looking finds the contact")
def _(stage: Stage) -> None:
    (key,) = stage.text_fields(1)
    crm = stage.opened(Fault.LOST_ANSWER)
    stage.refused(Uncertain, lambda: crm.add_contact(stage.person(1, **{key: stage.text("once")})))
    contact = crm.get_contact_id(stage.address(1))
    assert contact is not None
    assert "once" in (stage.stored(contact, key) or "")


@_promise("too many calls is an answer with a pause and a later call succeeds")
def _(stage: Stage) -> None:
    crm = stage.opened(Fault.BUSY)
    pauses = []
    for _attempt in range(4):
        try:
            found = crm.get_contact_id(stage.address(1))
        except RateLimited as error:
            stage.check_silence(error)
            pauses.append(error.after)
        else:
            assert found is None
    assert 1 <= len(pauses) < 4
    assert all(pause >= 0 for pause in pauses)


@_promise("nobody there means that nothing was done and later works")
def _(stage: Stage) -> None:
    crm = stage.opened(Fault.DOWN)
    stage.refused(Unavailable, lambda: crm.add_contact(stage.person(1)))
    assert crm.get_contact_id(stage.address(1)) is None
    assert crm.add_contact(stage.person(1))


@_promise("a wire value is text and empty is absent", ReadsAll)
def _(stage: Stage) -> None:
    (key,) = stage.text_fields(1)
    stage.many(1)
    ((_, (_, values)),) = stage.page_rows([key]).items()
    assert values in ([None], [""])
    assert wire_text(stage.wire("email").encode(stage.address(1))) == stage.address(1)


PROMISES: tuple[Promise, ...] = tuple(_KEPT)
