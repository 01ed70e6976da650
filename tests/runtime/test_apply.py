from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.adapters.errors import AuthFailed, Rejected, Unavailable, Uncertain
from reconciler.model.addresses import field_address, option_address, person_digest, tag_address, text_digest
from reconciler.model.capabilities import Call, Endpoint
from reconciler.model.desired import Contacts, Expression, Push, Tag
from reconciler.model.inventory import CrmField, CrmOption
from reconciler.model.outcome import Outcome, Result
from reconciler.model.plan import Action, Delta, InventoryChange, Plan
from reconciler.runtime.apply import Scope, Work, carry_out
from reconciler.runtime.applying import Applying
from reconciler.runtime.folder import Folder
from reconciler.runtime.gateway import Gateway
from reconciler.runtime.journal import Journal
from reconciler.runtime.state import State, open_state

from .memory_crm import (
    BATCH,
    CAN_ALL,
    CLOCK,
    HERE,
    KEY,
    NOW,
    AfterDone,
    Change,
    MemoryCrm,
    create,
    desired,
    lost,
    plan_of,
    text_field,
    update,
)

FILE = desired(text_field("city"), text_field("since", Push.ON_CREATE))
PEOPLE = [f"p{n}@example.org" for n in range(8)]


class World:
    """A CRM, a state, a journal; every apply is a run of its own on them."""

    def __init__(self, folder: Path, crm: MemoryCrm) -> None:
        made = Folder(folder / "state")
        made.prepare(lambda count: KEY[:count])
        self.path = made.path
        self.crm = crm
        self.state: State = open_state(made, "acct-1", KEY)[0]
        self.journal = Journal(self.state.path)
        for key in ("city", "since"):
            crm.fields.setdefault(key, CrmField(key, key.title(), "text"))

    def apply(
        self,
        plan: Plan,
        file: object = FILE,
        scope: Scope | None = None,
        stop: Callable[[], bool] = lambda: False,
        most: int | None = None,
        account: str = "acct-1",
    ) -> Outcome:
        run = self.journal.begin("run", "2026-11-22T10:00:00Z", plan.config)
        gateway = Gateway(self.crm, CLOCK, most=most)
        work = Work(plan, file, self.crm.inventory(), scope or Scope(), lambda: NOW)  # type: ignore[arg-type]  # a Desired
        return carry_out(work, Applying(gateway, run, self.state, stop, account), self.journal)

    def links(self) -> dict[bytes, str]:
        return dict(self.state.remembered("blake2b:1").created)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, MemoryCrm())


def known(world: World, *emails: str) -> None:
    for email in emails:
        world.crm.contacts[f"c{len(world.crm.contacts) + 1}"] = {"email": email}


def digest(person: str) -> bytes:
    return person_digest(KEY, person)


def change(kind: str, key: str, action: Action, deltas: Sequence[Delta] = (), **more: object) -> InventoryChange:
    address = {"field": field_address, "tag": tag_address}.get(kind, field_address)(key)
    if kind == "option":
        address = option_address(key, str(more["option"]))
    return InventoryChange(address, kind, key, action, HERE, tuple(deltas), **more)  # type: ignore[arg-type]  # by name


def new_field(key: str, **options: str) -> InventoryChange:
    labels = [Delta(f"options.{value}", None, label) for value, label in options.items()]
    kind = "select" if options else "text"
    return change("field", key, Action.CREATE, [Delta("type", None, kind), Delta("label", None, key), *labels])


def new_tag(name: str) -> InventoryChange:
    return change("tag", name, Action.CREATE, [Delta("name", None, name)])


# -- people


