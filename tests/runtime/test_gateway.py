from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

import pyarrow as pa
import pytest

from reconciler.adapters.crm import ID
from reconciler.adapters.errors import (
    AuthFailed,
    Duplicate,
    NotFound,
    RateLimited,
    Rejected,
    Unavailable,
    Uncertain,
)
from reconciler.model.capabilities import Call
from reconciler.model.plan import TagAction
from reconciler.runtime.calls import ATTEMPTS
from reconciler.runtime.gateway import Gateway
from reconciler.runtime.writer import Item, Writer
from reconciler.testing.ticking import Ticking

from .memory_crm import CAN_ALL, CLOCK, NOW, AfterDone, MemoryCrm, SingleCrm, lost


def new(email: str, **values: str) -> Item:
    return Item({"email": email, **values}, email, existing={"email": email})


def crm_with(*emails: str) -> MemoryCrm:
    return MemoryCrm(contacts={f"c{n}": {"email": email} for n, email in enumerate(emails, 1)})


def emails(crm: SingleCrm) -> list[str | None]:
    return [record["email"] for record in crm.contacts.values()]


def test_a_call_is_repeated_while_the_crm_is_busy_and_every_attempt_is_counted() -> None:
    crm = MemoryCrm(faults={("connect", 1): RateLimited(after=7.0), ("connect", 2): Unavailable()})
    time = Ticking()
    gateway = Gateway(crm, time.clock)
    assert gateway.connect().id == "acct-1"
    assert gateway.calls.counts[Call.CONNECT] == 3
    assert time.slept == [7.0, 1.0]


def test_a_crm_that_stays_away_is_asked_a_bounded_number_of_times() -> None:
    crm = MemoryCrm(faults={("connect", n): Unavailable() for n in range(1, 100)})
    with pytest.raises(Unavailable):
        Gateway(crm, CLOCK).connect()
    assert crm.calls == ["connect"] * ATTEMPTS


def test_wrong_credentials_are_never_tried_twice() -> None:
    crm = MemoryCrm(faults={("connect", 1): AuthFailed()})
    with pytest.raises(AuthFailed):
        Gateway(crm, CLOCK).connect()
    assert crm.calls == ["connect"]


@pytest.mark.parametrize(
    ("paced", "rate", "least"), [(True, None, 9 / 50), (False, 10.0, 9 / 10), (True, 10.0, 9 / 10), (False, None, 0.0)]
)
def test_calls_are_held_to_the_rate_of_the_file_or_of_an_adapter_that_wants_it(
    paced: bool, rate: float | None, least: float
) -> None:
    time = Ticking()
    gateway = Gateway(MemoryCrm(capabilities=replace(CAN_ALL, paced=paced)), time.clock, rate)
    for _ in range(10):
        gateway.connect()
    assert time.passed == pytest.approx(least)


def test_reading_again_after_a_pause_gives_everybody_once() -> None:
    crm = crm_with(*(f"p{n}@example.org" for n in range(7)))
    crm.faults = {("all_contacts", 3): Unavailable()}
    pages = list(Gateway(crm, CLOCK).contacts(["email"]))
    assert pa.Table.from_batches(pages)[ID].to_pylist() == list(crm.contacts)


class Resumable(MemoryCrm):
    """Its pages can be asked for again after an error."""

    def all_contacts(self, fields: Sequence[str], since: datetime | None = None) -> Iterator[pa.RecordBatch]:
        return Pages(self, fields)


class Pages(Iterator[pa.RecordBatch]):
    def __init__(self, crm: MemoryCrm, fields: Sequence[str]) -> None:
        self._crm = crm
        self._left = list(MemoryCrm(contacts=crm.contacts).all_contacts(fields))

    def __next__(self) -> pa.RecordBatch:
        if not self._left:
            raise StopIteration
        self._crm._called("all_contacts")
        return self._left.pop(0)


def test_an_iterator_of_pages_is_asked_again_for_the_page_that_failed() -> None:
    crm = Resumable(contacts=crm_with(*(f"p{n}@example.org" for n in range(7))).contacts)
    crm.faults = {("all_contacts", 3): Unavailable()}
    pages = list(Gateway(crm, CLOCK).contacts(["email"]))
    assert [page.num_rows for page in pages] == [2, 2, 2, 1]
    assert crm.calls.count("all_contacts") == 5


