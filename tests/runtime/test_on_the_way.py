"""Several calls on the way at once: what is written down when, and what becomes of the others when one stops."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from threading import Barrier, Condition, Lock, current_thread, main_thread

import pyarrow as pa
import pytest

from reconciler.adapters.crm import Done, Record, WireRecord
from reconciler.adapters.errors import AdapterError, AuthFailed, Unavailable, Uncertain
from reconciler.adapters.meter import Meter
from reconciler.model.capabilities import Call, Endpoint
from reconciler.model.outcome import Result
from reconciler.runtime.calls import ATTEMPTS
from reconciler.runtime.gateway import Gateway
from reconciler.runtime.writer import Item, Writer

from .memory_crm import (
    CAN_ALL,
    CLOCK,
    AfterDone,
    MemoryCrm,
    SingleCrm,
    SomeChanges,
    create,
    desired,
    lost,
    plan_of,
    text_field,
    update,
)
from .test_apply import World, known

FILE = desired(text_field("city"))
PEOPLE = [f"p{n}@example.org" for n in range(24)]


@dataclass
class Threads:
    """Who is inside of a call now. `together`: the first calls of that method wait for each other, so that they can
    only end if they are on the way at once."""

    together: dict[str, Barrier] = field(default_factory=dict)
    came: Counter[str] = field(default_factory=Counter)
    lock: Lock = field(default_factory=Lock)
    inside: int = 0
    most: int = 0
    main: int = 0

    def enter(self, method: str) -> None:
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
            self.main += current_thread() is main_thread()
            self.came[method] += 1
            number = self.came[method]
        if method in self.together and number <= self.together[method].parties:
            self.together[method].wait(10)

    def leave(self) -> None:
        with self.lock:
            self.inside -= 1


@dataclass(slots=True)
class Threaded(MemoryCrm):
    """Paces, counts and repeats its calls itself, and is called by threads."""

    meter: Meter = field(default_factory=lambda: Meter(lambda: 4))
    threads: Threads = field(default_factory=Threads)

    def _each(self, method: str, items: Sequence[object], act: object) -> list[Done]:
        self.threads.enter(method)
        try:
            with self.threads.lock:
                self.meter.counts[Call(method)] += 1
                return MemoryCrm._each(self, method, items, act)
        except AdapterError as error:
            error.repeated = True
            raise
        finally:
            self.threads.leave()

    def load_many(self, ids: Sequence[str], fields: Sequence[str]) -> Sequence[WireRecord]:
        self.threads.enter("load_many")
        with self.threads.lock:
            self.meter.counts[Call.LOAD_CONTACTS] += 1
            found = MemoryCrm.load_many(self, ids, fields)
        self.threads.leave()
        return found


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, Threaded())


def threads_of(world: World) -> Threads:
    assert isinstance(world.crm, Threaded)
    return world.crm.threads


@pytest.mark.parametrize("method", ["add_contacts", "update_contacts", "apply_tag", "load_many"])
def test_batches_of_every_kind_are_on_the_way_together(world: World, method: str) -> None:
    known(world, *PEOPLE)
    world.crm.tags = {"t1": "Customer"}
    threads_of(world).together[method] = Barrier(4)  # 24 people are 8 batches
    if method == "add_contacts":
        world.crm.contacts.clear()
        plan = plan_of(*(create(person, city="Brno") for person in PEOPLE))
    else:
        tags = ["Customer"] if method == "apply_tag" else []
        plan = plan_of(*(update(person, f"c{n}", tags, city="Brno") for n, person in enumerate(PEOPLE, 1)))
    outcome = world.apply(plan, FILE)
    assert outcome.result is Result.APPLIED
    assert outcome.written.values == 24 * (2 if method == "add_contacts" else 1)
    assert {record["city"] for record in world.crm.contacts.values()} == {"Brno"}
    assert len(world.crm.contacts) == 24
    assert threads_of(world).most == 4


def test_the_number_of_calls_is_that_of_one_after_the_other(world: World) -> None:
    world.crm.tags = {"t1": "Customer"}
    world.apply(plan_of(*(create(person, ["Customer"], city="Brno") for person in PEOPLE)), FILE)
    assert dict(world.crm.meter.counts) == {Call.ADD_CONTACTS: 8, Call.LOAD_CONTACTS: 8, Call.APPLY_TAG: 8}  # type: ignore[attr-defined] # a Threaded


def test_with_a_number_of_calls_there_is_one_at_a_time(world: World) -> None:
    outcome = world.apply(plan_of(*(create(person, city="Brno") for person in PEOPLE)), FILE, most=6)
    assert outcome.result is Result.PARTIAL
    assert threads_of(world).most == 1
    assert threads_of(world).main == 6
    assert outcome.written.created == 9


def test_intents_stand_on_the_disk_before_calls_go_and_outcomes_are_written_as_they_end(world: World) -> None:
    open_at: list[int] = []
    each = Threaded._each

    class Watched(Threaded):
        def _each(self, method: str, items: Sequence[object], act: object) -> list[Done]:
            (intents,) = world.journal._db.rows("SELECT count(*) FROM batches WHERE state = 'intent'")[0]
            open_at.append(int(intents))
            return each(self, method, items, act)

    world.crm = Watched(meter=Meter(lambda: 1))
    world.crm.fields["city"] = replace(MemoryCrm().fields["email"], key="city", label="City", native="text")
    world.apply(plan_of(*(create(person, city="Brno") for person in PEOPLE)), FILE)
    assert open_at == [1] * 8


def test_a_crm_that_goes_away_lets_the_others_end_and_what_they_did_is_written_down(world: World) -> None:
    threads_of(world).together["add_contacts"] = Barrier(4)
    world.crm.faults = {("add_contacts", 2): Unavailable("gone")}
    outcome = world.apply(plan_of(*(create(person, city="Brno") for person in PEOPLE[:12])), FILE)
    assert outcome.result is Result.PARTIAL
    assert outcome.written.created == len(world.crm.contacts) == len(world.links()) == 9
    assert outcome.written.left == 3
    assert not world.journal.open_creates()


def test_wrong_credentials_let_the_others_end_and_what_they_did_is_written_down(world: World) -> None:
    threads_of(world).together["add_contacts"] = Barrier(4)
    world.crm.faults = {("add_contacts", 2): AuthFailed("no")}
    with pytest.raises(AuthFailed):
        world.apply(plan_of(*(create(person, city="Brno") for person in PEOPLE[:12])), FILE)
    assert world.crm.calls.count("add_contacts") == 4
    assert len(world.links()) == len(world.crm.contacts) == 9
    assert len(world.journal.open_creates()) == 3


def test_after_a_stop_nothing_is_doubled_by_the_next_apply(world: World) -> None:
    threads_of(world).together["add_contacts"] = Barrier(4)
    world.crm.faults = {("add_contacts", 3): AuthFailed("no")}
    plan = plan_of(*(create(person, city="Brno") for person in PEOPLE[:12]))
    with pytest.raises(AuthFailed):
        world.apply(plan, FILE)
    threads_of(world).together.clear()
    emails = {str(record["email"]): id for id, record in world.crm.contacts.items()}
    links = world.links()
    assert sorted(links.values()) == sorted(emails.values())
    rest = [create(person, city="Brno") for person in PEOPLE if person not in emails]
    outcome = world.apply(plan_of(*rest), FILE)
    assert outcome.result is Result.APPLIED
    assert sorted(str(record["email"]) for record in world.crm.contacts.values()) == sorted(PEOPLE)


class Killed(BaseException):
    """The process ends here."""


def test_after_a_kill_only_those_on_the_way_are_looked_for_and_nobody_is_doubled(world: World) -> None:
    threads_of(world).together["add_contacts"] = Barrier(4)
    world.crm.faults = {("add_contacts", 2): AfterDone(Killed())}  # type: ignore[arg-type] # no error of a door
    with pytest.raises(Killed):
        world.apply(plan_of(*(create(person, city="Brno") for person in PEOPLE)), FILE)
    world.crm.meter.close()  # type: ignore[attr-defined] # a Threaded
    threads_of(world).together.clear()
    there = {str(record["email"]): id for id, record in world.crm.contacts.items()}
    assert len(there) == 12
    linked = world.links()
    unknown = len(world.journal.open_creates())
    assert (len(linked), unknown) in ((0, 12), (3, 9), (6, 6), (9, 3))
    world.crm = Threaded(contacts=world.crm.contacts, fields=world.crm.fields)
    known_ones = set(linked.values())
    rest = [create(person, city="Brno") for person in PEOPLE if there.get(person) not in known_ones]
    outcome = world.apply(plan_of(*rest), FILE)
    assert outcome.result is Result.APPLIED
    assert world.crm.calls.count("get_contact_id") == unknown
    assert sorted(str(record["email"]) for record in world.crm.contacts.values()) == sorted(PEOPLE)


def test_contacts_that_are_looked_at_again_are_read_and_written_by_several_calls_at_once(world: World) -> None:
    known(world, *PEOPLE)
    threads_of(world).together |= {"load_many": Barrier(4), "update_contacts": Barrier(2)}
    plan = plan_of(*(update(person, f"c{n}", city="Brno") for n, person in enumerate(PEOPLE, 1)))
    world.crm.contacts["c5"]["city"] = "Oslo"  # somebody changed it meanwhile: it is left
    world.crm.contacts["c9"]["city"] = "Brno"
    outcome = world.apply(replace(plan, scope="incremental"), FILE)
    assert outcome.written.moved == 1
    assert world.crm.contacts["c5"]["city"] == "Oslo"
    assert [r["city"] for r in world.crm.contacts.values()].count("Brno") == 23
    assert outcome.written.values == 22


def test_who_cannot_be_looked_for_stops_the_apply_instead_of_asking_for_everybody(world: World) -> None:
    world.crm = MemoryCrm(fields=world.crm.fields)
    world.crm.faults = {("add_contacts", n): Uncertain() for n in range(1, 99)}
    world.crm.faults |= {("get_contact_id", n): Unavailable() for n in range(1, 999)}
    outcome = world.apply(plan_of(*(create(person, city="Brno") for person in PEOPLE)), FILE)
    assert outcome.result is Result.PARTIAL
    assert world.crm.calls.count("add_contacts") == 1
    assert world.crm.calls.count("get_contact_id") == ATTEMPTS
    assert len(world.journal.open_creates()) == 3


def test_who_asks_to_stop_waits_for_what_is_on_the_way(world: World) -> None:
    asked: list[int] = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) > 4

    threads_of(world).together["add_contacts"] = Barrier(4)
    outcome = world.apply(plan_of(*(create(person, city="Brno") for person in PEOPLE)), FILE, stop=stop)
    assert outcome.result is Result.INTERRUPTED
    assert outcome.written.created == len(world.crm.contacts) == len(world.links()) == 12
    assert not world.journal.open_creates()


def test_tags_that_are_written_as_a_whole_set_never_meet_on_one_contact(tmp_path: Path) -> None:
    whole = {kind: Endpoint(kind.value, 3, also=(Call.GET_TAGS,)) for kind in (Call.APPLY_TAG, Call.REMOVE_TAG)}
    busy: set[str] = set()
    met: list[str] = []
    gate = Condition()

    class Whole(Threaded):
        def _each(self, method: str, items: Sequence[object], act: object) -> list[Done]:
            contacts = {str(item) for item in items} if method == "apply_tag" else set()
            with gate:
                met.extend(contacts & busy)
                busy.update(contacts)
                gate.wait(0.01)
            done = Threaded._each(self, method, items, act)
            with gate:
                busy.difference_update(contacts)
            return done

    endpoints = {**CAN_ALL.endpoints, **whole}
    world = World(tmp_path, Whole(replace(CAN_ALL, endpoints=endpoints)))
    world.crm.tags = {f"t{n}": f"Tag {n}" for n in range(4)}
    known(world, *PEOPLE)
    tags = list(world.crm.tags.values())
    outcome = world.apply(plan_of(*(update(p, f"c{n}", tags) for n, p in enumerate(PEOPLE, 1))), FILE)
    assert outcome.written.tags_applied == 4 * 24
    assert not met


class Ranked(SomeChanges):
    """The second half of the people waits for the first."""

    def batches(self) -> Iterator[pa.RecordBatch]:
        for number, batch in enumerate(SomeChanges.batches(self)):
            ranks = pa.array([int(number >= 3)] * batch.num_rows, pa.int64())
            yield batch.set_column(batch.schema.get_field_index("rank"), batch.schema.field("rank"), ranks)


def test_addresses_that_wait_for_others_are_written_after_all_of_those(world: World) -> None:
    known(world, *PEOPLE)
    order: list[str] = []
    each = Threaded._each

    class Watched(Threaded):
        def _each(self, method: str, items: Sequence[object], act: object) -> list[Done]:
            done = each(self, method, items, act)
            with self.threads.lock:
                order.extend(str(one.id) for one in done)
            return done

    world.crm = Watched(contacts=world.crm.contacts, fields=world.crm.fields)
    threads_of(world).together["update_contacts"] = Barrier(4)
    changes = [update(person, f"c{n}", city="Brno") for n, person in enumerate(PEOPLE, 1)]
    plan = replace(plan_of(*changes), people=Ranked(changes))
    assert world.apply(plan, FILE).written.updated == 24
    assert sorted(order[:12]) == sorted(f"c{n}" for n in range(1, 13))
    assert threads_of(world).most == 4


class ThreadedSingle(SingleCrm):
    """One item a call, several calls at once."""

    def __init__(self) -> None:
        super().__init__()
        self.meter = Meter(lambda: 4)
        self.threads = Threads({"add_contact": Barrier(4), "load_contact": Barrier(4)})

    def _locked(self, method: str, act: Callable[[], object]) -> object:
        self.threads.enter(method)
        try:
            with self.threads.lock:
                return act()
        finally:
            self.threads.leave()

    def add_contact(self, data: Record) -> str:
        return str(self._locked("add_contact", lambda: SingleCrm.add_contact(self, data)))

    def load_contact(self, contact_id: str, fields: Sequence[str]) -> WireRecord:
        return self._locked("load_contact", lambda: SingleCrm.load_contact(self, contact_id, fields))  # type: ignore[return-value] # what it gives


def test_without_batches_single_calls_are_on_the_way_together_and_come_in_order() -> None:
    crm = ThreadedSingle()
    gateway = Gateway(crm, CLOCK)
    fates = Writer(gateway).create([Item({"email": person}, person) for person in PEOPLE])
    created = {fate.contact: person for fate, person in zip(fates, PEOPLE, strict=True)}
    assert {id: record["email"] for id, record in crm.contacts.items()} == created
    loaded = gateway.load([fate.contact or "" for fate in fates], ["email"])
    assert [record["email"] for record in loaded] == PEOPLE
    crm.meter.close()


def test_work_on_the_way_makes_its_own_calls_one_after_the_other() -> None:
    meter = Meter(lambda: 4)
    assert meter.workers == 4
    assert meter.begin(lambda: meter.workers).result() == 1
    assert meter.begin(lambda: list(meter.in_order([lambda: 1, lambda: 2]))).result() == [1, 2]
    meter.close()


def test_the_first_error_of_tasks_in_order_comes_after_those_that_had_begun() -> None:
    meter = Meter(lambda: 3)
    done: list[int] = []
    gate = Barrier(3)

    def task(number: int) -> int:
        if number < 3:
            gate.wait(10)
        if number == 1:
            raise Unavailable
        done.append(number)
        return number

    results = meter.in_order([partial(task, number) for number in range(50)])
    assert next(results) == 0
    with pytest.raises(Unavailable):
        list(results)
    assert {0, 2} <= set(done)
    assert len(done) < 10
    meter.close()


class Upserting(MemoryCrm):
    """Creates or updates in one call."""

    def upsert_contacts(self, items: Sequence[Record]) -> Sequence[Done]:
        def act(data: Record) -> str:
            there = self._find(data["email"])
            if there is None:
                return self._add(data)
            self._update(there, data)
            return there

        return self._each("upsert_contacts", items, act)


def upserted(crm: Upserting, *items: Item) -> list[str | None]:
    return [fate.contact for fate in Writer(Gateway(crm, CLOCK)).create(items)]


def item(email: str, **existing: str) -> Item:
    return Item({"email": email, "city": "Brno"}, email, existing=existing or {"email": email, "city": "Brno"})


def test_creations_whose_answer_was_lost_are_settled_by_one_call() -> None:
    crm = Upserting(faults={("add_contacts", 1): lost()})
    assert upserted(crm, *(item(person) for person in PEOPLE[:3])) == ["c1", "c2", "c3"]
    assert crm.calls == ["add_contacts", "upsert_contacts"]
    assert len(crm.contacts) == 3


def test_what_may_not_overwrite_is_looked_up_instead() -> None:
    crm = Upserting(faults={("add_contacts", 1): lost()})
    held = replace(item(PEOPLE[1]), existing={"email": PEOPLE[1]})
    with_status = Item({"email": PEOPLE[2], "$status": "lead"}, PEOPLE[2], existing={"email": PEOPLE[2]})
    assert upserted(crm, item(PEOPLE[0]), held, with_status) == ["c1", "c2", "c3"]
    assert crm.calls[:2] == ["add_contacts", "upsert_contacts"]
    assert crm.calls.count("get_contact_id") == 2


@pytest.mark.parametrize("error", [Uncertain(), Unavailable(), lost()], ids=["lost", "down", "done"])
def test_an_upsert_that_settles_nothing_leaves_the_look(error: AdapterError) -> None:
    crm = Upserting(faults={("add_contacts", 1): lost(), **{("upsert_contacts", n): error for n in range(1, 9)}})
    assert upserted(crm, item(PEOPLE[0])) == ["c1"]
    assert crm.calls[-2:] == ["get_contact_id", "update_contacts"]
    assert len(crm.contacts) == 1


def test_an_item_that_an_upsert_refuses_is_looked_up_alone() -> None:
    crm = Upserting(faults={("add_contacts", 1): Uncertain()})
    crm.item_faults = {PEOPLE[1]: Unavailable()}
    found = upserted(crm, item(PEOPLE[0]), item(PEOPLE[1]))
    assert found == ["c1", None]