def test_contacts_are_created_updated_tagged_and_linked(world: World) -> None:
    known(world, "old@example.org")
    world.crm.tags = {"t1": "Customer", "t2": "Lead"}
    world.crm.tags_on = {"c1": {"t2"}}
    outcome = world.apply(
        plan_of(
            create("new@example.org", ["Customer"], city="Brno"),
            update("old@example.org", "c1", ["Customer"], ["Lead"], city="Oslo"),
        )
    )
    assert outcome.result is Result.APPLIED
    assert world.crm.contacts == {
        "c1": {"email": "old@example.org", "city": "Oslo"},
        "c2": {"email": "new@example.org", "city": "Brno"},
    }
    assert world.crm.names_on("c1") == world.crm.names_on("c2") == {"Customer"}
    written = outcome.written
    assert (written.created, written.updated, written.values) == (1, 1, 3)
    assert (written.tags_applied, written.tags_removed, written.left, written.failed) == (2, 1, 0, 0)
    assert world.links() == {digest("new@example.org"): "c2"}


@pytest.mark.parametrize("people", [1, 3, 4, 8])
def test_every_endpoint_is_called_as_often_as_its_batches_need_and_no_more(world: World, people: int) -> None:
    world.crm.tags = {"t1": "A", "t2": "B"}
    rows = [create(email, ["A", "B"] if n % 2 else ["A"]) for n, email in enumerate(PEOPLE[:people])]
    outcome = world.apply(plan_of(*rows))
    calls = {c.name: c.calls for c in outcome.calls}
    tagged_b = people // 2
    expected = {
        "add_contacts": -(-people // BATCH),
        "apply_tag": -(-people // BATCH) + -(-tagged_b // BATCH),
        "load_many": -(-people // BATCH),
    }
    assert calls == expected


def test_a_byte_limit_closes_a_batch_before_its_count_does(tmp_path: Path) -> None:
    endpoints = {**CAN_ALL.endpoints, Call.ADD_CONTACTS: Endpoint("add_contacts", 3, max_bytes=70)}
    world = World(tmp_path, MemoryCrm(capabilities=replace(CAN_ALL, endpoints=endpoints)))
    world.apply(plan_of(*(create(email, city="x" * 10) for email in PEOPLE[:4])))
    assert world.crm.calls.count("add_contacts") == 4
    assert len(world.crm.contacts) == 4


def test_a_person_without_values_to_write_is_only_tagged(world: World) -> None:
    known(world, "a@example.org")
    world.crm.tags = {"t1": "Customer"}
    outcome = world.apply(plan_of(update("a@example.org", "c1", ["Customer"])))
    assert (outcome.written.updated, outcome.written.tags_applied) == (0, 1)
    assert world.crm.calls == ["apply_tag"]


def test_a_cleared_value_is_sent_as_the_crm_clears(world: World) -> None:
    known(world, "a@example.org")
    world.crm.contacts["c1"]["city"] = "Brno"
    world.apply(plan_of(update("a@example.org", "c1", city=None)))
    assert world.crm.contacts["c1"]["city"] is None


def test_a_new_contact_always_has_its_address(world: World) -> None:
    world.apply(plan_of(Change("id-1", None, {"city": "Brno"}, email="a@example.org")))
    assert world.crm.contacts == {"c1": {"city": "Brno", "email": "a@example.org"}}


def test_a_declared_status_goes_with_the_creation_only(world: World) -> None:
    known(world, "old@example.org")
    file = replace(FILE, contacts=Contacts(create=True, status="subscribed"))
    world.apply(plan_of(create("a@example.org"), update("old@example.org", "c1", city="Oslo")), file)
    assert world.crm.contacts["c2"]["$status"] == "subscribed"
    assert "$status" not in world.crm.contacts["c1"]


def test_opposite_taggings_of_one_contact_cancel_each_other_out(world: World) -> None:
    known(world, "a@example.org")
    world.crm.tags = {"t1": "Customer"}
    outcome = world.apply(plan_of(update("a@example.org", "c1", ["Customer"], ["Customer"])))
    assert world.crm.calls == []
    assert (outcome.result, outcome.written.left) == (Result.APPLIED, 0)


def test_a_refused_item_does_not_stop_the_others_and_its_cause_is_said_once(world: World) -> None:
    world.crm.tags = {"t1": "A"}
    world.crm.item_faults = {email: Rejected("the address is not allowed") for email in PEOPLE[1:3]}
    outcome = world.apply(plan_of(*(create(email, ["A"]) for email in PEOPLE)))
    assert outcome.result is Result.PARTIAL
    written = outcome.written
    assert (written.created, written.failed, written.left, written.tags_applied) == (6, 2, 0, 6)
    assert [(p.code, p.detail) for p in outcome.problems] == [("E306", "2 items: the address is not allowed")]


def test_a_contact_that_is_gone_fails_with_its_taggings_and_the_others_go_on(world: World) -> None:
    known(world, "b@example.org")
    world.crm.tags = {"t1": "A"}
    outcome = world.apply(plan_of(update("a@example.org", "c9", ["A"], city="x"), update("b@example.org", "c1", ["A"])))
    assert (outcome.written.failed, outcome.written.tags_applied, outcome.written.left) == (1, 1, 0)
    assert world.crm.names_on("c1") == {"A"}


def test_someone_who_exists_meanwhile_is_found_and_not_doubled_and_gets_nothing_meant_for_new_contacts(
    world: World,
) -> None:
    known(world, "a@example.org")
    world.crm.tags = {"t1": "Welcome", "t2": "Customer"}
    rule = Expression("true", HERE)
    file = replace(
        FILE,
        tags={
            "Welcome": Tag("Welcome", HERE, rule, on_create=True),
            "Customer": Tag("Customer", HERE, rule),
        },
    )
    outcome = world.apply(plan_of(create("a@example.org", ["Welcome", "Customer"], city="Brno", since="now")), file)
    assert world.crm.contacts == {"c1": {"email": "a@example.org", "city": "Brno"}}
    assert world.crm.names_on("c1") == {"Customer"}
    assert (outcome.written.created, outcome.written.recovered, outcome.result) == (0, 1, Result.APPLIED)
    assert world.links() == {digest("a@example.org"): "c1"}


def test_what_the_crm_stores_otherwise_is_remembered_as_a_pair_of_digests(world: World) -> None:
    world.crm.stores = {"Brno ": "Brno", "Oslo": "OSLO"}
    outcome = world.apply(plan_of(create("a@example.org", city="Oslo"), create("b@example.org", city="Rome")))
    assert outcome.written.rewritten == 1
    rewrites = world.state.remembered("blake2b:1").rewrites
    assert rewrites is not None
    assert rewrites.to_pylist() == [
        {"contact": "c1", "field": "city", "sent": text_digest(KEY, "Oslo"), "stored": text_digest(KEY, "OSLO")}
    ]


def test_two_lost_answers_neither_lose_nor_double_anybody(world: World) -> None:
    world.crm.faults = {("add_contacts", 1): lost(), ("add_contacts", 2): AfterDone(Uncertain())}
    outcome = world.apply(plan_of(*(create(email) for email in PEOPLE)))
    assert sorted(str(record["email"]) for record in world.crm.contacts.values()) == PEOPLE
    assert outcome.result is Result.APPLIED
    assert set(world.links()) == {digest(person) for person in PEOPLE}


# -- inventory


def test_fields_options_and_tags_exist_before_people_need_them(world: World) -> None:
    file = desired(text_field("level"))
    outcome = world.apply(
        plan_of(
            create("a@example.org", ["Customer"], level="pro"),
            inventory=[new_field("level", pro="Pro"), new_tag("Customer")],
        ),
        file,
    )
    assert outcome.result is Result.APPLIED
    assert outcome.written.inventory == 2
    assert world.crm.fields["level"].options == (CrmOption("pro", "Pro"),)
    assert world.crm.names_on("c1") == {"Customer"}
    assert world.crm.calls[:3] == ["add_tag", "add_field", "add_contacts"]


def test_all_changes_of_one_field_are_one_call_and_undeclared_options_stay(world: World) -> None:
    world.crm.fields["level"] = CrmField("level", "Level", "select", (CrmOption("old", "Old"), CrmOption("pro", "P")))
    outcome = world.apply(
        plan_of(
            inventory=[
                change("field", "level", Action.UPDATE, [Delta("label", "Level", "Membership")]),
                change("option", "level", Action.UPDATE, [Delta("options.pro.label", "P", "Pro")], option="pro"),
                change("option", "level", Action.CREATE, [Delta("options.free", None, "Free")], option="free"),
            ]
        )
    )
    assert world.crm.calls == ["update_field"]
    assert world.crm.fields["level"].label == "Membership"
    assert [(o.value, o.label) for o in world.crm.fields["level"].options] == [
        ("old", "Old"),
        ("pro", "Pro"),
        ("free", "Free"),
    ]
    assert outcome.written.inventory == 3


def test_removals_come_last(world: World) -> None:
    world.crm.fields["level"] = CrmField("level", "Level", "select", (CrmOption("old", "Old"), CrmOption("pro", "Pro")))
    world.crm.fields["legacy"] = CrmField("legacy", "Legacy", "text")
    world.crm.tags = {"t1": "Promo"}
    world.apply(
        plan_of(
            create("a@example.org"),
            inventory=[
                change("tag", "Promo", Action.DELETE),
                change("field", "legacy", Action.DELETE),
                change("option", "level", Action.DELETE, [Delta("options.old", "Old", None)], option="old"),
            ],
        )
    )
    assert world.crm.calls == ["add_contacts", "load_many", "update_field", "delete_field", "delete_tag"]
    assert world.crm.fields["level"].options == (CrmOption("pro", "Pro"),)
    assert world.crm.tags == {}
    assert "legacy" not in world.crm.fields


def test_values_are_written_to_a_field_under_its_new_name(world: World) -> None:
    world.crm.fields["level"] = CrmField("level", "Level", "text")
    known(world, "a@example.org")
    world.crm.tags = {"t1": "Gold member"}
    world.apply(
        plan_of(
            update("a@example.org", "c1", ["Gold"], tier="pro"),
            inventory=[
                change("field", "level", Action.RENAME, new_key="tier"),
                change("tag", "Gold member", Action.RENAME, new_key="Gold"),
            ],
        ),
        desired(text_field("tier")),
    )
    assert world.crm.contacts["c1"]["tier"] == "pro"
    assert world.crm.names_on("c1") == {"Gold"}


def test_blocked_and_released_changes_are_not_carried_out(world: World) -> None:
    outcome = world.apply(
        plan_of(inventory=[change("field", "x", Action.BLOCKED), change("tag", "y", Action.RELEASED)])
    )
    assert world.crm.calls == []
    assert outcome.result is Result.APPLIED


def test_a_failed_inventory_change_holds_back_what_needs_it_and_nothing_else(world: World) -> None:
    world.crm.faults = {("add_field", 1): Rejected("reserved name"), ("add_tag", 1): Rejected("too many tags")}
    file = desired(text_field("level"), text_field("city"), tags=[Tag("Customer", HERE, Expression("true", HERE))])
    outcome = world.apply(
        plan_of(
            create("a@example.org", ["Customer"], level="pro", city="Brno"),
            create("b@example.org", city="Oslo"),
            inventory=[new_field("level"), new_tag("Customer")],
        ),
        file,
    )
    assert outcome.result is Result.PARTIAL
    assert (outcome.written.failed, outcome.written.left, outcome.written.created) == (2, 1, 2)
    assert world.crm.contacts["c1"] == {"email": "a@example.org", "city": "Brno"}
    remembered = world.state.remembered("blake2b:1")
    assert set(remembered.applied) == {"field.email", "field.city"}
    assert remembered.marks == frozenset()


def test_a_value_of_an_option_that_could_not_be_added_is_held_back(world: World) -> None:
    world.crm.fields["level"] = CrmField("level", "Level", "select")
    world.crm.faults = {("update_field", 1): Rejected("no more options")}
    option = change("option", "level", Action.CREATE, [Delta("options.pro", None, "Pro")], option="pro")
    outcome = world.apply(
        plan_of(
            create("a@example.org", level="pro"),
            create("b@example.org", level=json.dumps(["free", "pro"])),
            create("c@example.org", level="free"),
            inventory=[option],
        ),
        desired(text_field("level")),
    )
    assert [record.get("level") for record in world.crm.contacts.values()] == [None, None, "free"]
    assert outcome.written.left == 2


@pytest.mark.parametrize("fault", [lost(), Uncertain()])
def test_an_inventory_change_whose_answer_was_lost_is_looked_at_before_it_is_repeated(
    world: World, fault: AfterDone
) -> None:
    world.crm.faults = {("add_tag", 1): fault, ("add_field", 1): fault}
    outcome = world.apply(
        plan_of(create("a@example.org", ["Customer"], level="x"), inventory=[new_tag("Customer"), new_field("level")]),
        desired(text_field("level")),
    )
    assert outcome.result is Result.APPLIED
    assert list(world.crm.tags.values()) == ["Customer"]
    assert world.crm.names_on("c1") == {"Customer"}


# -- ending early and going on


def test_a_stop_ends_after_the_batch_in_flight_and_the_next_apply_goes_on(world: World) -> None:
    rows = [create(email, ["A"]) for email in PEOPLE]
    world.crm.tags = {"t1": "A"}
    asked = iter([False, False])
    outcome = world.apply(plan_of(*rows), stop=lambda: next(asked, True))
    assert outcome.result is Result.INTERRUPTED
    assert [p.code for p in outcome.problems] == ["E516"]
    assert "run apply again" in outcome.problems[0].fix
    done = len(world.crm.contacts)
    assert done == BATCH
    assert outcome.written.left == len(PEOPLE) - outcome.written.tags_applied
    assert len(world.links()) == done
    remembered = world.state.remembered("blake2b:1")
    assert remembered.known
    assert not remembered.applied
    rest = [create(email, ["A"]) for email in PEOPLE[done:]]
    untagged = [
        update(email, f"c{n}", ["A"]) for n, email in enumerate(PEOPLE[:done], 1) if not world.crm.names_on(f"c{n}")
    ]
    assert world.apply(plan_of(*rest, *untagged)).result is Result.APPLIED
    assert sorted(str(r["email"]) for r in world.crm.contacts.values()) == PEOPLE
    assert all(world.crm.names_on(contact) == {"A"} for contact in world.crm.contacts)


@pytest.mark.parametrize("most", range(1, 9))
def test_no_more_calls_are_made_than_allowed_and_what_is_left_is_counted(world: World, most: int) -> None:
    world.crm.tags = {"t1": "A"}
    outcome = world.apply(plan_of(*(create(email, ["A"]) for email in PEOPLE)), most=most)
    assert sum(c.calls for c in outcome.calls) <= most
    assert outcome.result is Result.PARTIAL
    assert [p.code for p in outcome.problems] == ["E517"]
    assert outcome.written.left > 0
    assert world.crm.calls.count("load_many") == -(-len(world.crm.contacts) // BATCH)


def test_enough_calls_are_enough(world: World) -> None:
    world.crm.tags = {"t1": "A"}
    outcome = world.apply(plan_of(*(create(email, ["A"]) for email in PEOPLE)), most=9)
    assert outcome.result is Result.APPLIED


def test_a_crm_that_stops_answering_ends_the_apply_in_good_order(world: World) -> None:
    world.crm.faults = {("add_contacts", n): Unavailable() for n in range(2, 100)}
    outcome = world.apply(plan_of(*(create(email) for email in PEOPLE)))
    assert outcome.result is Result.PARTIAL
    assert [p.code for p in outcome.problems] == ["E523"]
    assert (outcome.written.created, outcome.written.left) == (3, 5)
    assert world.journal.open_creates() == frozenset()
    assert world.apply(plan_of(*(create(email) for email in PEOPLE[3:]))).written.left > 0


def test_credentials_that_fail_in_the_middle_leave_the_run_open_and_what_was_done_remembered(world: World) -> None:
    world.crm.faults = {("add_contacts", 2): AuthFailed()}
    with pytest.raises(AuthFailed):
        world.apply(plan_of(*(create(email) for email in PEOPLE)))
    assert len(world.links()) == BATCH
    assert world.journal.unfinished() is not None
    assert world.journal.open_creates() == {digest(person) for person in PEOPLE[3:6]}


def test_a_creation_that_an_earlier_run_began_is_looked_up_and_never_made_twice(world: World) -> None:
    """The first process died between the call and the journal: the contact is there, nobody knows of it."""
    run = world.journal.begin("dead", "2026-11-22T09:00:00Z", "blake2b:1")
    run.intent(Call.ADD_CONTACTS, 2, [digest("a@example.org"), digest("b@example.org")])
    known(world, "a@example.org")
    outcome = world.apply(plan_of(create("a@example.org", city="Brno"), create("b@example.org", city="Oslo")))
    assert [r["email"] for r in world.crm.contacts.values()] == ["a@example.org", "b@example.org"]
    assert world.crm.contacts["c1"]["city"] == "Brno"
    assert (outcome.written.created, outcome.written.recovered) == (1, 1)
    assert set(world.links()) == {digest("a@example.org"), digest("b@example.org")}
    assert world.journal.open_creates() == frozenset()
    assert world.journal.unfinished() is None


def test_an_apply_for_single_people_leaves_other_peoples_open_creations_open(world: World) -> None:
    run = world.journal.begin("dead", "2026-11-22T09:00:00Z", "blake2b:1")
    run.intent(Call.ADD_CONTACTS, 1, [digest("z@example.org")])
    world.apply(plan_of(create("a@example.org")), scope=Scope(persons=frozenset({"a@example.org"})))
    assert world.journal.open_creates() == {digest("z@example.org")}


def test_people_whose_update_was_guarded_stay_so_when_the_process_is_killed(world: World) -> None:
    known(world, "a@example.org", "b@example.org")
    world.crm.faults = {("update_contacts", 1): AuthFailed()}
    with pytest.raises(AuthFailed):
        world.apply(
            plan_of(create("c@example.org"), update("a@example.org", "c1", city="x"), update("b@example.org", "c2"))
        )
    expected = {digest("a@example.org"), digest("b@example.org")}
    assert world.state.remembered("blake2b:1").leftover == expected


WELCOMING = replace(
    FILE,
    tags={
        "Welcome": Tag("Welcome", HERE, Expression("true", HERE), on_create=True),
        "Customer": Tag("Customer", HERE, Expression("true", HERE)),
    },
)


def owed(world: World) -> dict[str, frozenset[bytes]]:
    return dict(world.state.remembered("blake2b:1").owed)


def welcomed(world: World, *faults: tuple[str, int, Exception]) -> Plan:
    world.crm.tags = {"t1": "Welcome", "t2": "Customer"}
    world.crm.faults = {(method, number): error for method, number, error in faults}  # type: ignore[misc]  # adapter errors
    return plan_of(*(create(email, ["Welcome", "Customer"]) for email in PEOPLE[:4]))


def test_a_tag_of_new_contacts_is_owed_to_them_until_they_have_it(world: World) -> None:
    with pytest.raises(AuthFailed):
        world.apply(welcomed(world, ("apply_tag", 3, AuthFailed())), WELCOMING)
    having = [n for n, email in enumerate(PEOPLE[:4], 1) if "Welcome" in world.crm.names_on(f"c{n}")]
    assert len(having) == BATCH
    assert owed(world) == {"Welcome": frozenset(digest(email) for email in PEOPLE[BATCH:4])}


def test_a_tag_of_new_contacts_is_owed_from_before_they_are_created(world: World) -> None:
    with pytest.raises(AuthFailed):
        world.apply(welcomed(world, ("add_contacts", 1, AuthFailed())), WELCOMING)
    assert owed(world) == {"Welcome": frozenset(digest(email) for email in PEOPLE[:BATCH])}


def test_nothing_is_owed_after_an_apply_that_came_to_its_end(world: World) -> None:
    assert world.apply(welcomed(world), WELCOMING).result is Result.APPLIED
    assert owed(world) == {}


def test_nothing_is_owed_to_somebody_who_was_refused_or_was_there_already(world: World) -> None:
    known(world, PEOPLE[0])
    world.crm.item_faults = {PEOPLE[1]: Rejected("refused")}
    outcome = world.apply(welcomed(world), WELCOMING)
    assert (outcome.written.failed, outcome.written.recovered) == (1, 1)
    assert owed(world) == {}


# -- what is remembered

RULED = desired(
    text_field("city"),
    tags=[Tag("Ruled", HERE, Expression("true", HERE)), Tag("Loose", HERE), Tag("Dead", HERE, absent=True)],
)


def test_a_whole_apply_remembers_every_entry_and_marks_the_tags_with_a_rule(world: World) -> None:
    world.apply(plan_of(), RULED)
    remembered = world.state.remembered("blake2b:1")
    assert remembered.applied == dict(RULED.entry_digests)
    assert remembered.marks == {"Ruled"}


def test_a_blocked_tag_does_not_become_ours(world: World) -> None:
    world.apply(plan_of(inventory=[change("tag", "Ruled", Action.BLOCKED)]), RULED)
    assert world.state.remembered("blake2b:1").marks == frozenset()


@pytest.mark.parametrize(
    ("scope", "applied", "known"),
    [
        (Scope(persons=frozenset({"a@example.org"})), set(), False),
        (Scope(target=("contact.00ff*",)), set(), True),
        (Scope(target=("field.city",)), {"field.city"}, True),
        (Scope(exclude=("tag*",)), {"field.email", "field.city"}, True),
    ],
)
def test_a_part_of_the_file_is_remembered_as_that_part(
    world: World, scope: Scope, applied: set[str], known: bool
) -> None:
    world.apply(plan_of(create("a@example.org")), RULED, scope)
    remembered = world.state.remembered("blake2b:1")
    assert set(remembered.applied) == applied
    assert remembered.marks == frozenset()
    assert remembered.known is known


def test_the_account_of_a_crm_that_the_first_write_makes_is_learnt(world: World) -> None:
    world.crm.account = "acct-new"
    world.apply(plan_of(create("a@example.org")), account="")
    assert world.state.fact("learnt") == "acct-new"
    assert world.crm.calls.count("connect") == 1


def test_neither_people_nor_values_are_in_any_file_of_the_state(world: World) -> None:
    canary = "canary"
    world.crm.stores = {f"{canary}-1": f"{canary}-stored"}
    world.crm.tags = {"t1": "A"}
    world.crm.item_faults = {f"{canary}2@example.org": Rejected("refused")}
    known(world, f"{canary}8@example.org")
    run = world.journal.begin("dead", "2026-11-22T09:00:00Z", "blake2b:1")
    run.intent(Call.ADD_CONTACTS, 1, [digest(f"{canary}3@example.org")])
    rows = [create(f"{canary}{n}@example.org", ["A"], city=f"{canary}-{n}") for n in range(7)]
    outcome = world.apply(plan_of(*rows, update(f"{canary}8@example.org", "c1", ["A"], city=f"{canary}-8")))
    assert outcome.written.rewritten == 1
    files = [path for path in world.path.rglob("*") if path.is_file()]
    assert len(files) >= 4
    assert [path for path in files if canary.encode() in path.read_bytes()] == []
    assert canary not in repr(outcome.problems)