@pytest.mark.parametrize(
    ("priced", "kind"), [(True, Call.CHANGED_CONTACTS), (False, Call.ALL_CONTACTS)], ids=["own-price", "none"]
)
def test_a_read_of_changes_is_counted_under_its_own_kind_where_that_has_a_price(priced: bool, kind: Call) -> None:
    rows = {call: row for call, row in CAN_ALL.endpoints.items() if priced or call is not Call.CHANGED_CONTACTS}
    crm = MemoryCrm(replace(CAN_ALL, endpoints=rows), contacts=crm_with("a@example.org", "b@example.org").contacts)
    gateway = Gateway(crm, CLOCK)
    list(gateway.contacts(["email"], since=NOW))
    assert dict(gateway.calls.counts) == {kind: 1}


def test_a_read_that_cannot_be_ended_is_an_error_and_never_half_the_contacts() -> None:
    crm = crm_with("a@example.org", "b@example.org", "c@example.org")
    crm.faults = {("all_contacts", n): Unavailable() for n in range(2, 100)}
    crm.page = 1
    with pytest.raises(Unavailable):
        list(Gateway(crm, CLOCK).contacts(["email"]))


def test_one_batch_is_one_call_with_one_result_per_item() -> None:
    crm = MemoryCrm()
    crm.item_faults = {"b@example.org": Rejected("too long", field="email")}
    gateway = Gateway(crm, CLOCK)
    fates = Writer(gateway).create([new("a@example.org"), new("b@example.org"), new("c@example.org")])
    assert [fate.contact for fate in fates] == ["c1", None, "c2"]
    assert isinstance(fates[1].error, Rejected)
    assert gateway.calls.counts[Call.ADD_CONTACTS] == 1


def test_without_batches_every_item_is_a_call() -> None:
    crm = SingleCrm()
    gateway = Gateway(crm, CLOCK)
    writer = Writer(gateway)
    fates = writer.create([new("a@example.org"), new("b@example.org")])
    writer.update([Item({"city": "Brno"}, None, "c1")])
    writer.tag(TagAction.APPLY, "t1", ["c1", "c2"])
    assert [fate.contact for fate in fates] == ["c1", "c2"]
    assert crm.contacts["c1"]["city"] == "Brno"
    assert [record[ID] for record in gateway.load(["c1", "gone", "c2"], ["email"])] == ["c1", "c2"]
    assert crm.calls == ["add_contact"] * 2 + ["update_contact"] + ["apply_tags"] * 2 + ["load_contact"] * 3
    assert gateway.batch(Call.ADD_CONTACTS) == 1


def test_a_creation_whose_answer_was_lost_is_looked_up_and_not_repeated() -> None:
    crm = MemoryCrm(faults={("add_contacts", 1): lost()})
    fates = Writer(Gateway(crm, CLOCK)).create([new("a@example.org"), new("b@example.org")])
    assert emails(crm) == ["a@example.org", "b@example.org"]
    assert [(fate.contact, fate.recovered, fate.foreign) for fate in fates] == [
        ("c1", True, False),
        ("c2", True, False),
    ]
    assert crm.calls.count("add_contacts") == 1


def test_a_creation_that_was_lost_on_its_way_is_repeated_once_it_is_known_not_to_have_happened() -> None:
    crm = MemoryCrm(faults={("add_contacts", 1): Uncertain()})
    fates = Writer(Gateway(crm, CLOCK)).create([new("a@example.org")])
    assert emails(crm) == ["a@example.org"]
    assert fates[0].contact == "c1"
    assert crm.calls == ["add_contacts", "get_contact_id", "add_contacts"]


def test_a_creation_that_can_not_be_looked_up_stays_uncertain() -> None:
    crm = MemoryCrm(faults={("add_contacts", 1): lost()})
    crm.faults |= {("get_contact_id", n): Unavailable() for n in range(1, 100)}
    fates = Writer(Gateway(crm, CLOCK)).create([new("a@example.org")])
    assert fates[0].uncertain
    assert crm.calls.count("add_contacts") == 1


def test_a_creation_lost_twice_stays_uncertain() -> None:
    crm = MemoryCrm(faults={("add_contacts", n): Uncertain() for n in (1, 2)})
    fates = Writer(Gateway(crm, CLOCK)).create([new("a@example.org")])
    assert fates[0].uncertain
    assert crm.contacts == {}


def test_a_duplicate_is_updated_with_what_may_overwrite_and_nothing_else() -> None:
    crm = crm_with("a@example.org")
    item = Item({"email": "a@example.org", "city": "Brno", "since": "new"}, "a@example.org", existing={"city": "Brno"})
    fates = Writer(Gateway(crm, CLOCK)).create([item])
    assert crm.contacts == {"c1": {"email": "a@example.org", "city": "Brno"}}
    assert (fates[0].contact, fates[0].recovered, fates[0].foreign) == ("c1", True, True)


def test_a_duplicate_that_names_the_existing_contact_needs_no_look() -> None:
    crm = crm_with("other@example.org")
    crm.item_faults = {"a@example.org": Duplicate(existing="c1")}
    fates = Writer(Gateway(crm, CLOCK)).create([new("a@example.org")])
    assert fates[0].contact == "c1"
    assert "get_contact_id" not in crm.calls


def test_a_lost_update_is_repeated_at_once() -> None:
    crm = crm_with("a@example.org")
    crm.faults = {("update_contacts", 1): lost()}
    fates = Writer(Gateway(crm, CLOCK)).update([Item({"city": "Brno"}, "a@example.org", "c1")])
    assert fates[0].error is None
    assert crm.calls == ["update_contacts", "update_contacts"]


def test_an_update_of_a_merged_contact_goes_to_the_one_with_its_address() -> None:
    crm = crm_with("b@example.org", "a@example.org")
    fates = Writer(Gateway(crm, CLOCK)).update([Item({"city": "Brno"}, "a@example.org", "c99")])
    assert (fates[0].contact, fates[0].recovered) == ("c2", True)
    assert crm.contacts["c2"]["city"] == "Brno"


def test_an_update_of_a_contact_that_is_gone_fails_alone() -> None:
    crm = crm_with("b@example.org")
    items = [Item({"city": "Brno"}, "a@example.org", "c99"), Item({"city": "Brno"}, "b@example.org", "c1")]
    fates = Writer(Gateway(crm, CLOCK)).update(items)
    assert isinstance(fates[0].error, NotFound)
    assert fates[1].error is None
    assert crm.calls == ["update_contacts", "get_contact_id"]


class AllOrNothing(MemoryCrm):
    """Refuses a whole batch for one item's fault."""

    def add_contacts(self, items: Sequence[object]) -> Sequence[object]:  # type: ignore[override]  # narrower for tests
        self._called("add_contacts")
        if any(item["email"] in self.item_faults for item in items):  # type: ignore[index]  # records are mappings
            raise Rejected("one of them is wrong")
        return MemoryCrm.add_contacts(self, items)  # type: ignore[arg-type]  # records


def test_a_batch_refused_as_a_whole_is_halved_until_only_the_one_at_fault_is_left() -> None:
    crm = AllOrNothing()
    crm.item_faults = {"c@example.org": Rejected()}
    fates = Writer(Gateway(crm, CLOCK)).create([new(f"{name}@example.org") for name in "abcde"])
    assert [fate.error is None for fate in fates] == [True, True, False, True, True]
    assert emails(crm) == [f"{name}@example.org" for name in "abde"]


def test_items_that_the_crm_was_too_busy_for_are_tried_again() -> None:
    class Busy(MemoryCrm):
        def _add(self, data: object) -> str:
            if data["email"] == "b@example.org" and self.calls.count("add_contacts") == 1:  # type: ignore[index]  # a record
                raise RateLimited()
            return MemoryCrm._add(self, data)  # type: ignore[arg-type]  # a record

    crm = Busy()
    fates = Writer(Gateway(crm, CLOCK)).create([new("a@example.org"), new("b@example.org")])
    assert [fate.error for fate in fates] == [None, None]
    assert emails(crm) == ["a@example.org", "b@example.org"]


def test_a_lost_tagging_is_repeated_and_a_missing_contact_fails_alone() -> None:
    crm = crm_with("a@example.org")
    crm.tags = {"t1": "Customer"}
    crm.faults = {("apply_tag", 1): AfterDone(Uncertain())}
    errors = Writer(Gateway(crm, CLOCK)).tag(TagAction.APPLY, "t1", ["c1", "c9"])
    assert errors[0] is None
    assert isinstance(errors[1], NotFound)
    assert crm.tags_on["c1"] == {"t1"}


def test_a_batch_with_a_missing_answer_is_never_taken_for_done() -> None:
    class Short(MemoryCrm):
        def add_contacts(self, items: Sequence[object]) -> Sequence[object]:  # type: ignore[override]  # narrower for tests
            return MemoryCrm.add_contacts(self, items)[:-1]  # type: ignore[arg-type]  # records

    with pytest.raises(Exception, match="2 items were sent to add_contacts, 1 were answered"):
        Writer(Gateway(Short(), CLOCK)).create([new("a@example.org"), new("b@example.org")])


def test_calls_are_listed_by_the_adapters_names_reads_and_writes_apart() -> None:
    crm = crm_with("a@example.org")
    gateway = Gateway(crm, CLOCK)
    gateway.connect()
    Writer(gateway).update([Item({"city": "Brno"}, None, "c1")])
    assert [(c.name, c.calls, c.write) for c in gateway.calls.made()] == [
        ("connect", 1, False),
        ("update_contacts", 1, True),
    ]
    assert dict(gateway.calls.reads()) == {Call.CONNECT: 1}
